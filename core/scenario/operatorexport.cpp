// SPDX-License-Identifier: Apache-2.0
// The operator table for other programs.
#include "core/calibration/csv.h"
#include "core/scenario/operatortable.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace shardlens {

namespace {

using Json = nlohmann::ordered_json;

/// A cell of a Markdown table: one line, its bars and marks taken as they are.
std::string markdownCell(std::string_view text, bool code)
{
    std::string out;
    for (const char c : text) {
        if (c == '\r' || c == '\n')
            out += ' ';
        else if (c == '|')
            out += "\\|";
        else if (!code && (c == '\\' || c == '`' || c == '*' || c == '<' || c == '[' || c == ']'))
            out += std::string("\\") + c;
        else if (!(code && c == '`'))
            out += c;
    }
    return code && !out.empty() ? "`" + out + "`" : out;
}

} // namespace

std::string exactTitle(OperatorColumn column)
{
    const OperatorColumnSpec& spec = specOf(column);
    const std::string title(spec.title);
    return spec.unit.empty() || spec.unit == spec.title ? title : title + " (" + std::string(spec.unit) + ")";
}

std::string spreadsheetField(std::string_view text)
{
    // Spreadsheets run what starts like a formula (OWASP, CSV injection).
    const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
    return csvField(formula ? "'" + std::string(text) : std::string(text));
}

std::string printCsv(const OperatorTable& table, std::span<const OperatorColumn> columns)
{
    std::string out;
    const auto end = [&](std::size_t i) { out += i + 1 < columns.size() ? "," : "\r\n"; };
    // Groups are a column here: sums between the rows would be added up with them.
    const bool grouped = table.options().grouped;
    if (grouped)
        out += "Group,";
    for (std::size_t i = 0; i < columns.size(); ++i) {
        out += spreadsheetField(exactTitle(columns[i]));
        end(i);
    }
    for (const OperatorRow& row : table.rows()) {
        if (row.isGroup())
            continue;
        if (grouped)
            out += spreadsheetField(nameOf(table.sectionOf(row))) + ",";
        for (std::size_t i = 0; i < columns.size(); ++i) {
            // Numbers are numbers: none of these is negative, and 1e-05 must not become a text.
            out += specOf(columns[i]).number ? table.exact(row, columns[i]) : spreadsheetField(table.exact(row, columns[i]));
            end(i);
        }
    }
    return out;
}

std::string printMarkdown(const OperatorTable& table, std::span<const OperatorColumn> columns)
{
    std::string head = "|";
    std::string rule = "|";
    for (const OperatorColumn column : columns) {
        head += " " + markdownCell(exactTitle(column), false) + " |";
        rule += specOf(column).number ? " ---: |" : " --- |";
    }
    std::string out = head + "\n" + rule + "\n";
    for (const OperatorRow& row : table.rows()) {
        out += "|";
        for (const OperatorColumn column : columns) {
            const std::string cell = markdownCell(table.exact(row, column), column == OperatorColumn::Sharding && !row.isGroup());
            out += row.isGroup() && !cell.empty() ? " **" + cell + "** |" : " " + cell + " |";
        }
        out += "\n";
    }
    return out;
}

std::string printOperatorsJson(const OperatorTable& table, const Scenario& scenario, const Report& report)
{
    Json json{{"schema", "shardlens.operators/1"},
              {"model", scenario.model->id},
              {"cluster", scenario.cluster->id},
              {"amounts", table.options().amount == OperatorAmount::All ? "all_runs" : "one_run"},
              {"rows", Json::array()},
              {"totals", Json::object()}};
    const auto keyOf = [](const OperatorColumnSpec& spec) { return std::string(spec.key) + (spec.unit == "s" ? "_s" : ""); };
    for (const OperatorRow& row : table.rows()) {
        Json entry;
        for (const OperatorColumnSpec& spec : operatorColumns()) {
            if (!spec.number) {
                const std::string text = table.text(row, spec.column);
                entry[keyOf(spec)] = text.empty() ? Json() : Json(text);
                continue;
            }
            const std::optional<double> value = table.number(row, spec.column);
            entry[keyOf(spec)] = value ? Json(*value) : Json();
        }
        json["rows"].push_back(std::move(entry));
    }
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        if (table.count(phase) == 0)
            continue;
        Json sums;
        const PhaseReport& of = phase == Phase::Prefill ? report.prefill : report.decode;
        const PhaseAccount account = accountOf(of, phase);
        sums["operators"] = table.count(phase);
        sums["stage"] = of.busiestStage;
        sums["phase_time_s"] = account.time;
        sums["uneven_pieces_s"] = account.uneven;
        sums["exposed_send_s"] = account.send;
        sums["bubble_s"] = account.bubble;
        for (const OperatorColumnSpec& spec : operatorColumns())
            if (const std::optional<double> sum = table.total(phase, spec.column))
                sums[keyOf(spec)] = *sum;
        json["totals"][std::string(nameOf(phase))] = std::move(sums);
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace shardlens
