// SPDX-License-Identifier: Apache-2.0
// Sliders driven with mouse, wheel, keys and typed values: only legal values come out, and drags are told from single steps.
#include "ui/controls/legalslider.h"
#include "ui/controls/platetip.h"
#include "ui/controls/valueslider.h"

#include <QAccessible>
#include <QApplication>
#include <QHelpEvent>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include <cmath>

using namespace shardlens;

namespace {

std::vector<AxisChoice> choicesOf(const std::vector<int>& legal, const std::vector<int>& illegal)
{
    std::vector<AxisChoice> result;
    for (const int value : legal) {
        AxisChoice choice;
        choice.value = value;
        result.push_back(choice);
    }
    for (const int value : illegal) {
        AxisChoice choice;
        choice.value = value;
        choice.legal = false;
        result.push_back(choice);
    }
    std::sort(result.begin(), result.end(), [](const AxisChoice& a, const AxisChoice& b) { return a.value < b.value; });
    return result;
}

std::vector<AxisChoice> tensorChoices()
{
    return choicesOf({1, 2, 4, 8}, {3, 5, 6, 7});
}

void wheel(QWidget& widget, QPointF at, int angle)
{
    QWheelEvent event(at, widget.mapToGlobal(at.toPoint()), QPoint(), QPoint(0, angle), Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                      false);
    QApplication::sendEvent(&widget, &event);
}

void drag(SliderBase& slider, double from, const std::vector<double>& stops)
{
    QTest::mousePress(&slider, Qt::LeftButton, Qt::NoModifier, slider.trackPoint(from).toPoint());
    for (const double at : stops) {
        QMouseEvent move(QEvent::MouseMove, slider.trackPoint(at), slider.mapToGlobal(slider.trackPoint(at).toPoint()), Qt::NoButton,
                         Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&slider, &move);
    }
    QTest::mouseRelease(&slider, Qt::LeftButton, Qt::NoModifier, slider.trackPoint(stops.back()).toPoint());
}

void type(NumberField& field, const char* text)
{
    field.setFocus();
    field.selectAll();
    QTest::keyClicks(&field, QString::fromUtf8(text));
    QTest::keyClick(&field, Qt::Key_Return);
}

} // namespace

