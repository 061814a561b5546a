// SPDX-License-Identifier: Apache-2.0
#include "house_rules.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

namespace shardlens::house {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> linesOf(const fs::path& file)
{
    std::vector<std::string> lines;
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

bool startsWith(const std::string& text, const std::string& prefix)
{
    return text.compare(0, prefix.size(), prefix) == 0;
}

bool endsWith(const std::string& text, const std::string& suffix)
{
    return text.size() >= suffix.size() && text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

std::string where(const SourceFile& file, std::size_t index)
{
    return file.path + ":" + std::to_string(index + 1) + ": ";
}

/// "core" and "base" of "core/base/units.h"; the second is empty for a file directly in the first.
struct Room {
    std::string house;
    std::string folder;
};

Room roomOf(const std::string& path)
{
    const std::size_t first = path.find('/');
    if (first == std::string::npos)
        return {};
    const std::size_t second = path.find('/', first + 1);
    return {path.substr(0, first), second == std::string::npos ? "" : path.substr(first + 1, second - first - 1)};
}

std::ptrdiff_t rankIn(const std::vector<std::string>& order, const std::string& folder)
{
    const auto found = std::find(order.begin(), order.end(), folder);
    return found == order.end() ? -1 : std::distance(order.begin(), found);
}

int houseRank(const std::string& house)
{
    if (house == "core")
        return 0;
    if (house == "ui")
        return 1;
    return house == "app" ? 2 : -1;
}

template <class Visit>
void eachInclude(const std::vector<SourceFile>& files, Visit visit)
{
    for (const SourceFile& file : files)
        for (std::size_t i = 0; i < file.lines.size(); ++i)
            if (const Include include = includeOf(file.lines[i]); !include.target.empty())
                visit(file, i, include);
}

bool isQtHeader(const std::string& target)
{
    static const std::regex pattern("Q[A-Z].*|Qt.*|q[a-z]+\\.h|.*/Q[A-Z].*");
    return std::regex_match(target, pattern);
}

std::string lastPart(const std::string& target)
{
    const std::size_t slash = target.rfind('/');
    return slash == std::string::npos ? target : target.substr(slash + 1);
}

} // namespace

std::vector<SourceFile> readSources(const fs::path& root)
{
    std::vector<SourceFile> files;
    for (const char* top : {"app", "core", "tests", "ui"}) {
        if (!fs::is_directory(root / top))
            continue;
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / top)) {
            const std::string extension = entry.path().extension().string();
            if (entry.is_regular_file() && (extension == ".h" || extension == ".cpp"))
                files.push_back({entry.path().lexically_relative(root).generic_string(), linesOf(entry.path())});
        }
    }
    std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    return files;
}

Include includeOf(const std::string& line)
{
    static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
    std::smatch match;
    if (line.find("include") == std::string::npos || !std::regex_match(line, match, pattern))
        return {};
    return {match[2].str(), match[1].str() == "\""};
}

std::vector<std::string> folderOrder(const fs::path& directory)
{
    static const std::regex pattern(R"(^\s*add_subdirectory\((\w+)\).*)");
    std::vector<std::string> order;
    for (const std::string& line : linesOf(directory / "CMakeLists.txt")) {
        std::smatch match;
        if (std::regex_match(line, match, pattern))
            order.push_back(match[1].str());
    }
    return order;
}

std::set<std::string> headerNames(const std::string& directories, const std::string& module)
{
    std::set<std::string> names;
    std::istringstream list(directories);
    for (std::string directory; std::getline(list, directory, ':');) {
        if (fs::path(directory).filename() != module)
            continue;
        for (const fs::directory_entry& entry : fs::directory_iterator(directory))
            if (entry.is_regular_file())
                names.insert(entry.path().filename().string());
    }
    return names;
}

std::vector<std::string> checkIncludeOrder(const fs::path& root)
{
    std::vector<std::string> findings;
    const std::vector<std::string> orders[] = {folderOrder(root / "core"), folderOrder(root / "ui")};
    eachInclude(readSources(root), [&](const SourceFile& file, std::size_t line, const Include& include) {
        const Room from = roomOf(file.path);
        const int fromRank = houseRank(from.house);
        if (fromRank < 0 || !include.quoted || endsWith(include.target, ".moc"))
            return;
        const Room to = roomOf(include.target);
        const int toRank = houseRank(to.house);
        if (toRank < 0) {
            findings.push_back(where(file, line) + "\"" + include.target + "\" is not written from the root");
            return;
        }
        if (toRank > fromRank || (from.house == "app" && from.folder == "cli" && to.house == "ui")) {
            findings.push_back(where(file, line) + from.house + "/" + from.folder + " includes " + include.target
                               + ", which stands above it");
            return;
        }
        if (toRank != fromRank || fromRank == 2)
            return;
        const std::vector<std::string>& order = orders[fromRank];
        const std::ptrdiff_t fromFolder = rankIn(order, from.folder);
        const std::ptrdiff_t toFolder = rankIn(order, to.folder);
        if (fromFolder < 0 || toFolder < 0)
            findings.push_back(where(file, line) + (fromFolder < 0 ? from.folder : to.folder) + " is not a folder of " + from.house
                               + "/CMakeLists.txt");
        else if (toFolder > fromFolder)
            findings.push_back(where(file, line) + from.house + "/" + from.folder + " includes " + include.target
                               + ", which comes after it in " + from.house + "/CMakeLists.txt");
    });
    return findings;
}

