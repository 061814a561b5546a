// SPDX-License-Identifier: Apache-2.0
// A thousand seeded events over the real window: whatever they were, the report belongs to the scenario, the plan is legal, and undoing
// everything gives the start.
#include "tests/ui/windowfixture.h"
#include "ui/window/dockarea.h"
#include "ui/window/viewdock.h"

#include "core/scenario/report_json.h"

#include <QAbstractButton>
#include <QRandomGenerator>
#include <QScrollArea>
#include <QTest>
#include <QTimer>
#include <QToolButton>
#include <QWheelEvent>

using namespace shardlens;

namespace {

constexpr int kEvents = 1000;

class Monkey {
public:
    Monkey(MainWindow& window, quint32 seed) : m_window(window), m_random(seed) {}

    void act()
    {
        switch (below(12)) {
        case 0:
        case 1:
        case 2: drag(); break;
        case 3: click(); break;
        case 4:
        case 5: key(); break;
        case 6: wheel(); break;
        case 7: command(CommandId::Undo); break;
        case 8: command(CommandId::Redo); break;
        case 9: m_window.resize(1000 + below(1200), 640 + below(700)); break;
        case 10: command(below(2) == 0 ? CommandId::ThemeLight : CommandId::ThemeDark); break;
        default: rareCommand(); break;
        }
        QCoreApplication::processEvents();
    }

private:
    int below(int bound) { return static_cast<int>(m_random.bounded(static_cast<quint32>(bound))); }

    QWidget* randomWidget()
    {
        QList<QWidget*> widgets;
        for (QWidget* widget : m_window.findChildren<QWidget*>())
            // Menus run an event loop of their own until they are closed; a user's way to them is the command table.
            // So does a drag of text that is selected in the help.
            if (widget->isVisible() && widget->isEnabled() && widget->window() == &m_window && !opensMenu(*widget) && !dragsText(*widget))
                widgets << widget;
        return widgets.isEmpty() ? &m_window : widgets[below(static_cast<int>(widgets.size()))];
    }

    static bool opensMenu(const QWidget& widget)
    {
        const auto* button = qobject_cast<const QToolButton*>(&widget);
        return widget.inherits("QMenuBar") || (button != nullptr && button->menu() != nullptr);
    }

    static bool dragsText(const QWidget& widget)
    {
        const QWidget* parent = widget.parentWidget();
        return widget.inherits("QTextEdit") || (parent != nullptr && parent->inherits("QTextEdit"));
    }

    QPoint randomPoint(const QWidget& widget) { return {below(std::max(1, widget.width())), below(std::max(1, widget.height()))}; }

    void drag()
    {
        QPointer<QWidget> widget = randomWidget();
        QTest::mousePress(widget, Qt::LeftButton, {}, randomPoint(*widget));
        for (int i = below(8); i > 0 && widget != nullptr; --i)
            QTest::mouseMove(widget, randomPoint(*widget));
        if (widget != nullptr)
            QTest::mouseRelease(widget, Qt::LeftButton, {}, randomPoint(*widget));
    }

    void click()
    {
        QWidget* widget = randomWidget();
        QTest::mouseClick(widget, Qt::LeftButton, {}, randomPoint(*widget));
    }

    void key()
    {
        static constexpr std::array kKeys{Qt::Key_Left,   Qt::Key_Right,  Qt::Key_Up,       Qt::Key_Down,   Qt::Key_Home,
                                          Qt::Key_End,    Qt::Key_Tab,    Qt::Key_Tab,      Qt::Key_Return, Qt::Key_4,
                                          Qt::Key_Escape, Qt::Key_PageUp, Qt::Key_PageDown, Qt::Key_Space};
        QWidget* focus = QApplication::focusWidget();
        QWidget* target = focus != nullptr ? focus : &m_window;
        const auto wanted = kKeys[static_cast<std::size_t>(below(static_cast<int>(kKeys.size())))];
        QTest::keyClick(target, opensMenu(*target) ? Qt::Key_Tab : wanted);
    }

    void wheel()
    {
        QWidget* widget = randomWidget();
        const QPoint at = randomPoint(*widget);
        QWheelEvent event(at, widget->mapToGlobal(at), {}, {0, below(2) == 0 ? 120 : -120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                          false);
        QApplication::sendEvent(widget, &event);
    }

    void command(CommandId id) { m_window.commands().action(id)->trigger(); }

    void rareCommand()
    {
        static constexpr std::array kCommands{CommandId::LockDevices,   CommandId::ShowMesh,      CommandId::ShowTimeline,
                                              CommandId::ShowMemory,    CommandId::ShowLatency,   CommandId::RestoreLayout,
                                              CommandId::FindCommand,   CommandId::ResetScenario, CommandId::Help,
                                              CommandId::ShowInspector, CommandId::ClearSelection};
        const Catalog& catalog = m_window.document().catalog();
        switch (below(3)) {
        case 0:
            m_window.document().setModel(catalog.models[static_cast<std::size_t>(below(static_cast<int>(catalog.models.size())))]);
            break;
        case 1:
            m_window.document().setCluster(catalog.clusters[static_cast<std::size_t>(below(static_cast<int>(catalog.clusters.size())))]);
            break;
        default: command(kCommands[static_cast<std::size_t>(below(static_cast<int>(kCommands.size())))]); break;
        }
    }

    MainWindow& m_window;
    QRandomGenerator m_random;
};

} // namespace

class MonkeyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { failOnUnexpectedMessages(); }

    void invariantsHold_data()
    {
        QTest::addColumn<quint32>("seed");
        for (const quint32 seed : {1U, 20260U, 777U})
            QTest::addRow("seed %u", seed) << seed;
    }
    void invariantsHold()
    {
        QFETCH(quint32, seed);
        WindowFixture fixture;
        const Scenario start = fixture.document.scenario();
        Monkey monkey(fixture.window, seed);
        // A menu runs an event loop of its own and waits for a hand that a monkey does not have: let go of it.
        QTimer watchdog;
        connect(&watchdog, &QTimer::timeout, this, [] {
            if (QWidget* popup = QApplication::activePopupWidget())
                popup->close();
            if (QWidget* modal = QApplication::activeModalWidget())
                modal->close();
        });
        watchdog.start(100);
        for (int i = 0; i < kEvents; ++i) {
            monkey.act();
            QVERIFY2(fixture.document.report().legal, qPrintable(QStringLiteral("seed %1, event %2").arg(seed).arg(i)));
        }
        QTest::mouseRelease(&fixture.window, Qt::LeftButton);
        QCoreApplication::processEvents();
        const Scenario end = fixture.document.scenario();
        QCOMPARE(printReportJson(end, fixture.document.report()), printReportJson(end, evaluate(end)));

        while (fixture.document.undoStack().canUndo())
            fixture.document.undoStack().undo();
        QVERIFY(fixture.document.scenario() == start);
        QCOMPARE(printReportJson(start, fixture.document.report()), printReportJson(start, evaluate(start)));
        while (fixture.document.undoStack().canRedo())
            fixture.document.undoStack().redo();
    }
};

QTEST_MAIN(MonkeyTest)
#include "tst_monkey.moc"
