// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/valueslider.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

/// Distance between the stops around a value: an eighth of the power of two below it.
int stopAt(int value)
{
    int power = 1;
    while (power <= value / 2)
        power *= 2;
    return std::max(1, power / 8);
}

} // namespace

ValueSlider::ValueSlider(const QString& name, const QString& note, int least, int most, int limit, QWidget* parent)
    : SliderBase(name, note, parent),
      m_least(std::max(1, least)),
      m_most(std::max(m_least + 1, most)),
      m_limit(std::max(m_most, limit)),
      m_value(m_least)
{
    valueShown();
}

void ValueSlider::setTickValues(const std::vector<int>& values)
{
    std::vector<Tick> ticks;
    ticks.reserve(values.size());
    for (const int value : values)
        ticks.push_back({atOfValue(value), m_hundredths ? hundredthsText(value) : shortCountText(value), true});
    setTicks(std::move(ticks));
}

void ValueSlider::setHundredths()
{
    m_hundredths = true;
    field().setHundredths(true);
    valueShown();
}

void ValueSlider::setValue(int value)
{
    m_value = std::clamp(value, m_least, m_limit);
    valueShown();
}

int ValueSlider::rounded(double value)
{
    const int whole = static_cast<int>(std::lround(std::max(1.0, value)));
    const int stop = stopAt(whole);
    return static_cast<int>(std::lround(value / stop)) * stop;
}

double ValueSlider::atOfValue(int value) const
{
    const double low = std::log2(m_least);
    const double high = std::log2(m_most);
    return std::clamp((std::log2(value) - low) / (high - low), 0.0, 1.0);
}

double ValueSlider::position() const
{
    return atOfValue(m_value);
}

void ValueSlider::choose(int value, bool dragging)
{
    const int next = std::clamp(value, m_least, m_limit);
    if (next == m_value)
        return;
    m_value = next;
    valueShown();
    Q_EMIT valueChosen(next, dragging);
}

void ValueSlider::moveTo(double at, bool dragging)
{
    const double low = std::log2(m_least);
    const double high = std::log2(m_most);
    choose(std::clamp(rounded(std::exp2(low + at * (high - low))), m_least, m_most), dragging);
}

void ValueSlider::step(int steps, bool dragging)
{
    int value = m_value;
    for (int i = 0; i < std::abs(steps); ++i) {
        // Down from a power of two the stops are those of the octave below.
        const int stop = stopAt(steps > 0 ? value : std::max(1, value - 1));
        value = steps > 0 ? (value / stop + 1) * stop : ((value + stop - 1) / stop - 1) * stop;
        value = std::clamp(value, m_least, std::max(m_most, m_value));
    }
    choose(value, dragging);
}

void ValueSlider::page(int pages)
{
    const int doubled = m_value > m_most / 2 ? std::max(m_most, m_value) : m_value * 2;
    choose(pages > 0 ? doubled : m_value / 2, false);
}

void ValueSlider::toEnd(bool last)
{
    choose(last ? m_most : m_least, false);
}

void ValueSlider::take(int value)
{
    choose(value, false);
}

} // namespace shardlens
