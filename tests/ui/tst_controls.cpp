// SPDX-License-Identifier: Apache-2.0
// The format switch, the picker and the tooltip plate.
#include "ui/controls/picker.h"
#include "ui/controls/pickerpopup.h"
#include "ui/controls/platetip.h"
#include "ui/controls/segmented.h"

#include <QApplication>
#include <QHelpEvent>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

using namespace shardlens;

namespace {

std::vector<PickerItem> models()
{
    return {{QStringLiteral("Llama-3-70B"), QStringLiteral("70.6 B"), QStringLiteral("llama-3-70b Meta"), QStringLiteral("Dense")},
            {QStringLiteral("Llama-3.1-405B"), QStringLiteral("406 B"), QStringLiteral("llama-3.1-405b Meta"), QStringLiteral("Dense")},
            {QStringLiteral("Mixtral-8x7B"), QStringLiteral("46.7 B"), QStringLiteral("mixtral-8x7b Mistral"), QStringLiteral("MoE")},
            {QStringLiteral("DeepSeek-V3"), QStringLiteral("671 B"), QStringLiteral("deepseek-v3"), QStringLiteral("MoE")}};
}

std::vector<Segmented::Item> formats()
{
    return {{QStringLiteral("bf16"), true, {}},
            {QStringLiteral("fp8"), false, QStringLiteral("A100 has no fp8 arithmetic.")},
            {QStringLiteral("int8"), true, {}},
            {QStringLiteral("int4"), true, {}}};
}

void wheel(QWidget& widget, int angle)
{
    const QPointF at(10, 10);
    QWheelEvent event(at, widget.mapToGlobal(at.toPoint()), QPoint(), QPoint(0, angle), Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                      false);
    QApplication::sendEvent(&widget, &event);
}

PlateTip* tipOf(QWidget& widget)
{
    return widget.findChild<PlateTip*>();
}

} // namespace

