// SPDX-License-Identifier: Apache-2.0
// What may be asked of the operator table: orders and filters, read and applied.
#include "core/scenario/operatortable.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace shardlens {

namespace {

using C = OperatorColumn;

std::string lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

/// Words people use for a column, beside its key.
struct Alias {
    std::string_view word;
    OperatorColumn column;
};
constexpr std::array kAliases{
    Alias{"operator", C::Operator},
    Alias{"op", C::Operator},
    Alias{"layer", C::Kind},
    Alias{"weights", C::WeightBytes},
    Alias{"kv", C::KvBytes},
    Alias{"cache", C::KvBytes},
    Alias{"activations", C::ActivationBytes},
    Alias{"sent", C::SentBytes},
    Alias{"compute", C::ComputeTime},
    Alias{"hbm", C::MemoryTime},
    Alias{"memory", C::MemoryTime},
    Alias{"memory_time", C::MemoryTime},
    Alias{"network", C::NetworkTime},
    Alias{"overhead", C::OverheadTime},
    Alias{"all", C::Total},
};

std::optional<OperatorColumn> columnNamed(std::string_view word)
{
    const std::string key = lower(word);
    for (const OperatorColumnSpec& spec : operatorColumns())
        if (spec.key == key)
            return spec.column;
    for (const Alias& alias : kAliases)
        if (alias.word == key)
            return alias.column;
    return std::nullopt;
}

std::string keysOf(bool numbers, bool words)
{
    std::string text;
    for (const OperatorColumnSpec& spec : operatorColumns())
        if (spec.number ? numbers : words)
            text += (text.empty() ? "" : ", ") + std::string(spec.key);
    return text;
}

struct Unit {
    std::string_view word;
    double factor;
};
constexpr std::array kSeconds{Unit{"", 1},      Unit{"s", 1},     Unit{"ms", 1e-3}, Unit{"us", 1e-6},
                              Unit{"µs", 1e-6}, Unit{"μs", 1e-6}, Unit{"ns", 1e-9}};
constexpr std::array kBytes{Unit{"", 1},     Unit{"b", 1},    Unit{"kib", 1024.0}, Unit{"mib", 1048576.0}, Unit{"gib", 1073741824.0},
                            Unit{"kb", 1e3}, Unit{"mb", 1e6}, Unit{"gb", 1e9},     Unit{"tb", 1e12}};
constexpr std::array kCounts{Unit{"", 1},        Unit{"k", 1e3},      Unit{"m", 1e6},      Unit{"g", 1e9},
                             Unit{"t", 1e12},    Unit{"p", 1e15},     Unit{"kflop", 1e3},  Unit{"mflop", 1e6},
                             Unit{"gflop", 1e9}, Unit{"tflop", 1e12}, Unit{"pflop", 1e15}, Unit{"flop", 1}};
constexpr std::array kShares{Unit{"", 1}, Unit{"%", 0.01}};

std::span<const Unit> unitsOf(OperatorColumn column)
{
    if (column == C::Share || column == C::Roof)
        return kShares;
    const std::string_view unit = specOf(column).unit;
    if (unit == "s")
        return kSeconds;
    if (unit == "B")
        return kBytes;
    return kCounts;
}

std::string_view exampleOf(OperatorColumn column)
{
    if (column == C::Share || column == C::Roof)
        return "5%";
    const std::string_view unit = specOf(column).unit;
    return unit == "s" ? "1ms" : unit == "B" ? "10MiB" : unit == "FLOP" ? "2G" : "100";
}

std::optional<double> readAmount(std::string_view text, OperatorColumn column)
{
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || !std::isfinite(value))
        return std::nullopt;
    const std::string unit = lower(text.substr(static_cast<std::size_t>(read.ptr - text.data())));
    for (const Unit& known : unitsOf(column))
        if (known.word == unit)
            return value * known.factor;
    return std::nullopt;
}

Error filterError(std::string_view found, std::string allowed)
{
    return {.file = {}, .path = "filter", .found = std::string(found), .allowed = std::move(allowed)};
}

/// Words that mean the same bound.
std::string boundNamed(const std::string& word)
{
    return word == "memory" ? "hbm" : word == "communication" || word == "link" ? "network" : word == "flop" ? "compute" : word;
}

} // namespace

