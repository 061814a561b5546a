// SPDX-License-Identifier: Apache-2.0
// The operator table read as a scene: rows, columns and sums where the layout says, texts apart at every size.
#include "core/base/format.h"
#include "tests/ui/picturecases.h"
#include "tests/ui/scenechecks.h"
#include "ui/scene/operatorsscene.h"
#include "ui/scene/rooflinescene.h"

using namespace shardlens;

namespace {

Scene drawn(const Scenario& scenario, const Report& report, QSizeF size, const OperatorsOptions& options = {})
{
    Scene scene;
    scene.clear(size);
    buildOperators({scenario, report, size, Theme::of(ThemeId::Dark)}, options, scene);
    return scene;
}

} // namespace

class TestOperatorsScene : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void textsStayInsideAndApart_data()
    {
        QTest::addColumn<QString>("name");
        for (const pictures::Case& given : pictures::cases())
            QTest::newRow(given.name) << QString::fromUtf8(given.name);
    }

    void textsStayInsideAndApart()
    {
        QFETCH(const QString, name);
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed(name.toUtf8().constData()));
        const Report report = evaluate(scenario);
        for (const QSizeF size : {QSizeF(330, 120), QSizeF(420, 300), QSizeF(900, 600), QSizeF(2400, 1200)})
            for (const bool all : {false, true})
                for (const OperatorAmount amount : {OperatorAmount::Once, OperatorAmount::All}) {
                    OperatorsOptions options;
                    options.allColumns = all;
                    options.table.amount = amount;
                    options.table.grouped = all != (amount == OperatorAmount::All);
                    const Scene scene = drawn(scenario, report, size, options);
                    const QString fault = pictures::textFault(scene);
                    QVERIFY2(fault.isEmpty(), qPrintable(QStringLiteral("%1 x %2: %3").arg(size.width()).arg(size.height()).arg(fault)));
                    QCOMPARE(check::regionTrouble(scene), QString());
                }
    }

    void rowsInvertTheDrawing()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        const QSizeF size(900, 240);
        OperatorsOptions options;
        options.firstRow = 5;
        const Scene scene = drawn(scenario, report, size, options);
        const OperatorsLayout layout = operatorsLayout({scenario, report, size, Theme::of(ThemeId::Dark)}, options);
        const OperatorTable table(scenario, report, options.table);
        QVERIFY(layout.lastFirst > 0);
        QCOMPARE(static_cast<int>(scene.hits.size()), layout.shown);
        for (int row = 5; row < 5 + layout.shown; ++row) {
            const QPointF middle = layout.rowRect(row).center();
            QCOMPARE(layout.rowAt(middle), row);
            QCOMPARE(scene.subjectAt(middle), subjectOf(table.rows()[static_cast<std::size_t>(row)]));
        }
        for (const OperatorsLayout::Column& column : layout.columns) {
            const OperatorsLayout::Column* found = layout.columnAt({column.left + column.width / 2, layout.header.center().y()});
            QVERIFY(found && found->column == column.column);
        }
        QVERIFY(!layout.columnAt({layout.body.center()}));
        options.firstRow = 10'000;
        QCOMPARE(operatorsLayout({scenario, report, size, Theme::of(ThemeId::Dark)}, options).firstRow, layout.lastFirst);
    }

    /// Communication is one colour in every picture of times, whichever level of the fabric carries it.
    void communicationHasOneColour()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        Report report = evaluate(scenario);
        const Theme& theme = Theme::of(ThemeId::Dark);
        const auto filled = [&](const QColor& colour) {
            const Scene scene = drawn(scenario, report, {1800, 900});
            return std::count_if(scene.items.begin(), scene.items.end(),
                                 [&](const SceneItem& item) { return item.kind == SceneItem::Kind::Fill && item.fill == colour; });
        };
        const auto inside = filled(theme.color(Cause::Communication));
        QVERIFY(inside > 0);
        for (PhaseReport* phase : {&report.prefill, &report.decode})
            for (OperatorCost& op : phase->operators)
                op.networkLevel = op.collective != Collective::None ? std::int16_t{1} : op.networkLevel;
        QCOMPARE(filled(theme.color(Cause::Communication)), inside);
        QCOMPARE(filled(theme.network(2)), std::ptrdiff_t{0});
    }

    void allRowsWhenThereIsRoom()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4"));
        const Report report = evaluate(scenario);
        const Scene scene = drawn(scenario, report, {2000, 2400});
        QCOMPARE(scene.hits.size(), report.prefill.operators.size() + report.decode.operators.size());
        QVERIFY(check::says(scene, QStringLiteral("Prefill in all")) && check::says(scene, QStringLiteral("Decode in all")));
    }

    void narrowTablesKeepNameAndShare()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        std::size_t last = 0;
        for (const double width : {240.0, 330.0, 500.0, 800.0, 1200.0, 2400.0}) {
            const OperatorsLayout layout = operatorsLayout({scenario, report, {width, 400}, Theme::of(ThemeId::Dark)}, {});
            const std::vector<OperatorColumn> columns = layout.shownColumns();
            QVERIFY(std::find(columns.begin(), columns.end(), OperatorColumn::Operator) != columns.end());
            QVERIFY(columns.back() == OperatorColumn::Share);
            QVERIFY(columns.size() >= last);
            last = columns.size();
        }
        QVERIFY(last >= 18);
    }

    /// What an operator is comes before what its figures are made of: shapes on a laptop, sharding on a desk.
    void wideTablesSayShapesAndShardings()
    {
        for (const char* name : {"8 H100, TP 8", "NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4"}) {
            const Scenario scenario = pictures::scenarioOf(pictures::caseNamed(name));
            const Report report = evaluate(scenario);
            const auto shows = [&](double width, OperatorColumn column) {
                const std::vector<OperatorColumn> columns =
                    operatorsLayout({scenario, report, {width, 900}, Theme::of(ThemeId::Dark)}, {}).shownColumns();
                return std::find(columns.begin(), columns.end(), column) != columns.end();
            };
            using C = OperatorColumn;
            for (const C column : {C::Shape, C::Flop, C::AllBytes, C::Intensity, C::Bound, C::Time, C::Share})
                QVERIFY2(shows(1280, column), specOf(column).key.data());
            for (const C column : {C::Shape, C::Sharding, C::Collective, C::Flop, C::AllBytes, C::Intensity, C::Bound, C::Time, C::Total})
                QVERIFY2(shows(1800, column), specOf(column).key.data());
        }
    }

    /// What the sums leave of a phase is waiting for sends and bubble.
    void theRestIsBesideTheSums()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        const double share = report.prefill.breakdown[Cause::Bubble] / report.prefill.time;
        QVERIFY(share > 0.01);
        const QString words = qs(formatPercent(share)) + QStringLiteral(" bubble");
        const Scene whole = drawn(scenario, report, {1800, 900});
        QVERIFY(check::says(whole, words));
        QVERIFY(check::says(whole, QStringLiteral("Prefill on stage %1").arg(report.prefill.busiestStage)));
        OperatorsOptions options;
        options.table.filter = OperatorFilter::parse("proj").value();
        QVERIFY(!check::says(drawn(scenario, report, {1800, 900}, options), words));
        // Both sums have a name in the smallest dock, too.
        const Scene small = drawn(scenario, report, {330, 122});
        QVERIFY(check::says(small, QStringLiteral("Prefill")) && check::says(small, QStringLiteral("Decode")));
    }

    void allColumnsAreReachedByScrolling()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        OperatorsOptions options;
        options.allColumns = true;
        std::vector<OperatorColumn> seen;
        const ViewInput input{scenario, report, {500, 300}, Theme::of(ThemeId::Dark)};
        const int last = operatorsLayout(input, options).lastFirstColumn;
        QVERIFY(last > 0);
        for (options.firstColumn = 0; options.firstColumn <= last; ++options.firstColumn)
            for (const OperatorColumn column : operatorsLayout(input, options).shownColumns())
                if (std::find(seen.begin(), seen.end(), column) == seen.end())
                    seen.push_back(column);
        QCOMPARE(seen.size(), OperatorTable(scenario, report).usefulColumns().size());
    }

    void whatHasNoRoomIsCounted()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        OperatorsOptions options;
        const Theme& theme = Theme::of(ThemeId::Light);
        const auto hidden = [&](double width) { return operatorsHiddenColumns({scenario, report, {width, 500}, theme}, options); };
        QCOMPARE(hidden(4000), 0);
        const int few = hidden(500);
        QVERIFY(few > hidden(1200));
        const auto shown = static_cast<int>(operatorsLayout({scenario, report, {500, 500}, theme}, options).columns.size());
        QCOMPARE(few + shown, static_cast<int>(OperatorTable(scenario, report).usefulColumns().size()));
        QVERIFY(operatorsSubtitle(scenario, report, options, few).endsWith(QStringLiteral("%1 columns hidden").arg(few)));
        QVERIFY(operatorsSubtitle(scenario, report, options, 1).endsWith(QStringLiteral("1 column hidden")));
        QVERIFY(!operatorsSubtitle(scenario, report, options, 0).contains(QStringLiteral("hidden")));
    }

    void atItsOwnHeightAllRowsAreShown()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        const ViewInput input{scenario, report, {900, 100}, Theme::of(ThemeId::Light)};
        const double height = operatorsHeight(input, {});
        const OperatorsLayout layout = operatorsLayout({scenario, report, {900, height}, input.theme}, {});
        QCOMPARE(layout.lastFirst, 0);
        QVERIFY(layout.totals.isValid() && layout.totals.bottom() <= height);
        QVERIFY(operatorsLayout({scenario, report, {900, height - layout.rowHeight}, input.theme}, {}).lastFirst > 0);
    }

    void nothingLeftAndErrorsAreSaid()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        OperatorsOptions options;
        options.table.filter = OperatorFilter::parse("nothing_has_this_name").value();
        QVERIFY(check::says(drawn(scenario, report, {600, 300}, options), QStringLiteral("No operator passes the filter")));
        options = {};
        options.error = qs(OperatorFilter::parse("speed>1").error().sentence());
        const Scene scene = drawn(scenario, report, {600, 300}, options);
        QVERIFY(check::says(scene, QStringLiteral("speed")));
        QCOMPARE(pictures::textFault(scene), QString());
        const Scenario illegal = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 6: not legal"));
        QVERIFY(check::says(drawn(illegal, evaluate(illegal), {600, 300}), QStringLiteral("not legal")));
    }
};

QTEST_MAIN(TestOperatorsScene)
#include "tst_operatorsscene.moc"
