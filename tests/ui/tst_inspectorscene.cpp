// SPDX-License-Identifier: Apache-2.0
// The inspector read as a scene: long texts wrap, fractions are fractions, provenance is said in words.
#include "tests/ui/picturecases.h"
#include "tests/ui/samplereport.h"
#include "tests/ui/scenechecks.h"
#include "ui/scene/axisorderscene.h"
#include "ui/scene/formula.h"
#include "ui/scene/formulatree.h"
#include "ui/scene/inspectorscene.h"
#include "ui/scene/scenetext.h"

#include <QTest>

#include <cmath>
#include <functional>

using namespace shardlens;

namespace {

Explanation weightRead()
{
    Explanation what;
    what.title = "Weight read";
    what.subtitle = "decode, stage 1, each of GPU 4\u20137";
    what.value = "6.27";
    what.unit = "ms per step";
    what.share = "41 % of TPOT";
    what.shareFraction = 0.41;
    what.cause = Cause::Weights;
    what.formula = {{"t", "bytes / BW", "", false}, {"", "17,639,424,000 B", "3,350 GB/s", false}, {"", "6.27 ms", "", true}};
    what.inputs = {{"bytes", "17.64 GB", "40 layers at TP 4, plus head", Provenance::Exact},
                   {"BW", "3,350 GB/s", "H100 SXM, HBM3", Provenance::DataSheet},
                   {"a", "1", "", Provenance::Fitted},
                   {"b", "2", "", Provenance::Borrowed},
                   {"c", "3", "", Provenance::Default}};
    what.alternatives = {{"HBM side", "6.77 ms", 6.77, Cause::Weights}, {"Compute side", "0.46 ms", 0.46, Cause::Compute}};
    what.notes = {"The longer side sets the time: compute hides."};
    return what;
}

/// Every text much longer than the column, with and without spaces.
Explanation endless()
{
    const std::string words = "a sentence of many words that goes on and on until the column has been filled more than once over";
    const std::string word(90, 'w');
    Explanation what;
    what.title = words;
    what.subtitle = word;
    what.value = "1,234,567,890,123,456,789";
    what.unit = words;
    what.share = words;
    what.shareFraction = 7;
    what.formula = {{word, words, words, false}, {"t", word, word, false}, {words, words, "", true}, {"t =", "1", "", false}};
    what.inputs = {{word, words, words, Provenance::DataSheet}, {"x", word, word, Provenance::Exact}};
    what.alternativesTitle = words;
    what.alternatives = {{words, word, 3, Cause::Communication}, {word, "1", 1e300, Cause::Bubble}};
    what.notes = {words, word};
    return what;
}

Subject tpot()
{
    Subject subject;
    subject.kind = Subject::Kind::Time;
    subject.phase = Phase::Decode;
    return subject;
}

QRectF boundsOf(const Scene& scene, const char* text)
{
    for (const SceneItem& item : scene.items)
        if (item.kind == SceneItem::Kind::Text && check::textOf(scene, item) == QString::fromUtf8(text))
            return scene.textBounds(item);
    return {};
}

} // namespace