std::vector<std::string> checkQtPlaces(const fs::path& root, const Knowledge& knowledge)
{
    std::vector<std::string> findings;
    const auto isOf = [](const Include& include, const char* module, const std::set<std::string>& names) {
        return startsWith(include.target, module) || names.count(lastPart(include.target)) > 0;
    };
    eachInclude(readSources(root), [&](const SourceFile& file, std::size_t line, const Include& include) {
        if (include.quoted || !isQtHeader(include.target))
            return;
        const Room room = roomOf(file.path);
        const std::string folder = room.house + "/" + room.folder;
        if (room.house == "core" || folder == "app/cli")
            findings.push_back(where(file, line) + folder + " is free of Qt but includes <" + include.target + ">");
        if ((folder == "ui/scene" || folder == "ui/theme") && isOf(include, "QtWidgets", knowledge.widgetHeaders))
            findings.push_back(where(file, line) + folder + " draws with QtGui only but includes the widget <" + include.target + ">");
        if (room.house != "tests" && isOf(include, "QtCharts", knowledge.chartHeaders) && !startsWith(file.path, "ui/views/curvechart."))
            findings.push_back(where(file, line) + "<" + include.target + "> of Qt Charts belongs to ui/views/curvechart alone");
    });
    for (const std::string& folder : folderOrder(root / "core"))
        for (const std::string& line : linesOf(root / "core" / folder / "CMakeLists.txt"))
            if (line.find("Qt6") != std::string::npos)
                findings.push_back("core/" + folder + "/CMakeLists.txt: links Qt: " + line);
    return findings;
}

std::vector<std::string> checkJsonPlaces(const fs::path& root)
{
    std::vector<std::string> findings;
    eachInclude(readSources(root), [&](const SourceFile& file, std::size_t line, const Include& include) {
        if (startsWith(include.target, "nlohmann/") && endsWith(file.path, ".h") && include.target != "nlohmann/json_fwd.hpp")
            findings.push_back(where(file, line) + "headers include nlohmann/json_fwd.hpp at most, not " + include.target);
    });
    return findings;
}

std::vector<std::string> checkErrorClasses(const fs::path& root)
{
    static const std::regex pattern(R"(^\s*(?:class|struct)\s+(?:\[\[\w+\]\]\s+)?(\w*(?:Error|Exception))\b\s*(?:final\s*)?(?:[:{].*)?$)");
    std::vector<std::string> findings;
    int definitions = 0;
    for (const SourceFile& file : readSources(root)) {
        if (startsWith(file.path, "tests/"))
            continue;
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            std::smatch match;
            if (!std::regex_match(file.lines[i], match, pattern))
                continue;
            if (file.path == "core/base/result.h" && match[1] == "Error")
                ++definitions;
            else
                findings.push_back(where(file, i) + match[1].str() + ": errors are the Error of core/base/result.h");
        }
    }
    if (definitions != 1)
        findings.push_back("core/base/result.h: found " + std::to_string(definitions) + " definitions of Error; there is exactly one");
    return findings;
}

std::vector<std::string> checkFiles(const fs::path& root)
{
    static const std::regex lowerCase("[a-z0-9_]+\\.(h|cpp)");
    std::vector<std::string> findings;
    for (const SourceFile& file : readSources(root)) {
        if (file.lines.empty() || file.lines.front() != "// SPDX-License-Identifier: Apache-2.0")
            findings.push_back(file.path + ":1: the first line is not the licence");
        if (file.lines.size() > kMostLines)
            findings.push_back(file.path + ": " + std::to_string(file.lines.size()) + " lines; at most " + std::to_string(kMostLines));
        if (endsWith(file.path, ".h") && std::find(file.lines.begin(), file.lines.end(), "#pragma once") == file.lines.end())
            findings.push_back(file.path + ": a header without #pragma once");
        if (!std::regex_match(lastPart(file.path), lowerCase))
            findings.push_back(file.path + ": file names are lower case");
    }
    return findings;
}

std::vector<std::string> checkArchitecture(const fs::path& root)
{
    std::string text;
    for (const std::string& line : linesOf(root / "ARCHITECTURE.md"))
        text += line + "\n";
    std::vector<std::string> findings;
    for (const char* house : {"core", "ui"}) {
        std::size_t last = 0;
        for (const std::string& folder : folderOrder(root / house)) {
            const std::size_t at = text.find("`" + folder + "/`");
            if (at == std::string::npos)
                findings.push_back("ARCHITECTURE.md: does not name the room `" + folder + "/` of " + house);
            else if (at < last)
                findings.push_back("ARCHITECTURE.md: names `" + folder + "/` before a room that it may include");
            else
                last = at;
        }
        for (const fs::directory_entry& entry : fs::directory_iterator(root / house))
            if (entry.is_directory() && rankIn(folderOrder(root / house), entry.path().filename().string()) < 0)
                findings.push_back(std::string(house) + "/" + entry.path().filename().string() + ": a room that " + house
                                   + "/CMakeLists.txt does not list");
    }
    return findings;
}

} // namespace shardlens::house
