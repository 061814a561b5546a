// SPDX-License-Identifier: Apache-2.0
// Any figure over any input of the document's scenario. The only file of the program that uses Qt Charts: the chart draws the curve; grid,
// labels, band, targets and marks are scenes under and over it, because Qt Charts lays out its own axes and labels anew on every change.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/curvescene.h"

#include <QBasicTimer>
#include <QChartView>

#include <memory>

class QLineEdit;

namespace shardlens {

/// The same picture into any painter. Needs a QApplication, but no display.
void paintCurve(QPainter& painter, const QRectF& area, const CurveData& data, const Theme& theme);

class CurvePlot;

class CurveChart : public QChartView {
    Q_OBJECT
public:
    explicit CurveChart(QWidget* parent = nullptr);
    ~CurveChart() override;

    /// Shows the document from now on; evaluates only while something of it is visible: a few points at once, the others when the hand rests.
    void follow(Document& document);
    void setCurve(const CurveData& next);
    void setTheme(const Theme& theme);
    void setChoice(const CurveChoice& choice);
    [[nodiscard]] const CurveChoice& choice() const { return m_choice; }
    [[nodiscard]] const CurveData& curve() const { return m_data; }
    [[nodiscard]] bool hasSamples() const { return m_samples != nullptr; }
    [[nodiscard]] int refreshes() const { return m_refreshes; } ///< how often it began a curve: while hidden never
    /// Measured points to show where they belong on the curve.
    void setSamples(std::shared_ptr<const std::vector<MeasuredSample>> samples);
    /// Every point now; for pictures and tests.
    void finish();
    /// Sets the target of the figure shown (TTFT or TPOT) where there is none, and lets its value be typed.
    void editTarget();
    void removeTarget();
    [[nodiscard]] bool takesTarget() const { return m_data.figure == CurveFigure::Tpot || m_data.figure == CurveFigure::Ttft; }
    [[nodiscard]] QSize sizeHint() const override { return {400, 220}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {160, 100}; }

protected:
    void drawBackground(QPainter* painter, const QRectF& rect) override;
    void drawForeground(QPainter* painter, const QRectF& rect) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void timerEvent(QTimerEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override; ///< arrows move the ruler, Enter loads its value, T types a target
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void documentChanged();
    void refresh();
    /// Evaluates wanted points for so long, at least one.
    void work(double seconds);
    void insertPoint(CurvePoint point);
    void addMeasured();
    void place();
    void setRuler(int point);
    void load(std::size_t point);
    void setTarget(std::optional<double> seconds, bool drag);
    void closeEditor(bool accept);
    [[nodiscard]] bool isOnTarget(QPointF at) const;

    std::unique_ptr<CurvePlot> m_plot;
    const Theme* m_theme;
    Document* m_document = nullptr;
    CurveChoice m_choice;
    CurveData m_data;
    int m_refreshes = 0;
    std::vector<double> m_wanted; ///< values without a point yet, coarse to fine; the last is next
    std::shared_ptr<const std::vector<MeasuredSample>> m_samples;
    Scene m_ground;
    Scene m_marks;
    Scene m_rulerScene;
    QBasicTimer m_rest;
    QLineEdit* m_editor = nullptr; ///< made when first needed
    int m_ruler = -1;              ///< index of the point under the ruler
    bool m_stale = false;
    bool m_dragging = false; ///< the target
    bool m_pressed = false;  ///< in the plot: a click that will load a value
};

} // namespace shardlens
