// SPDX-License-Identifier: Apache-2.0
#include "ui/window/fuzzymatch.h"

#include <QStringList>

namespace shardlens {
namespace {

constexpr int kRunBonus = 6;
constexpr int kWordStartBonus = 10;

bool startsWord(const QString& text, qsizetype at)
{
    return at == 0 || !text[at - 1].isLetterOrNumber() || (text[at].isDigit() != text[at - 1].isDigit());
}

/// Greedy from `from`: each character at its next occurrence. Negative when one is missing.
int scoreFrom(const QString& word, const QString& text, qsizetype from)
{
    int score = 0;
    qsizetype at = from - 1;
    bool adjacent = false;
    for (qsizetype i = 0; i < word.size(); ++i) {
        const qsizetype next = text.indexOf(word[i], at + 1);
        if (next < 0)
            return -1;
        adjacent = i > 0 && next == at + 1;
        score += 1 + (adjacent ? kRunBonus : 0) + (startsWord(text, next) ? kWordStartBonus : 0);
        at = next;
    }
    return score;
}

int scoreWord(const QString& word, const QString& text)
{
    int best = -1;
    for (qsizetype start = text.indexOf(word[0]); start >= 0; start = text.indexOf(word[0], start + 1))
        best = std::max(best, scoreFrom(word, text, start));
    return best;
}

} // namespace

int fuzzyScore(const QString& pattern, const QString& text)
{
    const QString folded = text.toCaseFolded();
    int total = 0;
    for (const QString& word : pattern.toCaseFolded().split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        const int score = scoreWord(word, folded);
        if (score < 0)
            return -1;
        total += score;
    }
    return total == 0 ? 0 : std::max(1, total * 4 - static_cast<int>(folded.size()) / 4);
}

} // namespace shardlens
