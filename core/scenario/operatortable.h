// SPDX-License-Identifier: Apache-2.0
// The operators of a report as a table: rows, columns, filter, order, totals, and the same as text, CSV, Markdown and JSON. The window and the
// command line show this one table.
#pragma once

#include "core/base/result.h"
#include "core/cost/section.h"
#include "core/scenario/explain.h"
#include "core/scenario/operatorindex.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

enum class OperatorColumn : std::uint8_t {
    Phase,
    Kind, ///< of layer
    Operator,
    Layers,
    Stages, ///< that run it
    Shape,  ///< on one device
    Sharding,
    Flop,
    WeightBytes,
    KvBytes,
    ActivationBytes,
    AllBytes, ///< the three together
    Intensity,
    Roof, ///< achieved of the roof
    Bound,
    Collective,
    Algorithm,
    SentBytes,
    ComputeTime,
    MemoryTime,
    NetworkTime,
    OverheadTime,
    Time,  ///< of one run
    Total, ///< of all runs
    Share,
};
inline constexpr std::size_t kOperatorColumnCount = static_cast<std::size_t>(OperatorColumn::Share) + 1;

struct OperatorColumnSpec {
    OperatorColumn column = OperatorColumn::Phase;
    std::string_view key;   ///< in filters, --sort and JSON: "weight_bytes"
    std::string_view title; ///< as shown: "Weights"
    std::string_view unit;  ///< of exact figures: "B", "s"; empty: none
    bool number = false;
    bool adds = false; ///< totals are sums over all runs
    int rank = 0;      ///< 0 is always shown; the higher, the sooner it goes where there is little room
};
[[nodiscard]] std::span<const OperatorColumnSpec> operatorColumns();
[[nodiscard]] const OperatorColumnSpec& specOf(OperatorColumn column);

struct OperatorRow {
    Phase phase = Phase::Prefill;
    int op = -1; ///< index of operatorAt(): those of a draft step follow the phase's own; below -1: a group
    /// The sums over the rows of a section that follow it.
    [[nodiscard]] static OperatorRow groupOf(Phase phase, Section section) { return {phase, -2 - static_cast<int>(section)}; }
    [[nodiscard]] bool isGroup() const { return op < -1; }
    friend bool operator==(const OperatorRow&, const OperatorRow&) = default;
};

/// Whether FLOP, bytes and times are those of one run (one layer, one piece) or of all runs of the phase.
enum class OperatorAmount : std::uint8_t { Once, All };

enum class PhaseChoice : std::uint8_t { Both, Prefill, Decode };

struct OperatorOrder {
    OperatorColumn column = OperatorColumn::Share;
    bool descending = true;
    friend bool operator==(const OperatorOrder&, const OperatorOrder&) = default;
};
/// "time" (numbers: greatest first; words: A first), "time:asc", "name:desc".
[[nodiscard]] Result<OperatorOrder> parseOperatorOrder(std::string_view text);
/// What a click on a column's header leads to: its own first direction, the other one, program order.
[[nodiscard]] std::optional<OperatorOrder> nextOrder(const std::optional<OperatorOrder>& now, OperatorColumn column);

/// Terms that must all hold: a word that the name has; KEY:WORD ("bound:hbm", "phase:decode", "collective:allreduce", "kind:1"); KEY<NUMBER
/// and KEY>NUMBER with <=, >= and = too, units as in "time>1ms", "flop>2G", "weight_bytes<10MiB", "share>5%". A minus before a term turns it
/// round. Upper and lower case are the same.
class OperatorFilter {
public:
    OperatorFilter() = default; ///< lets everything through
    [[nodiscard]] static Result<OperatorFilter> parse(std::string_view text);
    [[nodiscard]] bool empty() const { return m_terms.empty(); }
    friend bool operator==(const OperatorFilter&, const OperatorFilter&) = default;

private:
    friend class OperatorTable;
    enum class Compare : std::uint8_t { Contains, Less, LessEqual, Equal, GreaterEqual, Greater };
    struct Term {
        OperatorColumn column = OperatorColumn::Operator;
        Compare compare = Compare::Contains;
        bool negated = false;
        std::string word;
        double number = 0;
        friend bool operator==(const Term&, const Term&) = default;
    };
    [[nodiscard]] static Result<Term> parseTerm(std::string_view text);
    std::vector<Term> m_terms;
};

struct OperatorTableOptions {
    PhaseChoice phases = PhaseChoice::Both;
    OperatorAmount amount = OperatorAmount::Once;
    OperatorFilter filter;
    std::optional<OperatorOrder> order; ///< none: program order, prefill first
    bool grouped = false;               ///< by phase and section, each led by its sums; the order is inside them
};

/// Refers to scenario and report, which must outlive it.
class OperatorTable {
public:
    OperatorTable(const Scenario& scenario, const Report& report, OperatorTableOptions options = {});

