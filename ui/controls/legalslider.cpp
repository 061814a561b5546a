// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/legalslider.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

LegalSlider::LegalSlider(const QString& name, const QString& note, QWidget* parent) : SliderBase(name, note, parent)
{
    setReasonSpace(true);
}

void LegalSlider::setReasonOf(ReasonOf reasonOf)
{
    m_reasonOf = std::move(reasonOf);
}

void LegalSlider::setChoices(const std::vector<AxisChoice>& choices, int value)
{
    const bool sameTicks = std::equal(choices.begin(), choices.end(), m_choices.begin(), m_choices.end(),
                                      [](const AxisChoice& a, const AxisChoice& b) { return a.value == b.value && a.legal == b.legal; });
    m_choices = choices;
    m_value = value;
    const auto nearer = [value](const AxisChoice& a, const AxisChoice& b) { return std::abs(a.value - value) < std::abs(b.value - value); };
    const auto nearest = std::min_element(m_choices.begin(), m_choices.end(), nearer);
    m_index = m_choices.empty() ? -1 : static_cast<int>(nearest - m_choices.begin());
    if (!sameTicks) {
        std::vector<Tick> ticks;
        ticks.reserve(m_choices.size());
        for (std::size_t i = 0; i < m_choices.size(); ++i)
            ticks.push_back({atOfIndex(static_cast<int>(i)), shortCountText(m_choices[i].value), m_choices[i].legal});
        setTicks(std::move(ticks));
    }
    valueShown();
}

double LegalSlider::atOfIndex(int index) const
{
    return m_choices.size() < 2 ? 0 : static_cast<double>(std::max(index, 0)) / static_cast<double>(m_choices.size() - 1);
}

double LegalSlider::position() const
{
    return atOfIndex(m_index);
}

bool LegalSlider::positionLegal() const
{
    return m_index < 0 || m_choices[static_cast<std::size_t>(m_index)].legal;
}

int LegalSlider::nextLegal(int from, int direction) const
{
    for (int i = from + direction; i >= 0 && i < static_cast<int>(m_choices.size()); i += direction) {
        if (m_choices[static_cast<std::size_t>(i)].legal)
            return i;
    }
    return -1;
}

void LegalSlider::choose(int index, bool dragging)
{
    if (index < 0 || (index == m_index && m_choices[static_cast<std::size_t>(index)].value == m_value))
        return;
    m_index = index;
    m_value = m_choices[static_cast<std::size_t>(index)].value;
    valueShown();
    Q_EMIT valueChosen(index, dragging);
}

void LegalSlider::moveTo(double at, bool dragging)
{
    int best = -1;
    for (int i = nextLegal(-1, 1); i >= 0; i = nextLegal(i, 1)) {
        if (best < 0 || std::abs(atOfIndex(i) - at) < std::abs(atOfIndex(best) - at))
            best = i;
    }
    choose(best, dragging);
}

void LegalSlider::step(int steps, bool dragging)
{
    const int direction = steps < 0 ? -1 : 1;
    int index = m_index;
    for (int i = 0; i < std::abs(steps); ++i) {
        const int next = nextLegal(index, direction);
        if (next < 0)
            break;
        index = next;
    }
    if (index != m_index)
        choose(index, dragging);
}

void LegalSlider::page(int pages)
{
    constexpr int kPage = 3;
    step(pages * kPage, false);
}

void LegalSlider::toEnd(bool last)
{
    choose(last ? nextLegal(static_cast<int>(m_choices.size()), -1) : nextLegal(-1, 1), false);
}

void LegalSlider::take(int wanted)
{
    const auto found =
        std::find_if(m_choices.begin(), m_choices.end(), [wanted](const AxisChoice& choice) { return choice.value == wanted; });
    if (found != m_choices.end() && found->legal) {
        choose(static_cast<int>(found - m_choices.begin()), false);
        return;
    }
    if (found != m_choices.end()) {
        field().reject(reasonOf(static_cast<int>(found - m_choices.begin())));
        return;
    }
    int below = -1;
    int above = -1;
    for (int i = nextLegal(-1, 1); i >= 0; i = nextLegal(i, 1)) {
        if (m_choices[static_cast<std::size_t>(i)].value < wanted)
            below = i;
        else if (above < 0)
            above = i;
    }
    const auto number = [this](int index) { return countText(m_choices[static_cast<std::size_t>(index)].value); };
    QString sentence = tr("%1 is not a step here.").arg(countText(wanted));
    if (below >= 0 && above >= 0)
        sentence = tr("%1 is not a step here; the nearest are %2 and %3.").arg(countText(wanted), number(below), number(above));
    else if (below >= 0 || above >= 0)
        sentence = tr("%1 is not a step here; the nearest is %2.").arg(countText(wanted), number(std::max(below, above)));
    field().reject(sentence);
}

QString LegalSlider::reasonOf(int index) const
{
    const AxisChoice& choice = m_choices[static_cast<std::size_t>(index)];
    return m_reasonOf ? m_reasonOf(choice) : tr("%1 is not legal here.").arg(countText(choice.value));
}

QString LegalSlider::reason() const
{
    if (!positionLegal())
        return reasonOf(m_index);
    int best = -1;
    for (int i = 0; i < static_cast<int>(m_choices.size()); ++i) {
        // Of two equally near ones, the one above: sliders are mostly pushed up.
        if (!m_choices[static_cast<std::size_t>(i)].legal && (best < 0 || std::abs(i - m_index) <= std::abs(best - m_index)))
            best = i;
    }
    return best < 0 ? QString() : reasonOf(best);
}

QString LegalSlider::tipAt(int tick) const
{
    if (tick < 0 || static_cast<std::size_t>(tick) >= m_choices.size() || m_choices[static_cast<std::size_t>(tick)].legal)
        return {};
    return reasonOf(tick);
}

} // namespace shardlens
