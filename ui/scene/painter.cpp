// SPDX-License-Identifier: Apache-2.0
// Replays a scene. Two dialects: raster devices get whole device pixels, tiled hatches and cached glyph runs; SVG, PDF and printers get
// the same shapes as few plain elements.
#include "ui/scene/hatches.h"
#include "ui/scene/roundrects.h"
#include "ui/scene/scene.h"
#include "ui/scene/textlayout.h"

#include <QCoreApplication>
#include <QHash>
#include <QPaintEngine>
#include <QPainter>
#include <QPen>
#include <QStaticText>

#include <array>
#include <cmath>
#include <memory>
#include <vector>

namespace shardlens {
namespace {

constexpr double kDashOn = 4; // px; the gap is 3
constexpr double kDashOff = 3;
constexpr double kBeyond = 16;           ///< px drawn beyond the scene's edges, so that frames there stay outside
constexpr double kLongestDashed = 50000; ///< px of a curve that is still cut into dashes

struct Label {
    QStaticText text;
    double width = 0;
};

/// Laid-out labels by scale, role and text. Laying out is 80 % of the price of a label, and the same labels return on each step.
class StaticTexts {
public:
    const Label& of(const QString& text, TextRole role, double scale, const QTransform& transform)
    {
        if (m_generation != textGeneration()) {
            m_scales.clear();
            m_generation = textGeneration();
        }
        QHash<QString, Label>& texts = atScale(scale)[static_cast<std::size_t>(role)];
        auto found = texts.find(text);
        if (found == texts.end()) {
            if (texts.size() >= kMost)
                texts.clear();
            QStaticText made(text);
            made.setTextFormat(Qt::PlainText);
            made.setPerformanceHint(QStaticText::AggressiveCaching);
            made.prepare(transform, fontOf(role));
            found = texts.insert(text, {made, textWidth(text, role)});
        }
        return *found;
    }

private:
    using Roles = std::array<QHash<QString, Label>, kTextRoleCount>;
    static constexpr qsizetype kMost = 4096;

    // A static text prepares itself anew whenever the scale changes, so a screen at 1x and a picture at 2x must not share one.
    Roles& atScale(double scale)
    {
        for (const auto& entry : m_scales) {
            if (entry->first == scale)
                return entry->second;
        }
        if (m_scales.size() >= 4)
            m_scales.erase(m_scales.begin());
        m_scales.push_back(std::make_unique<std::pair<double, Roles>>(scale, Roles{}));
        return m_scales.back()->second;
    }

    std::vector<std::unique_ptr<std::pair<double, Roles>>> m_scales;
    int m_generation = 0; ///< of the text scale
};

/// Lives as long as the application object: glyph runs hold font engines, which must not outlive the font database.
StaticTexts& staticTexts()
{
    static std::unique_ptr<StaticTexts> texts;
    if (!texts) {
        texts = std::make_unique<StaticTexts>();
        qAddPostRoutine([] { texts.reset(); });
    }
    return *texts;
}

void cutIntoDashes(const QPolygonF& points, QList<QLineF>& dashes)
{
    bool on = true;
    double left = kDashOn; // of the current dash or gap
    for (qsizetype i = 1; i < points.size(); ++i) {
        const QLineF segment(points[i - 1], points[i]);
        const double length = segment.length();
        double at = 0;
        while (at < length) {
            const double step = std::min(left, length - at);
            if (on)
                dashes.push_back(QLineF(segment.pointAt(at / length), segment.pointAt((at + step) / length)));
            at += step;
            left -= step;
            if (left <= 0) {
                on = !on;
                left = on ? kDashOn : kDashOff;
            }
        }
    }
}

double lengthOf(const QPolygonF& points)
{
    double length = 0;
    for (qsizetype i = 1; i < points.size(); ++i)
        length += QLineF(points[i - 1], points[i]).length();
    return length;
}

class Replay {
public:
    Replay(QPainter& painter, const Scene& scene, const Theme& theme) : m_painter(painter), m_scene(scene), m_theme(theme)
    {
        const QPaintEngine* engine = painter.paintEngine();
        m_transform = painter.deviceTransform();
        const bool straight = m_transform.type() <= QTransform::TxScale && m_transform.m11() > 0 && m_transform.m11() == m_transform.m22();
        m_raster = engine && engine->type() == QPaintEngine::Raster && straight;
        m_scale = m_raster ? m_transform.m11() : 1;
        m_antialias = painter.testRenderHint(QPainter::Antialiasing);
        m_bounds = QRectF(QPointF(0, 0), scene.size).adjusted(-kBeyond, -kBeyond, kBeyond, kBeyond);
    }

