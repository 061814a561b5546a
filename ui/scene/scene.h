// SPDX-License-Identifier: Apache-2.0
// A drawing as data: rectangles, hatches, lines, paths and labels with resolved colours, plus the regions that react to the pointer.
// Views are pure functions that fill one; one painter replays it on a widget, an image, SVG or PDF; tests read it without pixels.
// Coordinates are device-independent pixels, origin top left.
#pragma once

#include "core/scenario/explain.h"
#include "ui/theme/theme.h"

#include <QPainterPath>
#include <QPolygonF>
#include <QRectF>
#include <QString>

#include <vector>

class QPainter;

namespace shardlens {

enum class Hatch : std::uint8_t {
    Idle,         ///< 45 deg, pitch 6, Text3 on Sunken, 1 px frame
    IdleSwatch,   ///< the same, pitch 4
    Replica,      ///< -45 deg, pitch 5, width 2: `color` 12 % darker on `color` at 28 %, edged
    OverCapacity, ///< 45 deg, pitch 5, violation at 55 %, no ground
};

struct SceneItem {
    enum class Kind : std::uint8_t { Fill, RoundedRect, Hatch, Line, Polyline, Path, Text };
    Kind kind = Kind::Fill;
    Hatch hatch = Hatch::Idle;
    TextRole role = TextRole::Body;
    bool dashed = false;
    float width = 1; ///< of the pen
    float radius = 0;
    float rotation = 0; ///< of a text, degrees about the centre of its rectangle
    QColor fill;        ///< invalid: none
    QColor pen;         ///< invalid: none; the colour of a text
    QRectF rect;        ///< Fill, RoundedRect, Hatch; the box of a text; Line: from topLeft to bottomRight (may be "negative")
    Qt::Alignment alignment;
    int extra = -1; ///< index into Scene::texts, polylines or paths
};

struct HitRegion {
    QRectF rect;
    Subject subject;
};

/// A text that explains a place which is nothing to select.
struct SceneTip {
    QRectF rect;
    QString text;
};

class Scene {
public:
    QSizeF size;
    std::vector<SceneItem> items; ///< painted in order
    std::vector<QString> texts;
    std::vector<QPolygonF> polylines;
    std::vector<QPainterPath> paths;
    std::vector<HitRegion> hits; ///< later ones lie on top
    std::vector<SceneTip> tips;  ///< shown before the tooltip of what lies there

    void clear(QSizeF newSize); ///< keeps capacity
    /// Square corners; a data bar passes theme.edgeOf(color) as the colour of its 1 px inner edge, a ground passes none.
    void fill(const QRectF& rect, const QColor& color, const QColor& edge = {});
    void roundedRect(const QRectF& rect, double radius, const QColor& fill, const QColor& pen = {}, double width = 1, bool dashed = false);
    /// Colours that are not given are the hatch's own.
    void hatch(const QRectF& rect, Hatch hatch, const QColor& color = {}, const QColor& frame = {});
    void line(QPointF a, QPointF b, const QColor& color, double width = 1, bool dashed = false);
    void polyline(const QPolygonF& points, const QColor& color, double width = 1, bool dashed = false);
    void path(const QPainterPath& path, const QColor& fill, const QColor& pen = {}, double width = 1, bool dashed = false);
    void arrow(QPointF from, QPointF to, const QColor& color, double width = 1.5, bool dashed = false, double head = 6);
    /// Text in a box, clipped to nothing: callers make sure that it fits (textWidth) or pass elide = true.
    void text(const QRectF& box, const QString& text, TextRole role, const QColor& color,
              Qt::Alignment alignment = Qt::AlignLeft | Qt::AlignVCenter, bool elide = false);
    void hit(const QRectF& rect, const Subject& subject);
    void tip(const QRectF& rect, const QString& text);

    /// Topmost region under the point; Subject of Kind::None when there is none.
    [[nodiscard]] Subject subjectAt(QPointF point) const;
    [[nodiscard]] QString tipAt(QPointF point) const;
    /// Where the glyphs of a text item end up (for tests: inside the scene, not over each other).
    [[nodiscard]] QRectF textBounds(const SceneItem& item) const;
};

/// Width of a text on one line; cached by role and text.
[[nodiscard]] double textWidth(const QString& text, TextRole role);
[[nodiscard]] double lineHeight(TextRole role);

/// Replays a scene; clears nothing, the caller fills the ground. Antialiasing only where shapes are not axis-aligned; on raster devices long polylines go through drawLines.
void paint(QPainter& painter, const Scene& scene, const Theme& theme);
/// Marks every region of `scene` that belongs to `hover` (ink) or `pin` (accent): a 2 px ring round the thing itself (the pin's outside a 1 px gap), a
/// calmer 2 px line under what contains it or is contained in it. Cheap: never rebuilds the scene.
void paintHighlights(QPainter& painter, const Scene& scene, const Theme& theme, const Subject& hover, const Subject& pin,
                     const Report& report);
/// Whether a region showing `shown` belongs to the selection `selected`: the same device, a device of the selected stage, the operator's
/// cause, and so on. Needs the report to relate devices to stages and operators to causes.
[[nodiscard]] bool belongs(const Subject& shown, const Subject& selected, const Report& report);

/// What every view function gets.
struct ViewInput {
    const Scenario& scenario;
    const Report& report;
    QSizeF size;
    const Theme& theme;
    Subject hover{};
    Subject pin{};
};

/// 0 and ticks 1, 2 or 5 x 10^n apart covering [0, most]: the last one is >= most (scale the axis to it, or skip it). At least 2 (when atMost >= 5),
/// at most `atMost` besides 0.
[[nodiscard]] std::vector<double> niceTicks(double most, int atMost = 6);

/// A legend in one wrapping line: swatch, name, value. Returns the height used.
struct LegendEntry {
    QString name;
    QString value; ///< may be empty
    QColor color;
    bool idle = false; ///< hatched swatch
    Subject subject;   ///< hit region of the entry
};
double drawLegend(Scene& scene, const Theme& theme, const QRectF& area, const std::vector<LegendEntry>& entries);
/// The same without drawing: height for a width.
[[nodiscard]] double legendHeight(double width, const std::vector<LegendEntry>& entries);

/// UTF-8 of the core as QString.
[[nodiscard]] inline QString qs(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

} // namespace shardlens
