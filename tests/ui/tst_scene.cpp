// SPDX-License-Identifier: Apache-2.0
// The scene as data, and what the painter makes of it: whole pixels on raster devices, few plain elements on vector devices.
#include "ui/scene/hatches.h"
#include "ui/scene/scene.h"
#include "ui/scene/textlayout.h"

#include "recordingdevice.h"
#include "subjects.h"

#include <QElapsedTimer>
#include <QFile>
#include <QGuiApplication>
#include <QImage>
#include <QPainter>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace shardlens;
using Kind = Subject::Kind;
using subjects::device;
using subjects::subject;

namespace {

QImage painted(const Scene& scene, const Theme& theme, double scale = 1)
{
    QImage image((scene.size * scale).toSize(), QImage::Format_RGB32);
    image.setDevicePixelRatio(scale);
    image.fill(Qt::white);
    QPainter painter(&image);
    paint(painter, scene, theme);
    return image;
}

const Theme& light()
{
    return Theme::of(ThemeId::Light);
}

/// Every role, with the symbols that fallback fonts would draw otherwise.
QImage lettersPicture()
{
    Scene scene;
    scene.clear({500, 300});
    double y = 4;
    for (std::size_t i = 0; i < kTextRoleCount; ++i) {
        const auto role = static_cast<TextRole>(i);
        scene.text({8, y, 480, 28}, QString::fromUtf8("16.43 GiB → 2,304 × 8 ≤ √ − µs Δη ± ²"), role, Qt::black);
        y += 29;
    }
    QImage image = painted(scene, light());
    image.setDevicePixelRatio(1);
    return image;
}

} // namespace

