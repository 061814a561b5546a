// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/operatortable.h"

#include "core/scenario/report_parts.h"

#include "core/base/format.h"
#include "core/scenario/explain_parts.h"
#include "core/scenario/roofline.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace shardlens {

namespace {

using C = OperatorColumn;

// clang-format off
constexpr std::array kColumns{
    //                 column              key                 title          unit      number adds  rank
    OperatorColumnSpec{C::Phase,           "phase",            "Phase",       "",       false, false, 2},
    OperatorColumnSpec{C::Kind,            "kind",             "Layer kind",  "",       false, false, 4},
    OperatorColumnSpec{C::Operator,        "name",             "Operator",    "",       false, false, 0},
    OperatorColumnSpec{C::Layers,          "layers",           "Layers",      "",       true,  false, 7},
    OperatorColumnSpec{C::Stages,          "stages",           "Stages",      "",       false, false, 6},
    OperatorColumnSpec{C::Shape,           "shape",            "Shape",       "",       false, false, 6},
    OperatorColumnSpec{C::Sharding,        "sharding",         "Sharding",    "",       false, false, 8},
    OperatorColumnSpec{C::Flop,            "flop",             "FLOP",        "FLOP",   true,  true,  5},
    OperatorColumnSpec{C::WeightBytes,     "weight_bytes",     "Weights",     "B",      true,  true,  10},
    OperatorColumnSpec{C::KvBytes,         "kv_bytes",         "KV",          "B",      true,  true,  10},
    OperatorColumnSpec{C::ActivationBytes, "activation_bytes", "Activations", "B",      true,  true,  10},
    OperatorColumnSpec{C::AllBytes,           "bytes",            "Bytes",       "B",      true,  true,  5},
    OperatorColumnSpec{C::Intensity,       "intensity",        "Intensity",   "FLOP/B", true,  false, 5},
    OperatorColumnSpec{C::Roof,            "roof",             "Of roof",     "",       true,  false, 9},
    OperatorColumnSpec{C::Bound,           "bound",            "Bound",       "",       false, false, 3},
    OperatorColumnSpec{C::Collective,      "collective",       "Collective",  "",       false, false, 7},
    OperatorColumnSpec{C::Algorithm,       "algorithm",        "Algorithm",   "",       false, false, 13},
    OperatorColumnSpec{C::SentBytes,       "sent_bytes",       "Sent",        "B",      true,  true,  11},
    OperatorColumnSpec{C::ComputeTime,     "compute_time",     "Compute",     "s",      true,  true,  12},
    OperatorColumnSpec{C::MemoryTime,      "hbm_time",         "HBM",         "s",      true,  true,  12},
    OperatorColumnSpec{C::NetworkTime,     "network_time",     "Network",     "s",      true,  true,  12},
    OperatorColumnSpec{C::OverheadTime,    "overhead_time",    "Overhead",    "s",      true,  true,  12},
    OperatorColumnSpec{C::Time,            "time",             "Time",        "s",      true,  false, 4},
    OperatorColumnSpec{C::Total,           "total",            "In all",      "s",      true,  true,  1},
    OperatorColumnSpec{C::Share,           "share",            "Share",       "",       true,  true,  0},
};
// clang-format on
static_assert(kColumns.size() == kOperatorColumnCount);

double hbmBytes(const OperatorCost& op)
{
    return op.weightBytes + op.kvBytes + op.activationBytes;
}

/// Scales with the runs.
bool isAmount(OperatorColumn column)
{
    return specOf(column).adds && column != C::Total && column != C::Share;
}

/// A norm that moves nothing of its own: its neighbours read and write the hidden state, its weights alone are counted.
bool isFused(const OperatorCost& op)
{
    const bool norm = op.op == Op::AttentionNorm || op.op == Op::MlpNorm || op.op == Op::FinalNorm || op.op == Op::PredictionNorm;
    return norm && op.activationBytes <= 0;
}

std::string_view boundWord(Bound bound)
{
    return bound == Bound::Memory ? "HBM" : bound == Bound::Nothing ? "" : nameOf(bound);
}

std::string shapeText(const OperatorShape& s)
{
    std::string text = s.repeat > 1 ? formatCount(s.repeat) + " × " : std::string();
    text += "[" + formatCount(s.m);
    if (s.k > 0)
        text += ", " + formatCount(s.k) + "] · [" + formatCount(s.k);
    return text + ", " + formatCount(s.n) + "]";
}

/// The shortest text that reads back as this very number.
std::string digits(double value)
{
    std::array<char, 40> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return {buffer.data(), end.ptr};
}

/// What a figure is of one run; nothing for words.
std::optional<double> once(const OperatorCost& op, OperatorColumn column)
{
    switch (column) {
    case C::Layers: return op.stageLayers;
    case C::Flop: return op.flop;
    case C::WeightBytes: return op.weightBytes;
    case C::KvBytes: return op.kvBytes;
    case C::ActivationBytes: return op.activationBytes;
    case C::AllBytes: return hbmBytes(op);
    case C::SentBytes: return op.communicationBytes;
    case C::ComputeTime: return op.computeTime;
    case C::MemoryTime: return op.memoryTime;
    case C::NetworkTime: return op.exposedTime();
    case C::OverheadTime: return op.overheadTime;
    case C::Time: return op.time;
    default: return std::nullopt;
    }
}

bool isSend(const OperatorCost& op)
{
    return op.collective == Collective::Send;
}

std::string formatted(OperatorColumn column, double value)
{
    switch (column) {
    case C::Layers: return formatCount(std::llround(value));
    case C::Flop: return value > 0 ? formatFlop(value) : std::string();
    case C::Intensity: return formatNumber(value);
    case C::Roof: return formatPercent(value);
    case C::Share: return value > 0 && value < 1e-4 ? std::string("< 0.01 %") : formatPercent(value, value < 1e-2 ? 2 : 3);
    case C::WeightBytes:
    case C::KvBytes:
    case C::ActivationBytes:
    case C::AllBytes:
    case C::SentBytes: return value > 0 ? formatBytes(value) : std::string();
    default: return value > 0 ? formatSeconds(value) : std::string();
    }
}

} // namespace

