// SPDX-License-Identifier: Apache-2.0
// A slider over a wide range of whole numbers on a logarithmic scale, with ticks at round values and a field for any value.
#pragma once

#include "ui/controls/sliderbase.h"

namespace shardlens {

class ValueSlider : public SliderBase {
    Q_OBJECT
public:
    /// The track covers [least, most]; the field takes up to `limit` (the handle then stands at the end).
    ValueSlider(const QString& name, const QString& note, int least, int most, int limit, QWidget* parent = nullptr);

    void setTickValues(const std::vector<int>& values);
    /// Values are hundredths: 125 is shown and typed as 1.25. Before setTickValues().
    void setHundredths();
    void setValue(int value); ///< emits nothing
    [[nodiscard]] int value() const override { return m_value; }
    [[nodiscard]] int leastValue() const override { return m_least; }
    [[nodiscard]] int greatestValue() const override { return m_limit; }
    void take(int value) override;
    /// What a drag stops at: eight steps to each doubling, whole numbers below sixteen.
    [[nodiscard]] static int rounded(double value);

Q_SIGNALS:
    /// While `dragging`, steps belong together until dragEnded().
    void valueChosen(int value, bool dragging);

protected:
    [[nodiscard]] double position() const override;
    void moveTo(double at, bool dragging) override;
    void step(int steps, bool dragging) override;
    void page(int pages) override;
    void toEnd(bool last) override;

private:
    void choose(int value, bool dragging);
    [[nodiscard]] double atOfValue(int value) const;

    int m_least;
    int m_most;
    int m_limit;
    int m_value;
    bool m_hundredths = false;
};

} // namespace shardlens
