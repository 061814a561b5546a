// SPDX-License-Identifier: Apache-2.0
// The window and each view in three states, light, dark and printed, against committed pictures. Fonts are the program's own, so only the rasteriser may differ:
// at most one pixel in 500 by more than 8 of 255 in any channel. On failure the picture and a map of the differences are kept and named.
// Run with SHARDLENS_UPDATE_GOLDEN=1 to accept what is drawn now, and look at the pictures before committing them.
#include "core/scenario/poolsplit.h"
#include "tests/ui/picturecases.h"
#include "ui/window/render.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QImage>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <array>
#include <cstdlib>

using namespace shardlens;

namespace {

constexpr int kChannelTolerance = 8;
constexpr double kPixelTolerance = 1.0 / 500;

QString goldenFile(const QString& name)
{
    return QStringLiteral(SHARDLENS_SOURCE_DIR "/tests/golden/%1.png").arg(name);
}

int largestDifference(QRgb a, QRgb b)
{
    return std::max({std::abs(qRed(a) - qRed(b)), std::abs(qGreen(a) - qGreen(b)), std::abs(qBlue(a) - qBlue(b))});
}

/// Share of pixels that differ; marks them in `map`.
double difference(const QImage& a, const QImage& b, QImage& map)
{
    map = QImage(a.size(), QImage::Format_RGB32);
    map.fill(Qt::white);
    qint64 count = 0;
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < a.width(); ++x)
            if (largestDifference(a.pixel(x, y), b.pixel(x, y)) > kChannelTolerance) {
                map.setPixel(x, y, qRgb(255, 0, 0));
                ++count;
            }
    return static_cast<double>(count) / (static_cast<double>(a.width()) * a.height());
}

/// Five bits of each channel: half the size of the files, and half the tolerance at most.
QImage coarse(const QImage& image)
{
    QImage out = image.convertToFormat(QImage::Format_RGB32);
    const auto step = [](int channel) { return std::min(255, (channel + 4) / 8 * 8); };
    for (int y = 0; y < out.height(); ++y) {
        auto* line = reinterpret_cast<QRgb*>(out.scanLine(y));
        for (int x = 0; x < out.width(); ++x)
            line[x] = qRgb(step(qRed(line[x])), step(qGreen(line[x])), step(qBlue(line[x])));
    }
    return out;
}

struct View {
    const char* name;
    QSize size;
};
constexpr std::array kPictures{View{"window", {1280, 800}},        View{"mesh", {640, 400}},      View{"plate", {640, 400}},
                               View{"timeline", {840, 260}},       View{"memory", {480, 360}},    View{"latency", {840, 300}},
                               View{"roofline", {640, 400}},       View{"operators", {960, 320}}, View{"experts", {640, 400}},
                               View{"disaggregation", {640, 400}}, View{"trust", {840, 400}},     View{"inspector", {380, 560}}};
constexpr std::array kStates{"normal", "infeasible", "extreme"};

/// What a view is for: the experts need a model that has some, the pools need pools.
Scenario scenarioFor(const QString& what, const QString& state)
{
    const bool experts = what == QStringLiteral("experts");
    const char* picture = experts ? "NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4" : "8 H100, TP 4 x PP 2";
    if (state == QStringLiteral("infeasible"))
        picture = experts ? "8 H100, DeepSeek-V3 EP 8 does not fit" : "8 H100, batch 4,000 does not fit";
    else if (state == QStringLiteral("extreme"))
        picture = experts ? "1,024 H100, DeepSeek-V3 EP 256 with attention DP" : "65,536 H100, TP 64 x PP 64 x DP 16";
    const Scenario scenario = pictures::scenarioOf(pictures::caseNamed(picture));
    return what == QStringLiteral("disaggregation") ? splitIntoPools(scenario) : scenario;
}

} // namespace

class TestGolden : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void pictures_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("state");
        QTest::addColumn<QSize>("size");
        QTest::addColumn<int>("theme");
        for (const View& view : kPictures)
            for (const char* state : kStates)
                for (const ThemeId theme : {ThemeId::Light, ThemeId::Dark, ThemeId::Print})
                    QTest::addRow("%s-%s-%s", view.name, state, qPrintable(nameOf(theme)))
                        << QString::fromLatin1(view.name) << QString::fromLatin1(state) << view.size << static_cast<int>(theme);
    }
    void pictures()
    {
        QFETCH(QString, what);
        QFETCH(QString, state);
        QFETCH(QSize, size);
        QFETCH(int, theme);
        const QString name = QString::fromLatin1(QTest::currentDataTag());
        QTemporaryDir folder;
        QVERIFY(folder.isValid());
        const QString drawn = folder.filePath(name + QStringLiteral(".png"));
        const Result<bool> made = renderPicture(scenarioFor(what, state), what.toStdString(), drawn, size, 1, static_cast<ThemeId>(theme));
        QVERIFY2(made.ok(), made.ok() ? "" : made.error().sentence().c_str());
        const QImage picture(drawn);
        QCOMPARE(picture.size(), size);
        if (qEnvironmentVariableIsSet("SHARDLENS_UPDATE_GOLDEN")) {
            QFile::remove(goldenFile(name));
            QVERIFY(coarse(picture).save(goldenFile(name), "PNG", 0)); // 0: as small as can be
            return;
        }
        const QImage golden(goldenFile(name));
        QVERIFY2(!golden.isNull(), qPrintable(goldenFile(name)));
        QCOMPARE(picture.size(), golden.size());
        QImage map;
        const double share = difference(picture, golden, map);
        if (share > kPixelTolerance) {
            const QString kept = QDir::temp().filePath(QStringLiteral("shardlens-golden-") + name);
            picture.save(kept + QStringLiteral(".png"));
            map.save(kept + QStringLiteral("-difference.png"));
            QFAIL(qPrintable(QStringLiteral("%1 % of the pixels differ; see %2.png").arg(100 * share, 0, 'f', 2).arg(kept)));
        }
    }
};

QTEST_MAIN(TestGolden)
#include "tst_golden.moc"
