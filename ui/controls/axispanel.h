// SPDX-License-Identifier: Apache-2.0
// The parallelism section: the lock of the device count, and a slider for each axis of the plan.
#pragma once

#include "ui/document/document.h"
#include "ui/theme/theme.h"

#include <QWidget>

#include <array>

class QVBoxLayout;

namespace shardlens {

class FoldButton;
class LegalSlider;
class LockRow;

class AxisPanel : public QWidget {
    Q_OBJECT
public:
    AxisPanel(Document& document, QWidget* parent);

    void setTheme(const Theme& theme);
    void refresh(); ///< the report has changed
    [[nodiscard]] bool devicesLocked() const { return m_locked; }
    void setDevicesLocked(bool locked);
    [[nodiscard]] bool moreShown() const { return m_more; }
    void setMoreShown(bool shown);
    [[nodiscard]] LegalSlider* slider(PlanAxis axis) const { return m_sliders[static_cast<std::size_t>(axis)]; }

Q_SIGNALS:
    void devicesLockedChanged(bool locked);
    void unfolded(QWidget* body); ///< by its button

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void addSlider(PlanAxis axis, QVBoxLayout& column);
    void refreshSlider(PlanAxis axis);
    void choose(PlanAxis axis, int index, bool dragging);
    void endDrag();

    Document& m_document;
    LockRow* m_lock;
    FoldButton* m_moreButton;
    QWidget* m_moreBody;
    std::array<LegalSlider*, kPlanAxisCount> m_sliders{};
    /// While a slider is dragged its choices stay those of the start, so that going back gives exactly the plan it started from.
    LegalSlider* m_dragged = nullptr;
    PlanAxis m_focused = PlanAxis::Tensor;
    bool m_locked = true;
    bool m_more = false;
};

} // namespace shardlens
