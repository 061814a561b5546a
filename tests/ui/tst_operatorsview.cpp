// SPDX-License-Identifier: Apache-2.0
// The operator table and the roofline as widgets: header, wheel, keys, filter, copies, zoom, and the one selection.
#include "tests/ui/scenechecks.h"
#include "tests/ui/windowfixture.h"
#include "ui/views/sceneview.h"
#include "ui/window/operatorsbody.h"
#include "ui/window/rooflinebody.h"

#include <QClipboard>
#include <QLineEdit>
#include <QWheelEvent>

#include <set>

using namespace shardlens;

namespace {

void wheel(QWidget& target, QPointF at, QPoint angle)
{
    QWheelEvent event(at, target.mapToGlobal(at), {}, angle, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&target, &event);
}

template <class Body>
struct Shown {
    Shown() : document(builtinCatalog()), body((prepareAppearance(), document), nullptr)
    {
        body.resize(700, 320);
        body.setTheme(Theme::of(ThemeId::Light));
        body.show();
        QCoreApplication::processEvents();
        body.view().rebuild();
    }
    Document document;
    Body body;
};

} // namespace

class TestOperatorsView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { failOnUnexpectedMessages(); }

    void headersSort()
    {
        Shown<OperatorsBody> shown;
        const OperatorsLayout layout = shown.body.layout();
        const OperatorsLayout::Column* share = &layout.columns.back();
        const QPoint header(static_cast<int>(share->left + share->width - 8), static_cast<int>(layout.header.center().y()));
        const auto click = [&] { QTest::mouseClick(&shown.body.view(), Qt::LeftButton, {}, header); };
        click();
        QCOMPARE(shown.body.options().table.order, std::optional(OperatorOrder{OperatorColumn::Share, true}));
        click();
        QCOMPARE(shown.body.options().table.order, std::optional(OperatorOrder{OperatorColumn::Share, false}));
        click();
        QVERIFY(!shown.body.options().table.order);
        QTest::keyClick(&shown.body.view(), Qt::Key_Left, Qt::ShiftModifier);
        QCOMPARE(shown.body.options().table.order, std::optional(OperatorOrder{OperatorColumn::Share, true}));
        QTest::keyClick(&shown.body.view(), Qt::Key_Down, Qt::ShiftModifier);
        QCOMPARE(shown.body.options().table.order, std::optional(OperatorOrder{OperatorColumn::Share, false}));
        QTest::keyClick(&shown.body.view(), Qt::Key_Left, Qt::ShiftModifier);
        QVERIFY(shown.body.options().table.order->column != OperatorColumn::Share);
    }

    void wheelAndKeysMove()
    {
        Shown<OperatorsBody> shown;
        SceneView& view = shown.body.view();
        wheel(view, {100, 100}, {0, -120});
        QCOMPARE(shown.body.options().firstRow, 3);
        wheel(view, {100, 100}, {0, 240});
        QCOMPARE(shown.body.options().firstRow, 0);
        QTest::keyClick(&view, Qt::Key_Down);
        QCOMPARE(shown.document.selection().hover().op, 0);
        QTest::keyClick(&view, Qt::Key_End);
        QCOMPARE(shown.body.options().firstRow, shown.body.layout().lastFirst);
        const Subject last = shown.document.selection().hover();
        QCOMPARE(last.phase, Phase::Decode);
        QTest::keyClick(&view, Qt::Key_Return);
        QCOMPARE(shown.document.selection().pin(), last);
        QTest::keyClick(&view, Qt::Key_Home);
        QCOMPARE(shown.body.options().firstRow, 0);
    }

    /// Sums lead their rows; keys and clicks are of operators alone.
    void groupsAreNoOperators()
    {
        Shown<OperatorsBody> shown;
        const int plain = shown.body.layout().rows;
        shown.body.setGrouped(true);
        shown.body.view().rebuild();
        const OperatorsLayout layout = shown.body.layout();
        QVERIFY(layout.rows > plain);
        QVERIFY(check::says(shown.body.view().scene(), QStringLiteral("Prefill: attention")));
        QCOMPARE(shown.body.view().scene().subjectAt(layout.rowRect(0).center()).kind, Subject::Kind::None);
        QVERIFY(shown.body.view().scene().subjectAt(layout.rowRect(1).center()).kind == Subject::Kind::Operator);
        SceneView& view = shown.body.view();
        std::set<std::pair<Phase, int>> walked;
        QTest::keyClick(&view, Qt::Key_Home);
        for (int i = 0; i < layout.rows; ++i) {
            const Subject at = shown.document.selection().hover();
            QVERIFY(at.kind == Subject::Kind::Operator && at.op >= 0);
            walked.insert({at.phase, at.op});
            QTest::keyClick(&view, Qt::Key_Down);
        }
        QCOMPARE(static_cast<int>(walked.size()), plain);
        for (int i = 0; i < layout.rows; ++i)
            QTest::keyClick(&view, Qt::Key_Up);
        QCOMPARE(shown.document.selection().hover(), view.scene().subjectAt(layout.rowRect(1).center()));
        QVERIFY(shown.body.asMarkdown().contains(QStringLiteral("**attention**")));
        QVERIFY(shown.body.asCsv().startsWith(QStringLiteral("Group,")));
    }

    void whatIsChosenElsewhereComesIntoSight()
    {
        Shown<OperatorsBody> shown;
        QCOMPARE(shown.body.options().firstRow, 0);
        const int last = static_cast<int>(shown.document.report().decode.operators.size()) - 1;
        shown.document.selection().setPin(subjectOf(OperatorRow{Phase::Decode, last}));
        QCOMPARE(shown.body.options().firstRow, shown.body.layout().lastFirst);
    }

    void theFilterFilters()
    {
        Shown<OperatorsBody> shown;
        QTest::keyClick(&shown.body.view(), Qt::Key_Slash);
        QTest::keyClicks(&shown.body.filterField(), QStringLiteral("bound:disk"));
        QVERIFY(shown.body.options().error.contains(QStringLiteral("bound:hbm")));
        shown.body.setFilter(QStringLiteral("up/gate phase:decode"));
        QVERIFY(shown.body.options().error.isEmpty());
        QCOMPARE(shown.body.layout().rows, 1);
        QTest::keyClick(&shown.body.filterField(), Qt::Key_Escape);
        QVERIFY(shown.body.filterField().text().isEmpty());
        QVERIFY(shown.body.layout().rows > 20);
    }

    void copiesAreWhatIsShown()
    {
        Shown<OperatorsBody> shown;
        shown.body.setFilter(QStringLiteral("proj phase:decode"));
        shown.body.sortBy(OperatorColumn::Share);
        QApplication::clipboard()->clear();
        QTest::keyClick(&shown.body.view(), Qt::Key_C, Qt::ControlModifier);
        const QString markdown = QApplication::clipboard()->text();
        const QStringList lines = markdown.split(QLatin1Char('\n'), Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 2 + shown.body.layout().rows);
        QVERIFY2(lines[2].contains(QStringLiteral("up/gate_proj")), qPrintable(markdown));
        QCOMPARE(lines[0].count(QLatin1Char('|')), static_cast<int>(shown.body.layout().columns.size()) + 1);
        shown.body.copyCsv();
        const QString csv = QApplication::clipboard()->text();
        QVERIFY2(csv.startsWith(QStringLiteral("Phase,Operator,")), qPrintable(csv));
        QCOMPARE(csv.count(QLatin1Char('\n')), 1 + shown.body.layout().rows);
    }

    void theRooflineZoomsAndFits()
    {
        Shown<RooflineBody> shown;
        SceneView& view = shown.body.view();
        const auto layout = [&] {
            return rooflineLayout({shown.document.scenario(), shown.document.report(), view.size(), Theme::of(ThemeId::Light)},
                                  shown.body.options());
        };
        const QPointF at = layout().plot.center() + QPointF(40, 20);
        const QPointF under = layout().powersAt(at);
        wheel(view, at, {0, 120});
        QVERIFY(layout().visible.width() < layout().whole.width());
        // The place under the pointer stays, as far as the labels' room does.
        QVERIFY((layout().powersAt(at) - under).manhattanLength() < 0.2);
        QTest::keyClick(&view, Qt::Key_F);
        QVERIFY(shown.body.options().visible.empty());
        QTest::keyClick(&view, Qt::Key_Plus);
        QTest::keyClick(&view, Qt::Key_Plus);
        const RooflineRange before = layout().visible;
        QTest::mousePress(&view, Qt::LeftButton, {}, layout().plot.center().toPoint());
        QMouseEvent move(QEvent::MouseMove, layout().plot.center() + QPointF(60, 0),
                         view.mapToGlobal(layout().plot.center() + QPointF(60, 0)), Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(&view, &move);
        QVERIFY(layout().visible.left < before.left);
        QVERIFY(std::abs(layout().visible.width() - before.width()) < 1e-9);
        QTest::keyClick(&view, Qt::Key_0);
        QVERIFY(shown.body.options().visible.empty());
        shown.body.setSide(RooflineSide::Link);
        view.rebuild();
        QVERIFY(std::all_of(view.scene().hits.begin(), view.scene().hits.end(),
                            [](const HitRegion& hit) { return hit.subject.kind == Subject::Kind::Operator; }));
    }
};

QTEST_MAIN(TestOperatorsView)
#include "tst_operatorsview.moc"