class TestLegalSlider : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void init()
    {
        m_slider = std::make_unique<LegalSlider>(QStringLiteral("TP"), QStringLiteral("tensor"));
        m_slider->resize(240, m_slider->sizeHint().height());
        m_slider->setReasonOf(
            [](const AxisChoice& choice) { return QStringLiteral("TP %1 does not divide 64 query heads").arg(choice.value); });
        m_slider->setChoices(tensorChoices(), 4);
        m_slider->show();
        m_slider->activateWindow();
        QVERIFY(QTest::qWaitForWindowExposed(m_slider.get()));
    }
    void cleanup() { m_slider.reset(); }

    void settingEmitsNothing()
    {
        QSignalSpy chosen(m_slider.get(), &LegalSlider::valueChosen);
        m_slider->setChoices(tensorChoices(), 2);
        m_slider->setChoices(choicesOf({1, 2}, {}), 2);
        QCOMPARE(chosen.count(), 0);
        QCOMPARE(m_slider->value(), 2);
        QCOMPARE(m_slider->index(), 1);
        QCOMPARE(m_slider->field().text(), QStringLiteral("2"));
    }

    void dragSnapsToLegalValues()
    {
        QSignalSpy chosen(m_slider.get(), &LegalSlider::valueChosen);
        QSignalSpy ended(m_slider.get(), &LegalSlider::dragEnded);
        std::vector<double> stops;
        for (int i = 0; i <= 50; ++i)
            stops.push_back(3.0 / 7 + i / 50.0 * 4 / 7);
        drag(*m_slider, 3.0 / 7, stops);
        QCOMPARE(chosen.count(), 1); // 4 to 8: nothing between is legal
        QCOMPARE(chosen[0][0].toInt(), 7);
        QCOMPARE(chosen[0][1].toBool(), true);
        QCOMPARE(ended.count(), 1);
        QCOMPARE(m_slider->value(), 8);
        chosen.clear();
        drag(*m_slider, 1, {0.9, 0.5, 0.2, 0.0});
        for (const QList<QVariant>& call : chosen)
            QVERIFY(m_slider->choices()[static_cast<std::size_t>(call[0].toInt())].legal);
        QCOMPARE(m_slider->value(), 1);
        QCOMPARE(ended.count(), 2);
    }

    void choicesMayChangeWhileDragging()
    {
        connect(m_slider.get(), &LegalSlider::valueChosen, m_slider.get(), [this](int index, bool) {
            const int value = m_slider->choices()[static_cast<std::size_t>(index)].value;
            m_slider->setChoices(choicesOf({1, 2, 4, 8, 16}, {}), value);
        });
        drag(*m_slider, 3.0 / 7, {0.0, 0.5, 1.0});
        QCOMPARE(m_slider->value(), 16);
    }

    void clickOnAnIllegalTickTakesTheNearestLegalValue()
    {
        QTest::mouseClick(m_slider.get(), Qt::LeftButton, Qt::NoModifier, m_slider->trackPoint(6.0 / 7).toPoint()); // 7
        QCOMPARE(m_slider->value(), 8);
    }

    void pressOnTheNameDoesNothing()
    {
        QSignalSpy chosen(m_slider.get(), &LegalSlider::valueChosen);
        QSignalSpy ended(m_slider.get(), &LegalSlider::dragEnded);
        QTest::mouseClick(m_slider.get(), Qt::LeftButton, Qt::NoModifier, QPoint(230 / 2, 5));
        QCOMPARE(chosen.count() + ended.count(), 0);
    }

    void keysStepThroughLegalValues()
    {
        m_slider->setFocus();
        QSignalSpy chosen(m_slider.get(), &LegalSlider::valueChosen);
        QTest::keyClick(m_slider.get(), Qt::Key_Right);
        QCOMPARE(m_slider->value(), 8);
        QTest::keyClick(m_slider.get(), Qt::Key_Right); // at the end
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen[0][1].toBool(), false);
        QTest::keyClick(m_slider.get(), Qt::Key_Left);
        QTest::keyClick(m_slider.get(), Qt::Key_Down);
        QCOMPARE(m_slider->value(), 2);
        QTest::keyClick(m_slider.get(), Qt::Key_End);
        QCOMPARE(m_slider->value(), 8);
        QTest::keyClick(m_slider.get(), Qt::Key_Home);
        QCOMPARE(m_slider->value(), 1);
        QTest::keyClick(m_slider.get(), Qt::Key_PageUp);
        QCOMPARE(m_slider->value(), 8);
        QTest::keyClick(m_slider.get(), Qt::Key_PageDown);
        QCOMPARE(m_slider->value(), 1);
    }

    void wheelAddsUpSmallTurns()
    {
        QSignalSpy chosen(m_slider.get(), &LegalSlider::valueChosen);
        QSignalSpy ended(m_slider.get(), &LegalSlider::dragEnded);
        const QPointF track = m_slider->trackPoint(0.5);
        m_slider->setFocus();
        for (int i = 0; i < 7; ++i)
            wheel(*m_slider, track, 15);
        QCOMPARE(m_slider->value(), 4); // 105 of 120
        wheel(*m_slider, track, 15);
        QCOMPARE(m_slider->value(), 8);
        wheel(*m_slider, track, -240);
        QCOMPARE(m_slider->value(), 2);
        QCOMPARE(chosen.count(), 2);
        QCOMPARE(chosen[0][1].toBool(), true); // one turn is one undo step
        QCOMPARE(ended.count(), 0);
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, 2000);
    }

    void wheelWithoutFocusScrollsTheColumn()
    {
        m_slider->clearFocus();
        wheel(*m_slider, QPointF(20, 8), 120);
        wheel(*m_slider, m_slider->trackPoint(0.5), 120);
        QCOMPARE(m_slider->value(), 4);
    }

    void tooltipLeavesWithThePointer()
    {
        const QPoint illegal = m_slider->trackPoint(6.0 / 7).toPoint();
        const auto ask = [&] {
            QHelpEvent help(QEvent::ToolTip, illegal, m_slider->mapToGlobal(illegal));
            QApplication::sendEvent(m_slider.get(), &help);
            return m_slider->findChild<PlateTip*>();
        };
        const PlateTip* tip = ask();
        QVERIFY(tip && tip->isVisible());
        const QPointF legal = m_slider->trackPoint(1);
        QMouseEvent move(QEvent::MouseMove, legal, m_slider->mapToGlobal(legal.toPoint()), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
        QApplication::sendEvent(m_slider.get(), &move);
        QVERIFY(!tip->isVisible());
        for (const QEvent::Type type : {QEvent::Leave, QEvent::FocusOut}) {
            ask();
            QVERIFY(tip->isVisible());
            if (type == QEvent::Leave) {
                QEvent leave(type);
                QApplication::sendEvent(m_slider.get(), &leave);
            } else {
                QFocusEvent out(type);
                QApplication::sendEvent(m_slider.get(), &out);
            }
            QVERIFY(!tip->isVisible());
        }
    }

    void typedValues()
    {
        QSignalSpy complained(&m_slider->field(), &NumberField::complained);
        type(m_slider->field(), "8");
        QCOMPARE(m_slider->value(), 8);
        type(m_slider->field(), "6"); // illegal: the reason
        QCOMPARE(m_slider->value(), 8);
        QCOMPARE(complained.count(), 1);
        QCOMPARE(complained[0][0].toString(), QStringLiteral("TP 6 does not divide 64 query heads"));
        QCOMPARE(m_slider->field().text(), QStringLiteral("8"));
        type(m_slider->field(), "many");
        QCOMPARE(complained.count(), 2);
        QVERIFY(complained[1][0].toString().contains(QStringLiteral("\"many\"")));
        QCOMPARE(m_slider->field().text(), QStringLiteral("8"));
        type(m_slider->field(), "99");
        QCOMPARE(m_slider->value(), 8);
        QCOMPARE(complained.count(), 3);
    }

    void typedValueBetweenSteps()
    {
        m_slider->setChoices(choicesOf({1, 2, 4, 8}, {}), 4);
        type(m_slider->field(), "5");
        QCOMPARE(m_slider->field().complaint(), QStringLiteral("5 is not a step here; the nearest are 4 and 8."));
        QCOMPARE(m_slider->value(), 4);
    }

    void aDigitOnTheHandleStartsTyping()
    {
        m_slider->setFocus();
        QTest::keyClick(m_slider.get(), Qt::Key_2);
        QVERIFY(m_slider->field().hasFocus());
        QTest::keyClick(&m_slider->field(), Qt::Key_Return);
        QCOMPARE(m_slider->value(), 2);
    }

    void fieldKeysStepAndEscapeRestores()
    {
        NumberField& field = m_slider->field();
        field.setFocus();
        QTest::keyClick(&field, Qt::Key_Up);
        QCOMPARE(m_slider->value(), 8);
        QTest::keyClick(&field, Qt::Key_Down);
        QCOMPARE(m_slider->value(), 4);
        field.selectAll();
        QTest::keyClicks(&field, QStringLiteral("77"));
        QTest::keyClick(&field, Qt::Key_Escape);
        QCOMPARE(field.text(), QStringLiteral("4"));
    }

    void anIllegalPlanIsShownAsItIs()
    {
        m_slider->setChoices(tensorChoices(), 6);
        QCOMPARE(m_slider->value(), 6);
        m_slider->setFocus();
        QTest::keyClick(m_slider.get(), Qt::Key_Left);
        QCOMPARE(m_slider->value(), 4);
    }

    void nothingLegalMovesNothing()
    {
        QSignalSpy chosen(m_slider.get(), &LegalSlider::valueChosen);
        m_slider->setChoices(choicesOf({}, {1, 2, 3}), 2);
        drag(*m_slider, 0, {0.5, 1});
        QTest::keyClick(m_slider.get(), Qt::Key_End);
        m_slider->setChoices({}, 1);
        drag(*m_slider, 0, {0.5, 1});
        QTest::keyClick(m_slider.get(), Qt::Key_Home);
        QCOMPARE(chosen.count(), 0);
        m_slider->grab(); // and draws without choices
    }

    void sizeDoesNotDependOnTheFigures()
    {
        const QSize before = m_slider->sizeHint();
        m_slider->setChoices(choicesOf({1, 1024, 65536}, {3, 5000}), 65536);
        QCOMPARE(m_slider->sizeHint(), before);
        m_slider->setFocus();
        QCOMPARE(m_slider->sizeHint(), before);
    }

    void screenReadersGetNameAndValue()
    {
        QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(m_slider.get());
        QVERIFY(interface);
        QCOMPARE(interface->role(), QAccessible::Slider);
        QCOMPARE(interface->text(QAccessible::Name), QStringLiteral("TP tensor"));
        QVERIFY(interface->valueInterface());
        QCOMPARE(interface->valueInterface()->currentValue().toInt(), 4);
        QCOMPARE(interface->valueInterface()->maximumValue().toInt(), 8);
        interface->valueInterface()->setCurrentValue(2);
        QCOMPARE(m_slider->value(), 2);
        QVERIFY(!m_slider->field().accessibleName().isEmpty());
    }

    void valueSliderIsLogarithmic()
    {
        ValueSlider slider(QStringLiteral("Batch"), {}, 1, 1024, 65536);
        slider.resize(240, slider.sizeHint().height());
        slider.setTickValues({1, 8, 64, 1024});
        slider.show();
        QSignalSpy chosen(&slider, &ValueSlider::valueChosen);
        QSignalSpy ended(&slider, &ValueSlider::dragEnded);
        slider.setValue(32);
        QCOMPARE(chosen.count(), 0);
        QCOMPARE(slider.ticks()[2].label, QStringLiteral("64"));
        QCOMPARE(slider.ticks()[3].label, QStringLiteral("1k"));
        QVERIFY(std::abs(slider.ticks()[1].at - 0.3) < 1e-9);
        drag(slider, 0.5, {0.52, 0.6}); // 2^5 to 2^6
        QCOMPARE(slider.value(), 64);
        QVERIFY(chosen.count() >= 2);
        QCOMPARE(ended.count(), 1);
        drag(slider, 0.6, {1.0});
        QCOMPARE(slider.value(), 1024);
        type(slider.field(), "2k"); // beyond the track, within the limit
        QCOMPARE(slider.value(), 2048);
        type(slider.field(), "100000");
        QCOMPARE(slider.value(), 2048);
        QVERIFY(slider.field().complaint().contains(QStringLiteral("65,536")));
        slider.setFocus();
        QTest::keyClick(&slider, Qt::Key_Home);
        QCOMPARE(slider.value(), 1);
        QTest::keyClick(&slider, Qt::Key_PageUp);
        QCOMPARE(slider.value(), 2);
    }

    void valueSliderStepsThereAndBack()
    {
        ValueSlider slider(QStringLiteral("Input"), {}, 1, 131072, 10'000'000);
        slider.resize(240, slider.sizeHint().height());
        slider.show();
        slider.setFocus();
        std::vector<int> up{slider.value()};
        while (slider.value() < 131072) {
            QTest::keyClick(&slider, Qt::Key_Right);
            QVERIFY(slider.value() > up.back());
            QCOMPARE(ValueSlider::rounded(slider.value()), slider.value());
            up.push_back(slider.value());
        }
        QVERIFY(std::find(up.begin(), up.end(), 2048) != up.end());
        QVERIFY(up.size() < 140);
        for (auto value = up.rbegin(); value != up.rend(); ++value) {
            QCOMPARE(slider.value(), *value);
            QTest::keyClick(&slider, Qt::Key_Left);
        }
    }

    void numbersAsPeopleWriteThem_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("value"); // -1: a sentence
        QTest::newRow("plain") << QStringLiteral("2048") << 2048;
        QTest::newRow("comma") << QStringLiteral("2,048") << 2048;
        QTest::newRow("space") << QStringLiteral(" 2 048 ") << 2048;
        QTest::newRow("k") << QStringLiteral("2k") << 2048;
        QTest::newRow("K") << QStringLiteral("2 K") << 2048;
        QTest::newRow("half") << QStringLiteral("1.5k") << 1536;
        QTest::newRow("m") << QStringLiteral("1M") << 1048576;
        QTest::newRow("empty") << QString() << -1;
        QTest::newRow("only k") << QStringLiteral("k") << -1;
        QTest::newRow("fraction") << QStringLiteral("1.5") << -1;
        QTest::newRow("zero") << QStringLiteral("0") << -1;
        QTest::newRow("negative") << QStringLiteral("-3") << -1;
        QTest::newRow("exponent") << QStringLiteral("1e3") << -1;
        QTest::newRow("nan") << QStringLiteral("nan") << -1;
        QTest::newRow("inf") << QStringLiteral("inf") << -1;
        QTest::newRow("hex") << QStringLiteral("0x10") << -1;
        QTest::newRow("two dots") << QStringLiteral("1.2.3") << -1;
        QTest::newRow("huge") << QString(40, QLatin1Char('9')) << -1;
        QTest::newRow("1e30 in digits") << QStringLiteral("1") + QString(25, QLatin1Char('0')) << -1;
        QTest::newRow("too many") << QStringLiteral("10,000,001") << -1;
    }
    void numbersAsPeopleWriteThem()
    {
        QFETCH(QString, text);
        QFETCH(int, value);
        const Result<int> read = parseCount(text, 1, 10'000'000);
        QCOMPARE(read.ok() ? read.value() : -1, value);
        if (!read.ok())
            QVERIFY(QString::fromStdString(read.error().sentence()).contains(QStringLiteral("10,000,000")));
    }

private:
    std::unique_ptr<LegalSlider> m_slider;
};

QTEST_MAIN(TestLegalSlider)
#include "tst_legalslider.moc"