std::span<const OperatorColumnSpec> operatorColumns()
{
    return kColumns;
}

const OperatorColumnSpec& specOf(OperatorColumn column)
{
    return kColumns[static_cast<std::size_t>(column)];
}

std::optional<OperatorOrder> nextOrder(const std::optional<OperatorOrder>& now, OperatorColumn column)
{
    const bool first = specOf(column).number;
    if (!now || now->column != column)
        return OperatorOrder{column, first};
    if (now->descending == first)
        return OperatorOrder{column, !first};
    return std::nullopt;
}

OperatorTable::OperatorTable(const Scenario& scenario, const Report& report, OperatorTableOptions options)
    : m_scenario(scenario),
      m_report(report),
      m_options(std::move(options))
{
    if (!report.legal)
        return;
    nameStages();
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        if (m_options.phases != PhaseChoice::Both && (m_options.phases == PhaseChoice::Prefill) != (phase == Phase::Prefill))
            continue;
        const PhaseReport& of = shardlens::phaseOf(report, phase);
        const auto count = static_cast<int>(of.operators.size() + of.predictionOperators.size());
        for (int i = 0; i < count; ++i) {
            ++m_all;
            if (passes({phase, i}))
                m_rows.push_back({phase, i});
        }
    }
    sort();
    if (m_options.grouped)
        group();
}

void OperatorTable::group()
{
    const auto key = [this](const OperatorRow& row) { return std::pair(row.phase, sectionOf(row)); };
    std::stable_sort(m_rows.begin(), m_rows.end(), [&](const OperatorRow& a, const OperatorRow& b) { return key(a) < key(b); });
    std::vector<OperatorRow> rows;
    rows.reserve(m_rows.size() + 2 * kSectionCount);
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        if (i == 0 || key(m_rows[i]) != key(m_rows[i - 1]))
            rows.push_back(OperatorRow::groupOf(m_rows[i].phase, sectionOf(m_rows[i])));
        rows.push_back(m_rows[i]);
    }
    m_rows = std::move(rows);
}

