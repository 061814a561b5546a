// SPDX-License-Identifier: Apache-2.0
#include "app/cli/flags.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace shardlens::cli {

namespace {

constexpr double kHundred = 100;
constexpr std::size_t kMostListed = 65536;

std::optional<std::int64_t> wholeNumber(std::string_view text)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::optional<double> decimalNumber(std::string_view text)
{
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

/// Bytes of "0", "500MB", "1.5GiB".
std::optional<double> byteCount(std::string_view text)
{
    struct Unit {
        std::string_view name;
        double bytes;
    };
    static constexpr std::array kUnits{
        Unit{"KiB", 1024.0}, Unit{"MiB", 1048576.0}, Unit{"GiB", 1073741824.0}, Unit{"TiB", 1099511627776.0},
        Unit{"kB", 1e3},     Unit{"KB", 1e3},        Unit{"MB", 1e6},           Unit{"GB", 1e9},
        Unit{"TB", 1e12},    Unit{"B", 1.0},
    };
    double unit = 1;
    for (const Unit& candidate : kUnits)
        if (text.ends_with(candidate.name)) {
            unit = candidate.bytes;
            text.remove_suffix(candidate.name.size());
            break;
        }
    while (text.ends_with(' '))
        text.remove_suffix(1);
    const std::optional<double> number = decimalNumber(text);
    if (!number)
        return std::nullopt;
    return *number * unit;
}

bool isWordOf(std::string_view choices, std::string_view word)
{
    while (!choices.empty()) {
        const std::size_t bar = std::min(choices.find('|'), choices.size());
        if (choices.substr(0, bar) == word)
            return true;
        choices.remove_prefix(std::min(bar + 1, choices.size()));
    }
    return false;
}

Error refused(const FlagSpec& spec, const std::string& text)
{
    return {.file = {}, .path = std::string(spec.name), .found = text, .allowed = "allowed is " + allowedFor(spec)};
}

Result<FlagValue> parseSize(const FlagSpec& spec, const std::string& text)
{
    const std::size_t cross = text.find('x');
    if (cross == std::string::npos)
        return refused(spec, text);
    const auto width = wholeNumber(std::string_view(text).substr(0, cross));
    const auto height = wholeNumber(std::string_view(text).substr(cross + 1));
    const auto inRange = [&spec](std::optional<std::int64_t> side) { return side && *side >= spec.least && *side <= spec.most; };
    if (!inRange(width) || !inRange(height))
        return refused(spec, text);
    return FlagValue{.text = text, .number = *width, .second = *height};
}

std::vector<std::string_view> partsOf(std::string_view text)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t comma = text.find(',');
        parts.push_back(text.substr(0, comma));
        if (comma == std::string_view::npos)
            return parts;
        text.remove_prefix(comma + 1);
    }
}

Result<FlagValue> parseCounts(const FlagSpec& spec, const std::string& text)
{
    FlagValue value{.text = text};
    for (const std::string_view part : partsOf(text)) {
        const auto number = wholeNumber(part);
        if (!number || *number < spec.least || *number > spec.most || value.list.size() == kMostListed)
            return refused(spec, text.empty() ? "an empty text" : text);
        value.list.push_back(static_cast<int>(*number));
    }
    return value;
}

Result<FlagValue> parseOrder(const FlagSpec& spec, const std::string& text)
{
    FlagValue value{.text = text};
    const std::vector<std::string_view> words = partsOf(spec.argument);
    for (const std::string_view part : partsOf(text)) {
        const auto place = static_cast<int>(std::find(words.begin(), words.end(), part) - words.begin());
        const bool again = std::find(value.list.begin(), value.list.end(), place) != value.list.end();
        if (place == static_cast<int>(words.size()) || again)
            return refused(spec, text.empty() ? "an empty text" : text);
        value.list.push_back(place);
    }
    if (value.list.size() != words.size())
        return refused(spec, text);
    return value;
}