class TestControls : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void switchChooses()
    {
        Segmented control(QStringLiteral("Weights"));
        control.setItems(formats());
        control.resize(200, 24);
        control.show();
        QSignalSpy chosen(&control, &Segmented::chosen);
        QTest::mouseClick(&control, Qt::LeftButton, Qt::NoModifier, control.itemRect(2).center().toPoint());
        QCOMPARE(control.current(), 2);
        QTest::mouseClick(&control, Qt::LeftButton, Qt::NoModifier, control.itemRect(1).center().toPoint()); // not supported
        QCOMPARE(control.current(), 2);
        QTest::mouseClick(&control, Qt::LeftButton, Qt::NoModifier, control.itemRect(2).center().toPoint()); // the same again
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(control.accessibleDescription(), QStringLiteral("int8"));
        control.setCurrent(0);
        QCOMPARE(chosen.count(), 1);
    }

    void switchTakesKeysWheelAndNames()
    {
        Segmented control(QStringLiteral("Weights"));
        control.setItems(formats());
        control.resize(200, 24);
        control.show();
        control.activateWindow();
        wheel(control, -120); // without focus the column scrolls
        QCOMPARE(control.current(), 0);
        control.setFocus();
        QTRY_VERIFY(control.hasFocus());
        QTest::keyClick(&control, Qt::Key_Right);
        QCOMPARE(control.current(), 2); // over the disabled one
        QTest::keyClick(&control, Qt::Key_End);
        QCOMPARE(control.current(), 3);
        QTest::keyClick(&control, Qt::Key_Right);
        QCOMPARE(control.current(), 3);
        QTest::keyClick(&control, Qt::Key_Home);
        QCOMPARE(control.current(), 0);
        QTest::keyClicks(&control, QStringLiteral("int4"));
        QCOMPARE(control.current(), 3);
        wheel(control, 60);
        QCOMPARE(control.current(), 3);
        wheel(control, 60);
        QCOMPARE(control.current(), 2);
    }

    void switchSaysWhyNot()
    {
        Segmented control(QStringLiteral("Weights"));
        control.setItems(formats());
        control.resize(200, 24);
        control.show();
        const QPoint at = control.itemRect(1).center().toPoint();
        QHelpEvent help(QEvent::ToolTip, at, control.mapToGlobal(at));
        QApplication::sendEvent(&control, &help);
        QVERIFY(tipOf(control));
        QVERIFY(tipOf(control)->isVisible());
        QCOMPARE(tipOf(control)->text(), QStringLiteral("A100 has no fp8 arithmetic."));
        const QPoint other = control.itemRect(0).center().toPoint();
        QHelpEvent elsewhere(QEvent::ToolTip, other, control.mapToGlobal(other));
        QApplication::sendEvent(&control, &elsewhere);
        QVERIFY(!tipOf(control)->isVisible());
    }

    void searchMatchesEveryWord()
    {
        QCOMPARE(matchingItems(models(), QString()), (std::vector<int>{0, 1, 2, 3}));
        QCOMPARE(matchingItems(models(), QStringLiteral("meta 405")), (std::vector<int>{1}));
        QCOMPARE(matchingItems(models(), QStringLiteral("mi")), (std::vector<int>{2}));
        QCOMPARE(matchingItems(models(), QStringLiteral("v3")), (std::vector<int>{3}));
        QVERIFY(matchingItems(models(), QStringLiteral("gpt")).empty());
        QCOMPARE(matchingItems(models(), QStringLiteral("d")).front(), 3); // a title that begins so comes first
    }

    void pickerOpensFiltersAndChooses()
    {
        Picker picker(QStringLiteral("Model"));
        picker.setItems(models());
        picker.setCurrent(0);
        picker.resize(240, 48);
        picker.show();
        picker.activateWindow();
        picker.setFocus();
        QSignalSpy chosen(&picker, &Picker::chosen);
        QTest::keyClick(&picker, Qt::Key_M); // a letter opens the list with itself typed
        QVERIFY(picker.isOpen());
        QCOMPARE(picker.popup()->search().text(), QStringLiteral("m"));
        QTest::keyClicks(&picker.popup()->search(), QStringLiteral("ix"));
        QCOMPARE(picker.popup()->list().rows(), (std::vector<int>{2}));
        QTest::keyClick(&picker.popup()->search(), Qt::Key_Return);
        QVERIFY(!picker.isOpen());
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen[0][0].toInt(), 2);
        QCOMPARE(picker.current(), 2);
        QCOMPARE(picker.accessibleDescription(), QStringLiteral("Mixtral-8x7B"));
    }

    void pickerTakesMouseKeysAndWheel()
    {
        Picker picker(QStringLiteral("Model"));
        picker.setItems(models());
        picker.setCurrent(1);
        picker.resize(240, 48);
        picker.show();
        picker.activateWindow();
        QSignalSpy chosen(&picker, &Picker::chosen);
        QTest::mouseClick(&picker, Qt::LeftButton, Qt::NoModifier, QPoint(50, 10));
        QVERIFY(picker.isOpen());
        PickerList& list = picker.popup()->list();
        QCOMPARE(list.marked(), 1);
        QTest::mouseClick(&list, Qt::LeftButton, Qt::NoModifier, list.rowRect(3).center().toPoint());
        QVERIFY(!picker.isOpen());
        QCOMPARE(picker.current(), 3);
        picker.openList();
        QTest::keyClick(&picker.popup()->search(), Qt::Key_Up);
        QTest::keyClick(&picker.popup()->search(), Qt::Key_Escape); // nothing chosen
        QVERIFY(!picker.isOpen());
        QCOMPARE(picker.current(), 3);
        picker.setFocus();
        QTRY_VERIFY(picker.hasFocus());
        QTest::keyClick(&picker, Qt::Key_Up);
        QCOMPARE(picker.current(), 2);
        wheel(picker, 120);
        QCOMPARE(picker.current(), 1);
        QTest::keyClick(&picker, Qt::Key_End);
        QTest::keyClick(&picker, Qt::Key_Down);
        QCOMPARE(picker.current(), 3);
        QCOMPARE(chosen.count(), 4);
    }

    void pickerWithAForeignModel()
    {
        Picker picker(QStringLiteral("Model"));
        picker.setItems(models());
        picker.setCurrent(-1, QStringLiteral("my-model (config.json)"));
        QCOMPARE(picker.accessibleDescription(), QStringLiteral("my-model (config.json)"));
        picker.setCurrent(99);
        QCOMPARE(picker.current(), -1);
        picker.setItems({});
        picker.resize(240, 48);
        picker.show();
        picker.openList(QStringLiteral("x")); // an empty list opens and closes
        QTest::keyClick(&picker.popup()->search(), Qt::Key_Return);
        QCOMPARE(picker.current(), -1);
        picker.grab();
        picker.popup()->grab();
    }

    void longListsScrollToTheMark()
    {
        Picker picker(QStringLiteral("Cluster"));
        std::vector<PickerItem> items;
        for (int i = 0; i < 60; ++i)
            items.push_back({QStringLiteral("cluster %1").arg(i), {}, {}, {}});
        picker.setItems(items);
        picker.setCurrent(45);
        picker.resize(240, 48);
        picker.show();
        picker.openList();
        PickerList& list = picker.popup()->list();
        QCOMPARE(list.marked(), 45);
        QVERIFY(QRectF(list.rect()).adjusted(0, 0, 0, 26).contains(list.rowRect(45)));
        QTest::keyClick(&picker.popup()->search(), Qt::Key_PageDown);
        QVERIFY(list.marked() > 45);
        for (int i = 0; i < 10; ++i)
            QTest::keyClick(&picker.popup()->search(), Qt::Key_PageDown);
        QCOMPARE(list.marked(), 59);
    }

    void plateKeepsClear()
    {
        QWidget owner;
        owner.resize(400, 300);
        owner.show();
        PlateTip tip(&owner);
        const Theme& theme = Theme::of(ThemeId::Light);
        const QPoint pointer(300, 300);
        tip.showText(pointer, QStringLiteral("GPU 1\nTP 1, PP 0\n\nClick pins"), theme);
        QCOMPARE(tip.pos(), pointer + QPoint(12, 12));
        tip.showText(pointer, QStringLiteral("GPU 1\nTP 1, PP 0\n\nClick pins"), theme,
                     [&](const QRect& place) { return place.left() > pointer.x(); });
        QVERIFY(tip.geometry().right() < pointer.x()); // on the free side
        tip.showText(pointer, QString(), theme);
        QVERIFY(!tip.isVisible());
        const QString words = QStringLiteral("word ").repeated(60);
        tip.showText(pointer, words, theme);
        QVERIFY(tip.width() < 380 && tip.height() > 60); // wrapped
    }
};

QTEST_MAIN(TestControls)
#include "tst_controls.moc"
