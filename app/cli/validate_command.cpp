// SPDX-License-Identifier: Apache-2.0
#include "app/cli/validate_command.h"

#include "app/cli/text_table.h"
#include "core/base/format.h"
#include "core/calibration/csv.h"
#include "core/scenario/json_reader.h"
#include "core/scenario/scenario_file.h"
#include "core/scenario/validate_points.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <istream>
#include <iterator>
#include <map>

namespace shardlens::cli {

namespace {

using Json = nlohmann::ordered_json;

/// Reasons that are printed one by one; the rest is counted.
constexpr std::size_t kMostReasons = 20;

struct Validation {
    MeasuredPoints points;
    std::vector<ValidatedRow> rows;
    std::vector<GroupKey> by;
    std::string mode;
    ValidationGroup all;
    std::vector<ValidationGroup> groups;
};

Error usage(std::string found, std::string allowed)
{
    return {.file = {}, .path = "shardlens validate", .found = std::move(found), .allowed = std::move(allowed)};
}

Result<std::vector<GroupKey>> readKeys(const Arguments& arguments)
{
    std::vector<GroupKey> keys;
    if (!arguments.has(Flag::By))
        return keys;
    std::string_view rest = arguments[Flag::By].text;
    while (true) {
        const std::size_t comma = rest.find(',');
        const std::string_view word = rest.substr(0, comma);
        const auto place = std::find(kGroupKeyWords.begin(), kGroupKeyWords.end(), word);
        if (place == kGroupKeyWords.end())
            return Error{"--by", {}, std::string(word), "allowed are " + listOf(kGroupKeyWords) + ", separated by commas"};
        const auto key = static_cast<GroupKey>(place - kGroupKeyWords.begin());
        if (std::find(keys.begin(), keys.end(), key) != keys.end())
            return Error{"--by", {}, std::string(word), "each is allowed once"};
        keys.push_back(key);
        if (comma == std::string_view::npos)
            return keys;
        rest.remove_prefix(comma + 1);
    }
}

Result<std::string> readAll(const std::string& file, std::istream& input)
{
    if (file != "-")
        return readTextFile(file, kMostCsvBytes);
    std::string text;
    std::array<char, 65536> buffer{};
    while (input.read(buffer.data(), buffer.size()) || input.gcount() > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(input.gcount()));
        if (text.size() > kMostCsvBytes)
            return Error{"standard input", {}, "more than 1 GiB", "at most that is allowed"};
    }
    return text;
}

/// A number as other programs read it: point, no thousands, nine significant figures, without trailing zeros.
std::string plain(double value)
{
    std::array<char, 32> buffer{};
    const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general, 9);
    return problem == std::errc() ? std::string(buffer.data(), end) : std::string();
}

void appendFigure(std::string& line, const PredictedFigure& figure, double unit)
{
    line += ',' + plain(figure.value * unit) + ',';
    if (figure.hasInterval())
        line += plain(figure.low * unit) + ',' + plain(figure.high * unit);
    else
        line += ',';
}

std::string csvText(const Validation& v)
{
    std::string text = "row,status,pred_ttft_ms,pred_ttft_lo,pred_ttft_hi,pred_tpot_ms,pred_tpot_lo,pred_tpot_hi,pred_out_tok_s_gpu,"
                       "pred_out_lo,pred_out_hi\n";
    for (std::size_t i = 0; i < v.rows.size(); ++i) {
        const MeasuredPoint& point = v.points.points[i];
        const ValidatedRow& row = v.rows[i];
        text += (point.row.empty() ? std::to_string(point.line) : csvField(point.row)) + ',' + csvField(row.status);
        if (row.ok()) {
            constexpr double kMilliseconds = 1e3;
            appendFigure(text, row.prediction.ttft, kMilliseconds);
            appendFigure(text, row.prediction.tpot, kMilliseconds);
            appendFigure(text, row.prediction.outputPerDevice, 1);
        } else {
            text += ",,,,,,,,,";
        }
        text += '\n';
    }
    return text;
}

