// SPDX-License-Identifier: Apache-2.0
// Bars of causes and a curve over any input, side by side or one of them alone; where there is no room for both the chosen one stays.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/curvescene.h"
#include "ui/theme/theme.h"

#include <QWidget>

#include <memory>

namespace shardlens {

class CurveChart;
class SceneView;

class LatencyBody : public QWidget {
    Q_OBJECT
public:
    enum class Show : std::uint8_t { Both, Bars, Curve };

    /// Takes `bars` as a child.
    LatencyBody(Document& document, SceneView* bars, QWidget* parent);
    void setTheme(const Theme& theme);
    void setShow(Show show);
    [[nodiscard]] CurveChart& curve() const { return *m_curve; }
    /// Everything that is still to be evaluated or read; for pictures.
    void finish();

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void arrange();
    /// Reads the shipped measured points, once.
    void readSamples();

    Document& m_document;
    SceneView* m_bars;
    CurveChart* m_curve;
    Show m_show = Show::Both;
    bool m_read = false;
    bool m_waits = false; ///< to read, once the window has long been painted
};

} // namespace shardlens