Result<FlagValue> parseValue(const FlagSpec& spec, const std::string& text)
{
    FlagValue value{.text = text};
    switch (spec.kind) {
    case ArgumentKind::None: break;
    case ArgumentKind::Text:
        if (text.empty())
            return refused(spec, "an empty text");
        break;
    case ArgumentKind::Count: {
        const auto number = wholeNumber(text);
        if (!number || *number < spec.least || *number > spec.most)
            return refused(spec, text.empty() ? "an empty text" : text);
        value.number = *number;
        break;
    }
    case ArgumentKind::Bytes: {
        const auto bytes = byteCount(text);
        if (!bytes || *bytes < static_cast<double>(spec.least) || *bytes > static_cast<double>(spec.most))
            return refused(spec, text.empty() ? "an empty text" : text);
        value.number = std::llround(*bytes);
        break;
    }
    case ArgumentKind::Choice:
        if (!isWordOf(spec.argument, text))
            return refused(spec, text.empty() ? "an empty text" : text);
        break;
    case ArgumentKind::Size: return parseSize(spec, text);
    case ArgumentKind::Factor: {
        const auto number = decimalNumber(text);
        if (!number || *number * kHundred < static_cast<double>(spec.least) || *number * kHundred > static_cast<double>(spec.most))
            return refused(spec, text.empty() ? "an empty text" : text);
        value.factor = *number;
        break;
    }
    case ArgumentKind::Counts: return parseCounts(spec, text);
    case ArgumentKind::Order: return parseOrder(spec, text);
    }
    return value;
}

const FlagSpec* findFlag(std::string_view name)
{
    for (const FlagSpec& spec : flagSpecs())
        if (spec.name == name || (!spec.alias.empty() && spec.alias == name))
            return &spec;
    return nullptr;
}

std::string programOf(Command command)
{
    const std::string_view name = specOf(command).name;
    return name.empty() ? "shardlens" : "shardlens " + std::string(name);
}

Error unknownFlag(Command command, const std::string& name)
{
    std::vector<std::string> known;
    for (const FlagSpec& spec : flagSpecs())
        if (takes(command, spec))
            known.emplace_back(spec.name);
    std::string allowed = "is not a flag of " + programOf(command);
    if (const std::string near = closest(name, known); !near.empty())
        allowed += "; did you mean " + near + "?";
    else
        allowed += "; see " + programOf(command) + " --help";
    return {.file = {}, .path = name, .found = {}, .allowed = allowed};
}

bool looksLikeFlag(std::string_view word)
{
    if (word.size() < 2 || word.front() != '-')
        return false;
    // A negative number is a value, to be refused with its flag's range.
    return word[1] < '0' || word[1] > '9';
}

/// Reads the flag at words[index] and moves index past its value.
Result<bool> readFlag(Arguments& arguments, const std::vector<std::string>& words, std::size_t& index)
{
    const std::string& word = words[index];
    const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    const std::string name = word.substr(0, equals);
    const FlagSpec* spec = findFlag(name);
    if (!spec || !takes(arguments.command, *spec))
        return unknownFlag(arguments.command, name);
    std::string text;
    if (spec->kind == ArgumentKind::None) {
        if (equals != std::string::npos)
            return Error{.file = {}, .path = name, .found = word.substr(equals + 1), .allowed = "this flag takes no value"};
    } else if (equals != std::string::npos) {
        text = word.substr(equals + 1);
    } else if (index + 1 < words.size() && !looksLikeFlag(words[index + 1])) {
        text = words[++index];
    } else {
        return Error{.file = {}, .path = name, .found = {}, .allowed = "needs a value; allowed is " + allowedFor(*spec)};
    }
    std::optional<FlagValue>& slot = arguments.values[static_cast<std::size_t>(spec->flag)];
    if (slot) {
        const std::string values = slot->text.empty() ? "twice" : slot->text + " and " + text;
        return Error{.file = {}, .path = std::string(spec->name), .found = values, .allowed = "give this flag once"};
    }
    Result<FlagValue> value = parseValue(*spec, text);
    if (!value.ok())
        return value.error();
    slot = std::move(value).value();
    return true;
}

std::size_t editDistance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row[b.size()];
}

} // namespace

Result<Arguments> parseArguments(const std::vector<std::string>& words)
{
    Arguments arguments;
    std::size_t index = 0;
    if (!words.empty())
        if (const std::optional<Command> command = commandNamed(words.front())) {
            arguments.command = *command;
            index = 1;
        }
    bool flagsEnded = false;
    for (; index < words.size(); ++index) {
        if (!flagsEnded && words[index] == "--") {
            flagsEnded = true;
        } else if (flagsEnded || words[index] == "-" || words[index].empty() || words[index].front() != '-') {
            arguments.positionals.push_back(words[index]);
        } else if (const Result<bool> read = readFlag(arguments, words, index); !read.ok()) {
            return read.error();
        }
    }
    return arguments;
}

std::string closest(std::string_view text, const std::vector<std::string>& candidates)
{
    constexpr std::size_t kMostEdits = 2;
    std::string best;
    std::size_t least = kMostEdits + 1;
    if (text.size() > 64)
        return best;
    for (const std::string& candidate : candidates)
        if (const std::size_t edits = editDistance(text, candidate); edits < least) {
            least = edits;
            best = candidate;
        }
    return best;
}

} // namespace shardlens::cli
