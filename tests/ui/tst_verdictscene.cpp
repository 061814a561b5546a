// SPDX-License-Identifier: Apache-2.0
// The verdict strip read as a scene: states, extremes, and that nothing moves when digits change.
#include "core/scenario/calibrate.h"
#include "core/scenario/serve.h"
#include "tests/ui/picturecases.h"
#include "tests/ui/samplereport.h"
#include "tests/ui/scenechecks.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/verdictscene.h"

#include <QTest>

#include <algorithm>
#include <limits>

using namespace shardlens;

namespace {

VerdictOptions advised()
{
    VerdictOptions options;
    options.advice.emplace();
    options.advice->share = 0.87;
    options.advice->label = "HBM reads: weights";
    options.advice->sentence = "Try batch 64: +40 % tokens/s per device for +1.2 ms TPOT; the cost is TTFT, 4.8 s. "
                               "Each weight read then serves twice the sequences.";
    return options;
}

void build(const Scenario& scenario, const Report& report, double width, Scene& scene, const VerdictOptions& options = advised())
{
    buildVerdict({scenario, report, {width, kVerdictHeight}, Theme::of(ThemeId::Light)}, options, scene);
}

Report overfull(const Scenario& scenario)
{
    Report report = sample::report(scenario);
    report.memory.fits = false;
    for (DeviceMemory& memory : report.memory.stages)
        memory.kv = Bytes{90} << 30;
    return report;
}

} // namespace

