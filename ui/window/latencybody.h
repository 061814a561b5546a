// SPDX-License-Identifier: Apache-2.0
// Bars of causes beside the curve over the batch; the curve gives way where there is no room for both.
#pragma once

#include "ui/document/document.h"
#include "ui/theme/theme.h"

#include <QWidget>

namespace shardlens {

class CurveChart;
class SceneView;

class LatencyBody : public QWidget {
    Q_OBJECT
public:
    /// Takes `bars` as a child.
    LatencyBody(Document& document, SceneView* bars, QWidget* parent);
    void setTheme(const Theme& theme);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    SceneView* m_bars;
    CurveChart* m_curve;
};

} // namespace shardlens