    void run()
    {
        for (const SceneItem& item : m_scene.items) {
            if (!finite(item.rect))
                continue; // a view divided by nothing; better a gap than an endless stroke
            switch (item.kind) {
            case SceneItem::Kind::Fill: fill(item); break;
            case SceneItem::Kind::RoundedRect: roundedRect(item); break;
            case SceneItem::Kind::Hatch: hatch(item); break;
            case SceneItem::Kind::Line: line(item); break;
            case SceneItem::Kind::Polyline: polyline(item); break;
            case SceneItem::Kind::Path: path(item); break;
            case SceneItem::Kind::Text: text(item); break;
            }
        }
    }

private:
    [[nodiscard]] static bool finite(const QRectF& rect)
    {
        return std::isfinite(rect.x()) && std::isfinite(rect.y()) && std::isfinite(rect.width()) && std::isfinite(rect.height());
    }

    void antialias(bool on)
    {
        if (on == m_antialias)
            return;
        m_painter.setRenderHint(QPainter::Antialiasing, on);
        m_antialias = on;
    }

    void usePen(const QPen& pen)
    {
        m_painter.setPen(pen);
        m_penIsText = false;
    }

    [[nodiscard]] double snapX(double x) const { return (std::floor(x * m_scale + m_transform.dx() + 0.5) - m_transform.dx()) / m_scale; }
    [[nodiscard]] double snapY(double y) const { return (std::floor(y * m_scale + m_transform.dy() + 0.5) - m_transform.dy()) / m_scale; }
    /// Edges on whole device pixels; what has an extent keeps at least one pixel of it.
    [[nodiscard]] QRectF snapped(const QRectF& rect) const
    {
        const QRectF r = rect.normalized();
        const double left = snapX(r.left());
        const double top = snapY(r.top());
        const double right = std::max(snapX(r.right()), r.width() > 0 ? left + 1 / m_scale : left);
        const double bottom = std::max(snapY(r.bottom()), r.height() > 0 ? top + 1 / m_scale : top);
        return {QPointF(left, top), QPointF(right, bottom)};
    }
    /// `width` as a whole number of device pixels, at least one.
    [[nodiscard]] double snappedWidth(double width) const { return std::max(1.0, std::floor(width * m_scale + 0.5)) / m_scale; }

    [[nodiscard]] static QPen penOf(const QColor& color, double width, bool dashed)
    {
        QPen pen(color, width);
        pen.setCapStyle(Qt::FlatCap);
        pen.setJoinStyle(Qt::MiterJoin);
        if (dashed) // QPen counts dashes in pen widths
            pen.setDashPattern({kDashOn / std::max(width, 0.1), kDashOff / std::max(width, 0.1)});
        return pen;
    }

    void fill(const SceneItem& item)
    {
        if (!m_raster) {
            vectorRect(item.rect, item.fill, item.pen, 1, false, 0);
            return;
        }
        antialias(false);
        const QRectF rect = snapped(item.rect);
        frameAndFill(rect, item.fill, item.pen, 1);
    }