class TestVerdictScene : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    /// A target has the third line of its figure: by how much it is missed, in the ink of what is wrong, or that it is met.
    void targetsStandUnderTheirFigures()
    {
        Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        scenario.targets.ttft = report.serving.ttft / 2;
        scenario.targets.tpot = report.serving.tpot * 2;
        Scene scene;
        for (const int width : {480, 720, 1024, 1280, 1920}) {
            build(scenario, report, width, scene);
            QCOMPARE(check::textTrouble(scene), QString());
            int missed = 0;
            int met = 0;
            for (const SceneItem& item : scene.items) {
                if (item.kind != SceneItem::Kind::Text)
                    continue;
                const QString text = check::textOf(scene, item);
                missed += text.contains(QStringLiteral("100 %")) && item.pen == Theme::of(ThemeId::Light).color(Ink::Violation) ? 1 : 0;
                met += text.contains(QStringLiteral("met")) && item.pen == Theme::of(ThemeId::Light).color(Ink::Text3) ? 1 : 0;
            }
            QCOMPARE(missed, 1);
            QCOMPARE(met, 1);
        }
        scenario.targets = {};
        build(scenario, report, 1280, scene);
        QVERIFY(!check::says(scene, QStringLiteral("target")));
    }

    /// Of every figure that follows from a measured one: the interval of tokens per user is TPOT's inverse, that of the cost the core's.
    void intervalsStandUnderWhatFollowsFromThem()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        scenario.mode = Mode::Calibrated;
        calibrate(scenario, builtinCatalog().calibration);
        const Report report = evaluate(scenario);
        QVERIFY(report.serving.intervals);
        Scene scene;
        build(scenario, report, 2000, scene);
        QCOMPARE(check::textTrouble(scene), QString());
        const QString user = rateFigure(1 / report.serving.intervals->tpot.high).joined();
        QVERIFY2(check::says(scene, QStringLiteral("80 %: ") + user), qPrintable(user));
        QVERIFY(
            check::says(scene, QStringLiteral("80 %: $") + QString::number(report.serving.intervals->costPerMillionTokens.low, 'f', 2)));
        scenario.mode = Mode::Roofline;
        calibrate(scenario, builtinCatalog().calibration);
        build(scenario, evaluate(scenario), 2000, scene);
        QVERIFY(!check::says(scene, QStringLiteral("80 %")));
    }

    void figuresOfAPlanThatDoesNotFitSaySo()
    {
        Scenario scenario = sample::scenario(4, 2);
        scenario.targets.tpot = 1e-3; // neither met nor missed by what cannot run
        const Report report = overfull(scenario);
        Scene scene;
        build(scenario, report, 1440, scene);
        QCOMPARE(check::textTrouble(scene), QString());
        const auto said = std::count(scene.texts.begin(), scene.texts.end(), QStringLiteral("if it fitted"));
        QVERIFY2(said >= 5, qPrintable(QString::number(said)));
        QVERIFY(!check::says(scene, QStringLiteral("target")));
    }

    /// With pools the gauge is one worker's, and says so at every width.
    void poolsNameTheWorkerWhoseMemoryIsShown()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        scenario.serving.load.kind = LoadKind::OpenLoop;
        scenario.serving.load.rate = 2;
        scenario.serving.pools.emplace();
        scenario.serving.pools->prefill.plan = scenario.serving.pools->decode.plan = scenario.plan;
        const Report report = evaluate(scenario);
        for (const int width : {1024, 1280, 1440, 1920}) {
            Scene scene;
            build(scenario, report, width, scene);
            QCOMPARE(check::textTrouble(scene), QString());
            QVERIFY2(check::says(scene, QStringLiteral("decode worker")), qPrintable(QString::number(width)));
        }
    }

    /// Mode and warnings give way to the advice before it is cut.
    void adviceHasTheRoomItNeeds()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
        scenario.mode = Mode::Calibrated;
        calibrate(scenario, builtinCatalog().calibration);
        const Report report = evaluate(scenario);
        QVERIFY(!outsideMeasured(scenario).empty()); // pipeline stages: a long warning beside a long mode
        VerdictOptions options;
        options.advice.emplace();
        options.advice->sentence = "Try batch 64: +40 % tokens/s per device for +1.2 ms TPOT; the cost is TTFT, 4.8 s.";
        for (double width = 1000; width < 1600; width += 20) {
            Scene scene;
            build(scenario, report, width, scene, options);
            QCOMPARE(check::textTrouble(scene), QString());
            QVERIFY2(check::says(scene, QString::fromStdString(options.advice->sentence).mid(4)), qPrintable(QString::number(width)));
        }
    }

    /// A plan that fits but whose figures are in doubt says so in its headline, with the sentence beside it.
    void doubtsAreReadWithoutAClick()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
        scenario.workload.input = 32768;
        scenario.workload.batch = 4;
        const Report report = evaluate(scenario);
        QVERIFY(report.legal && report.memory.fits);
        const auto found = std::find_if(report.warnings.begin(), report.warnings.end(),
                                        [](const Finding& warning) { return warning.rule == Rule::LongContext; });
        QVERIFY(found != report.warnings.end());
        const QString whole = qs(sentence(*found, scenario.context(), scenario.plan));
        const double scale = textScale();
        for (const double larger : {1.0, 1.5})
            for (const int width : {480, 700, 1024, 1280, 1920}) {
                setTextScale(larger);
                Scene scene;
                buildVerdict({scenario, report, {double(width), kVerdictHeight * larger}, Theme::of(ThemeId::Light)}, advised(), scene);
                QCOMPARE(check::textTrouble(scene), QString());
                if (width >= 460 * larger)
                    QVERIFY2(check::says(scene, QStringLiteral("beyond")) || check::says(scene, whole), qPrintable(QString::number(width)));
                if (width >= 1024 && larger == 1)
                    QVERIFY2(check::says(scene, whole), qPrintable(QString::number(width)));
                QVERIFY(!check::says(scene, QStringLiteral("1 warning")));
            }
        setTextScale(scale);
        QVERIFY(describeVerdict(scenario, report).contains(whole));
        Report spotless = report;
        spotless.warnings.clear();
        Scene scene;
        build(scenario, spotless, 1280, scene);
        QVERIFY(!check::says(scene, QStringLiteral("beyond")));
    }

    /// What the strip has no room for is behind an ellipsis: in its tip, and in what it opens from the keyboard.
    void whatIsDroppedCanBeOpened()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        const double scale = textScale();
        int narrow = 0;
        for (const double larger : {1.0, 1.5})
            for (const int width : {700, 900, 1024, 1440, 2560}) {
                setTextScale(larger);
                Scene scene;
                buildVerdict({scenario, report, {double(width), kVerdictHeight * larger}, Theme::of(ThemeId::Light)}, advised(), scene);
                QCOMPARE(check::textTrouble(scene), QString());
                QCOMPARE(check::regionTrouble(scene), QString());
                QString tips;
                for (const SceneTip& tip : scene.tips) {
                    tips += tip.text;
                    QCOMPARE(scene.subjectAt(tip.rect.center()).kind, Subject::Kind::Fit);
                }
                for (const char* label :
                     {"TTFT", "TPOT", "Tokens/s per device", "Tokens/s per user", "Cost, output", "MFU, prefill", "Bound by"}) {
                    const QString name = QString::fromLatin1(label);
                    const bool drawn = std::find(scene.texts.begin(), scene.texts.end(), name) != scene.texts.end();
                    const bool behind = tips.contains(name + QStringLiteral(": "));
                    QVERIFY2(drawn != behind, qPrintable(QStringLiteral("%1 at %2").arg(name).arg(width)));
                    narrow += behind ? 1 : 0;
                }
            }
        setTextScale(scale);
        QVERIFY(narrow > 8);
        const Explanation fit = explain(scenario, report, Subject{Subject::Kind::Fit});
        QVERIFY(std::any_of(fit.notes.begin(), fit.notes.end(), [](const std::string& note) {
            return note.find("per million output tokens") != std::string::npos && note.find("MFU") != std::string::npos;
        }));
    }

    void textsStayInsideAndApart_data()
    {
        QTest::addColumn<double>("time");
        QTest::addColumn<int>("width");
        for (const double time : {1e-12, 1e-6, 1e-3, 0.37, 1.0, 1e3, 1e6})
            for (const int width : {320, 480, 720, 900, 1024, 1100, 1280, 1440, 1920, 2560})
                QTest::addRow("%g x, %d wide", time, width) << time << width;
    }

    void textsStayInsideAndApart()
    {
        QFETCH(double, time);
        QFETCH(int, width);
        const Scenario scenario = sample::scenario(4, 2);
        Report report = sample::report(scenario, time);
        report.warnings.resize(2);
        Scene scene;
        build(scenario, report, width, scene);
        QCOMPARE(check::textTrouble(scene), QString());
        QCOMPARE(check::regionTrouble(scene), QString());
        report = overfull(scenario);
        build(scenario, report, width, scene);
        QCOMPARE(check::textTrouble(scene), QString());
        QVERIFY(check::says(scene, QStringLiteral("TTFT")) || width < 480);
    }

    void nothingMovesWhenDigitsChange()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const auto labels = [&](double time) {
            Scene scene;
            build(scenario, sample::report(scenario, time), 1280, scene);
            std::vector<std::pair<QString, double>> found;
            for (const SceneItem& item : scene.items)
                if (item.kind == SceneItem::Kind::Text && item.rect.top() == 10)
                    found.emplace_back(check::textOf(scene, item), item.rect.left());
            return found;
        };
        const auto ordinary = labels(1);
        QCOMPARE(ordinary.size(), std::size_t{7});
        QVERIFY(ordinary == labels(1e-6));
        QVERIFY(ordinary == labels(1e6));
        QVERIFY(ordinary == labels(0.0777));
    }

    void lesserColumnsDropFirst()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        Scene scene;
        build(scenario, report, 1280, scene);
        for (const char* label : {"TTFT", "TPOT", "Tokens/s per device", "Tokens/s per user", "Cost, output", "MFU, prefill", "Bound by"})
            QVERIFY2(check::says(scene, QString::fromUtf8(label)), label);
        build(scenario, report, 1024, scene);
        QVERIFY(!check::says(scene, QStringLiteral("MFU")));
        QVERIFY(check::says(scene, QStringLiteral("Bound by")));
        build(scenario, report, 640, scene);
        QVERIFY(!check::says(scene, QStringLiteral("Cost")));
        QVERIFY(check::says(scene, QStringLiteral("TTFT")));
        QVERIFY(check::says(scene, QStringLiteral("TPOT")));
    }

    void saysFitsOrByHowMuchNot()
    {
        const Scenario scenario = sample::scenario(4, 2);
        Report report = sample::report(scenario);
        Scene scene;
        build(scenario, report, 1280, scene);
        QVERIFY(check::says(scene, QStringLiteral("Fits")));
        QVERIFY(check::says(scene, QStringLiteral("of 80 GiB on the fullest device")));
        report = overfull(scenario);
        build(scenario, report, 1280, scene);
        QVERIFY(check::says(scene, QStringLiteral("Does not fit")));
        QVERIFY(check::says(scene, QStringLiteral("29.4 GiB over")));
        QVERIFY(check::says(scene, QStringLiteral("TPOT")));
        QVERIFY2(
            std::any_of(scene.items.begin(), scene.items.end(),
                        [](const SceneItem& item) { return item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::OverCapacity; }),
            "what is over stands beyond the capacity line");
        QVERIFY(describeVerdict(scenario, report).startsWith(QStringLiteral("The plan does not fit: 29.4 GiB too much")));
    }

    void figuresStandBackWhereThePlanDoesNotFit()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const auto figures = [&](const Report& report, Ink ink) {
            Scene scene;
            build(scenario, report, 1440, scene);
            const QString number = secondsFigure(report.serving.tpot).number;
            return std::count_if(scene.items.begin(), scene.items.end(), [&](const SceneItem& item) {
                return item.kind == SceneItem::Kind::Text && item.role == TextRole::Verdict
                       && scene.texts[static_cast<std::size_t>(item.extra)] == number && item.pen == Theme::of(ThemeId::Light).color(ink);
            });
        };
        QVERIFY(figures(sample::report(scenario), Ink::Text) > 0);
        QCOMPARE(figures(overfull(scenario), Ink::Text), 0);
        QVERIFY(figures(overfull(scenario), Ink::Text2) > 0);
    }

    void regionsLeadToTheirSubjects()
    {
        const Scenario scenario = sample::scenario(4, 2);
        Scene scene;
        build(scenario, sample::report(scenario), 1280, scene);
        const auto under = [&](const char* label) {
            for (const SceneItem& item : scene.items)
                if (item.kind == SceneItem::Kind::Text && check::textOf(scene, item) == QString::fromUtf8(label))
                    return scene.subjectAt(scene.textBounds(item).center());
            return Subject{};
        };
        QCOMPARE(under("Fits").kind, Subject::Kind::Fit);
        QCOMPARE(under("TTFT").kind, Subject::Kind::Time);
        QCOMPARE(under("TTFT").phase, Phase::Prefill);
        QCOMPARE(under("TPOT").phase, Phase::Decode);
        QCOMPARE(under("Bound by").kind, Subject::Kind::CauseOfTime);
    }

    void adviceIsLedByTry()
    {
        const Scenario scenario = sample::scenario(4, 2);
        VerdictOptions options = advised();
        options.advice->sentence = "batch 64: +42 % tokens/s per device.";
        Scene scene;
        build(scenario, sample::report(scenario), 1280, scene, options);
        QVERIFY(scene.texts.end() != std::find(scene.texts.begin(), scene.texts.end(), QStringLiteral("Try")));
        QVERIFY(check::says(scene, QStringLiteral("batch 64: +42 %")));
    }

    void moneyHasItsCents()
    {
        const Scenario scenario = sample::scenario(4, 2);
        Report report = sample::report(scenario);
        report.serving.costPerMillionTokens = 19;
        Scene scene;
        build(scenario, report, 1600, scene);
        QVERIFY(check::says(scene, QStringLiteral("$19.00")));
        report.serving.costPerMillionTokens = 0.5;
        build(scenario, report, 1600, scene);
        QVERIFY(check::says(scene, QStringLiteral("$0.50")));
    }

    void noPriceIsSaid()
    {
        Scenario scenario = sample::scenario(4, 2);
        Report report = sample::report(scenario);
        report.serving.costPerMillionTokens = 0;
        Scene scene;
        build(scenario, report, 1440, scene);
        QVERIFY(check::says(scene, QStringLiteral("no list price")));
    }

    void illegalPlanSaysWhyAndWhatIsNear()
    {
        const Scenario scenario = sample::scenario(6, 2);
        Report report;
        checkPlan(scenario.context(), scenario.plan, report.violations, report.warnings);
        for (const double width : {480.0, 1024.0, 1280.0}) {
            Scene scene;
            build(scenario, report, width, scene);
            QVERIFY(check::says(scene, QStringLiteral("Not legal")));
            QVERIFY(!check::says(scene, QStringLiteral("TTFT")));
            QCOMPARE(check::textTrouble(scene), QString());
        }
        Scene scene;
        build(scenario, report, 1280, scene);
        QVERIFY(check::says(scene, qs(sentence(report.violations.front(), scenario.context(), scenario.plan))));
        QVERIFY(check::says(scene, QStringLiteral("TP 4:")));
    }

    /// A figure under a load says of which requests it is.
    void measuredRequestsAreSaid()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        scenario.serving.load.kind = LoadKind::ClosedLoop;
        scenario.serving.load.concurrency = 8;
        Report report = evaluate(scenario);
        Subject time;
        time.kind = Subject::Kind::Time;
        QVERIFY(verdictTooltip(scenario, report, time).contains(QStringLiteral("steady state")));
        adopt(scenario, simulate(scenario), report);
        const QString tip = verdictTooltip(scenario, report, time);
        QVERIFY2(tip.contains(QStringLiteral("80 requests measured")) && tip.contains(QStringLiteral("left out")), qPrintable(tip));
        scenario.serving.load.warmup = 0;
        report = evaluate(scenario);
        QVERIFY(verdictTooltip(scenario, report, time).contains(QStringLiteral("all clients at once")));
    }

    void figuresStayShort_data()
    {
        QTest::addColumn<double>("value");
        for (const double value : {0.0, 1e-12, 1e-6, 0.01234, 1.0, 99.949, 12345.0, 99'949.0, 99'951.0, 1e6, 1e9, 1e12, 1e18, 1e300,
                                   std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
            QTest::addRow("%g", value) << value;
    }

    void figuresStayShort()
    {
        QFETCH(double, value);
        for (const Figure& figure : {rateFigure(value), secondsFigure(value), percentFigure(value)}) {
            QVERIFY2(figure.number.size() <= 9, qPrintable(figure.number));
            QVERIFY(!figure.number.isEmpty());
        }
        QCOMPARE(rateFigure(1'230'000).joined(), QStringLiteral("1.23 M"));
        QCOMPARE(secondsFigure(864'000).joined(), QStringLiteral("10 d"));
    }
};

QTEST_MAIN(TestVerdictScene)
#include "tst_verdictscene.moc"