Result<OperatorOrder> parseOperatorOrder(std::string_view text)
{
    const std::size_t colon = text.find(':');
    const std::optional<OperatorColumn> column = columnNamed(text.substr(0, colon));
    if (!column)
        return Error{
            .file = {}, .path = {}, .found = std::string(text.substr(0, colon)), .allowed = "allowed is one of " + keysOf(true, true)};
    if (colon == std::string_view::npos)
        return OperatorOrder{*column, specOf(*column).number};
    const std::string way = lower(text.substr(colon + 1));
    if (way != "asc" && way != "desc")
        return Error{
            .file = {}, .path = {}, .found = std::string(text.substr(colon + 1)), .allowed = "allowed after the colon is asc or desc"};
    return OperatorOrder{*column, way == "desc"};
}

Result<OperatorFilter::Term> OperatorFilter::parseTerm(std::string_view text)
{
    Term term;
    std::string_view rest = text;
    if (rest.size() > 1 && rest.front() == '-') {
        term.negated = true;
        rest.remove_prefix(1);
    }
    const std::size_t sign = rest.find_first_of(":<>=");
    if (sign == std::string_view::npos) {
        term.word = lower(rest);
        return term;
    }
    const std::optional<OperatorColumn> column = columnNamed(rest.substr(0, sign));
    if (!column)
        return filterError(rest.substr(0, sign),
                           "allowed before " + std::string(1, rest[sign]) + " is one of " + keysOf(true, rest[sign] == ':'));
    term.column = *column;
    const bool orEqual = rest[sign] != '=' && rest[sign] != ':' && sign + 1 < rest.size() && rest[sign + 1] == '=';
    const std::string_view value = rest.substr(sign + (orEqual ? 2 : 1));
    if (!specOf(*column).number) {
        if (rest[sign] != ':' && rest[sign] != '=')
            return filterError(text, std::string(specOf(*column).key) + " is a word: " + std::string(specOf(*column).key) + ":WORD");
        term.word = lower(value);
        if (term.word.empty())
            return filterError(text, "a word is missing after " + std::string(1, rest[sign]));
        if (*column == C::Bound) {
            term.word = boundNamed(term.word);
            if (term.word != "hbm" && term.word != "compute" && term.word != "network" && term.word != "fused")
                return filterError(value, "allowed is bound:compute, bound:hbm or bound:network, or bound:fused");
        }
        if (*column == C::Phase && term.word != "prefill" && term.word != "decode")
            return filterError(value, "allowed is phase:prefill or phase:decode");
        return term;
    }
    const std::optional<double> number = readAmount(value, *column);
    if (!number)
        return filterError(text, "allowed is a number" + std::string(specOf(*column).unit.empty() ? "" : " with or without unit")
                                     + ", such as " + std::string(specOf(*column).key) + ">" + std::string(exampleOf(*column)));
    term.number = *number;
    term.compare = rest[sign] == '<'   ? (orEqual ? Compare::LessEqual : Compare::Less)
                   : rest[sign] == '>' ? (orEqual ? Compare::GreaterEqual : Compare::Greater)
                                       : Compare::Equal;
    return term;
}

Result<OperatorFilter> OperatorFilter::parse(std::string_view text)
{
    OperatorFilter filter;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t begin = text.find_first_not_of(" \t\r\n", at);
        if (begin == std::string_view::npos)
            break;
        const std::size_t end = std::min(text.find_first_of(" \t\r\n", begin), text.size());
        Result<Term> term = parseTerm(text.substr(begin, end - begin));
        if (!term.ok())
            return term.error();
        filter.m_terms.push_back(std::move(term).value());
        at = end;
    }
    return filter;
}

bool OperatorTable::holds(const OperatorRow& row, const OperatorFilter::Term& term) const
{
    using Compare = OperatorFilter::Compare;
    if (term.compare == Compare::Contains) {
        const std::string shown = lower(text(row, term.column));
        if (term.column == C::Kind && cost(row).kind >= 0 && !isDraft(row) && term.word == std::to_string(cost(row).kind))
            return true; // by its number as well as by its word
        return term.column == C::Bound || term.column == C::Kind ? shown == term.word : shown.find(term.word) != std::string::npos;
    }
    const std::optional<double> value = number(row, term.column);
    if (!value)
        return false;
    switch (term.compare) {
    case Compare::Less: return *value < term.number;
    case Compare::LessEqual: return *value <= term.number;
    case Compare::GreaterEqual: return *value >= term.number;
    case Compare::Greater: return *value > term.number;
    case Compare::Equal:
    case Compare::Contains: break;
    }
    return *value == term.number;
}

bool OperatorTable::passes(const OperatorRow& row) const
{
    return std::all_of(m_options.filter.m_terms.begin(), m_options.filter.m_terms.end(),
                       [&](const OperatorFilter::Term& term) { return holds(row, term) != term.negated; });
}

} // namespace shardlens