    /// Whole-pixel rectangle with an inner frame. A bar too thin for both keeps its meaning, not its edge.
    void frameAndFill(const QRectF& rect, const QColor& fill, const QColor& frame, double width)
    {
        const double edge = snappedWidth(width);
        const QRectF inner = rect.adjusted(edge, edge, -edge, -edge);
        const bool framed = frame.isValid() && (!fill.isValid() || (inner.width() > 0 && inner.height() > 0));
        if (!framed) {
            if (fill.isValid())
                m_painter.fillRect(rect, fill);
            return;
        }
        if (fill.isValid() && fill.alpha() == 255 && frame.alpha() == 255) {
            m_painter.fillRect(rect, frame);
            m_painter.fillRect(inner, fill);
            return;
        }
        if (fill.isValid())
            m_painter.fillRect(rect, fill);
        m_painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), edge), frame);
        m_painter.fillRect(QRectF(rect.left(), rect.bottom() - edge, rect.width(), edge), frame);
        m_painter.fillRect(QRectF(rect.left(), rect.top() + edge, edge, rect.height() - 2 * edge), frame);
        m_painter.fillRect(QRectF(rect.right() - edge, rect.top() + edge, edge, rect.height() - 2 * edge), frame);
    }

    void vectorRect(const QRectF& rect, const QColor& fill, const QColor& pen, double width, bool dashed, double radius)
    {
        antialias(true);
        m_painter.setBrush(fill.isValid() ? QBrush(fill) : QBrush(Qt::NoBrush));
        const bool framed = pen.isValid() && (!fill.isValid() || (rect.width() > 2 * width && rect.height() > 2 * width));
        usePen(framed ? penOf(pen, width, dashed) : QPen(Qt::NoPen));
        const double inset = framed ? width / 2 : 0;
        const QRectF box = rect.adjusted(inset, inset, -inset, -inset);
        if (radius > 0)
            m_painter.drawRoundedRect(box, radius, radius);
        else
            m_painter.drawRect(box);
    }

    void roundedRect(const SceneItem& item)
    {
        const double width = static_cast<double>(item.width);
        const double radius = static_cast<double>(item.radius);
        if (!m_raster) {
            vectorRect(item.rect, item.fill, item.pen, width, item.dashed, radius);
            return;
        }
        const QRectF rect = snapped(item.rect);
        if (radius <= 0 && !item.dashed) {
            antialias(false);
            frameAndFill(rect, item.fill, item.pen, width);
            return;
        }
        const bool framed = item.pen.isValid();
        const double pen = snappedWidth(width);
        if (!item.dashed) {
            antialias(false);
            if (drawRoundedFromCorners(m_painter, rect, {radius, pen, item.fill, item.pen}, m_scale))
                return;
        }
        antialias(true);
        m_painter.setBrush(item.fill.isValid() ? QBrush(item.fill) : QBrush(Qt::NoBrush));
        usePen(framed ? penOf(item.pen, pen, item.dashed) : QPen(Qt::NoPen));
        const double inset = framed ? pen / 2 : 0;
        m_painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius, radius);
    }

    void hatch(const SceneItem& item)
    {
        const HatchStyle style = hatchStyle(item.hatch, item.fill, m_theme);
        const QColor frame = item.pen.isValid() ? item.pen : style.frame;
        const QRectF visible = item.rect.normalized() & m_bounds; // zoomed views hand over rectangles of a million pixels
        if (visible.isEmpty())
            return;
        if (m_raster) {
            antialias(false);
            const QRectF rect = snapped(visible);
            if (!fillWithHatchTile(m_painter, rect, style, m_scale)) {
                if (style.ground.isValid())
                    m_painter.fillRect(rect, style.ground);
                hatchLines(rect, style);
            }
            if (frame.isValid()) {
                antialias(false);
                frameAndFill(rect, QColor(), frame, 1);
            }
            return;
        }
        vectorRect(visible, style.ground, QColor(), 1, false, 0);
        hatchLines(visible, style);
        if (frame.isValid())
            vectorRect(visible, QColor(), frame, 1, false, 0);
    }

    void hatchLines(const QRectF& rect, const HatchStyle& style)
    {
        antialias(true);
        usePen(penOf(style.line, style.width, false));
        m_painter.drawLines(clippedHatch(rect, style));
    }

    void line(const SceneItem& item)
    {
        const QPointF a = item.rect.topLeft();
        const QPointF b = item.rect.bottomRight();
        const double width = static_cast<double>(item.width);
        const bool vertical = a.x() == b.x();
        if (m_raster && (vertical || a.y() == b.y())) {
            antialias(false);
            straightLine(a, b, vertical, width, item);
            return;
        }
        antialias(true);
        usePen(penOf(item.pen, width, item.dashed));
        m_painter.drawLine(a, b);
    }

    /// A horizontal or vertical line as whole pixels.
    void straightLine(QPointF a, QPointF b, bool vertical, double width, const SceneItem& item)
    {
        const double thick = snappedWidth(width);
        const double across = vertical ? snapX(a.x() - width / 2) : snapY(a.y() - width / 2);
        double from = vertical ? std::min(a.y(), b.y()) : std::min(a.x(), b.x());
        double to = vertical ? std::max(a.y(), b.y()) : std::max(a.x(), b.x());
        const double first = vertical ? m_bounds.top() : m_bounds.left();
        if (from < first) // by whole dashes, so that they do not run while zooming
            from += std::floor((first - from) / (kDashOn + kDashOff)) * (kDashOn + kDashOff);
        to = std::min(to, vertical ? m_bounds.bottom() : m_bounds.right());
        if (to <= from)
            return;
        const auto piece = [&](double start, double end) {
            const double s = vertical ? snapY(start) : snapX(start);
            const double e = vertical ? snapY(end) : snapX(end);
            m_painter.fillRect(vertical ? QRectF(across, s, thick, e - s) : QRectF(s, across, e - s, thick), item.pen);
        };
        if (!item.dashed) {
            piece(from, to);
            return;
        }
        for (double start = from; start < to; start += kDashOn + kDashOff)
            piece(start, std::min(start + kDashOn, to));
    }

    void polyline(const SceneItem& item)
    {
        const QPolygonF& points = m_scene.polylines[static_cast<std::size_t>(item.extra)];
        QPen pen = penOf(item.pen, static_cast<double>(item.width), item.dashed);
        antialias(true);
        // Stroking one long path is quadratic in practice on the raster engine; separate segments are ten times cheaper. Square caps close
        // the joints. A translucent pen would show where they overlap and needs the whole path.
        if (m_raster && item.pen.alpha() == 255) {
            m_segments.clear();
            m_segments.reserve(points.size());
            if (item.dashed && lengthOf(points) <= kLongestDashed) {
                cutIntoDashes(points, m_segments);
                pen = penOf(item.pen, static_cast<double>(item.width), false);
            } else {
                pen = penOf(item.pen, static_cast<double>(item.width), false);
                for (qsizetype i = 1; i < points.size(); ++i)
                    m_segments.push_back(QLineF(points[i - 1], points[i]));
                pen.setCapStyle(Qt::SquareCap);
            }
            usePen(pen);
            m_painter.drawLines(m_segments.constData(), static_cast<int>(m_segments.size()));
            return;
        }
        pen.setJoinStyle(Qt::RoundJoin);
        usePen(pen);
        m_painter.setBrush(Qt::NoBrush);
        m_painter.drawPolyline(points);
    }

    void path(const SceneItem& item)
    {
        antialias(true);
        m_painter.setBrush(item.fill.isValid() ? QBrush(item.fill) : QBrush(Qt::NoBrush));
        usePen(item.pen.isValid() ? penOf(item.pen, static_cast<double>(item.width), item.dashed) : QPen(Qt::NoPen));
        m_painter.drawPath(m_scene.paths[static_cast<std::size_t>(item.extra)]);
    }

    void text(const SceneItem& item)
    {
        if (!item.pen.isValid())
            return;
        const QString& text = m_scene.texts[static_cast<std::size_t>(item.extra)];
        if (m_font != static_cast<int>(item.role)) {
            m_painter.setFont(fontOf(item.role));
            m_font = static_cast<int>(item.role);
        }
        if (!m_penIsText || m_textPen.color() != item.pen) {
            m_textPen.setColor(item.pen);
            m_painter.setPen(m_textPen);
            m_penIsText = true;
        }
        if (m_raster && item.rotation == 0) {
            const Label& label = staticTexts().of(text, item.role, m_scale, m_transform);
            m_painter.drawStaticText(textRect(item, label.width).topLeft(), label.text);
            return;
        }
        const QRectF rect = textRect(item, textWidth(text, item.role));
        const QPointF baseline(rect.left(), rect.top() + ascentOf(item.role));
        if (item.rotation == 0) {
            m_painter.drawText(baseline, text);
            return;
        }
        const QPointF center = item.rect.center();
        m_painter.save();
        m_painter.translate(center);
        m_painter.rotate(static_cast<double>(item.rotation));
        m_painter.translate(-center);
        m_painter.drawText(baseline, text);
        m_painter.restore();
    }

    QPainter& m_painter;
    const Scene& m_scene;
    const Theme& m_theme;
    QTransform m_transform;
    QRectF m_bounds; ///< of what is worth drawing
    double m_scale = 1;
    bool m_raster = false;
    bool m_antialias = false;
    int m_font = -1; ///< role set on the painter
    QPen m_textPen;
    bool m_penIsText = false; ///< m_textPen is set on the painter
    QList<QLineF> m_segments;
};

} // namespace

void paint(QPainter& painter, const Scene& scene, const Theme& theme)
{
    painter.save();
    Replay(painter, scene, theme).run();
    painter.restore();
}

} // namespace shardlens
