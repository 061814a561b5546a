// SPDX-License-Identifier: Apache-2.0
#include "core/base/format.h"

#include <QtTest>

#include <clocale>
#include <limits>

using namespace shardlens;

class TestFormat : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void count_data();
    void count();
    void number_data();
    void number();
    void quantity_data();
    void quantity();
    void ignoresTheLocale();
};

void TestFormat::count_data()
{
    QTest::addColumn<qint64>("value");
    QTest::addColumn<QString>("text");
    QTest::newRow("0") << qint64{0} << "0";
    QTest::newRow("999") << qint64{999} << "999";
    QTest::newRow("1000") << qint64{1000} << "1,000";
    QTest::newRow("1234567") << qint64{1234567} << "1,234,567";
    QTest::newRow("Llama-3-70B") << qint64{70553706496} << "70,553,706,496";
    QTest::newRow("negative") << qint64{-1234} << "\u22121,234";
    QTest::newRow("smallest") << std::numeric_limits<qint64>::min() << "\u22129,223,372,036,854,775,808";
}

void TestFormat::count()
{
    QFETCH(qint64, value);
    QFETCH(QString, text);
    QCOMPARE(QString::fromStdString(formatCount(value)), text);
}

void TestFormat::number_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<int>("significant");
    QTest::addColumn<QString>("text");
    const auto row = [](const char* name, double value, int significant, const char* text) {
        QTest::newRow(name) << value << significant << QString::fromUtf8(text);
    };
    row("zero", 0, 3, "0");
    row("negative zero", -0.0, 3, "0");
    row("small", 0.01234, 3, "0.0123");
    row("one", 1, 3, "1");
    row("rounded to one", 1.0004, 3, "1.00");
    row("units", 4.5649, 3, "4.56");
    row("hundreds", 123.4, 3, "123");
    row("exact 40", 40, 3, "40");
    row("about 40", 40.01, 3, "40.0");
    row("half", 0.5, 3, "0.5");
    row("thousands stay whole", 12345.4, 3, "12,345");
    row("rounds up into thousands", 999.96, 3, "1,000");
    row("million", 1666470, 3, "1,666,470");
    row("negative", -12.34, 3, "\u221212.3");
    row("four figures", 819.24, 4, "819.2");
    row("six figures over a thousand", 1234.564, 6, "1,234.56");
    row("tiny", 1.2345e-7, 3, "1.23e\u22127");
    row("huge", 1e30, 3, "1e30");
    row("last without exponent", 0.0001, 3, "0.0001");
    row("infinite", std::numeric_limits<double>::infinity(), 3, "infinite");
    row("minus infinite", -std::numeric_limits<double>::infinity(), 3, "\u2212infinite");
    row("not a number", std::numeric_limits<double>::quiet_NaN(), 3, "undefined");
    row("denormal", std::numeric_limits<double>::denorm_min(), 3, "4.94e\u2212324");
    row("largest", std::numeric_limits<double>::max(), 3, "1.80e308");
    row("no figures asked", 4.56, 0, "5");
    row("too many figures asked", 0.1, 400, "0.10000000000000001");
}

void TestFormat::number()
{
    QFETCH(double, value);
    QFETCH(int, significant);
    QFETCH(QString, text);
    QCOMPARE(QString::fromStdString(formatNumber(value, significant)), text);
}

void TestFormat::quantity_data()
{
    QTest::addColumn<QString>("found");
    QTest::addColumn<QString>("text");
    const auto row = [](const std::string& found, const char* text) {
        QTest::newRow(text) << QString::fromStdString(found) << QString::fromUtf8(text);
    };
    row(formatBytes(0), "0 B");
    row(formatBytes(40960), "40 KiB");
    row(formatBytes(327680), "320 KiB");
    row(formatBytes(17640000000.0), "16.4 GiB");
    row(formatBytes(17640000000.0, 5), "16.429 GiB");
    row(formatBytes(80 * kGiB), "80 GiB");
    row(formatBytes(1010 * kMiB), "1,010 MiB");
    row(formatBytes(1023.9 * kKiB), "1.00 MiB");
    row(formatBytes(-2.5 * kGiB), "\u22122.5 GiB");
    row(formatBytes(3 * kGiB * kGiB), "3,072 PiB");
    row(formatBytes(std::numeric_limits<double>::infinity()), "infinite");
    row(formatSeconds(0), "0 s");
    row(formatSeconds(2.4199), "2.42 s");
    row(formatSeconds(0.01532), "15.3 ms");
    row(formatSeconds(6e-6), "6 \u00b5s");
    row(formatSeconds(377.49e-6), "377 \u00b5s");
    row(formatSeconds(0.99961), "1.00 s");
    row(formatSeconds(3.2e-10), "0.32 ns");
    row(formatSeconds(3600), "3,600 s");
    row(formatSeconds(std::numeric_limits<double>::quiet_NaN()), "undefined");
    row(formatBandwidth(3.35e12), "3,350 GB/s");
    row(formatBandwidth(819.2e9), "819.2 GB/s");
    row(formatBandwidth(50e9), "50 GB/s");
    row(formatFlopRate(989e12), "989 TFLOP/s");
    row(formatFlopRate(1978.9e12), "1,979 TFLOP/s");
    row(formatFlopRate(31.66e15), "31.7 PFLOP/s");
    row(formatFlop(1.372e12), "1.37 TFLOP");
    row(formatFlop(17), "17 FLOP");
    row(formatFlop(5e21), "5,000 EFLOP");
    row(formatPercent(0.42857), "42.9 %");
    row(formatPercent(1), "100 %");
    row(formatPercent(0.000123), "0.0123 %");
    row(formatPercent(-0.0744), "\u22127.44 %");
}

void TestFormat::quantity()
{
    QFETCH(QString, found);
    QFETCH(QString, text);
    QCOMPARE(found, text);
}

void TestFormat::ignoresTheLocale()
{
    const std::string before = formatNumber(1234.5678, 6) + formatSeconds(0.0153);
    for (const char* locale : {"de_DE.UTF-8", "fr_FR.UTF-8", "C"})
        if (std::setlocale(LC_ALL, locale))
            QCOMPARE(formatNumber(1234.5678, 6) + formatSeconds(0.0153), before);
    std::setlocale(LC_ALL, "C");
}

QTEST_APPLESS_MAIN(TestFormat)
#include "tst_format.moc"