    /// Operators, and groups where they are asked for.
    [[nodiscard]] const std::vector<OperatorRow>& rows() const { return m_rows; }
    [[nodiscard]] int operators() const; ///< rows that are operators
    /// Of a draft step whatever it is, else of the operator; of a group its own.
    [[nodiscard]] Section sectionOf(const OperatorRow& row) const;
    /// What a group's time goes to, all runs, as far as it is in the sums.
    [[nodiscard]] Breakdown breakdownOf(const OperatorRow& group) const;
    [[nodiscard]] int all() const { return m_all; } ///< rows of the phases chosen, before the filter
    [[nodiscard]] const OperatorTableOptions& options() const { return m_options; }
    [[nodiscard]] const OperatorCost& cost(const OperatorRow& row) const; ///< of an operator
    [[nodiscard]] const PhaseReport& phaseOf(const OperatorRow& row) const;
    /// A figure in base units; nothing for words, and where an operator has none (an intensity without bytes).
    [[nodiscard]] std::optional<double> number(const OperatorRow& row, OperatorColumn column) const;
    /// As shown: three figures and a unit; empty where there is nothing to say.
    [[nodiscard]] std::string text(const OperatorRow& row, OperatorColumn column) const;
    /// For other programs: all digits of a number, without its unit.
    [[nodiscard]] std::string exact(const OperatorRow& row, OperatorColumn column) const;
    /// Of one draft step, which is in no time of the phase: in no sum, without a share.
    [[nodiscard]] bool isDraft(const OperatorRow& row) const { return !row.isGroup() && isDraftOperator(phaseOf(row), row.op); }
    /// Of stages beside the busiest alone: an embedding or a head that another stage holds, a kind of layer that the busiest has none of. Their
    /// time is not the busiest stage's, so they are in no sum.
    [[nodiscard]] bool isElsewhere(const OperatorRow& row) const;
    /// Sum over the rows shown of a phase that the busiest stage runs, all runs; nothing for columns that do not add up. Sends are in no sum
    /// of times: they run beside the next piece, and what the phase waits for them is PhaseAccount::send.
    [[nodiscard]] std::optional<double> total(Phase phase, OperatorColumn column) const;
    [[nodiscard]] std::string totalText(Phase phase, OperatorColumn column) const;
    /// Rows shown of a phase that its sums are of: those of the busiest stage, without the draft step's.
    [[nodiscard]] int count(Phase phase) const;
    /// No filter hides a row that the phase's sums would be of.
    [[nodiscard]] bool complete(Phase phase) const;
    /// Columns that any row shown has something to say in.
    [[nodiscard]] std::vector<OperatorColumn> usefulColumns() const;

private:
    void nameStages();
    [[nodiscard]] std::string stagesText(const OperatorRow& row) const;
    [[nodiscard]] bool passes(const OperatorRow& row) const;
    [[nodiscard]] bool holds(const OperatorRow& row, const OperatorFilter::Term& term) const;
    void sort();
    void group();
    /// In the sums of its phase: of times and shares, or of amounts.
    [[nodiscard]] bool isSummed(const OperatorRow& row, bool time) const;
    /// Over all rows of a phase, or over those of a section.
    [[nodiscard]] std::optional<double> sumOf(Phase phase, std::optional<Section> section, OperatorColumn column) const;

    const Scenario& m_scenario;
    const Report& m_report;
    OperatorTableOptions m_options;
    std::vector<OperatorRow> m_rows;
    std::vector<std::string> m_stagesOfKind; ///< empty without a pipeline
    int m_all = 0;
};

/// Where the time of a phase goes on its busiest stage: operators - uneven + send + bubble = time.
struct PhaseAccount {
    double time = 0;
    double operators = 0; ///< OperatorTable::total of all its rows: every piece as the one shown
    double uneven = 0;    ///< what the other pieces take less: smaller microbatches, earlier chunks; negative: more
    double send = 0;      ///< waited for sends; part of the phase's communication
    double bubble = 0;
    /// "TPOT 5.32 ms: 98 % operators of stage 0, 1.5 % waiting for sends, 0.5 % bubble".
    [[nodiscard]] std::string sentence(const PhaseReport& phase, Phase which) const;
};
[[nodiscard]] PhaseAccount accountOf(const PhaseReport& phase, Phase which);

/// "Time (s)": what exact figures are in.
[[nodiscard]] std::string exactTitle(OperatorColumn column);
/// RFC 4180, lines end in CR LF. A text that a spreadsheet would take for a formula gets an apostrophe before it.
[[nodiscard]] std::string printCsv(const OperatorTable& table, std::span<const OperatorColumn> columns);
/// GitHub-flavoured.
[[nodiscard]] std::string printMarkdown(const OperatorTable& table, std::span<const OperatorColumn> columns);
/// After resources/schema/operators.json.
[[nodiscard]] std::string printOperatorsJson(const OperatorTable& table, const Scenario& scenario, const Report& report);

/// A field of a CSV file, quoted where RFC 4180 asks for it and harmless to spreadsheets.
[[nodiscard]] std::string spreadsheetField(std::string_view text);

} // namespace shardlens