class TestInspectorScene : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void textsStayInsideAndApart_data()
    {
        QTest::addColumn<int>("width");
        QTest::addColumn<bool>("longTexts");
        for (const int width : {180, 240, 300, 420, 600})
            for (const bool longTexts : {false, true})
                QTest::addRow("%d %d", width, longTexts) << width << longTexts;
    }

    void textsStayInsideAndApart()
    {
        QFETCH(int, width);
        QFETCH(bool, longTexts);
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        Scene scene;
        buildInspector({scenario, report, QSizeF(width, 100), Theme::of(ThemeId::Light)}, {longTexts ? endless() : weightRead()}, scene);
        QCOMPARE(scene.size.width(), double(width));
        QVERIFY(scene.size.height() > 300);
        QCOMPARE(check::textTrouble(scene), QString());
        for (const SceneItem& item : scene.items)
            if (item.kind != SceneItem::Kind::Line && item.kind != SceneItem::Kind::Polyline && item.kind != SceneItem::Kind::Path
                && item.kind != SceneItem::Kind::Text)
                QVERIFY2(item.rect.left() >= 0 && item.rect.right() <= width, qPrintable(check::named(item.rect)));
    }

    void fractionsHaveTheirRuleBetween()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        Scene scene;
        buildInspector({scenario, report, {300, 600}, Theme::of(ThemeId::Light)}, {weightRead()}, scene);
        const QRectF over = boundsOf(scene, "17,639,424,000 B");
        const QRectF under = boundsOf(scene, "3,350 GB/s");
        QVERIFY(over.isValid() && under.isValid());
        bool rule = false;
        for (const SceneItem& item : scene.items)
            rule = rule
                   || (item.kind == SceneItem::Kind::Line && item.rect.top() > over.center().y() && item.rect.top() < under.center().y()
                       && item.rect.left() <= over.left() && item.rect.right() >= over.right());
        QVERIFY2(rule, "a line as wide as the numerator stands between it and the denominator");
        QVERIFY(std::abs(over.center().x() - under.center().x()) < 1);
    }

    void formulasAreRead_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("tree"); ///< kinds and texts, nested
        const auto row = [](const char* text, const char* tree) {
            QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(tree);
        };
        row("a", "a");
        row("a + b", "[a + b]");
        row("FLOP/F", "(FLOP|F)");
        row("bytes / BW", "(bytes|BW)");
        row("FLOP/(F η_F)", "(FLOP|[F η_F^])");
        row("(p − 1)/(m + p − 1)", "([p − 1]|[m + p − 1])");
        row("3,350 GB/s", "3,350 GB/s");
        row("17,639 B / 3,350 GB/s", "(17,639 B|3,350 GB/s)");
        row("1.2 GFLOP / (989 TFLOP/s × 71 %)", "(1.2 GFLOP|[989 TFLOP/s × 71 %])");
        row("bytes of one", "bytes of one");
        row("feed-forward", "feed-forward");
        row("a - b", "[a − b]");
        row("Σ_{layers}^{n} t_op", "[Σlayers^n t_op^]");
        row("x^2", "x_^2");
        row("max(a, *b/c)", "max{a,*(b|c)}");
        row("stream + max(attention, *MLP) + logits", "[stream + max{attention,*MLP} + logits]");
        row("steps × (α + bytes / β)", "[steps × <[α + (bytes|β)]>]");
        row("maximum(a, b)", "[maximum <[a , b]>]");
        row("", "[]");
    }
    void formulasAreRead()
    {
        QFETCH(QString, text);
        QFETCH(QString, tree);
        const std::function<QString(const formula::Node&)> told = [&told](const formula::Node& node) {
            using Kind = formula::Node::Kind;
            QStringList parts;
            for (std::size_t i = 0; i < node.parts.size(); ++i)
                parts << (node.winner == static_cast<int>(i) ? QStringLiteral("*") : QString()) + told(node.parts[i]);
            QString result;
            switch (node.kind) {
            case Kind::Text:
            case Kind::Operator: result = QString(node.text).replace(QChar(u'\u00A0'), QChar(u' ')); break;
            case Kind::Row: result = QChar(u'[') + parts.join(u' ') + QChar(u']'); break;
            case Kind::Fraction: result = QChar(u'(') + parts.join(u'|') + QChar(u')'); break;
            case Kind::Parentheses: result = QChar(u'<') + parts.join(u' ') + QChar(u'>'); break;
            case Kind::Branches: result = node.text + QChar(u'{') + parts.join(u',') + QChar(u'}'); break;
            case Kind::Scripts: result = parts.join(u' ') + QChar(u'_') + node.lower + QChar(u'^') + node.upper; break;
            case Kind::Sum: result = node.text + node.lower + QChar(u'^') + node.upper; break;
            }
            return result;
        };
        QCOMPARE(told(formula::parse(text)), tree);
    }

    void anyTextIsAFormula()
    {
        // Neither unclosed nor deeply nested nor foreign text ends in anything but words.
        for (const QString& text : {QStringLiteral("((((("), QStringLiteral(")))"), QStringLiteral("a / / b"), QStringLiteral("/"),
                                    QStringLiteral("max("), QStringLiteral("max(*"), QStringLiteral("x_{abc"), QStringLiteral("_^_"),
                                    QStringLiteral(",,,"), QString(5000, u'('), QStringLiteral("a_b_c^d^e"), QStringLiteral("*"),
                                    QString::fromUtf8("−"), QString::fromUtf8("Σ_"), QStringLiteral("$"), QStringLiteral("1 /")}) {
            const FormulaBox box = layoutFormula(text, false, 200);
            QVERIFY2(box.width <= 200.5 || text.size() > 1000, qPrintable(text.left(40)));
            QVERIFY(std::isfinite(box.height()));
        }
    }

    void formulasBreakAndAreNeverCut()
    {
        const QStringList texts{
            QString::fromUtf8("m × (Σ_{operators} layers × t_op + t_head)"),
            QString::fromUtf8("max(1.234 GFLOP / (989 TFLOP/s × 71 %), *17,639,424,000 B / (3,350 GB/s × 80 %)) + 12.3 µs"),
            QString::fromUtf8("(p − 1)/(v m + p − 1) × a_{long index}^2 + b"),
            QString::fromUtf8("71.2 GB + 8.33 GB + 0.12 GB + 0.4 GB + 2.15 GB"), QString(70, u'w')};
        for (const double scale : {1.0, 1.25, 1.5}) {
            setTextScale(scale);
            for (const QString& text : texts) {
                for (const double width : {600.0, 320.0, 240.0, 160.0, 120.0}) {
                    const FormulaBox box = layoutFormula(text, false, width);
                    Scene scene;
                    scene.clear({std::max(width, 40.0), box.height()});
                    drawFormula(scene, Theme::of(ThemeId::Light), box, {0, box.above});
                    QVERIFY2(width < 160 * scale || box.width <= width + 0.5,
                             qPrintable(QStringLiteral("%1: %2 in %3").arg(text).arg(box.width).arg(width)));
                    scene.size = {std::max(width, box.width), box.height()};
                    QCOMPARE(check::textTrouble(scene), QString());
                }
            }
        }
        setTextScale(1);
    }

    void aProductStaysOnOneLine()
    {
        const QString text = QString::fromUtf8("40 × 70.3 µs + 40 × 37.9 µs + 40 × 12.1 µs + 594 µs_{others}");
        const double term = layoutFormula(QString::fromUtf8("+ 40 × 70.3 µs"), false, 1e4).width;
        for (double width = std::ceil(term); width < 6 * term; width += 7) {
            const FormulaBox box = layoutFormula(text, false, width);
            QVERIFY(box.width <= width + 0.5);
            for (const FormulaBox::Piece& sign : box.pieces) {
                if (sign.text != QString::fromUtf8("×"))
                    continue;
                const auto beside = [&](bool before) {
                    return std::any_of(box.pieces.begin(), box.pieces.end(), [&](const FormulaBox::Piece& other) {
                        return std::abs(other.rect.center().y() - sign.rect.center().y()) < 1
                               && (before ? other.rect.right() <= sign.rect.left() : other.rect.left() >= sign.rect.right());
                    });
                };
                QVERIFY2(beside(true) && beside(false), qPrintable(QString::number(width)));
            }
        }
    }

    /// Operators named in the sum, and their rows, open their arithmetic; both are underlined.
    void termsOfAHeadlineOpenTheirArithmetic()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        const Explanation what = explain(scenario, report, tpot());
        QVERIFY(what.links.size() >= 4);
        for (const double width : {300.0, 480.0}) {
            Scene scene;
            buildInspector({scenario, report, {width, 600}, Theme::of(ThemeId::Light)}, {}, scene);
            QCOMPARE(check::textTrouble(scene), QString());
            for (const Explanation::Link& link : what.links) {
                int regions = 0;
                for (const HitRegion& hit : scene.hits) {
                    regions += hit.subject == link.subject ? 1 : 0;
                    QVERIFY(hit.rect.left() >= 0 && hit.rect.right() <= width);
                }
                QCOMPARE(regions, 2); // the term and the row
                QCOMPARE(link.subject.kind, Subject::Kind::Operator);
            }
        }
        const QString text = inspectorText({scenario, report, {}, Theme::of(ThemeId::Light), {}, tpot()}, {});
        QVERIFY2(text.contains(QString::fromUtf8("_up/gate_proj + ")), qPrintable(text));
        QVERIFY(!text.contains(QStringLiteral("\n\u03B7 = ")));
    }

    /// The strip of axes says the figure that the inspector has for the axis: of one stage, not of the whole pipeline.
    void axesHaveOneFigure()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        Subject axis{Subject::Kind::Axis};
        axis.axis = static_cast<int>(MeshAxis::Tensor);
        const Explanation what = explain(scenario, report, axis);
        const QString figure = QString::fromStdString(what.value + ' ' + what.unit);
        for (const QString& words : axisTexts(scenario, planCollectives(scenario, report), MeshAxis::Tensor))
            QVERIFY2(words.contains(figure), qPrintable(words + QStringLiteral(" has no ") + figure));
    }

    void winnerOfAMaximumIsMarked()
    {
        const FormulaBox box = layoutFormula(QStringLiteral("max(FLOP/F, *bytes/BW)"), false, 400);
        int marks = 0;
        double mark = 0;
        double winner = 0;
        double loser = 0;
        for (const FormulaBox::Piece& piece : box.pieces) {
            if (piece.kind == FormulaBox::Piece::Kind::Mark) {
                ++marks;
                mark = piece.rect.center().y();
            }
            if (piece.text == QStringLiteral("bytes") || piece.text == QStringLiteral("BW")) {
                QVERIFY(!piece.dim);
                winner += piece.rect.center().y() / 2;
            }
            if (piece.text == QStringLiteral("FLOP") || piece.text == QStringLiteral("F")) {
                QVERIFY(piece.dim);
                loser += piece.rect.center().y() / 2;
            }
        }
        QCOMPARE(marks, 1);
        QVERIFY(std::abs(mark - winner) < 1);
        QVERIFY(loser < winner - 20);
    }

    void plainTextCanBeReadBack()
    {
        QCOMPARE(plainFormula(QString::fromUtf8("max(FLOP/(F η_F), *bytes/BW) + t_{net, exposed}")),
                 QString::fromUtf8("max(FLOP / (F η_F), bytes / BW) + t_{net, exposed}"));
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        const QString text = inspectorText({scenario, report, {300, 600}, Theme::of(ThemeId::Light)});
        QVERIFY2(text.startsWith(QStringLiteral("Time per output token\n")), qPrintable(text));
        QVERIFY(text.contains(QStringLiteral("TPOT = ")));
        QVERIFY(text.contains(QStringLiteral("data sheet")));
        QVERIFY(!text.contains(QStringLiteral("Σ_{{")));
    }

    void sourcesAreToldOnHover()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        Explanation what = weightRead();
        what.inputs[1].source = "NVIDIA H100 data sheet, 2023";
        Scene scene;
        buildInspector({scenario, report, {300, 600}, Theme::of(ThemeId::Light)}, {what}, scene);
        QCOMPARE(scene.tips.size(), std::size_t{1});
        QVERIFY(scene.tipAt(scene.tips.front().rect.center()).contains(QStringLiteral("Source: NVIDIA H100 data sheet, 2023")));
        QVERIFY(scene.tipAt({0, 0}).isEmpty());
        InspectorOptions options{what};
        options.hints = false;
        buildInspector({scenario, report, {300, 600}, Theme::of(ThemeId::Light)}, options, scene);
        QVERIFY(!check::says(scene, QStringLiteral("Click anything")));
    }

    void provenanceIsSaidInWords()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        Scene scene;
        buildInspector({scenario, report, {300, 600}, Theme::of(ThemeId::Light)}, {weightRead()}, scene);
        for (const Provenance each :
             {Provenance::Exact, Provenance::DataSheet, Provenance::Fitted, Provenance::Borrowed, Provenance::Default})
            QVERIFY2(check::says(scene, qs(nameOf(each))), std::string(nameOf(each)).c_str());
    }

    void pinBeforeHoverBeforeTpot()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        Subject stage;
        stage.kind = Subject::Kind::Stage;
        stage.stage = 1;
        Subject fit;
        fit.kind = Subject::Kind::Fit;
        const Theme& theme = Theme::of(ThemeId::Light);
        const QSizeF size(300, 600);
        QCOMPARE(inspected({scenario, report, size, theme, stage, fit}), fit);
        QCOMPARE(inspected({scenario, report, size, theme, stage, {}}), stage);
        QCOMPARE(inspected({scenario, report, size, theme, {}, {}}), tpot());
        Scene scene;
        buildInspector({scenario, report, size, theme}, {weightRead()}, scene);
        QVERIFY(check::says(scene, QStringLiteral("Click anything to see its arithmetic; Esc clears")));
        buildInspector({scenario, report, size, theme, {}, fit}, {weightRead()}, scene);
        QVERIFY(check::says(scene, QStringLiteral("Esc clears")));
        QVERIFY(!check::says(scene, QStringLiteral("Click anything")));
        QVERIFY2(std::any_of(scene.items.begin(), scene.items.end(),
                             [&](const SceneItem& item) { return item.fill == theme.color(Ink::Accent); }),
                 "a pin is marked as chosen");
    }

    void illegalPlanListsItsRules()
    {
        const Scenario scenario = sample::scenario(6, 2);
        Report report;
        checkPlan(scenario.context(), scenario.plan, report.violations, report.warnings);
        QVERIFY(!report.violations.empty());
        Scene scene;
        buildInspector({scenario, report, {300, 200}, Theme::of(ThemeId::Dark)}, {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("not legal")));
        QVERIFY(check::says(scene, QStringLiteral("TP 6")));
        QCOMPARE(check::textTrouble(scene), QString());
    }

    void wrappingKeepsEveryLetter_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("words") << QStringLiteral("one two three four five six seven eight nine ten");
        QTest::newRow("long word") << QString(120, u'x');
        QTest::newRow("mixed") << (QStringLiteral("a ") + QString(60, u'y') + QStringLiteral(" b c"));
        QTest::newRow("empty") << QString();
    }

    void wrappingKeepsEveryLetter()
    {
        QFETCH(QString, text);
        QString joined;
        for (const QString& line : wrapText(text, TextRole::Body, 90)) {
            QVERIFY(textWidth(line, TextRole::Body) <= 90);
            joined += line;
        }
        QCOMPARE(joined.remove(u' '), QString(text).remove(u' '));
        const auto cut = wrapText(text, TextRole::Body, 60, 1);
        QVERIFY(cut.size() <= 1);
        QVERIFY(cut.empty() || text.size() < 10 || cut.front().endsWith(QChar(u'\u2026')));
    }
};

QTEST_MAIN(TestInspectorScene)
#include "tst_inspectorscene.moc"
