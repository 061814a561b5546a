// SPDX-License-Identifier: Apache-2.0
// The window and each view, light and dark, against committed pictures. Fonts are the program's own, so only the rasteriser may differ:
// at most one pixel in 500 by more than 8 of 255 in any channel. On failure the picture and a map of the differences are kept and named.
// Run with SHARDLENS_UPDATE_GOLDEN=1 to accept what is drawn now, and look at the pictures before committing them.
#include "core/scenario/scenario_file.h"
#include "ui/window/render.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QImage>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

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

Scenario scenarioNamed(const QString& state)
{
    Scenario s = caseStudyScenario(builtinCatalog());
    if (state == QStringLiteral("torus")) {
        s.cluster = builtinCatalog().cluster("trn2.48xlarge");
        s.plan = {};
        s.plan[PlanAxis::Tensor] = 64;
    } else if (state == QStringLiteral("full")) {
        s.workload.batch = 4096;
    } else if (state == QStringLiteral("illegal")) {
        s.plan[PlanAxis::Tensor] = 6;
    }
    return s;
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
        QTest::addColumn<bool>("dark");
        const auto row = [](const char* what, const char* state, QSize size) {
            for (const bool dark : {false, true})
                QTest::newRow(
                    qPrintable(QStringLiteral("%1-%2-%3")
                                   .arg(QLatin1String(what), QLatin1String(state), dark ? QLatin1String("dark") : QLatin1String("light"))))
                    << QString::fromLatin1(what) << QString::fromLatin1(state) << size << dark;
        };
        row("window", "normal", {1280, 800});
        row("mesh", "normal", {480, 320});
        row("mesh", "torus", {640, 480});
        row("timeline", "normal", {840, 220});
        row("memory", "normal", {420, 320});
        row("memory", "full", {420, 320});
        row("latency", "normal", {840, 300});
        row("mesh", "illegal", {480, 320});
    }
    void pictures()
    {
        QFETCH(QString, what);
        QFETCH(QString, state);
        QFETCH(QSize, size);
        QFETCH(bool, dark);
        const QString name = QString::fromLatin1(QTest::currentDataTag());
        QTemporaryDir folder;
        QVERIFY(folder.isValid());
        const QString drawn = folder.filePath(name + QStringLiteral(".png"));
        const Result<bool> made =
            renderPicture(scenarioNamed(state), what.toStdString(), drawn, size, 1, dark ? ThemeId::Dark : ThemeId::Light);
        QVERIFY2(made.ok(), made.ok() ? "" : made.error().sentence().c_str());
        const QImage picture(drawn);
        QCOMPARE(picture.size(), size);
        if (qEnvironmentVariableIsSet("SHARDLENS_UPDATE_GOLDEN")) {
            QFile::remove(goldenFile(name));
            QVERIFY(QFile::copy(drawn, goldenFile(name)));
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