int OperatorTable::operators() const
{
    return static_cast<int>(std::count_if(m_rows.begin(), m_rows.end(), [](const OperatorRow& row) { return !row.isGroup(); }));
}

Section OperatorTable::sectionOf(const OperatorRow& row) const
{
    return row.isGroup() ? static_cast<Section>(-2 - row.op) : isDraft(row) ? Section::Draft : shardlens::sectionOf(cost(row).op);
}

bool OperatorTable::isSummed(const OperatorRow& row, bool time) const
{
    return !row.isGroup() && !isDraft(row) && !isElsewhere(row) && !(time && isSend(cost(row)));
}

Breakdown OperatorTable::breakdownOf(const OperatorRow& group) const
{
    Breakdown sum;
    for (const OperatorRow& row : m_rows)
        if (row.phase == group.phase && isSummed(row, true) && sectionOf(row) == sectionOf(group))
            sum += cost(row).breakdown.scaled(runsOf(phaseOf(row), row.phase, cost(row)));
    return sum;
}

const PhaseReport& OperatorTable::phaseOf(const OperatorRow& row) const
{
    return shardlens::phaseOf(m_report, row.phase);
}

const OperatorCost& OperatorTable::cost(const OperatorRow& row) const
{
    return *operatorAt(phaseOf(row), row.op);
}

bool OperatorTable::isElsewhere(const OperatorRow& row) const
{
    if (row.isGroup())
        return false;
    const OperatorCost& op = cost(row);
    return !isDraft(row) && !isSend(op) && phaseOf(row).runsOnBusiest(op) == 0;
}

/// "all", "0 only", "1–60" or "32 of 64".
void OperatorTable::nameStages()
{
    const int stages = m_report.layout.stages();
    if (stages < 2)
        return;
    m_stagesOfKind.reserve(m_scenario.model->kinds.size());
    for (std::size_t kind = 0; kind < m_scenario.model->kinds.size(); ++kind) {
        int first = -1;
        int last = -1;
        int count = 0;
        for (int stage = 0; stage < stages; ++stage) {
            if (m_report.layout.kindCount(stage, kind) == 0)
                continue;
            first = first < 0 ? stage : first;
            last = stage;
            ++count;
        }
        m_stagesOfKind.push_back(count == stages             ? std::string("all")
                                 : count == 1                ? std::to_string(first) + " only"
                                 : last - first + 1 == count ? std::to_string(first) + "\u2013" + std::to_string(last)
                                                             : formatCount(count) + " of " + formatCount(stages));
    }
}

std::string OperatorTable::stagesText(const OperatorRow& row) const
{
    const OperatorCost& op = cost(row);
    if (m_stagesOfKind.empty() || isSend(op))
        return "all";
    const bool oneStage = op.kind < 0 || isDraft(row);
    return oneStage ? std::to_string(op.stage) + " only" : m_stagesOfKind[static_cast<std::size_t>(op.kind)];
}

std::optional<double> OperatorTable::number(const OperatorRow& row, OperatorColumn column) const
{
    if (row.isGroup())
        return sectionOf(row) == Section::Draft ? std::nullopt : sumOf(row.phase, sectionOf(row), column);
    const OperatorCost& op = cost(row);
    const PhaseReport& phase = phaseOf(row);
    if (isDraft(row) && (column == C::Total || column == C::Share))
        return std::nullopt;
    switch (column) {
    case C::Total: return op.time * runsOf(phase, row.phase, op);
    case C::Share: return shareOf(phase, row.phase, op);
    case C::Intensity: return op.flop > 0 && hbmBytes(op) > 0 && !isFused(op) ? std::optional(op.flop / hbmBytes(op)) : std::nullopt;
    case C::Roof: {
        const Accelerator& a = m_scenario.cluster->accelerator;
        const double time = op.time - op.exposedTime();
        if (!(op.flop > 0 && hbmBytes(op) > 0 && time > 0) || isFused(op))
            return std::nullopt;
        return op.flop / time / std::min(a.peakOf(op.arithmetic), op.flop / hbmBytes(op) * a.memoryBandwidth);
    }
    default: break;
    }
    const std::optional<double> value = once(op, column);
    if (value && m_options.amount == OperatorAmount::All && isAmount(column) && !isDraft(row))
        return *value * runsOf(phase, row.phase, op);
    return value;
}

