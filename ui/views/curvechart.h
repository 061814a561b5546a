// SPDX-License-Identifier: Apache-2.0
// TPOT over the batch. The only file of the program that uses Qt Charts: the chart draws the curve; grid, labels, limit and the mark of the
// current batch are a scene under and over it, because Qt Charts lays out its own axes and labels anew on every change.
#pragma once

#include "core/scenario/evaluate.h"
#include "ui/document/document.h"
#include "ui/scene/scene.h"

#include <QChartView>

#include <memory>
#include <optional>

namespace shardlens {

struct CurveData {
    std::vector<BatchPoint> points; ///< ascending batch; illegal ones are left out of the picture
    int batch = 0;                  ///< of the scenario
    double tpot = 0;                ///< at that batch, seconds
    std::int64_t limit = 0;         ///< largest batch that fits; 0: none does
    bool legal = false;
    std::optional<Spread> band; ///< calibrated: 80 % interval as factors of TPOT
};

/// Evaluates the curve up to half as much again as fits, and at least twice the current batch.
[[nodiscard]] CurveData curveOf(const Scenario& scenario, const Report& report);
/// One sentence for a screen reader.
[[nodiscard]] QString describeCurve(const CurveData& data);

/// Where things are: batch on a log2 axis, TPOT on a linear one from zero.
struct CurveLayout {
    QRectF plot;
    double mostBatchLog = 1; ///< the x axis runs from batch 1 to 2^mostBatchLog
    double mostSeconds = 1;
    std::vector<double> yTicks; ///< seconds, zero first
    std::vector<int> xTicks;    ///< batches, powers of two
    [[nodiscard]] double xOf(double batch) const;
    [[nodiscard]] double yOf(double seconds) const { return plot.bottom() - seconds / mostSeconds * plot.height(); }
};
[[nodiscard]] CurveLayout curveLayout(const CurveData& data, QSizeF size);
/// What lies behind the curve (title, grid, axes, region that does not fit) and what lies over it (limit, mark and value).
void buildCurveGround(const CurveData& data, QSizeF size, const Theme& theme, Scene& scene);
void buildCurveMarks(const CurveData& data, QSizeF size, const Theme& theme, Scene& scene);

/// The same picture into any painter. Needs a QApplication, but no display.
void paintCurve(QPainter& painter, const QRectF& area, const CurveData& data, const Theme& theme);

class CurvePlot;

class CurveChart : public QChartView {
    Q_OBJECT
public:
    explicit CurveChart(QWidget* parent = nullptr);
    ~CurveChart() override;

    /// Shows the document's report from now on; evaluates the curve only while visible.
    void follow(Document& document);
    void setCurve(const CurveData& next);
    void setTheme(const Theme& theme);
    [[nodiscard]] const CurveData& curve() const { return m_data; }
    [[nodiscard]] QSize sizeHint() const override { return {400, 220}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {160, 100}; }

protected:
    void drawBackground(QPainter* painter, const QRectF& rect) override;
    void drawForeground(QPainter* painter, const QRectF& rect) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void refresh();
    void place();

    std::unique_ptr<CurvePlot> m_plot;
    const Theme* m_theme;
    Document* m_document = nullptr;
    bool m_stale = false;
    CurveData m_data;
    Scene m_ground;
    Scene m_marks;
};

} // namespace shardlens
