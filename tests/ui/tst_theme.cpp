// SPDX-License-Identifier: Apache-2.0
// Fonts: tabular digits and the symbols we write. Colours: contrast, and distance under colour-vision deficiency.
#include "ui/theme/theme.h"

#include <QFontDatabase>
#include <QFontInfo>
#include <QFontMetricsF>
#include <QRawFont>
#include <QTest>

#include <array>
#include <cmath>
#include <numbers>

using namespace shardlens;

namespace {

constexpr std::array kThemes{ThemeId::Light, ThemeId::Dark, ThemeId::Print, ThemeId::Contrast};
constexpr std::array kData{Ink::Compute,  Ink::Weights,  Ink::Kv,   Ink::Activations, Ink::Network0,
                           Ink::Network1, Ink::Network2, Ink::Send, Ink::Overhead};

struct Vec {
    double x, y, z;
};

double toLinear(double c)
{
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

Vec linearOf(const QColor& color)
{
    return {toLinear(color.red() / 255.0), toLinear(color.green() / 255.0), toLinear(color.blue() / 255.0)};
}

/// CIELAB of linear sRGB, white point D65.
Vec labOf(const Vec& rgb)
{
    const auto f = [](double t) { return t > 216.0 / 24389.0 ? std::cbrt(t) : (24389.0 / 27.0 * t + 16) / 116; };
    const double x = f((0.4124564 * rgb.x + 0.3575761 * rgb.y + 0.1804375 * rgb.z) / 0.95047);
    const double y = f(0.2126729 * rgb.x + 0.7151522 * rgb.y + 0.0721750 * rgb.z);
    const double z = f((0.0193339 * rgb.x + 0.1191920 * rgb.y + 0.9503041 * rgb.z) / 1.08883);
    return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

/// CIEDE2000 after Sharma, Wu, Dalal 2005 (Color Research and Application 30, 21-30).
double deltaE(const Vec& a, const Vec& b)
{
    constexpr double kDegree = std::numbers::pi / 180;
    const double c1 = std::hypot(a.y, a.z);
    const double c2 = std::hypot(b.y, b.z);
    const double mean7 = std::pow((c1 + c2) / 2, 7);
    const double g = 0.5 * (1 - std::sqrt(mean7 / (mean7 + std::pow(25.0, 7))));
    const double a1 = (1 + g) * a.y;
    const double a2 = (1 + g) * b.y;
    const double cp1 = std::hypot(a1, a.z);
    const double cp2 = std::hypot(a2, b.z);
    const auto hue = [](double u, double v) {
        const double degrees = u == 0 && v == 0 ? 0 : std::atan2(v, u) / kDegree;
        return degrees < 0 ? degrees + 360 : degrees;
    };
    const double h1 = hue(a1, a.z);
    const double h2 = hue(a2, b.z);
    double dh = h2 - h1;
    if (cp1 * cp2 == 0)
        dh = 0;
    else if (dh > 180)
        dh -= 360;
    else if (dh < -180)
        dh += 360;
    const double dL = b.x - a.x;
    const double dC = cp2 - cp1;
    const double dH = 2 * std::sqrt(cp1 * cp2) * std::sin(dh / 2 * kDegree);
    const double L = (a.x + b.x) / 2;
    const double C = (cp1 + cp2) / 2;
    double h = h1 + h2;
    if (cp1 * cp2 != 0)
        h = std::abs(h1 - h2) <= 180 ? h / 2 : h < 360 ? (h + 360) / 2 : (h - 360) / 2;
    const double t = 1 - 0.17 * std::cos((h - 30) * kDegree) + 0.24 * std::cos(2 * h * kDegree) + 0.32 * std::cos((3 * h + 6) * kDegree)
                     - 0.20 * std::cos((4 * h - 63) * kDegree);
    const double sL = 1 + 0.015 * (L - 50) * (L - 50) / std::sqrt(20 + (L - 50) * (L - 50));
    const double sC = 1 + 0.045 * C;
    const double sH = 1 + 0.015 * C * t;
    const double C7 = std::pow(C, 7);
    const double turn = 30 * std::exp(-std::pow((h - 275) / 25, 2));
    const double r = -2 * std::sqrt(C7 / (C7 + std::pow(25.0, 7))) * std::sin(2 * turn * kDegree);
    return std::sqrt(std::pow(dL / sL, 2) + std::pow(dC / sC, 2) + std::pow(dH / sH, 2) + r * (dC / sC) * (dH / sH));
}

/// Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
using Matrix = std::array<double, 9>;
constexpr Matrix kNormal{1, 0, 0, 0, 1, 0, 0, 0, 1};
constexpr Matrix kProtan{0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998};
constexpr Matrix kDeutan{0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881};
constexpr Matrix kTritan{1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900};

Vec seen(const QColor& color, const Matrix& m)
{
    const Vec v = linearOf(color);
    const auto unit = [](double c) { return std::min(1.0, std::max(0.0, c)); };
    return labOf({unit(m[0] * v.x + m[1] * v.y + m[2] * v.z), unit(m[3] * v.x + m[4] * v.y + m[5] * v.z),
                  unit(m[6] * v.x + m[7] * v.y + m[8] * v.z)});
}

} // namespace

class TestTheme : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void bundledFamiliesAreUsed()
    {
        for (std::size_t i = 0; i < kTextRoleCount; ++i) {
            const QFont font = fontOf(static_cast<TextRole>(i));
            QVERIFY2(QFontInfo(font).exactMatch(), qPrintable(font.toString()));
            QVERIFY(QFontInfo(font).family().startsWith(QStringLiteral("ShardLens")));
        }
    }

    void digitsAreTabular()
    {
        for (std::size_t i = 0; i < kTextRoleCount; ++i) {
            const QFontMetricsF metrics(fontOf(static_cast<TextRole>(i)));
            const double width = metrics.horizontalAdvance(QStringLiteral("0"));
            QVERIFY(width > 4);
            for (char a = '0'; a <= '9'; ++a) {
                QCOMPARE(metrics.horizontalAdvance(QString(QLatin1Char(a))), width);
                for (char b = '0'; b <= '9'; ++b) { // no kerning between figures or round their marks
                    const QString pair = QString(QLatin1Char(a)) + QLatin1Char(b);
                    QCOMPARE(metrics.horizontalAdvance(pair), metrics.horizontalAdvance(QStringLiteral("00")));
                    const QString decimal = QString(QLatin1Char(a)) + QLatin1Char('.') + QLatin1Char(b);
                    QCOMPARE(metrics.horizontalAdvance(decimal), metrics.horizontalAdvance(QStringLiteral("0.0")));
                    const QString thousands = QString(QLatin1Char(a)) + QLatin1Char(',') + QLatin1Char(b);
                    QCOMPARE(metrics.horizontalAdvance(thousands), metrics.horizontalAdvance(QStringLiteral("0,0")));
                }
            }
        }
    }

    void symbolsAreInTheFonts()
    {
        const QString sans = QString::fromUtf8("→←↑↓≤≥√×·−–—…µμΔη▸▾▲▼△▽✓■□◆○±²³₀₁₂₉≈≠∞÷äßéñč");
        const QString mono = QString::fromUtf8("→≤≥√×·−–…µμΔηαβ±²³₀₁₂÷≈");
        const QRawFont sansFont = QRawFont::fromFont(fontOf(TextRole::Body));
        const QRawFont monoFont = QRawFont::fromFont(fontOf(TextRole::Formula));
        for (const QChar c : sans)
            QVERIFY2(sansFont.supportsCharacter(c), qPrintable(QString(c)));
        for (const QChar c : mono)
            QVERIFY2(monoFont.supportsCharacter(c), qPrintable(QString(c)));
    }

    void monoIsMonospaced()
    {
        const QFontMetricsF metrics(fontOf(TextRole::Formula));
        const double width = metrics.horizontalAdvance(QLatin1Char('0'));
        for (const QChar c : QString::fromUtf8("iMW/=×−"))
            QCOMPARE(metrics.horizontalAdvance(c), width);
    }

    void sizesAreThoseOfTheRoles()
    {
        QCOMPARE(fontOf(TextRole::Note).pixelSize(), 11);
        QCOMPARE(fontOf(TextRole::Body).pixelSize(), 12);
        QCOMPARE(fontOf(TextRole::Verdict).pixelSize(), 22);
        QCOMPARE(fontOf(TextRole::Result).pixelSize(), 28);
        QCOMPARE(fontOf(TextRole::Body, 2).pixelSize(), 24);
    }

    void ratioOfBlackAndWhite()
    {
        QCOMPARE(contrastRatio(Qt::black, Qt::white), 21.0);
        QCOMPARE(contrastRatio(Qt::white, Qt::black), 21.0);
        QCOMPARE(contrastRatio(Qt::red, Qt::red), 1.0);
        QVERIFY(std::abs(contrastRatio(QColor(0x77, 0x77, 0x77), Qt::white) - 4.48) < 0.01); // the known near miss of WCAG
    }

    void textIsReadable()
    {
        for (const ThemeId id : kThemes) {
            const Theme& theme = Theme::of(id);
            for (const Ink ground : {Ink::Window, Ink::Surface, Ink::Sunken, Ink::HoverRow})
                for (const Ink ink : {Ink::Text, Ink::Text2, Ink::Text3, Ink::Good, Ink::Warning, Ink::Violation}) {
                    const double ratio = contrastRatio(theme.color(ink), theme.color(ground));
                    QVERIFY2(
                        ratio >= 4.5,
                        qPrintable(QStringLiteral("theme %1 ink %2 on %3: %4").arg(int(id)).arg(int(ink)).arg(int(ground)).arg(ratio)));
                }
            QVERIFY(contrastRatio(theme.color(Ink::TooltipText), theme.color(Ink::Tooltip)) >= 4.5);
            QVERIFY(contrastRatio(theme.color(Ink::TooltipDim), theme.color(Ink::Tooltip)) >= 4.5);
            QVERIFY(contrastRatio(theme.color(Ink::Disabled), theme.color(Ink::Surface)) >= 3.0);
            QVERIFY(contrastRatio(theme.color(Ink::Strong), theme.color(Ink::Surface)) >= 3.0);
            QVERIFY(contrastRatio(theme.color(Ink::Accent), theme.color(Ink::Surface)) >= 4.5);
        }
    }

    void labelsOnFillsAreReadable()
    {
        for (const ThemeId id : kThemes) {
            const Theme& theme = Theme::of(id);
            for (const Ink ink : kData)
                QVERIFY(contrastRatio(Theme::textOn(theme.color(ink)), theme.color(ink)) >= 4.5);
            for (int stage = 0; stage < 10; ++stage)
                for (int rank = 0; rank < 8; ++rank) {
                    const QColor place = theme.place(stage, rank, 8);
                    const double ratio = contrastRatio(Theme::textOn(place), place);
                    QVERIFY2(ratio >= 4.5,
                             qPrintable(QStringLiteral("theme %1 stage %2 rank %3: %4").arg(int(id)).arg(stage).arg(rank).arg(ratio)));
                }
        }
    }

    void fillsEndClearly()
    {
        for (const ThemeId id : kThemes) {
            const Theme& theme = Theme::of(id);
            for (const Ink ink : kData)
                QVERIFY(contrastRatio(theme.edgeOf(theme.color(ink)), theme.color(Ink::Surface)) >= 3.0);
        }
    }

    void colorDistanceMatchesPublishedPairs()
    {
        // Sharma et al. 2005, table 1, pairs 1, 4 and 25.
        QVERIFY(std::abs(deltaE({50, 2.6772, -79.7751}, {50, 0, -82.7485}) - 2.0425) < 1e-4);
        QVERIFY(std::abs(deltaE({50, -1.3802, -84.2814}, {50, 0, -82.7485}) - 1.0000) < 1e-4);
        QVERIFY(std::abs(deltaE({60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}) - 1.2644) < 1e-4);
    }

    void meaningsStayApart_data()
    {
        QTest::addColumn<int>("vision");
        QTest::addColumn<double>("floor");
        QTest::newRow("normal") << 0 << 15.0;
        QTest::newRow("protanopia") << 1 << 11.0;
        QTest::newRow("deuteranopia") << 2 << 11.0;
        QTest::newRow("tritanopia") << 3 << 11.0;
    }
    void meaningsStayApart()
    {
        QFETCH(int, vision);
        QFETCH(double, floor);
        const Matrix& matrix = vision == 0 ? kNormal : vision == 1 ? kProtan : vision == 2 ? kDeutan : kTritan;
        for (const ThemeId id : kThemes) {
            const Theme& theme = Theme::of(id);
            for (std::size_t i = 0; i < kData.size(); ++i)
                for (std::size_t j = i + 1; j < kData.size(); ++j) {
                    const double distance = deltaE(seen(theme.color(kData[i]), matrix), seen(theme.color(kData[j]), matrix));
                    QVERIFY2(distance >= floor,
                             qPrintable(QStringLiteral("theme %1: %2 and %3 are %4 apart").arg(int(id)).arg(i).arg(j).arg(distance)));
                }
            for (int rank = 0; rank < 4; ++rank) { // neighbouring stages
                const double distance = deltaE(seen(theme.place(0, rank, 4), matrix), seen(theme.place(1, rank, 4), matrix));
                QVERIFY2(distance >= 8, qPrintable(QStringLiteral("theme %1 rank %2: %3").arg(int(id)).arg(rank).arg(distance)));
            }
        }
    }

    void ranksOfAStageAreARamp_data() { meaningsStayApart_data(); }
    /// Lightness orders the ranks of a stage for every eye, and each stage of eight differs from the next.
    void ranksOfAStageAreARamp()
    {
        QFETCH(int, vision);
        const Matrix& matrix = vision == 0 ? kNormal : vision == 1 ? kProtan : vision == 2 ? kDeutan : kTritan;
        for (const ThemeId id : kThemes) {
            const Theme& theme = Theme::of(id);
            const bool dark = id == ThemeId::Dark;
            for (int stage = 0; stage < 8; ++stage) {
                for (int rank = 0; rank + 1 < 4; ++rank) {
                    const double here = seen(theme.place(stage, rank, 4), matrix).x;
                    const double next = seen(theme.place(stage, rank + 1, 4), matrix).x;
                    QVERIFY2(
                        dark ? next > here + 2 : next < here - 2,
                        qPrintable(
                            QStringLiteral("theme %1 stage %2 rank %3: %4, %5").arg(int(id)).arg(stage).arg(rank).arg(here).arg(next)));
                }
                if (stage == 7)
                    continue;
                const double distance = deltaE(seen(theme.place(stage, 1, 4), matrix), seen(theme.place(stage + 1, 1, 4), matrix));
                QVERIFY2(distance >= 3, qPrintable(QStringLiteral("theme %1 stage %2: %3").arg(int(id)).arg(stage).arg(distance)));
            }
        }
    }

    void contrastThemeIsStrongerThanOthers()
    {
        const Theme& theme = Theme::of(ThemeId::Contrast);
        for (const Ink ink : {Ink::Text, Ink::Text2, Ink::Text3, Ink::Good, Ink::Warning, Ink::Violation, Ink::Accent})
            for (const Ink ground : {Ink::Window, Ink::Surface, Ink::Sunken, Ink::HoverRow})
                QVERIFY2(contrastRatio(theme.color(ink), theme.color(ground)) >= 7,
                         qPrintable(QStringLiteral("%1 on %2").arg(int(ink)).arg(int(ground))));
        for (const Ink ink : {Ink::Line, Ink::Strong})
            QVERIFY(contrastRatio(theme.color(ink), theme.color(Ink::Surface)) >= 7);
        for (const Ink ink : kData)
            QCOMPARE(theme.edgeOf(theme.color(ink)), QColor(Qt::black));
    }

    void placesAreDullerThanCauses()
    {
        const auto chroma = [](const QColor& color) {
            const Vec lab = labOf(linearOf(color));
            return std::hypot(lab.y, lab.z);
        };
        for (const ThemeId id : {ThemeId::Light, ThemeId::Dark}) {
            const Theme& theme = Theme::of(id);
            double most = 0;
            for (int stage = 0; stage < 8; ++stage)
                for (int rank = 0; rank < 4; ++rank)
                    most = std::max(most, chroma(theme.place(stage, rank, 4)));
            for (const Ink ink : {Ink::Compute, Ink::Kv, Ink::Network0, Ink::Network1, Ink::Network2, Ink::Send})
                QVERIFY(chroma(theme.color(ink)) > most);
        }
    }

    void placeRampKeepsItsEnds()
    {
        const Theme& light = Theme::of(ThemeId::Light);
        QCOMPARE(light.place(0, 0, 4), QColor(0xC9, 0xD2, 0xE3));
        QCOMPARE(light.place(0, 3, 4), QColor(0x8B, 0x9D, 0xBF));
        QCOMPARE(light.place(0, 1, 4), QColor(0xB4, 0xC0, 0xD7));
        QCOMPARE(light.place(0, 0, 1), light.place(0, 0, 4));
        QCOMPARE(light.place(8, 2, 4), light.place(0, 2, 4));
    }

    void printKeepsMeanings()
    {
        for (const Ink ink : kData)
            QCOMPARE(Theme::of(ThemeId::Print).color(ink), Theme::of(ThemeId::Light).color(ink));
        QCOMPARE(Theme::of(ThemeId::Print).color(Ink::Window), QColor(Qt::white));
    }

    void oneMeaningOneColour()
    {
        for (const ThemeId id : kThemes) {
            const Theme& theme = Theme::of(id);
            QCOMPARE(theme.color(Cause::Weights), theme.color(MemoryClass::Weights));
            QCOMPARE(theme.color(Cause::Kv), theme.color(MemoryClass::Kv));
            QCOMPARE(theme.color(Cause::Communication), theme.network(1));
            QVERIFY(theme.network(0) != theme.network(1) && theme.network(1) != theme.network(2));
            QCOMPARE(theme.faded(theme.color(Ink::Kv), 1), theme.color(Ink::Surface));
            QCOMPARE(theme.faded(theme.color(Ink::Kv), 0), theme.color(Ink::Kv));
        }
    }
};

QTEST_MAIN(TestTheme)
#include "tst_theme.moc"