std::string OperatorTable::text(const OperatorRow& row, OperatorColumn column) const
{
    if (row.isGroup()) {
        const std::optional<double> sum = number(row, column);
        return column == C::Phase      ? std::string(nameOf(row.phase))
               : column == C::Operator ? std::string(nameOf(sectionOf(row)))
               : sum && *sum > 0       ? formatted(column, *sum)
                                       : std::string();
    }
    const OperatorCost& op = cost(row);
    switch (column) {
    case C::Phase: return std::string(nameOf(row.phase));
    case C::Kind: return isDraft(row) ? std::string("draft") : op.kind < 0 ? std::string("once") : kindName(*m_scenario.model, op.kind);
    case C::Operator: return std::string(nameOf(op.op));
    case C::Stages: return stagesText(row);
    case C::Shape: return op.local.m > 0 ? shapeText(op.local) : std::string();
    case C::Sharding: return notation(op, m_scenario.plan);
    case C::Bound: return isFused(op) && op.bound != Bound::Network ? std::string("fused") : std::string(boundWord(op.bound));
    case C::Collective: return op.collective == Collective::None ? std::string() : std::string(nameOf(op.collective));
    case C::Algorithm:
        return op.collective == Collective::None || op.algorithm == CollectiveAlgorithm::None
                   ? std::string()
                   : nameOf(op.collective, op.algorithm, op.levelAlgorithms);
    default: break;
    }
    const std::optional<double> value = number(row, column);
    return value ? formatted(column, *value) : std::string();
}

std::string OperatorTable::exact(const OperatorRow& row, OperatorColumn column) const
{
    if (column == C::Kind && !row.isGroup() && !isDraft(row) && cost(row).kind >= 0)
        return std::to_string(cost(row).kind); // the index, as in the model's file
    if (!specOf(column).number)
        return text(row, column);
    const std::optional<double> value = number(row, column);
    return value ? digits(*value) : std::string();
}

std::optional<double> OperatorTable::sumOf(Phase phase, std::optional<Section> section, OperatorColumn column) const
{
    if (!specOf(column).adds)
        return std::nullopt;
    const bool isTime = specOf(column).unit == "s" || column == C::Share;
    double sum = 0;
    for (const OperatorRow& row : m_rows) {
        if (row.phase != phase || !isSummed(row, isTime) || (section && sectionOf(row) != *section))
            continue;
        const OperatorCost& op = cost(row);
        const PhaseReport& of = phaseOf(row);
        const double runs = runsOf(of, phase, op);
        if (column == C::Share)
            sum += of.time > 0 ? op.time * runs / of.time : 0;
        else
            sum += (column == C::Total ? op.time : once(op, column).value_or(0)) * runs;
    }
    return sum;
}

std::optional<double> OperatorTable::total(Phase phase, OperatorColumn column) const
{
    return sumOf(phase, std::nullopt, column);
}

std::string OperatorTable::totalText(Phase phase, OperatorColumn column) const
{
    const std::optional<double> sum = total(phase, column);
    return sum ? formatted(column, *sum) : std::string();
}

int OperatorTable::count(Phase phase) const
{
    return static_cast<int>(
        std::count_if(m_rows.begin(), m_rows.end(), [&](const OperatorRow& r) { return r.phase == phase && isSummed(r, false); }));
}

bool OperatorTable::complete(Phase phase) const
{
    const PhaseReport& of = shardlens::phaseOf(m_report, phase);
    return count(phase) == std::count_if(of.operators.begin(), of.operators.end(), [&of](const OperatorCost& op) {
               return isSend(op) || of.runsOnBusiest(op) > 0;
           });
}

