// SPDX-License-Identifier: Apache-2.0
#include "app/cli/fit_command.h"

#include "core/scenario/calibration_json.h"
#include "core/scenario/fit_points.h"
#include "core/scenario/json_reader.h"
#include "core/scenario/scenario_file.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace shardlens::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostTable = std::size_t{256} << 20;

Result<NamedTable> readTable(const fs::path& file)
{
    Result<std::string> text = readTextFile(file, kMostTable);
    if (!text.ok())
        return text.error();
    return NamedTable{file.stem().string(), std::move(text).value()};
}

/// The CSV files of a folder, by name.
Result<std::vector<NamedTable>> readFolder(const fs::path& folder)
{
    std::error_code code;
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, code))
        if (entry.path().extension() == ".csv")
            files.push_back(entry.path());
    if (code)
        return Error{"--operators", {}, folder.string(), "a folder that can be read"};
    std::sort(files.begin(), files.end());
    std::vector<NamedTable> tables;
    for (const fs::path& file : files) {
        Result<NamedTable> table = readTable(file);
        if (!table.ok())
            return table.error();
        tables.push_back(std::move(table).value());
    }
    return tables;
}

/// {"b300-sxm": "b200-sxm", ...}; none when the file is not there.
Result<std::map<std::string, std::string>> readRelatives(const fs::path& file)
{
    std::map<std::string, std::string> relatives;
    std::error_code code;
    if (!fs::exists(file, code))
        return relatives;
    Result<std::string> text = readTextFile(file, kMostTable);
    if (!text.ok())
        return text.error();
    const Result<JsonDocument> document = JsonDocument::parse(text.value(), file.string());
    if (!document.ok())
        return document.error();
    JsonReader reader(document.value(), UnknownKeys::Refuse);
    JsonObject root = reader.root();
    for (const std::string& key : root.keys())
        relatives[key] = root.requiredString(key);
    root.finish();
    if (reader.failed())
        return reader.error();
    return relatives;
}

std::optional<Error> write(const fs::path& file, const std::string& text)
{
    std::error_code code;
    fs::create_directories(file.parent_path(), code);
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream << text;
    stream.close();
    if (!stream)
        return Error{file.string(), {}, "it cannot be written", "choose a folder that can"};
    return std::nullopt;
}

} // namespace

Answer fitAnswer(const Arguments& arguments, const Catalog& catalog)
{
    const auto bad = [](const Error& error) { return Answer{.status = kBadInput, .out = {}, .err = error.sentence() + "\n"}; };
    for (const Flag flag : {Flag::Operators, Flag::Points, Flag::Directory})
        if (!arguments.has(flag))
            return bad({.file = {}, .path = "shardlens fit", .found = "no " + std::string(specOf(flag).name), .allowed = "it is needed"});
    FitTables tables;
    const fs::path directory(arguments[Flag::Directory].text);
    tables.source = arguments.has(Flag::SourceText) ? arguments[Flag::SourceText].text : "measurements of your own";
    Result<std::vector<NamedTable>> kernels = readFolder(arguments[Flag::Operators].text);
    if (!kernels.ok())
        return bad(kernels.error());
    tables.kernels = std::move(kernels).value();
    std::string_view rest = arguments[Flag::Points].text;
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        Result<NamedTable> table = readTable(fs::path(rest.substr(0, comma)));
        if (!table.ok())
            return bad(table.error());
        tables.points.push_back(std::move(table).value());
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
    Result<std::map<std::string, std::string>> relatives = readRelatives(directory / "relatives.json");
    if (!relatives.ok())
        return bad(relatives.error());
    tables.relatives = std::move(relatives).value();
    const bool crossValidate = arguments.has(Flag::CrossValidate);
    const Result<FitReport> fitted = fitTables(tables, catalog, crossValidate, catalog.calibration.intervals,
                                               [](const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); });
    if (!fitted.ok())
        return bad(fitted.error());
    const FitReport& report = fitted.value();
    std::map<std::string, std::string> files = calibrationFiles(report.set);
    files["points.csv"] = pointsToShow(report, catalog);
    files["report.md"] = fitReportText(report);
    for (const auto& [path, text] : files)
        if (const std::optional<Error> error = write(directory / path, text))
            return bad(*error);
    return {.status = kAnswered, .out = files["report.md"], .err = {}};
}

} // namespace shardlens::cli
