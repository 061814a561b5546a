// SPDX-License-Identifier: Apache-2.0
#include "app/cli/flags.h"
#include "app/cli/help.h"
#include "app/cli/text_table.h"

#include <QtTest>

using namespace shardlens;
using namespace shardlens::cli;

namespace {

std::vector<std::string> wordsOf(const QStringList& list)
{
    std::vector<std::string> words;
    for (const QString& word : list)
        words.push_back(word.toStdString());
    return words;
}

} // namespace

class TestFlags : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void tableIsInOrder()
    {
        std::size_t index = 0;
        for (const FlagSpec& spec : flagSpecs()) {
            QCOMPARE(static_cast<std::size_t>(spec.flag), index++);
            QVERIFY(spec.name.starts_with("--"));
            QVERIFY(!spec.help.empty());
            QVERIFY(spec.commands != 0);
            QCOMPARE(spec.argument.empty(), spec.kind == ArgumentKind::None);
        }
        QCOMPARE(index, kFlagCount);
        for (std::size_t i = 0; i < kCommandCount; ++i)
            QCOMPARE(static_cast<std::size_t>(commandSpecs()[i].command), i);
    }

    void readsBothSpellings()
    {
        const auto parsed = parseArguments({"evaluate", "a.shardlens", "--tp", "8", "--kv=fp8", "--reserve", "1.5GiB", "--json"});
        QVERIFY(parsed.ok());
        const Arguments& arguments = parsed.value();
        QCOMPARE(arguments.command, Command::Evaluate);
        QCOMPARE(arguments.positionals, std::vector<std::string>{"a.shardlens"});
        QCOMPARE(arguments[Flag::Tensor].number, std::int64_t{8});
        QCOMPARE(arguments[Flag::Kv].text, std::string("fp8"));
        QCOMPARE(arguments[Flag::Reserve].number, std::int64_t{1610612736});
        QVERIFY(arguments.has(Flag::Json));
        QVERIFY(!arguments.has(Flag::Pipeline));
    }

    void bytes_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<qint64>("bytes");
        QTest::newRow("zero") << QStringLiteral("0") << qint64{0};
        QTest::newRow("plain") << QStringLiteral("1024") << qint64{1024};
        QTest::newRow("bytes") << QStringLiteral("7B") << qint64{7};
        QTest::newRow("decimal unit") << QStringLiteral("500MB") << qint64{500'000'000};
        QTest::newRow("binary unit") << QStringLiteral("2GiB") << qint64{2'147'483'648};
        QTest::newRow("space") << QStringLiteral("2 GiB") << qint64{2'147'483'648};
        QTest::newRow("fraction") << QStringLiteral("0.5KiB") << qint64{512};
        QTest::newRow("the most") << QStringLiteral("1024TiB") << (qint64{1} << 50);
    }
    void bytes()
    {
        QFETCH(const QString, text);
        QFETCH(const qint64, bytes);
        const auto parsed = parseArguments({"evaluate", "--reserve", text.toStdString()});
        QVERIFY(parsed.ok());
        QCOMPARE(qint64{parsed.value()[Flag::Reserve].number}, bytes);
    }

    void sizesAndScales()
    {
        const auto parsed = parseArguments({"render", "mesh", "-o", "a.png", "--size", "800x600", "--scale", "1.5", "--theme", "dark"});
        QVERIFY(parsed.ok());
        QCOMPARE(parsed.value()[Flag::Size].number, std::int64_t{800});
        QCOMPARE(parsed.value()[Flag::Size].second, std::int64_t{600});
        QCOMPARE(parsed.value()[Flag::Scale].factor, 1.5);
        QCOMPARE(parsed.value()[Flag::Picture].text, std::string("a.png"));
    }

    void lists()
    {
        const auto parsed =
            parseArguments({"evaluate", "--layers-per-stage", "20,22,19", "--axis-order=pp,tp,dp,sp,attention-dp", "--overlap", "0.25"});
        QVERIFY2(parsed.ok(), parsed.ok() ? "" : parsed.error().sentence().c_str());
        QCOMPARE(parsed.value()[Flag::LayersPerStage].list, (std::vector<int>{20, 22, 19}));
        QCOMPARE(parsed.value()[Flag::AxisOrder].list, (std::vector<int>{3, 0, 4, 1, 2}));
        QCOMPARE(parsed.value()[Flag::Overlap].factor, 0.25);
        QCOMPARE(parseArguments({"evaluate", "--layers-per-stage", "7"}).value()[Flag::LayersPerStage].list, std::vector<int>{7});
        QVERIFY(!parseArguments({"evaluate", "--layers-per-stage="}).ok());
    }

    void helpIsGrouped()
    {
        const QString help = QString::fromStdString(helpText(Command::Evaluate));
        qsizetype last = 0;
        for (const char* title : {"\nModel and machine:\n", "\nPlan:\n", "\nWorkload:\n", "\nFormats:\n", "\nHow the plan is carried out",
                                  "\nOther flags:\n"}) {
            const qsizetype at = help.indexOf(QLatin1String(title));
            QVERIFY2(at > last, title);
            last = at;
        }
        QVERIFY(QString::fromStdString(helpText(Command::Check)).contains(QLatin1String("\nFlags:\n")));
    }

    void dashesEndFlags()
    {
        const auto parsed = parseArguments({"check", "--", "--odd.shardlens"});
        QVERIFY(parsed.ok());
        QCOMPARE(parsed.value().positionals, std::vector<std::string>{"--odd.shardlens"});
        const auto input = parseArguments({"check", "-"});
        QVERIFY(input.ok());
        QCOMPARE(input.value().positionals, std::vector<std::string>{"-"});
    }

    void refusals_data()
    {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<QString>("expected"); ///< the whole sentence
        const auto row = [](const char* name, const char* words, const char* expected) {
            QTest::newRow(name) << QString::fromLatin1(words).split(QLatin1Char(' ')) << QString::fromLatin1(expected);
        };
        const char* count = "--tp: found %1; allowed is a whole number from 1 to 65,536";
        const auto countRow = [&](const char* name, const QString& value) {
            QTest::newRow(name) << QStringList{QStringLiteral("evaluate"), QStringLiteral("--tp"), value}
                                << QString::fromLatin1(count).arg(value);
        };
        countRow("not a number", QStringLiteral("eight"));
        countRow("zero", QStringLiteral("0"));
        countRow("negative", QStringLiteral("-3"));
        countRow("too large", QStringLiteral("65537"));
        countRow("overflow", QStringLiteral("99999999999999999999"));
        countRow("exponent", QStringLiteral("1e30"));
        countRow("nan", QStringLiteral("nan"));
        countRow("hexadecimal", QStringLiteral("0x8"));
        countRow("fraction", QStringLiteral("2.5"));
        countRow("trailing", QStringLiteral("8x"));
        countRow("plus", QStringLiteral("+8"));
        row("empty", "evaluate --tp=", "--tp: found an empty text; allowed is a whole number from 1 to 65,536");
        row("missing at the end", "evaluate --tp", "--tp: needs a value; allowed is a whole number from 1 to 65,536");
        row("missing before a flag", "evaluate --tp --pp 2", "--tp: needs a value; allowed is a whole number from 1 to 65,536");
        row("twice", "evaluate --tp 4 --tp=8", "--tp: found 4 and 8; give this flag once");
        row("switch twice", "evaluate --json --json", "--json: found twice; give this flag once");
        row("value for a switch", "evaluate --json=yes", "--json: found yes; this flag takes no value");
        row("unknown, near", "evaluate --tpp 4", "--tpp: is not a flag of shardlens evaluate; did you mean --tp?");
        row("unknown, far", "evaluate --frobnicate", "--frobnicate: is not a flag of shardlens evaluate; see shardlens evaluate --help");
        row("of another command", "check a --tp 4", "--tp: is not a flag of shardlens check; see shardlens check --help");
        row("short unknown", "evaluate -x", "-x: is not a flag of shardlens evaluate; see shardlens evaluate --help");
        row("format", "evaluate --kv fp7",
            "--kv: found fp7; allowed is one of fp32, bf16, fp16, fp8, fp8-block, int8, int4, int4-g32, mxfp4, nvfp4");
        row("mode", "evaluate --mode fast", "--mode: found fast; allowed is one of roofline, calibrated");
        row("reserve", "evaluate --reserve lots", "--reserve: found lots; allowed is bytes from 0 to 1 PiB, such as 0, 500MB or 2GiB");
        row("reserve negative", "evaluate --reserve -1", "--reserve: found -1; allowed is bytes from 0 to 1 PiB, such as 0, 500MB or 2GiB");
        row("reserve infinite", "evaluate --reserve inf",
            "--reserve: found inf; allowed is bytes from 0 to 1 PiB, such as 0, 500MB or 2GiB");
        row("size", "render mesh --size 800", "--size: found 800; allowed is WIDTHxHEIGHT, each a whole number from 100 to 8,192");
        row("size too large", "render mesh --size 800x9000",
            "--size: found 800x9000; allowed is WIDTHxHEIGHT, each a whole number from 100 to 8,192");
        row("scale", "render mesh --scale 40", "--scale: found 40; allowed is a number from 0.5 to 4");
        row("overlap", "evaluate --overlap 1.5", "--overlap: found 1.5; allowed is a number from 0 to 1");
        row("overlap negative", "evaluate --overlap -0.5", "--overlap: found -0.5; allowed is a number from 0 to 1");
        row("overlap infinite", "evaluate --overlap inf", "--overlap: found inf; allowed is a number from 0 to 1");
        row("skew", "evaluate --routing-skew 10.01", "--routing-skew: found 10.01; allowed is a number from 0 to 10");
        row("capacity", "evaluate --capacity-factor much", "--capacity-factor: found much; allowed is a number from 0 to 65,536");
        row("attention", "evaluate --attention flash", "--attention: found flash; allowed is one of fused, unfused");
        row("own format", "evaluate --expert-format fp4",
            "--expert-format: found fp4; allowed is one of as-weights, fp32, bf16, fp16, fp8, fp8-block, int8, int4, int4-g32, mxfp4, "
            "nvfp4");
        row("exchange", "evaluate --expert-exchange a2a", "--expert-exchange: found a2a; allowed is one of auto, reduce, all-to-all");
        row("redundant", "evaluate --redundant-experts -1", "--redundant-experts: found -1; allowed is a whole number from 0 to 65,536");
        row("virtual stages", "evaluate --virtual-stages 0", "--virtual-stages: found 0; allowed is a whole number from 1 to 1,024");
        row("manual by rule", "evaluate --layer-split manual", "--layer-split: found manual; allowed is one of even, balanced");
        const char* list = "--layers-per-stage: found %1; allowed is whole numbers from 1 to 4,096, separated by commas";
        for (const char* wrong : {"10,0", "10,,10", "10,", ",10", "10;10", "x", "4097", "10,-1"})
            QTest::addRow("layers %s", wrong) << QStringList{QStringLiteral("evaluate"), QStringLiteral("--layers-per-stage"),
                                                             QString::fromLatin1(wrong)}
                                              << QString::fromLatin1(list).arg(QString::fromLatin1(wrong));
        const char* order = "--axis-order: found %1; allowed is each of tp,sp,attention-dp,pp,dp once, in any order";
        for (const char* wrong :
             {"tp,pp", "tp,sp,attention-dp,pp,tp", "tp,sp,attention-dp,pp,ep", "tp,sp,attention-dp,pp,dp,dp", "TP,sp,attention-dp,pp,dp"})
            QTest::addRow("order %s", wrong) << QStringList{QStringLiteral("evaluate"), QStringLiteral("--axis-order"),
                                                            QString::fromLatin1(wrong)}
                                             << QString::fromLatin1(order).arg(QString::fromLatin1(wrong));
        row("theme", "render mesh --theme pink", "--theme: found pink; allowed is one of light, dark, print, contrast");
    }
    void refusals()
    {
        QFETCH(const QStringList, words);
        QFETCH(const QString, expected);
        const auto parsed = parseArguments(wordsOf(words));
        QVERIFY(!parsed.ok());
        QCOMPARE(QString::fromStdString(parsed.error().sentence()), expected);
    }

    void helpNamesEveryFlag()
    {
        for (const CommandSpec& command : commandSpecs()) {
            const std::string help = helpText(command.command);
            QVERIFY(help.find(command.usage) != std::string::npos);
            const auto names = [&help](std::string_view flag) { // not one that begins like it
                const std::string text = "  " + std::string(flag);
                for (std::size_t at = help.find(text); at != std::string::npos; at = help.find(text, at + 1))
                    if (const std::size_t end = at + text.size();
                        end == help.size() || std::string_view(" ,\n").find(help[end]) != std::string_view::npos)
                        return true;
                return false;
            };
            for (const FlagSpec& flag : flagSpecs())
                QCOMPARE(names(flag.alias.empty() ? flag.name : flag.alias), takes(command.command, flag));
            for (const QString& line : QString::fromStdString(help).split(QLatin1Char('\n')))
                QVERIFY2(line.size() <= 130, qPrintable(line));
        }
    }

    void nearestWords()
    {
        const std::vector<std::string> words{"evaluate", "check", "catalog", "render"};
        QCOMPARE(closest("evalaute", words), std::string("evaluate"));
        QCOMPARE(closest("chek", words), std::string("check"));
        QCOMPARE(closest("export", words), std::string());
        QCOMPARE(closest(std::string(100'000, 'a'), words), std::string());
    }

    void tablesAlignCharacters()
    {
        TextTable table{{Align::Left, Align::Right}, {{"id", "time"}, {"a", "6 \xc2\xb5s"}, {"long", "12 ms"}}};
        QCOMPARE(table.print(), std::string("id     time\na      6 \xc2\xb5s\nlong  12 ms\n"));
    }
};

QTEST_APPLESS_MAIN(TestFlags)
#include "tst_flags.moc"
