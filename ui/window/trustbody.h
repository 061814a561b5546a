// SPDX-License-Identifier: Apache-2.0
// The trust view: measured points beside their predictions, as the scene draws them; points are predicted when the view is first seen.
#pragma once

#include "ui/controls/wheelnotches.h"
#include "ui/document/document.h"
#include "ui/document/measurements.h"
#include "ui/scene/trustscene.h"

#include <QWidget>

#include <optional>

namespace shardlens {

class SceneView;

class TrustBody : public QWidget {
    Q_OBJECT
public:
    /// `shippedCsv`: the measured points that are compared; see Measurements.
    TrustBody(Document& document, std::string_view shippedCsv, QWidget* parent);
    void setTheme(const Theme& theme);
    [[nodiscard]] Measurements& measurements() { return m_measurements; }
    [[nodiscard]] SceneView& view() const { return *m_view; }
    [[nodiscard]] const TrustPicture& picture() const { return m_picture; }
    /// Of a point that is shown here.
    [[nodiscard]] std::optional<Explanation> explanationOf(const Subject& subject) const;
    void setFigure(PointFigure figure);
    void setColour(TrustColour colour);
    void setTable(TrustTable table);
    void openByDialog(const QString& directory);
    /// Predicts and draws everything that this view shows; for pictures.
    void finish();

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void reportChanged();
    void refreshPicture();
    void redraw(); ///< a choice or the points have changed
    [[nodiscard]] TrustOptions options();

    Document& m_document;
    Measurements m_measurements;
    TrustPicture m_picture;
    SceneView* m_view;
    std::shared_ptr<const Calibration> m_calibration;
    PointFigure m_figure = PointFigure::Tpot;
    TrustColour m_colour = TrustColour::Engine;
    TrustTable m_table = TrustTable::Nearest;
    Mode m_mode = Mode::Roofline;
    std::optional<Mode> m_seen; ///< the mode whose predictions have been asked for
    int m_firstRow = 0;
    WheelNotches m_wheel;
};

} // namespace shardlens