std::vector<OperatorColumn> OperatorTable::usefulColumns() const
{
    std::vector<OperatorColumn> columns;
    const auto anyNumber = [this](OperatorColumn column) {
        return std::any_of(m_rows.begin(), m_rows.end(), [&](const OperatorRow& row) { return number(row, column).value_or(0) > 0; });
    };
    const auto anyDraft = [this] {
        return std::any_of(m_rows.begin(), m_rows.end(), [&](const OperatorRow& row) { return isDraft(row); });
    };
    const auto anyCollective = [this] {
        return std::any_of(m_rows.begin(), m_rows.end(),
                           [&](const OperatorRow& row) { return !row.isGroup() && cost(row).collective != Collective::None; });
    };
    for (const OperatorColumnSpec& spec : kColumns) {
        const bool kept = spec.column == C::Phase                                       ? m_options.phases == PhaseChoice::Both
                          : spec.column == C::Stages                                    ? !m_stagesOfKind.empty()
                          : spec.column == C::Kind                                      ? m_scenario.model->kinds.size() > 1 || anyDraft()
                          : spec.column == C::Collective || spec.column == C::Algorithm ? anyCollective()
                          : spec.column == C::Roof                                      ? m_scenario.calibration != nullptr
                          : spec.number && spec.adds && spec.column != C::Share         ? anyNumber(spec.column)
                                                                                        : true;
        if (kept)
            columns.push_back(spec.column);
    }
    return columns;
}

PhaseAccount accountOf(const PhaseReport& phase, Phase which)
{
    PhaseAccount out;
    out.time = phase.time;
    for (const OperatorCost& op : phase.operators)
        if (phase.runsOnBusiest(op) > 0)
            out.operators += op.time * runsOf(phase, which, op);
    constexpr double kDust = 1e-9; // rounding of the sums
    const double uneven = out.operators - phase.busyShare(phase.busiestStage) * phase.time;
    out.uneven = std::abs(uneven) > kDust * phase.time ? uneven : 0;
    out.send = phase.exposedSend();
    out.bubble = phase.breakdown[Cause::Bubble];
    return out;
}

std::string PhaseAccount::sentence(const PhaseReport& phase, Phase which) const
{
    constexpr double kShown = 5e-4; // of the phase
    const auto share = [this](double seconds) { return formatPercent(time > 0 ? seconds / time : 0); };
    std::string text(figureNameOf(which));
    text += " " + formatSeconds(time) + ": " + share(operators - uneven) + " operators of stage " + std::to_string(phase.busiestStage);
    if (std::abs(uneven) > kShown * time)
        text +=
            " (" + share(std::abs(uneven)) + (uneven > 0 ? " less" : " more") + " than the sum, in which every piece is as the one shown)";
    if (send > kShown * time)
        text += ", " + share(send) + " waiting for sends";
    if (bubble > kShown * time)
        text += ", " + share(bubble) + " bubble";
    return text;
}

void OperatorTable::sort()
{
    if (!m_options.order)
        return;
    const OperatorOrder order = *m_options.order;
    if (specOf(order.column).number) {
        // Where there is no figure a row stands last, whichever way.
        std::vector<std::pair<std::optional<double>, OperatorRow>> keyed;
        keyed.reserve(m_rows.size());
        for (const OperatorRow& row : m_rows)
            keyed.emplace_back(number(row, order.column), row);
        std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
            if (!a.first || !b.first)
                return a.first.has_value() && !b.first.has_value();
            return order.descending ? *a.first > *b.first : *a.first < *b.first;
        });
        std::transform(keyed.begin(), keyed.end(), m_rows.begin(), [](const auto& k) { return k.second; });
        return;
    }
    std::vector<std::pair<std::string, OperatorRow>> keyed;
    keyed.reserve(m_rows.size());
    for (const OperatorRow& row : m_rows)
        keyed.emplace_back(text(row, order.column), row);
    std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
        if (a.first.empty() || b.first.empty())
            return !a.first.empty() && b.first.empty();
        return order.descending ? a.first > b.first : a.first < b.first;
    });
    std::transform(keyed.begin(), keyed.end(), m_rows.begin(), [](const auto& k) { return k.second; });
}

} // namespace shardlens
