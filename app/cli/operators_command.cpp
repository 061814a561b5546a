// SPDX-License-Identifier: Apache-2.0
#include "app/cli/operators_command.h"

#include "app/cli/text_table.h"
#include "core/base/format.h"
#include "core/scenario/operatortable.h"
#include "core/scenario/roofline.h"

#include <algorithm>

namespace shardlens::cli {

namespace {

Error at(const char* flag, Error error)
{
    error.file = flag;
    error.path.clear();
    return error;
}

Result<OperatorTableOptions> readOptions(const Arguments& arguments)
{
    int formats = 0;
    for (const Flag flag : {Flag::Csv, Flag::Markdown, Flag::Json})
        formats += arguments.has(flag);
    if (formats > 1)
        return Error{.file = {}, .path = "shardlens operators", .found = {}, .allowed = "one of --csv, --markdown and --json is allowed"};
    OperatorTableOptions options;
    if (arguments.has(Flag::Phases)) {
        const std::string& word = arguments[Flag::Phases].text;
        options.phases = word == "prefill" ? PhaseChoice::Prefill : word == "decode" ? PhaseChoice::Decode : PhaseChoice::Both;
    }
    if (arguments.has(Flag::Amounts) && arguments[Flag::Amounts].text == "all")
        options.amount = OperatorAmount::All;
    if (arguments.has(Flag::Filter)) {
        Result<OperatorFilter> filter = OperatorFilter::parse(arguments[Flag::Filter].text);
        if (!filter.ok())
            return at("--filter", filter.error());
        options.filter = std::move(filter).value();
    }
    if (arguments.has(Flag::Sort)) {
        const Result<OperatorOrder> order = parseOperatorOrder(arguments[Flag::Sort].text);
        if (!order.ok())
            return at("--sort", order.error());
        options.order = order.value();
    }
    return options;
}

std::vector<OperatorColumn> allColumns()
{
    std::vector<OperatorColumn> columns;
    for (const OperatorColumnSpec& spec : operatorColumns())
        columns.push_back(spec.column);
    return columns;
}

std::string printText(const OperatorTable& table, const Scenario& scenario, const Report& report)
{
    const std::vector<OperatorColumn> columns = table.usefulColumns();
    TextTable text;
    std::vector<std::string> head;
    for (const OperatorColumn column : columns) {
        text.columns.push_back(specOf(column).number ? Align::Right : Align::Left);
        head.emplace_back(specOf(column).title);
    }
    text.rows.push_back(std::move(head));
    for (const OperatorRow& row : table.rows()) {
        std::vector<std::string> cells;
        cells.reserve(columns.size());
        for (const OperatorColumn column : columns)
            cells.push_back(table.text(row, column));
        text.rows.push_back(std::move(cells));
    }
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        if (table.count(phase) == 0)
            continue;
        const PhaseReport& of = phase == Phase::Prefill ? report.prefill : report.decode;
        const std::string stage = scenario.plan.pipeline() > 1 ? " on stage " + std::to_string(of.busiestStage) : std::string();
        std::vector<std::string> cells;
        cells.reserve(columns.size());
        for (const OperatorColumn column : columns)
            cells.push_back(column == OperatorColumn::Operator
                                ? std::string(nameOf(phase)) + stage + ", " + formatCount(table.count(phase)) + " in all"
                                : table.totalText(phase, column));
        text.rows.push_back(std::move(cells));
    }
    std::string out = scenario.model->name + " on " + scenario.cluster->name + ", one device; "
                      + (table.options().amount == OperatorAmount::All ? "all layers and pieces" : "one layer, one piece") + "\n\n"
                      + text.print();
    if (report.legal && !report.memory.fits)
        out += "\nDoes not fit: needs " + formatBytes(static_cast<double>(-report.memory.free()))
               + " more on the fullest device; times as if it did.\n";
    if (static_cast<int>(table.rows().size()) < table.all())
        out += "\n" + formatCount(static_cast<std::int64_t>(table.rows().size())) + " of " + formatCount(table.all()) + " operators.\n";
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        if (table.count(phase) == 0 || !table.complete(phase))
            continue;
        const PhaseReport& of = phase == Phase::Prefill ? report.prefill : report.decode;
        const PhaseAccount account = accountOf(of, phase);
        if (scenario.plan.pipeline() > 1 || account.uneven != 0)
            out += "\n" + account.sentence(of, phase) + ".\n";
    }
    for (const Phase phase : {Phase::Prefill, Phase::Decode})
        if (std::any_of(table.rows().begin(), table.rows().end(),
                        [&](const OperatorRow& row) { return row.phase == phase && table.isDraft(row); }))
            out += "\nA draft step of " + std::string(nameOf(phase)) + " takes "
                   + formatSeconds((phase == Phase::Prefill ? report.prefill : report.decode).predictionTime)
                   + " on the last stage; it is in no sum and no share.\n";
    if (const auto batch = batchToCompute(scenario, report))
        out += "\n" + batch->sentence() + "\n";
    return out;
}

} // namespace

Result<std::string> operatorsAnswer(const Arguments& arguments, const Scenario& scenario, const Report& report)
{
    Result<OperatorTableOptions> options = readOptions(arguments);
    if (!options.ok())
        return options.error();
    const OperatorTable table(scenario, report, std::move(options).value());
    if (arguments.has(Flag::Csv))
        return printCsv(table, allColumns());
    if (arguments.has(Flag::Markdown))
        return printMarkdown(table, table.usefulColumns());
    if (arguments.has(Flag::Json))
        return printOperatorsJson(table, scenario, report);
    return printText(table, scenario, report);
}

} // namespace shardlens::cli
