// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/similar.h"

#include <algorithm>
#include <utility>

namespace shardlens {

namespace {

constexpr std::size_t kLongestId = 64;
constexpr std::size_t kMostProposals = 3;

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

/// Letters and digits only, in lower case, so that "Llama 3 70B" is near "llama-3-70b".
std::string skeleton(std::string_view text)
{
    std::string result;
    for (const char raw : text.substr(0, kLongestId)) {
        const char c = lower(raw);
        if (isDigit(c) || (c >= 'a' && c <= 'z'))
            result += c;
    }
    return result;
}

/// Levenshtein distance.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({substituted, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row[b.size()];
}

/// Run of digits from `at` on, without leading zeros; moves `at` past it.
std::string_view takeNumber(std::string_view text, std::size_t& at)
{
    while (at + 1 < text.size() && text[at] == '0' && isDigit(text[at + 1]))
        ++at;
    const std::size_t begin = at;
    while (at < text.size() && isDigit(text[at]))
        ++at;
    return text.substr(begin, at - begin);
}

} // namespace

std::vector<std::string> similarTo(std::string_view text, std::span<const Candidate> candidates)
{
    const std::string typed = skeleton(text);
    if (typed.empty())
        return {};
    std::vector<std::pair<std::size_t, std::string_view>> scored;
    for (const Candidate& candidate : candidates) {
        const std::string known = skeleton(candidate.text);
        const bool contained = known.find(typed) != std::string::npos || (known.size() > 2 && typed.find(known) != std::string::npos);
        const std::size_t edits = distance(typed, known);
        // Half the price for what is merely missing; otherwise no more than a third of what was typed may be wrong.
        if (contained)
            scored.emplace_back(edits, candidate.id);
        else if (edits <= std::max<std::size_t>(1, typed.size() / 3))
            scored.emplace_back(2 * edits, candidate.id);
    }
    std::stable_sort(scored.begin(), scored.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> result;
    for (const auto& [score, id] : scored) {
        if (result.size() == kMostProposals)
            break;
        if (std::find(result.begin(), result.end(), id) == result.end())
            result.emplace_back(id);
    }
    return result;
}

bool equalIgnoringCase(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool naturallyLess(std::string_view a, std::string_view b)
{
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() && j < b.size()) {
        if (isDigit(a[i]) && isDigit(b[j])) {
            const std::string_view x = takeNumber(a, i);
            const std::string_view y = takeNumber(b, j);
            if (x != y)
                return x.size() != y.size() ? x.size() < y.size() : x < y;
            continue;
        }
        if (lower(a[i]) != lower(b[j]))
            return lower(a[i]) < lower(b[j]);
        ++i;
        ++j;
    }
    return a.size() - i < b.size() - j;
}

std::string proposal(std::span<const std::string> ids)
{
    std::string text;
    for (std::size_t i = 0; i < ids.size(); ++i)
        text += (i == 0 ? ", did you mean " : i + 1 == ids.size() ? " or " : ", ") + ids[i];
    return text.empty() ? text : text + "?";
}

} // namespace shardlens
