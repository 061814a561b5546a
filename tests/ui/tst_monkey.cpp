// SPDX-License-Identifier: Apache-2.0
// A thousand seeded events over the real window, all views brought to the front and all their choices among them: whatever they were, the
// report belongs to the scenario, the plan is legal, every view has been in front and draws, and undoing everything gives the start.
// SHARDLENS_MONKEY_SEEDS=1,2,3 runs these seeds instead.
#include "tests/ui/windowfixture.h"
#include "ui/views/sceneview.h"
#include "ui/window/dockarea.h"
#include "ui/window/viewdock.h"

#include "core/scenario/report_json.h"
#include "core/scenario/serve.h"

#include <QAbstractButton>
#include <QMenu>
#include <QPointer>
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
        switch (below(16)) {
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
        case 10: appearance(); break;
        case 11:
        case 12: visit(); break;
        case 13: choose(); break;
        default: rareCommand(); break;
        }
        QCoreApplication::processEvents();
    }
    /// Events that views in front got, by view.
    [[nodiscard]] const std::array<int, kViewCount>& visits() const { return m_visits; }
    [[nodiscard]] int chosen() const { return m_chosen; }

private:
    int below(int bound) { return static_cast<int>(m_random.bounded(static_cast<quint32>(bound))); }

    QWidget* randomWidget() { return randomWidgetOf(m_window); }

    QWidget* randomWidgetOf(QWidget& root)
    {
        QList<QWidget*> widgets;
        for (QWidget* widget : root.findChildren<QWidget*>())
            // Menus run an event loop of their own until they are closed; a user's way to them is the command table.
            // So does a drag of text that is selected in the help.
            if (widget->isVisible() && widget->isEnabled() && widget->window() == &m_window && !opensMenu(*widget) && !dragsText(*widget))
                widgets << widget;
        return widgets.isEmpty() ? &root : widgets[below(static_cast<int>(widgets.size()))];
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

    Qt::KeyboardModifiers randomModifiers()
    {
        static constexpr std::array kModifiers{Qt::NoModifier, Qt::NoModifier, Qt::ShiftModifier, Qt::ControlModifier};
        return kModifiers[static_cast<std::size_t>(below(static_cast<int>(kModifiers.size())))];
    }

    void drag() { dragOn(randomWidget()); }
    void dragOn(QPointer<QWidget> widget)
    {
        const Qt::KeyboardModifiers modifiers = randomModifiers();
        QTest::mousePress(widget, Qt::LeftButton, modifiers, randomPoint(*widget));
        for (int i = below(8); i > 0 && widget != nullptr; --i)
            QTest::mouseMove(widget, randomPoint(*widget));
        if (widget != nullptr)
            QTest::mouseRelease(widget, Qt::LeftButton, modifiers, randomPoint(*widget));
    }

    void click() { clickOn(randomWidget()); }
    void clickOn(QPointer<QWidget> widget)
    {
        const QPoint at = randomPoint(*widget);
        QTest::mouseClick(widget, Qt::LeftButton, randomModifiers(), at);
        if (widget != nullptr && below(4) == 0)
            QTest::mouseDClick(widget, Qt::LeftButton, {}, at);
    }

    /// A view in front, and a few things done in it.
    void visit()
    {
        const auto kind = static_cast<ViewKind>(below(static_cast<int>(kViewCount)));
        m_window.docks().present(kind);
        QCoreApplication::processEvents();
        for (int i = 0; i < 4; ++i) {
            ViewDock* dock = m_window.docks().dock(kind);
            if (!m_window.docks().isInFront(kind))
                return; // something that was done in it has put it away
            QWidget* widget = randomWidgetOf(*dock);
            switch (below(4)) {
            case 0: dragOn(widget); break;
            case 1: wheelOn(widget); break;
            case 2:
                if (auto* view = dock->findChild<SceneView*>())
                    view->setFocus();
                key();
                break;
            default: clickOn(widget); break;
            }
            QCoreApplication::processEvents();
            ++m_visits[static_cast<std::size_t>(kind)];
        }
    }

    /// One of the choices in the titles of the views in front, menus by their actions. What ends in an ellipsis opens a dialog.
    void choose()
    {
        QList<QAction*> actions;
        for (QToolButton* button : m_window.docks().findChildren<QToolButton*>()) {
            if (!button->isVisible() || button->visibleRegion().isEmpty() || button->menu() == nullptr)
                continue;
            for (QAction* action : button->menu()->actions())
                for (QAction* leaf : action->menu() != nullptr ? action->menu()->actions() : QList<QAction*>{action})
                    if (leaf->isEnabled() && !leaf->isSeparator() && leaf->menu() == nullptr && !leaf->text().endsWith(QChar(u'…')))
                        actions << leaf;
        }
        if (actions.isEmpty())
            return;
        actions[below(static_cast<int>(actions.size()))]->trigger();
        ++m_chosen;
    }

    void appearance()
    {
        static constexpr std::array kLooks{CommandId::ThemeLight,  CommandId::ThemeDark,   CommandId::ThemeContrast, CommandId::TextSize100,
                                           CommandId::TextSize115, CommandId::TextSize150, CommandId::TextSize100};
        command(kLooks[static_cast<std::size_t>(below(static_cast<int>(kLooks.size())))]);
    }

    void key()
    {
        static constexpr std::array kKeys{
            Qt::Key_Left,   Qt::Key_Right, Qt::Key_Up,     Qt::Key_Down,   Qt::Key_Home,       Qt::Key_End,   Qt::Key_Tab, Qt::Key_Tab,
            Qt::Key_Return, Qt::Key_4,     Qt::Key_Escape, Qt::Key_PageUp, Qt::Key_PageDown,   Qt::Key_Space, Qt::Key_W,   Qt::Key_S,
            Qt::Key_A,      Qt::Key_D,     Qt::Key_F,      Qt::Key_R,      Qt::Key_P,          Qt::Key_M,     Qt::Key_0,   Qt::Key_Period,
            Qt::Key_Comma,  Qt::Key_T,     Qt::Key_Plus,   Qt::Key_Minus,  Qt::Key_BracketLeft};
        QWidget* focus = QApplication::focusWidget();
        QWidget* target = focus != nullptr ? focus : &m_window;
        const auto wanted = kKeys[static_cast<std::size_t>(below(static_cast<int>(kKeys.size())))];
        QTest::keyClick(target, opensMenu(*target) ? Qt::Key_Tab : wanted);
    }

    void wheel() { wheelOn(randomWidget()); }
    void wheelOn(QWidget* widget)
    {
        const QPoint at = randomPoint(*widget);
        QWheelEvent event(at, widget->mapToGlobal(at), {}, {0, below(2) == 0 ? 120 : -120}, Qt::NoButton, randomModifiers(),
                          Qt::NoScrollPhase, false);
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
    std::array<int, kViewCount> m_visits{};
    int m_chosen = 0;
};

QString reportText(const Scenario& scenario, const Report& report)
{
    return QString::fromStdString(printReportJson(scenario, report));
}

/// The report of a scenario; its service as simulated where the window has got as far as that.
Report expected(const Scenario& scenario, const Report& shown)
{
    Report report = evaluate(scenario);
    if (shown.serving.service.simulated && !report.serving.service.simulated)
        adopt(scenario, shown.serving.service, report);
    return report;
}

} // namespace

class MonkeyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { failOnUnexpectedMessages(); }

    void invariantsHold_data()
    {
        QTest::addColumn<quint32>("seed");
        std::vector<quint32> seeds{1, 20260, 777};
        if (const QString wanted = qEnvironmentVariable("SHARDLENS_MONKEY_SEEDS"); !wanted.isEmpty()) {
            seeds.clear();
            for (const QString& word : wanted.split(QLatin1Char(',')))
                seeds.push_back(word.toUInt());
        }
        for (const quint32 seed : seeds)
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
        for (std::size_t i = 0; i < kViewCount; ++i) {
            const auto kind = static_cast<ViewKind>(i);
            QVERIFY2(monkey.visits()[i] > 0, qPrintable(nameOf(kind) + QStringLiteral(" was never in front")));
            fixture.window.docks().present(kind);
            QCoreApplication::processEvents();
            int drawn = 0;
            for (const SceneView* view : fixture.window.docks().dock(kind)->findChildren<SceneView*>())
                drawn += view->builds();
            QVERIFY2(drawn > 0, qPrintable(nameOf(kind) + QStringLiteral(" draws nothing")));
        }
        QVERIFY2(monkey.chosen() > 10, "the choices of views are part of it");
        const Scenario end = fixture.document.scenario();
        QCOMPARE(reportText(end, fixture.document.report()), reportText(end, expected(end, fixture.document.report())));

        while (fixture.document.undoStack().canUndo())
            fixture.document.undoStack().undo();
        QVERIFY(fixture.document.scenario() == start);
        QCOMPARE(reportText(start, fixture.document.report()), reportText(start, expected(start, fixture.document.report())));
        while (fixture.document.undoStack().canRedo())
            fixture.document.undoStack().redo();
    }
};

QTEST_MAIN(MonkeyTest)
#include "tst_monkey.moc"
