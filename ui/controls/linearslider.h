// SPDX-License-Identifier: Apache-2.0
// A slider over hundredths from 0 on an even scale, with ticks at round values and a field for any value: exponents and factors.
#pragma once

#include "ui/controls/sliderbase.h"

namespace shardlens {

class LinearSlider : public SliderBase {
    Q_OBJECT
public:
    /// In hundredths: the track covers [0, most] in steps of `step`; the field takes up to `limit` (the handle then stands at the end).
    LinearSlider(const QString& name, const QString& note, int most, int limit, int step, QWidget* parent = nullptr);

    void setTickValues(const std::vector<int>& hundredths);
    void setValue(int hundredths); ///< emits nothing
    [[nodiscard]] int value() const override { return m_value; }
    [[nodiscard]] int leastValue() const override { return 0; }
    [[nodiscard]] int greatestValue() const override { return m_limit; }
    void take(int hundredths) override;

Q_SIGNALS:
    /// While `dragging`, steps belong together until dragEnded().
    void valueChosen(int hundredths, bool dragging);

protected:
    [[nodiscard]] double position() const override;
    void moveTo(double at, bool dragging) override;
    void step(int steps, bool dragging) override;
    void page(int pages) override;
    void toEnd(bool last) override;

private:
    void choose(int hundredths, bool dragging);

    int m_most;
    int m_limit;
    int m_step;
    int m_value = 0;
};

} // namespace shardlens
