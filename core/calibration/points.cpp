// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/points.h"

#include "core/base/format.h"
#include "core/calibration/csv.h"
#include "core/calibration/points_columns.h"
#include "core/calibration/points_published.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace shardlens {

namespace {

/// What a row says, before it becomes a point.
struct RawRow {
    MeasuredPoint point;
    MeasuredOutcome outcome;
    PublishedRow published;
    std::string_view flag;
};

std::string_view trimmed(std::string_view text)
{
    const std::size_t begin = text.find_first_not_of(" \t");
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// A text of the file as it can stand in a sentence: short, and without control characters.
std::string shown(std::string_view text)
{
    constexpr std::size_t kMost = 60;
    std::string result;
    for (const char c : text.substr(0, kMost))
        result += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
    // A cut inside a character of several bytes would leave half of it.
    if (text.size() > kMost) {
        while (!result.empty() && (static_cast<unsigned char>(result.back()) & 0xC0U) == 0x80U)
            result.pop_back();
        if (!result.empty() && static_cast<unsigned char>(result.back()) >= 0xC0U)
            result.pop_back();
        result += "...";
    }
    return '"' + result + '"';
}

std::string allowedFor(const FieldSpec& spec)
{
    const std::string range = formatNumber(spec.least) + " to " + formatCount(static_cast<std::int64_t>(spec.most));
    std::string allowed;
    switch (spec.kind) {
    case FieldKind::Text: return "a text is needed";
    case FieldKind::Count: allowed = "allowed is a whole number from " + range; break;
    case FieldKind::Number: allowed = "allowed is a number from " + range + ", without its unit"; break;
    }
    if (!spec.words.empty())
        allowed += ", or " + std::string(spec.words);
    return spec.mayBeEmpty ? allowed + ", or nothing" : allowed;
}

/// Plain decimal numbers only: what from_chars takes, less infinities and NaN. "4.0" is a whole number, as tables write it.
std::optional<double> numberIn(std::string_view text, const FieldSpec& spec)
{
    double value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = spec.kind != FieldKind::Count || value == std::floor(value);
    if (problem != std::errc() || end != text.data() + text.size() || !(value >= spec.least && value <= spec.most) || !whole)
        return std::nullopt;
    return value;
}

std::string_view* textOf(RawRow& row, PointField field)
{
    MeasuredPoint& p = row.point;
    switch (field) {
    case PointField::Row: return &p.row;
    case PointField::Model: return &p.model;
    case PointField::System: return &p.system;
    case PointField::Precision: return &p.precision;
    case PointField::Weights: return &p.weights;
    case PointField::KvFormat: return &p.kvFormat;
    case PointField::Backend: return &p.backend;
    case PointField::Version: return &p.version;
    case PointField::Date: return &p.date;
    case PointField::Origin: return &p.origin;
    case PointField::Parallelism: return &p.parallelism;
    case PointField::TtftFlag: return &row.flag;
    case PointField::Load: return &row.published.load;
    case PointField::Metric: return &row.published.metric;
    case PointField::Unit: return &row.published.unit;
    default: return nullptr;
    }
}

int* countOf(MeasuredPoint& p, PointField field)
{
    switch (field) {
    case PointField::Devices: return &p.devices;
    case PointField::AttentionTensor: return &p.attentionTensor;
    case PointField::AttentionData: return &p.attentionData;
    case PointField::ExpertTensor: return &p.expertTensor;
    case PointField::Expert: return &p.expert;
    case PointField::MaxBatchedTokens: return &p.maxBatchedTokens;
    case PointField::MaxSequences: return &p.maxSequences;
    case PointField::ReceiveInterval: return &p.receiveInterval;
    case PointField::PrefillWorkers: return &p.prefill.workers;
    case PointField::PrefillDevices: return &p.prefill.devicesPerWorker;
    case PointField::PrefillAttentionData: return &p.prefill.attentionData;
    case PointField::PrefillExpert: return &p.prefill.expert;
    case PointField::DecodeWorkers: return &p.decode.workers;
    case PointField::DecodeDevices: return &p.decode.devicesPerWorker;
    case PointField::DecodeAttentionData: return &p.decode.attentionData;
    case PointField::DecodeExpert: return &p.decode.expert;
    default: return nullptr;
    }
}

double* numberOf(RawRow& row, PointField field)
{
    MeasuredPoint& p = row.point;
    switch (field) {
    case PointField::Input: return &p.input;
    case PointField::Output: return &p.output;
    case PointField::MeanInput: return &p.meanInput;
    case PointField::MeanOutput: return &p.meanOutput;
    case PointField::Concurrency: return &p.concurrency;
    case PointField::BatchPerRank:
    case PointField::DecodeBatchPerRank: return &p.batchPerRank;
    default: return nullptr;
    }
}

std::optional<double>* outcomeOf(RawRow& row, PointField field)
{
    switch (field) {
    case PointField::Ttft: return &row.outcome.ttftMs;
    case PointField::Tpot: return &row.outcome.tpotMs;
    case PointField::OutputPerDevice: return &row.outcome.outputPerDevice;
    case PointField::Value: return &row.published.value;
    default: return nullptr;
    }
}

/// Reads a file row by row.
class PointsReader {
public:
    PointsReader(std::string text, std::string fileName)
        : m_text(std::make_shared<std::string>(std::move(text))),
          m_fileName(std::move(fileName)),
          m_csv(*m_text, m_fileName)
    {}

    Result<MeasuredPoints> read()
    {
        std::vector<std::string_view> fields;
        if (!m_csv.next(fields))
            return m_csv.error() ? *m_csv.error() : Error{m_fileName, "", "no line", "a line with the names of columns is needed"};
        if (std::optional<Error> error = readHeader(fields))
            return *error;
        while (m_csv.next(fields)) {
            addRow(fields);
            if (m_result.problems.size() > kMostProblems)
                return Error{m_fileName, "", "more than " + formatCount(kMostProblems) + " rows that cannot be used",
                             "the first: " + m_result.problems.front().error.sentence()};
        }
        if (m_csv.error())
            return *m_csv.error();
        m_result.text = m_text;
        return std::move(m_result);
    }

private:
    std::optional<Error> readHeader(const std::vector<std::string_view>& names)
    {
        if (names.size() == 1 && names.front().find_first_of(";\t|") != std::string_view::npos)
            return Error{m_fileName, "line 1", shown(names.front()), "columns are allowed to be separated by commas only"};
        std::array<bool, kPointFieldCount> seen{};
        for (const std::string_view name : names) {
            const PointField field = fieldNamed(trimmed(name));
            m_columns.push_back(field);
            if (field == PointField::Ignored) {
                m_result.ignored.emplace_back(trimmed(name));
                continue;
            }
            bool& known = seen[static_cast<std::size_t>(field)];
            if (known)
                return Error{m_fileName, "line " + std::to_string(m_csv.line()), "the column " + std::string(specOf(field).name) + " twice",
                             "each is allowed once"};
            known = true;
        }
        const auto has = [&seen](PointField field) { return seen[static_cast<std::size_t>(field)]; };
        if (has(PointField::PrefillWorkers) || has(PointField::DecodeWorkers))
            m_result.kind = PointKind::Disaggregated;
        else if (has(PointField::Load) || has(PointField::Parallelism))
            m_result.kind = PointKind::Published;
        return missingColumn(seen);
    }

    /// Names every column that is needed and not there.
    [[nodiscard]] std::optional<Error> missingColumn(const std::array<bool, kPointFieldCount>& seen) const
    {
        std::string missing;
        std::size_t count = 0;
        for (const FieldSpec& spec : fieldSpecs())
            if ((spec.needed & bitOf(m_result.kind)) != 0 && !seen[static_cast<std::size_t>(spec.field)]) {
                missing += (missing.empty() ? "" : ", ") + std::string(spec.name);
                ++count;
            }
        if (m_result.kind == PointKind::Aggregated && !seen[static_cast<std::size_t>(PointField::Devices)]
            && !seen[static_cast<std::size_t>(PointField::AttentionTensor)]) {
            missing += (missing.empty() ? "" : ", ") + std::string("attn_tp (or gpus)");
            ++count;
        }
        if (count == 0)
            return std::nullopt;
        return Error{m_fileName,
                     "line " + std::to_string(m_csv.line()),
                     {},
                     (count == 1 ? "the column " : "the columns ") + missing + (count == 1 ? " is missing" : " are missing")
                         + "; `shardlens validate --help` lists what is read"};
    }

    void addRow(const std::vector<std::string_view>& fields)
    {
        RawRow row;
        row.point.line = m_csv.line();
        std::optional<Error> problem;
        m_notCompared = false;
        if (fields.size() != m_columns.size())
            problem =
                Error{m_fileName, "line " + std::to_string(m_csv.line()), formatCount(static_cast<std::int64_t>(fields.size())) + " values",
                      "as many are needed as there are columns, " + formatCount(static_cast<std::int64_t>(m_columns.size()))};
        for (std::size_t i = 0; i < std::min(fields.size(), m_columns.size()); ++i)
            if (std::optional<Error> error = readField(m_columns[i], trimmed(fields[i]), row); error && !problem)
                problem = std::move(error);
        if (!problem)
            problem = finish(row);
        if (problem) {
            row.point.problem = static_cast<std::int32_t>(m_result.problems.size());
            m_result.problems.push_back({std::move(*problem), row.point.line, !m_notCompared});
        }
        m_result.points.push_back(row.point);
        m_result.outcomes.push_back(row.outcome);
    }

    std::optional<Error> readField(PointField field, std::string_view text, RawRow& row)
    {
        if (field == PointField::Ignored)
            return std::nullopt;
        const FieldSpec& spec = specOf(field);
        if ((spec.kinds & bitOf(m_result.kind)) == 0)
            return std::nullopt;
        const auto bad = [&](std::string found) {
            return Error{m_fileName, "line " + std::to_string(row.point.line) + ", " + std::string(spec.name), std::move(found),
                         allowedFor(spec)};
        };
        if (text.empty())
            return spec.mayBeEmpty ? std::nullopt : std::optional(bad("nothing"));
        if (std::string_view* target = textOf(row, field)) {
            if (text.size() <= kMostText) {
                *target = text;
                return std::nullopt;
            }
            return bad(formatCount(static_cast<std::int64_t>(text.size())) + " bytes of text");
        }
        if (field == PointField::Warmup)
            return readWarmup(text, row.point, bad);
        if (field == PointField::DecodeSettings)
            return std::nullopt; // free text of a launcher; what it means differs between launchers
        if (m_result.kind == PointKind::Published && (field == PointField::Input || field == PointField::Output))
            return readPublishedLength(text, *numberOf(row, field)) ? std::nullopt : std::optional(bad(shown(text)));
        if (!spec.words.empty() && text == spec.words)
            return std::nullopt;
        const std::optional<double> value = numberIn(text, spec);
        if (!value)
            return bad(shown(text));
        if (int* count = countOf(row.point, field))
            *count = static_cast<int>(*value);
        else if (double* number = numberOf(row, field))
            *number = *value;
        else if (std::optional<double>* outcome = outcomeOf(row, field))
            *outcome = *value;
        return std::nullopt;
    }

    template <class Bad>
    std::optional<Error> readWarmup(std::string_view text, MeasuredPoint& point, Bad&& bad)
    {
        if (text == "yes" || text == "true" || text == "True")
            point.warmup = Warmup::Yes;
        else if (text == "no" || text == "false" || text == "False")
            point.warmup = Warmup::No;
        else if (text != "unknown") {
            Error error = bad(shown(text));
            error.allowed = "allowed is yes, no, unknown, or nothing";
            return error;
        }
        return std::nullopt;
    }

    /// Fills in what follows from other columns, and finds what contradicts them.
    std::optional<Error> finish(RawRow& row)
    {
        MeasuredPoint& p = row.point;
        const auto bad = [&](std::string_view column, std::string found, std::string allowed) {
            return Error{m_fileName, "line " + std::to_string(p.line) + ", " + std::string(column), std::move(found), std::move(allowed)};
        };
        const double share = m_result.kind == PointKind::Disaggregated || p.origin == "inferencex" ? kMeanShare : 1.0;
        p.meanInput = p.meanInput > 0 ? p.meanInput : share * p.input;
        p.meanOutput = p.meanOutput > 0 ? p.meanOutput : share * p.output;
        if (p.meanInput > p.input || p.meanInput < 0.5 * p.input)
            return bad("isl_mean", formatNumber(p.meanInput), "allowed is half of isl to isl, " + formatNumber(p.input, 8));
        if (p.meanOutput > p.output || p.meanOutput < 0.5 * p.output)
            return bad("osl_mean", formatNumber(p.meanOutput), "allowed is half of osl to osl, " + formatNumber(p.output, 8));
        row.outcome.ttftScored = row.flag.empty() || row.flag == "ok";
        if (m_result.kind == PointKind::Published)
            if (const std::string reason = finishPublished(row.published, p, row.outcome); !reason.empty()) {
                m_notCompared = true;
                return bad(row.published.badColumn, shown(row.published.badText), reason);
            }
        if (m_result.kind == PointKind::Aggregated && p.devices == 0 && p.attentionTensor == 0)
            return bad("attn_tp", "nothing", "it or gpus is needed");
        return std::nullopt;
    }

    static constexpr std::size_t kMostText = 4096;
    /// InferenceX draws lengths uniformly in 0.8..1 of the nominal ones; so do the runs with pools of their own, all of which are its.
    static constexpr double kMeanShare = 0.9;
    std::shared_ptr<std::string> m_text;
    std::string m_fileName;
    CsvReader m_csv;
    std::vector<PointField> m_columns;
    MeasuredPoints m_result;
    bool m_notCompared = false; ///< of the row at hand: its problem is what it measures, not how it is written
};

} // namespace

Result<MeasuredPoints> readPoints(std::string text, const std::string& fileName)
{
    return PointsReader(std::move(text), fileName).read();
}

} // namespace shardlens