class TestScene : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void topmostRegionWins()
    {
        Scene scene;
        scene.clear({100, 100});
        scene.hit({0, 0, 100, 100}, device(1));
        scene.hit({10, 10, 20, 20}, device(2));
        scene.hit({50, 50, 5, 5}, subject(Kind::None)); // not a region
        QCOMPARE(scene.subjectAt({15, 15}).device, 2);
        QCOMPARE(scene.subjectAt({52, 52}).device, 1);
        QCOMPARE(scene.subjectAt({150, 15}).kind, Kind::None);
        QCOMPARE(scene.hits.size(), std::size_t{2});
    }

    void clearForgetsEverything()
    {
        Scene scene;
        scene.clear({100, 100});
        scene.text({0, 0, 50, 20}, QStringLiteral("x"), TextRole::Body, Qt::black);
        scene.polyline(QPolygonF({{0, 0}, {1, 1}}), Qt::black);
        scene.hit({0, 0, 1, 1}, device(1));
        scene.clear({10, 10});
        QVERIFY(scene.items.empty() && scene.texts.empty() && scene.polylines.empty() && scene.hits.empty());
        QCOMPARE(scene.size, QSizeF(10, 10));
    }

    void textStandsWhereAsked_data()
    {
        QTest::addColumn<int>("alignment");
        QTest::newRow("left") << int(Qt::AlignLeft | Qt::AlignVCenter);
        QTest::newRow("right") << int(Qt::AlignRight | Qt::AlignTop);
        QTest::newRow("center") << int(Qt::AlignHCenter | Qt::AlignBottom);
    }
    void textStandsWhereAsked()
    {
        QFETCH(int, alignment);
        Scene scene;
        scene.clear({200, 60});
        const QRectF box(20, 10, 160, 40);
        scene.text(box, QStringLiteral("16.43 GiB"), TextRole::Body, Qt::black, Qt::Alignment(alignment));
        const QRectF bounds = scene.textBounds(scene.items[0]);
        QVERIFY(box.adjusted(0, -1, 0, 1).contains(bounds));
        // The ink lies in the bounds, and nowhere else.
        const QImage image = painted(scene, light());
        int inside = 0;
        for (int y = 0; y < image.height(); ++y)
            for (int x = 0; x < image.width(); ++x)
                if (image.pixel(x, y) != 0xFFFFFFFF) {
                    QVERIFY(bounds.adjusted(-1, -1, 1, 1).contains(x + 0.5, y + 0.5));
                    ++inside;
                }
        QVERIFY(inside > 50);
        QCOMPARE(bounds.width(), textWidth(QStringLiteral("16.43 GiB"), TextRole::Body));
        if (alignment & Qt::AlignRight)
            QCOMPARE(bounds.right(), box.right());
        if (alignment & Qt::AlignHCenter)
            QCOMPARE(bounds.center().x(), box.center().x());
    }

    void rotatedTextTurnsInItsBox()
    {
        Scene scene;
        scene.clear({60, 200});
        scene.text({20, 20, 20, 160}, QStringLiteral("GiB per device"), TextRole::Note, Qt::black, Qt::AlignCenter);
        scene.items.back().rotation = -90;
        const QRectF bounds = scene.textBounds(scene.items[0]);
        QVERIFY(bounds.height() > 60 && bounds.width() < 20);
        const QImage image = painted(scene, light());
        for (int y = 0; y < image.height(); ++y)
            for (int x = 0; x < image.width(); ++x)
                if (image.pixel(x, y) != 0xFFFFFFFF)
                    QVERIFY(bounds.adjusted(-1, -1, 1, 1).contains(x + 0.5, y + 0.5));
    }

    void longTextIsElided()
    {
        Scene scene;
        scene.clear({200, 60});
        for (int round = 0; round < 2; ++round) // the second one comes from the cache
            scene.text({0, 0, 60, 20}, QStringLiteral("DeepSeek-R1-Distill-Llama-70B"), TextRole::Body, Qt::black, Qt::AlignLeft, true);
        scene.text({0, 0, 90, 20}, QStringLiteral("DeepSeek-R1-Distill-Llama-70B"), TextRole::Body, Qt::black, Qt::AlignLeft, true);
        QVERIFY(scene.texts[0].endsWith(QChar(0x2026)));
        QCOMPARE(scene.texts[0], scene.texts[1]);
        QVERIFY(scene.texts[2].size() > scene.texts[0].size());
        QVERIFY(textWidth(scene.texts[0], TextRole::Body) <= 60);
        scene.text({0, 0, 60, 20}, QStringLiteral("short"), TextRole::Body, Qt::black, Qt::AlignLeft, true);
        QCOMPARE(scene.texts[3], QStringLiteral("short"));
    }

    void ticksCoverTheRange_data()
    {
        QTest::addColumn<double>("most");
        for (const double most : {0.0003, 0.0179, 0.9, 1.0, 1.3, 2.42, 7.0, 23.2, 80.0, 99.9, 1024.0, 546000.0})
            QTest::newRow(qPrintable(QString::number(most))) << most;
    }
    void ticksCoverTheRange()
    {
        QFETCH(double, most);
        for (const int atMost : {5, 6, 8}) {
            const std::vector<double> ticks = niceTicks(most, atMost);
            QCOMPARE(ticks.front(), 0.0);
            QVERIFY(ticks.back() >= most * (1 - 1e-9));
            QVERIFY(ticks[ticks.size() - 2] < most);
            QVERIFY(ticks.size() >= 3 && ticks.size() <= static_cast<std::size_t>(atMost) + 1);
            const double step = ticks[1];
            const double mantissa = step / std::pow(10.0, std::floor(std::log10(step) + 1e-9));
            QVERIFY(std::abs(mantissa - 1) < 1e-6 || std::abs(mantissa - 2) < 1e-6 || std::abs(mantissa - 5) < 1e-6);
        }
    }
    void ticksOfNothing()
    {
        for (const double most : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()})
            QCOMPARE(niceTicks(most).size(), std::size_t{3});
    }

    void legendWraps()
    {
        std::vector<LegendEntry> entries;
        for (const char* name : {"Weights", "KV cache", "Activations", "Comm. buffers", "Runtime reserve"}) {
            LegendEntry entry;
            entry.name = QString::fromLatin1(name);
            entry.value = QStringLiteral("16.43");
            entry.color = light().color(Ink::Kv);
            entry.subject = device(static_cast<int>(entries.size()));
            entries.push_back(entry);
        }
        const double oneLine = legendHeight(2000, entries);
        for (const double width : {90.0, 140.0, 250.0, 420.0, 2000.0}) {
            Scene scene;
            scene.clear({width, 400});
            const QRectF area(0, 0, width, 400);
            QCOMPARE(drawLegend(scene, light(), area, entries), legendHeight(width, entries));
            QCOMPARE(scene.hits.size(), entries.size());
            for (const SceneItem& item : scene.items)
                if (item.kind == SceneItem::Kind::Text)
                    QVERIFY(area.adjusted(-1, -1, 1, 1).contains(scene.textBounds(item)));
            for (std::size_t i = 0; i < scene.hits.size(); ++i)
                for (std::size_t j = i + 1; j < scene.hits.size(); ++j)
                    QVERIFY(!scene.hits[i].rect.intersects(scene.hits[j].rect));
        }
        QVERIFY(legendHeight(250, entries) > oneLine);
        QCOMPARE(legendHeight(250, {}), 0.0);
    }

    void rectanglesEndOnPixels_data()
    {
        QTest::addColumn<double>("scale");
        QTest::newRow("1x") << 1.0;
        QTest::newRow("1.5x") << 1.5;
        QTest::newRow("2x") << 2.0;
    }
    void rectanglesEndOnPixels()
    {
        QFETCH(double, scale);
        const QColor fill = light().color(Ink::Compute);
        const QColor edge = light().edgeOf(fill);
        Scene scene;
        scene.clear({80, 40});
        scene.fill({10.3, 5.2, 20.4, 11.1}, fill, edge);
        scene.fill({40.2, 5, 0.3, 10}, fill, edge); // thinner than a pixel, still there
        scene.line({0, 30}, {80, 30}, edge, 1);
        const QImage image = painted(scene, light(), scale);
        int edges = 0;
        for (int y = 0; y < image.height(); ++y)
            for (int x = 0; x < image.width(); ++x) {
                const QRgb pixel = image.pixel(x, y);
                QVERIFY(pixel == fill.rgb() || pixel == edge.rgb() || pixel == 0xFFFFFFFF); // nothing in between: no blur
                edges += pixel == edge.rgb();
            }
        QVERIFY(edges > 0);
        const auto at = [&](double x, double y) { return image.pixel(static_cast<int>(x * scale), static_cast<int>(y * scale)); };
        QCOMPARE(at(20, 10), fill.rgb());
        QCOMPARE(at(10.7, 10), edge.rgb());
        int thin = 0;
        for (int x = static_cast<int>(36 * scale); x < static_cast<int>(46 * scale); ++x)
            thin += image.pixel(x, static_cast<int>(10 * scale)) == fill.rgb();
        QCOMPARE(thin, 1);
    }

    void roundedTilesFromCornersLookLikeOnePath()
    {
        const QColor fill = light().place(0, 1, 4);
        const QColor edge = light().edgeOf(fill);
        for (const double scale : {1.0, 2.0}) {
            Scene scene;
            scene.clear({60, 40});
            scene.roundedRect({5, 5, 40, 25}, 3, fill, edge);
            const QImage fast = painted(scene, light(), scale);
            QImage plain(fast.size(), QImage::Format_RGB32);
            plain.setDevicePixelRatio(scale);
            plain.fill(Qt::white);
            QPainter painter(&plain);
            painter.setRenderHint(QPainter::Antialiasing);
            painter.setBrush(fill);
            painter.setPen(QPen(edge, 1));
            painter.drawRoundedRect(QRectF(5.5, 5.5, 39, 24), 3, 3);
            painter.end();
            for (int y = 0; y < fast.height(); ++y)
                for (int x = 0; x < fast.width(); ++x)
                    QVERIFY(std::abs(qGreen(fast.pixel(x, y)) - qGreen(plain.pixel(x, y))) <= 12);
        }
    }

    void hatchTilesAreTheClippedLines()
    {
        for (const double scale : {1.0, 1.5, 2.0}) {
            for (const Hatch hatch : {Hatch::Idle, Hatch::IdleSwatch, Hatch::Replica, Hatch::OverCapacity}) {
                const HatchStyle style = hatchStyle(hatch, hatch == Hatch::Replica ? light().color(Ink::Kv) : QColor(), light());
                const QRectF rect(13, 7, 150, 41); // crosses the tiles' borders
                QImage tiled((QSizeF(180, 60) * scale).toSize(), QImage::Format_RGB32);
                tiled.setDevicePixelRatio(scale);
                tiled.fill(Qt::white);
                QImage lined = tiled;
                QPainter first(&tiled);
                QVERIFY(fillWithHatchTile(first, rect, style, scale));
                first.end();
                QPainter second(&lined);
                second.setClipRect(rect);
                if (style.ground.isValid())
                    second.fillRect(rect, style.ground);
                second.setRenderHint(QPainter::Antialiasing);
                QPen pen(style.line, style.width);
                pen.setCapStyle(Qt::FlatCap);
                second.setPen(pen);
                second.drawLines(clippedHatch(rect.adjusted(-20, -20, 20, 20), style));
                second.end();
                for (int y = 0; y < tiled.height(); ++y)
                    for (int x = 0; x < tiled.width(); ++x)
                        QVERIFY2(std::abs(qGreen(tiled.pixel(x, y)) - qGreen(lined.pixel(x, y))) <= 8,
                                 qPrintable(QStringLiteral("%1 %2 scale %3").arg(x).arg(y).arg(scale)));
            }
        }
    }

    void hatchLinesStayInside()
    {
        for (const Hatch hatch : {Hatch::Idle, Hatch::Replica}) {
            const HatchStyle style = hatchStyle(hatch, Qt::red, light());
            const QRectF rect(3.5, 100.25, 61, 17);
            const QList<QLineF> lines = clippedHatch(rect, style);
            QVERIFY(lines.size() >= 8);
            for (const QLineF& line : lines) {
                QVERIFY(rect.adjusted(-1e-9, -1e-9, 1e-9, 1e-9).contains(line.p1()));
                QVERIFY(rect.adjusted(-1e-9, -1e-9, 1e-9, 1e-9).contains(line.p2()));
                QVERIFY(std::abs(std::abs(line.dx()) - std::abs(line.dy())) < 1e-9);
                QCOMPARE(line.dy() > 0, style.falling);
            }
            QVERIFY(clippedHatch(QRectF(), style).isEmpty());
        }
    }

    void vectorsGetFewPlainElements()
    {
        Scene scene;
        scene.clear({400, 300});
        scene.fill({10, 10, 50, 20}, light().color(Ink::Kv), light().edgeOf(light().color(Ink::Kv)));
        QPolygonF curve;
        for (int i = 0; i < 200; ++i)
            curve << QPointF(i, 100 + 20 * std::sin(i / 9.0));
        scene.polyline(curve, Qt::black, 2);
        scene.text({10, 40, 100, 20}, QStringLiteral("TPOT 15.3 ms"), TextRole::Body, Qt::black);
        scene.hatch({100, 10, 60, 20}, Hatch::Idle);
        RecordingDevice recorder;
        QPainter painter(&recorder);
        paint(painter, scene, light());
        painter.end();
        const RecordingEngine& engine = recorder.engine;
        QCOMPARE(engine.polylines.size(), 1);
        QCOMPARE(engine.polylines[0].size(), 200);
        QCOMPARE(engine.texts, QStringList{QStringLiteral("TPOT 15.3 ms")}); // text stays text
        QCOMPARE(engine.images, 0);                                          // no tiles
        QVERIFY(engine.lines.size() >= 8 && engine.lines.size() <= 12);
        for (const QLineF& line : engine.lines)
            QVERIFY(QRectF(100, 10, 60, 20).contains(line.p1()) || QRectF(100, 10, 60, 20).contains(line.p2()));
        QVERIFY(engine.rects + engine.paths <= 3);
    }

    void scalesDoNotDisturbEachOther()
    {
        Scene scene;
        scene.clear({300, 60});
        scene.text({10, 10, 200, 20}, QStringLiteral("All 1,234.5 GB/s"), TextRole::Verdict, Qt::black);
        scene.hatch({200, 10, 60, 30}, Hatch::Idle);
        scene.roundedRect({100, 35, 40, 20}, 3, Qt::red, Qt::black);
        const QImage first = painted(scene, light(), 1);
        const QImage second = painted(scene, light(), 2);
        QCOMPARE(painted(scene, light(), 1), first);
        QCOMPARE(painted(scene, light(), 2), second);
        const QImage shrunk = second.scaled(first.size(), Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
        qint64 difference = 0;
        for (int y = 0; y < first.height(); ++y)
            for (int x = 0; x < first.width(); ++x)
                difference += std::abs(qGreen(first.pixel(x, y)) - qGreen(shrunk.pixel(x, y)));
        QVERIFY(difference / (first.width() * first.height()) < 12); // the same picture, only finer
    }

    void rectanglesBeyondAllBoundsAreCheap()
    {
        Scene scene;
        scene.clear({200, 100});
        const double nan = std::nan("");
        scene.hatch({-1e9, 10, 2e9, 20}, Hatch::Idle);
        scene.hatch({10, nan, 20, 20}, Hatch::Replica, Qt::red);
        scene.line({-1e9, 50}, {1e9, 50}, Qt::black, 1, true);
        scene.line({60, -1e9}, {60, 1e9}, Qt::black, 1);
        scene.polyline(QPolygonF({{-1e7, 0}, {0, 80}, {1e7, 60}}), Qt::black, 1, true);
        scene.fill({nan, nan, nan, nan}, Qt::red);
        scene.fill({-1e9, 70, 2e9, 5}, Qt::blue);
        scene.text({nan, 0, 10, 10}, QStringLiteral("gone"), TextRole::Body, Qt::black);
        QElapsedTimer timer;
        timer.start();
        const QImage image = painted(scene, light());
        QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
        QCOMPARE(image.pixel(100, 72), QColor(Qt::blue).rgb());
        QCOMPARE(image.pixel(60, 90), QColor(Qt::black).rgb());
        QVERIFY(image.pixel(100, 10) != 0xFFFFFFFF); // the frame of the hatch
        int dashes = 0;
        for (int x = 1; x < image.width(); ++x)
            dashes += image.pixel(x, 50) == 0xFF000000 && image.pixel(x - 1, 50) == 0xFFFFFFFF;
        QVERIFY(dashes >= 26 && dashes <= 30); // 4 on, 3 off
    }

    void sameWithoutSystemFonts()
    {
        QTemporaryDir directory;
        QVERIFY(directory.isValid());
        QFile config(directory.filePath(QStringLiteral("fonts.conf")));
        QVERIFY(config.open(QIODevice::WriteOnly));
        config.write("<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig><dir>" + directory.path().toUtf8()
                     + "</dir><cachedir>" + directory.path().toUtf8() + "</cachedir></fontconfig>");
        config.close();
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("FONTCONFIG_FILE"), config.fileName());
        environment.insert(QStringLiteral("SHARDLENS_TEST_PICTURE"), directory.filePath(QStringLiteral("picture.png")));
        QProcess process;
        process.setProcessEnvironment(environment);
        process.start(QCoreApplication::applicationFilePath(), {});
        QVERIFY(process.waitForFinished(60000));
        QCOMPARE(process.exitCode(), 0);
        const QImage bare(directory.filePath(QStringLiteral("picture.png")));
        QVERIFY(!bare.isNull());
        QCOMPARE(bare.convertToFormat(QImage::Format_RGB32), lettersPicture());
    }

    void painterIsLeftAsFound()
    {
        QImage image(50, 50, QImage::Format_RGB32);
        image.fill(Qt::white);
        QPainter painter(&image);
        painter.setPen(Qt::green);
        painter.setRenderHint(QPainter::Antialiasing);
        Scene scene;
        scene.clear({50, 50});
        scene.text({0, 0, 50, 20}, QStringLiteral("x"), TextRole::Title, Qt::red);
        scene.fill({0, 0, 5, 5}, Qt::blue);
        paint(painter, scene, light());
        QCOMPARE(painter.pen().color(), QColor(Qt::green));
        QVERIFY(painter.testRenderHint(QPainter::Antialiasing));
    }
};

int main(int argc, char** argv)
{
    QGuiApplication application(argc, argv);
    const QString picture = qEnvironmentVariable("SHARDLENS_TEST_PICTURE");
    if (!picture.isEmpty()) // the child of sameWithoutSystemFonts()
        return loadFonts() && lettersPicture().save(picture) ? 0 : 1;
    TestScene test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_scene.moc"