/// Reasons why rows have no prediction, most frequent first, then by text.
std::vector<std::pair<std::string, std::size_t>> reasonsOf(const Validation& v)
{
    std::map<std::string, std::size_t> counts;
    for (const ValidatedRow& row : v.rows)
        if (!row.ok())
            ++counts[row.status];
    std::vector<std::pair<std::string, std::size_t>> reasons(counts.begin(), counts.end());
    std::stable_sort(reasons.begin(), reasons.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    return reasons;
}

std::string notices(const Validation& v)
{
    std::string text;
    const auto reasons = reasonsOf(v);
    for (std::size_t i = 0; i < std::min(reasons.size(), kMostReasons); ++i)
        text += reasons[i].first + " (" + formatCount(static_cast<std::int64_t>(reasons[i].second))
                + (reasons[i].second == 1 ? " row)\n" : " rows)\n");
    if (reasons.size() > kMostReasons)
        text += "and " + formatCount(static_cast<std::int64_t>(reasons.size() - kMostReasons)) + " further reasons\n";
    return text;
}

std::string percent(double fraction)
{
    return formatPercent(fraction, 3);
}

void addRows(TextTable& table, const std::string& name, const ValidationGroup& group)
{
    const std::array<std::pair<const char*, const ErrorStatistics*>, 3> figures{
        std::pair{"TTFT", &group.ttft}, std::pair{"TPOT", &group.tpot}, std::pair{"output tok/s per device", &group.outputPerDevice}};
    bool first = true;
    for (const auto& [figure, errors] : figures) {
        std::vector<std::string> cells{first ? name : "", first ? formatCount(static_cast<std::int64_t>(group.rows)) : "",
                                       first ? formatCount(static_cast<std::int64_t>(group.predicted)) : "", figure,
                                       formatCount(static_cast<std::int64_t>(errors->count))};
        if (errors->count == 0)
            cells.insert(cells.end(), 5, "-");
        else
            cells.insert(cells.end(), {percent(errors->meanError), percent(errors->medianError), percent(errors->p90Error),
                                       (errors->bias > 0 ? "+" : "") + percent(errors->bias),
                                       errors->intervals == 0 ? "-" : percent(errors->coverage())});
        table.rows.push_back(std::move(cells));
        first = false;
    }
}

std::string nameOf(const ValidationGroup& group)
{
    std::string name;
    for (const std::string& value : group.values)
        name += (name.empty() ? "" : ", ") + value;
    return name;
}

std::string summaryText(const Validation& v)
{
    TextTable table;
    using A = Align;
    table.columns = {A::Left, A::Right, A::Right, A::Left, A::Right, A::Right, A::Right, A::Right, A::Right, A::Right};
    table.rows.push_back(
        {"group", "rows", "predicted", "figure", "compared", "mean error", "median", "90th pct", "bias", "in 80 % interval"});
    addRows(table, "all", v.all);
    for (const ValidationGroup& group : v.groups)
        addRows(table, nameOf(group), group);
    std::string text = table.print();
    text += "\nMode: " + v.mode + ". Errors are |predicted / measured - 1|; bias is the mean of predicted / measured - 1.\n";
    if (!v.points.ignored.empty()) {
        text += "Columns not read:";
        for (std::size_t i = 0; i < v.points.ignored.size(); ++i)
            text += (i == 0 ? " " : ", ") + v.points.ignored[i];
        text += "\n";
    }
    return text;
}

Json errorsJson(const ErrorStatistics& errors)
{
    Json json = {{"count", errors.count}};
    if (errors.count > 0) {
        json["mean_absolute_error"] = errors.meanError;
        json["median_absolute_error"] = errors.medianError;
        json["p90_absolute_error"] = errors.p90Error;
        json["bias"] = errors.bias;
        json["interval_80_coverage"] = errors.intervals == 0 ? Json(nullptr) : Json(errors.coverage());
    }
    return json;
}

Json groupJson(const ValidationGroup& group, const std::vector<GroupKey>& by)
{
    Json json = Json::object();
    for (std::size_t i = 0; i < group.values.size(); ++i)
        json["group"][std::string(kGroupKeyWords[static_cast<std::size_t>(by[i])])] = group.values[i];
    json["rows"] = group.rows;
    json["predicted"] = group.predicted;
    json["ttft"] = errorsJson(group.ttft);
    json["tpot"] = errorsJson(group.tpot);
    json["output_tokens_per_s_per_device"] = errorsJson(group.outputPerDevice);
    return json;
}

std::string jsonText(const Validation& v, const std::string& file)
{
    constexpr std::array<const char*, 3> kKinds{"aggregated", "disaggregated", "published"};
    Json json = {
        {"schema", "shardlens.validation/1"}, {"file", file}, {"kind", kKinds[static_cast<std::size_t>(v.points.kind)]}, {"mode", v.mode}};
    json["all"] = groupJson(v.all, v.by);
    json["groups"] = Json::array();
    for (const ValidationGroup& group : v.groups)
        json["groups"].push_back(groupJson(group, v.by));
    json["not_predicted"] = Json::array();
    for (const auto& [reason, count] : reasonsOf(v))
        json["not_predicted"].push_back({{"reason", reason}, {"rows", count}});
    json["ignored_columns"] = v.points.ignored;
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace

Answer validateAnswer(const Arguments& arguments, const Catalog& catalog, std::istream& input)
{
    const auto bad = [](const Error& error) { return Answer{.status = kBadInput, .out = {}, .err = error.sentence() + "\n"}; };
    if (arguments.positionals.size() != 1)
        return bad(usage(std::to_string(arguments.positionals.size()) + " files", "takes exactly one FILE.csv"));
    if (arguments.has(Flag::Json) && arguments.has(Flag::Csv))
        return bad(usage("--json and --csv", "one of them is allowed"));
    Validation v;
    v.mode = arguments.has(Flag::Mode) ? arguments[Flag::Mode].text : "calibrated";
    Result<std::vector<GroupKey>> by = readKeys(arguments);
    if (!by.ok())
        return bad(by.error());
    v.by = std::move(by).value();
    const std::string& file = arguments.positionals.front();
    Result<std::string> text = readAll(file, input);
    if (!text.ok())
        return bad(text.error());
    Result<MeasuredPoints> points = readPoints(std::move(text).value(), file == "-" ? "standard input" : file);
    if (!points.ok())
        return bad(points.error());
    v.points = std::move(points).value();
    v.rows = predictPoints(v.points, catalog, [&v, &catalog](const ResolvedPoint& point) {
        return v.mode == "calibrated" ? pointConstants(catalog.calibration, point) : PointConstants{};
    });
    v.all = summaryOf(v.points, v.rows);
    if (!v.by.empty())
        v.groups = groupsOf(v.points, v.rows, v.by);
    Answer answer;
    answer.out = arguments.has(Flag::Csv) ? csvText(v) : arguments.has(Flag::Json) ? jsonText(v, file) : summaryText(v);
    answer.err = notices(v);
    const bool malformed =
        std::any_of(v.points.problems.begin(), v.points.problems.end(), [](const PointProblem& p) { return p.malformed; });
    answer.status = malformed ? kBadInput : kAnswered;
    return answer;
}

} // namespace shardlens::cli
