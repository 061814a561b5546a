// SPDX-License-Identifier: Apache-2.0
// A vector device that draws nothing and remembers what it was asked to draw.
#pragma once

#include <QPaintDevice>
#include <QPaintEngine>
#include <QPolygonF>
#include <QStringList>

/// Says it is an SVG device and counts what it is given.
class RecordingEngine : public QPaintEngine {
public:
    RecordingEngine() : QPaintEngine(QPaintEngine::AllFeatures) {}
    bool begin(QPaintDevice*) override { return true; }
    bool end() override { return true; }
    void updateState(const QPaintEngineState&) override {}
    void drawPixmap(const QRectF&, const QPixmap&, const QRectF&) override { ++images; }
    void drawImage(const QRectF&, const QImage&, const QRectF&, Qt::ImageConversionFlags) override { ++images; }
    void drawTextItem(const QPointF&, const QTextItem& item) override { texts << item.text(); }
    void drawPath(const QPainterPath&) override { ++paths; }
    void drawRects(const QRectF*, int count) override { rects += count; }
    void drawLines(const QLineF* first, int count) override { lines.append(QList<QLineF>(first, first + count)); }
    void drawPolygon(const QPointF* points, int count, PolygonDrawMode mode) override
    {
        if (mode == PolylineMode)
            polylines << QPolygonF(QList<QPointF>(points, points + count));
        else
            ++paths;
    }
    Type type() const override { return QPaintEngine::SVG; }

    int images = 0;
    int paths = 0;
    int rects = 0;
    QStringList texts;
    QList<QLineF> lines;
    QList<QPolygonF> polylines;
};

class RecordingDevice : public QPaintDevice {
public:
    QPaintEngine* paintEngine() const override { return &engine; }
    int metric(PaintDeviceMetric metric) const override
    {
        switch (metric) {
        case PdmWidth:
        case PdmHeight: return 1000;
        case PdmDpiX:
        case PdmDpiY:
        case PdmPhysicalDpiX:
        case PdmPhysicalDpiY: return 96;
        case PdmDevicePixelRatio: return 1;
        case PdmDevicePixelRatioScaled: return static_cast<int>(devicePixelRatioFScale());
        case PdmNumColors:
        case PdmDepth: return 24;
        default: return 100;
        }
    }
    mutable RecordingEngine engine;
};
