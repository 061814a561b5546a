// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/linearslider.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr int kPage = 5; // steps

} // namespace

LinearSlider::LinearSlider(const QString& name, const QString& note, int most, int limit, int step, QWidget* parent)
    : SliderBase(name, note, parent),
      m_most(std::max(1, most)),
      m_limit(std::max(m_most, limit)),
      m_step(std::max(1, step))
{
    field().setHundredths(true);
    valueShown();
}

void LinearSlider::setTickValues(const std::vector<int>& hundredths)
{
    std::vector<Tick> ticks;
    ticks.reserve(hundredths.size());
    for (const int value : hundredths)
        ticks.push_back({static_cast<double>(value) / m_most, hundredthsText(value), true});
    setTicks(std::move(ticks));
}

void LinearSlider::setValue(int hundredths)
{
    m_value = std::clamp(hundredths, 0, m_limit);
    valueShown();
}

double LinearSlider::position() const
{
    return std::min(1.0, static_cast<double>(m_value) / m_most);
}

void LinearSlider::choose(int hundredths, bool dragging)
{
    const int next = std::clamp(hundredths, 0, m_limit);
    if (next == m_value)
        return;
    m_value = next;
    valueShown();
    Q_EMIT valueChosen(next, dragging);
}

void LinearSlider::moveTo(double at, bool dragging)
{
    choose(static_cast<int>(std::lround(at * m_most / m_step)) * m_step, dragging);
}

void LinearSlider::step(int steps, bool dragging)
{
    // From a typed value between two stops to the next stop.
    const int stop = steps > 0 ? m_value / m_step : (m_value + m_step - 1) / m_step;
    choose(std::min((stop + steps) * m_step, std::max(m_most, m_value)), dragging);
}

void LinearSlider::page(int pages)
{
    step(pages * kPage, false);
}

void LinearSlider::toEnd(bool last)
{
    choose(last ? m_most : 0, false);
}

void LinearSlider::take(int hundredths)
{
    choose(hundredths, false);
}

} // namespace shardlens
