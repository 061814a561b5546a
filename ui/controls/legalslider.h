// SPDX-License-Identifier: Apache-2.0
// A slider over the choices of one plan axis: evenly spaced, legal ones are steps, illegal ones are visible and say why.
#pragma once

#include "core/plan/legality.h"
#include "ui/controls/sliderbase.h"

#include <functional>

namespace shardlens {

class LegalSlider : public SliderBase {
    Q_OBJECT
public:
    /// The sentence of an illegal choice; asked only when it is shown.
    using ReasonOf = std::function<QString(const AxisChoice&)>;

    LegalSlider(const QString& name, const QString& note, QWidget* parent = nullptr);

    void setReasonOf(ReasonOf reasonOf);
    /// The choices, ascending, and the value that holds now; cheap when they are the same. Emits nothing. A value that is not among the
    /// choices puts the handle on the nearest one, and the field still says the value.
    void setChoices(const std::vector<AxisChoice>& choices, int value);
    [[nodiscard]] const std::vector<AxisChoice>& choices() const { return m_choices; }
    [[nodiscard]] int index() const { return m_index; } ///< of the handle; -1 without choices
    [[nodiscard]] int value() const override { return m_value; }
    [[nodiscard]] int leastValue() const override { return m_choices.empty() ? 1 : m_choices.front().value; }
    [[nodiscard]] int greatestValue() const override { return m_choices.empty() ? 1 : m_choices.back().value; }
    void take(int value) override;

Q_SIGNALS:
    /// `index` into choices(), a legal one. While `dragging`, steps belong together until dragEnded().
    void valueChosen(int index, bool dragging);

protected:
    [[nodiscard]] double position() const override;
    [[nodiscard]] bool positionLegal() const override;
    void moveTo(double at, bool dragging) override;
    void step(int steps, bool dragging) override;
    void page(int pages) override;
    void toEnd(bool last) override;
    [[nodiscard]] QString reason() const override;
    [[nodiscard]] QString tipAt(int tick) const override;

private:
    void choose(int index, bool dragging);
    [[nodiscard]] double atOfIndex(int index) const;
    [[nodiscard]] int nextLegal(int from, int direction) const; ///< -1 when there is none
    [[nodiscard]] QString reasonOf(int index) const;

    std::vector<AxisChoice> m_choices;
    ReasonOf m_reasonOf;
    int m_index = -1;
    int m_value = 1;
};

} // namespace shardlens
