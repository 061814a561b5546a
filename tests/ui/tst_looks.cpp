// SPDX-License-Identifier: Apache-2.0
// The window as it is looked at: every view through the real docks, at every size of window and of text, with short and long strings, in
// every state and theme. Texts lie inside and apart, are readable on what is painted under them, and nothing of a control is cut.
#include "tests/ui/longstrings.h"
#include "tests/ui/picturecases.h"
#include "tests/ui/windowfixture.h"
#include "ui/controls/controlpanel.h"
#include "ui/views/sceneview.h"
#include "ui/window/dockarea.h"
#include "ui/window/inspectorpanel.h"
#include "ui/window/viewdock.h"

#include <QAbstractButton>
#include <QLabel>
#include <QMenuBar>
#include <QSignalSpy>

#include <cmath>

using namespace shardlens;

namespace {

struct State {
    const char* name;
    const char* picture; ///< in pictures::cases()
};
constexpr std::array kStates{State{"normal", "8 H100, TP 4 x PP 2"},
                             State{"infeasible", "8 H100, batch 4,000 does not fit"},
                             State{"illegal", "8 H100, TP 6: not legal"},
                             State{"extreme", "65,536 H100, TP 64 x PP 64 x DP 16"},
                             State{"empty", "one H100"},
                             State{"experts", "NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4"}};

void load(WindowFixture& fixture, const char* picture)
{
    fixture.document.edit(pictures::scenarioOf(pictures::caseNamed(picture)), QStringLiteral("state"));
    QCoreApplication::processEvents();
}

/// What a text stands on: the topmost fill under a point among the items before it.
QColor groundAt(const Scene& scene, std::size_t text, QPointF point, const Theme& theme)
{
    QColor ground = theme.color(Ink::Surface);
    const auto over = [&ground](const QColor& fill) {
        const double a = fill.alphaF();
        const auto mix = [a](int below, int above) { return static_cast<int>(std::lround(below + (above - below) * a)); };
        ground = QColor(mix(ground.red(), fill.red()), mix(ground.green(), fill.green()), mix(ground.blue(), fill.blue()));
    };
    for (std::size_t i = 0; i < text; ++i) {
        const SceneItem& item = scene.items[i];
        switch (item.kind) {
        case SceneItem::Kind::Fill:
        case SceneItem::Kind::RoundedRect:
            if (item.fill.isValid() && item.rect.contains(point))
                over(item.fill);
            break;
        case SceneItem::Kind::Hatch:
            if (item.rect.contains(point) && item.hatch != Hatch::OverCapacity)
                over(theme.color(Ink::Sunken));
            break;
        case SceneItem::Kind::Path:
            if (item.fill.isValid() && scene.paths[static_cast<std::size_t>(item.extra)].contains(point))
                over(item.fill);
            break;
        default: break;
        }
    }
    return ground;
}

QString contrastFault(const Scene& scene, const Theme& theme)
{
    for (std::size_t i = 0; i < scene.items.size(); ++i) {
        const SceneItem& item = scene.items[i];
        const QString text = item.kind == SceneItem::Kind::Text ? scene.texts[static_cast<std::size_t>(item.extra)] : QString();
        if (text.trimmed().isEmpty() || item.pen == theme.color(Ink::Disabled)) // what cannot be chosen is exempt
            continue;
        const QRectF box = scene.textBounds(item);
        for (const double at : {0.1, 0.5, 0.9}) {
            const QPointF point(box.left() + at * box.width(), box.center().y());
            const QColor ground = groundAt(scene, i, point, theme);
            const double ratio = contrastRatio(item.pen, ground);
            if (ratio < 4.5)
                return QStringLiteral("'%1' (%2) on %3: %4").arg(text, item.pen.name(), ground.name()).arg(ratio);
        }
    }
    return {};
}

/// The scenes of a dock as they are on screen.
QList<SceneView*> scenesOf(QWidget& place)
{
    QList<SceneView*> shown;
    for (SceneView* view : place.findChildren<SceneView*>())
        if (view->isVisible() && !view->size().isEmpty())
            shown << view;
    return shown;
}

/// The first label or button of which something is cut; empty when there is none. What gives way on purpose has a tooltip with the rest.
QString widgetFault(const QWidget& root)
{
    for (const QWidget* widget : root.findChildren<QWidget*>()) {
        if (!widget->isVisible() || widget->visibleRegion().isEmpty() || !widget->toolTip().isEmpty())
            continue;
        if (const auto* label = qobject_cast<const QLabel*>(widget); label && !label->wordWrap() && !label->text().isEmpty()) {
            const int wanted = label->fontMetrics().horizontalAdvance(label->text());
            if (wanted > label->width() + 1 || label->fontMetrics().height() > label->height() + 1)
                return QStringLiteral("label '%1' needs %2 x %3 and has %4 x %5")
                    .arg(label->text())
                    .arg(wanted)
                    .arg(label->fontMetrics().height())
                    .arg(label->width())
                    .arg(label->height());
        }
        const auto* button = qobject_cast<const QAbstractButton*>(widget);
        if (button && !button->text().isEmpty() && !qobject_cast<const QuietButton*>(widget)
            && button->fontMetrics().height() > button->height() + 1)
            return QStringLiteral("button '%1' is %2 high").arg(button->text()).arg(button->height());
    }
    return {};
}

/// Titles of docks: the name whole, parts beside each other.
QString titleFault(const ViewTitle& title)
{
    QList<QWidget*> parts;
    for (QWidget* part : title.findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly))
        if (part->isVisible() && part->width() > 0)
            parts << part;
    for (qsizetype i = 0; i < parts.size(); ++i) {
        if (!title.rect().contains(parts[i]->geometry()))
            return QStringLiteral("%1 leaves its title").arg(parts[i]->objectName());
        for (qsizetype k = i + 1; k < parts.size(); ++k)
            if (parts[i]->geometry().intersects(parts[k]->geometry()))
                return QStringLiteral("%1 and %2 overlap").arg(parts[i]->objectName(), parts[k]->objectName());
    }
    const auto* name = title.findChild<QuietLabel*>(QStringLiteral("viewTitle"));
    return name->width() >= std::min(name->sizeHint().width(), scaledToText(34)) ? QString() : QStringLiteral("the name is cut");
}

QString where(ViewKind kind, QSize size, int percent)
{
    return QStringLiteral("%1 at %2 x %3, text %4 %: ").arg(nameOf(kind)).arg(size.width()).arg(size.height()).arg(percent);
}

} // namespace

class LooksTest : public QObject {
    Q_OBJECT

    /// All faults of all views in the docks' real sizes, one line each.
    static QStringList faults(WindowFixture& fixture, QSize size, int percent)
    {
        QStringList found;
        MainWindow& window = fixture.window;
        window.resize(size);
        QCoreApplication::processEvents();
        for (std::size_t i = 0; i < kViewCount; ++i) {
            const auto kind = static_cast<ViewKind>(i);
            window.docks().present(kind);
            QCoreApplication::processEvents();
            ViewDock* dock = window.docks().dock(kind);
            for (SceneView* view : scenesOf(*dock)) {
                view->rebuild();
                const QString fault = pictures::textFault(view->scene());
                if (!fault.isEmpty())
                    found << where(kind, size, percent) + QStringLiteral("[%1 x %2] ").arg(view->width()).arg(view->height()) + fault;
            }
            for (const QString& fault : {titleFault(*dock->title()), widgetFault(*dock)})
                if (!fault.isEmpty())
                    found << where(kind, size, percent) + fault;
        }
        QWidget* top = window.menuWidget();
        for (SceneView* view : scenesOf(*top)) {
            view->rebuild();
            const QString fault = pictures::textFault(view->scene());
            if (!fault.isEmpty())
                found << where(ViewKind::Mesh, size, percent) + QStringLiteral("verdict: ") + fault;
        }
        for (const InspectorPanel* panel : window.findChildren<InspectorPanel*>()) {
            panel->view()->rebuild();
            const QString fault = pictures::textFault(panel->view()->scene());
            if (panel->isVisible() && !fault.isEmpty())
                found << where(ViewKind::Mesh, size, percent) + QStringLiteral("inspector: ") + fault;
        }
        if (const QString fault = widgetFault(window.controls()); !fault.isEmpty())
            found << where(ViewKind::Mesh, size, percent) + QStringLiteral("controls: ") + fault;
        return found;
    }

private Q_SLOTS:
    void initTestCase() { failOnUnexpectedMessages(); }
    void cleanup() { setTextScale(1); }

    void nothingIsCutOrOverlaps_data()
    {
        QTest::addColumn<QString>("picture");
        QTest::addColumn<bool>("longer");
        for (const State& state : kStates)
            for (const bool longer : {false, true})
                QTest::addRow("%s%s", state.name, longer ? ", long strings" : "") << QString::fromLatin1(state.picture) << longer;
    }
    void nothingIsCutOrOverlaps()
    {
        QFETCH(QString, picture);
        QFETCH(bool, longer);
        const pictures::WithLongStrings strings(longer);
        QStringList found;
        {
            WindowFixture fixture({1024, 700});
            load(fixture, picture.toUtf8().constData());
            for (const int percent : {100, 125, 150}) {
                setTextScale(percent / 100.0);
                fixture.window.setTheme(ThemeId::Light);
                for (const QSize size : {QSize(1024, 700), QSize(1280, 800), QSize(1920, 1080), QSize(3840, 2160)})
                    found << faults(fixture, size, percent);
            }
        }
        for (const QString& fault : found)
            qInfo().noquote() << fault;
        QVERIFY2(found.isEmpty(), qPrintable(QStringLiteral("%1 faults").arg(found.size())));
    }

    void everyTextIsReadable_data()
    {
        QTest::addColumn<int>("theme");
        QTest::addColumn<QString>("picture");
        for (std::size_t theme = 0; theme < kThemeCount; ++theme)
            for (const State& state : kStates)
                QTest::addRow("%s, %s", qPrintable(nameOf(static_cast<ThemeId>(theme))), state.name)
                    << static_cast<int>(theme) << QString::fromLatin1(state.picture);
    }
    void everyTextIsReadable()
    {
        QFETCH(int, theme);
        QFETCH(QString, picture);
        WindowFixture fixture({1600, 1000});
        load(fixture, picture.toUtf8().constData());
        fixture.window.setTheme(static_cast<ThemeId>(theme));
        QStringList found;
        int texts = 0;
        const auto check = [&](SceneView* view, const QString& name) {
            view->rebuild();
            texts += static_cast<int>(view->scene().texts.size());
            const QString fault = contrastFault(view->scene(), Theme::of(static_cast<ThemeId>(theme)));
            if (!fault.isEmpty())
                found << name + QStringLiteral(": ") + fault;
        };
        for (std::size_t i = 0; i < kViewCount; ++i) {
            const auto kind = static_cast<ViewKind>(i);
            fixture.window.docks().present(kind);
            QCoreApplication::processEvents();
            for (SceneView* view : scenesOf(*fixture.window.docks().dock(kind)))
                check(view, nameOf(kind));
        }
        for (SceneView* view : scenesOf(*fixture.window.menuWidget()))
            check(view, QStringLiteral("verdict"));
        for (const InspectorPanel* panel : fixture.window.findChildren<InspectorPanel*>())
            check(panel->view(), QStringLiteral("inspector"));
        QVERIFY2(texts > 20, "nothing was looked at");
        QVERIFY2(found.isEmpty(), qPrintable(found.join(u'\n')));
    }

    void textSizeIsChosenAndRemembered()
    {
        QTemporaryDir directory;
        const QString file = directory.filePath(QStringLiteral("settings.ini"));
        {
            WindowFixture fixture(file, {1280, 800});
            const double before = lineHeight(TextRole::Body);
            const int title = fixture.window.docks().dock(ViewKind::Mesh)->title()->height();
            fixture.window.commands().action(CommandId::TextSize150)->trigger();
            QCoreApplication::processEvents();
            QCOMPARE(textScale(), 1.5);
            QVERIFY(lineHeight(TextRole::Body) > before * 1.4);
            QCOMPARE(fontOf(TextRole::Body).pixelSize(), 18);
            QCOMPARE(QApplication::font().pixelSize(), 18);
            QCOMPARE(fixture.window.docks().dock(ViewKind::Mesh)->title()->height(), title * 3 / 2);
            QVERIFY(fixture.window.commands().action(CommandId::TextSize150)->isChecked());
        }
        WindowFixture again(file, {1280, 800});
        QCOMPARE(textScale(), 1.5);
        again.window.commands().action(CommandId::TextSize100)->trigger();
        QCOMPARE(textScale(), 1.0);
        QCOMPARE(fontOf(TextRole::Body).pixelSize(), 12);
    }

    void textScaleIsHeldInItsRange()
    {
        setTextScale(9);
        QCOMPARE(textScale(), 1.5);
        setTextScale(std::nan(""));
        QCOMPARE(textScale(), 1.0);
        int calls = 0;
        {
            QObject context;
            followTextScale(&context, [&calls] { ++calls; });
            QCOMPARE(calls, 1);
            setTextScale(1.3);
            QCOMPARE(calls, 2);
            setTextScale(1.3); // no change
            QCOMPARE(calls, 2);
        }
        setTextScale(1);
        QCOMPARE(calls, 2);
    }

    // --- one selection ---

    void oneSelectionInEveryView_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QStringList>("views"); ///< in front that must show it
        QTest::newRow("device") << QStringLiteral("device") << QStringList{QStringLiteral("mesh"), QStringLiteral("memory")};
        QTest::newRow("stage") << QStringLiteral("stage")
                               << QStringList{QStringLiteral("mesh"), QStringLiteral("memory"), QStringLiteral("timeline")};
        QTest::newRow("operator") << QStringLiteral("operator") << QStringList{QStringLiteral("latency")};
        QTest::newRow("cause") << QStringLiteral("cause") << QStringList{QStringLiteral("latency")};
        QTest::newRow("memory class") << QStringLiteral("memory class") << QStringList{QStringLiteral("memory")};
    }
    void oneSelectionInEveryView()
    {
        QFETCH(QString, name);
        QFETCH(QStringList, views);
        WindowFixture fixture({1600, 1000});
        load(fixture, "8 H100, TP 4 x PP 2");
        Subject pinned;
        if (name == QStringLiteral("device")) {
            pinned.kind = Subject::Kind::Device;
            pinned.device = 5;
        } else if (name == QStringLiteral("stage")) {
            pinned.kind = Subject::Kind::Stage;
            pinned.stage = 1;
        } else if (name == QStringLiteral("operator")) {
            pinned.kind = Subject::Kind::Operator;
            pinned.op = 1;
        } else if (name == QStringLiteral("cause")) {
            pinned.kind = Subject::Kind::CauseOfTime;
            pinned.cause = static_cast<int>(Cause::Weights);
        } else {
            pinned.kind = Subject::Kind::MemoryClass;
            pinned.cause = static_cast<int>(MemoryClass::Kv);
        }
        fixture.document.selection().setPin(pinned);
        QCoreApplication::processEvents(); // one turn of the event loop, no more
        const Report& report = fixture.document.report();
        const QRgb accent = Theme::of(fixture.window.theme()).color(Ink::Accent).rgb();
        const auto marked = [&](SceneView* view) {
            const QImage image = view->grab().toImage().convertToFormat(QImage::Format_RGB32);
            for (int y = 0; y < image.height(); ++y)
                for (int x = 0; x < image.width(); ++x)
                    if (image.pixel(x, y) == accent)
                        return true;
            return false;
        };
        for (std::size_t i = 0; i < kViewCount; ++i) {
            const auto kind = static_cast<ViewKind>(i);
            if (!fixture.window.docks().isInFront(kind))
                continue;
            bool belongsHere = false;
            bool isMarked = false;
            for (SceneView* view : scenesOf(*fixture.window.docks().dock(kind))) {
                const auto& hits = view->scene().hits;
                belongsHere = belongsHere || std::any_of(hits.begin(), hits.end(), [&](const HitRegion& region) {
                                  return belongs(region.subject, pinned, report);
                              });
                isMarked = isMarked || marked(view);
            }
            QVERIFY2(belongsHere || !views.contains(nameOf(kind)), qPrintable(nameOf(kind) + QStringLiteral(" does not know it")));
            QVERIFY2(!belongsHere || isMarked, qPrintable(nameOf(kind) + QStringLiteral(" does not mark it")));
        }
        QTest::keyClick(&fixture.window, Qt::Key_Escape);
        QCoreApplication::processEvents();
        QCOMPARE(fixture.document.selection().pin().kind, Subject::Kind::None);
        for (std::size_t i = 0; i < kViewCount; ++i)
            if (fixture.window.docks().isInFront(static_cast<ViewKind>(i)))
                for (SceneView* view : scenesOf(*fixture.window.docks().dock(static_cast<ViewKind>(i))))
                    QVERIFY2(view->hasFocus() || !marked(view), qPrintable(nameOf(static_cast<ViewKind>(i))));
    }

    // --- keyboard and screen reader ---

    void viewsAreReachedByKeys()
    {
        WindowFixture fixture({1280, 800});
        for (std::size_t i = 0; i < kViewCount; ++i) {
            const auto kind = static_cast<ViewKind>(i);
            QAction* action = fixture.window.commands().action(showCommand(kind));
            QCOMPARE(action->shortcut(), QKeySequence(QStringLiteral("Alt+%1").arg((i + 1) % 10)));
            for (int press = 0; press < 2; ++press) { // a second press does not put it away
                QTest::keyClick(&fixture.window, static_cast<Qt::Key>(Qt::Key_0 + (static_cast<int>(i) + 1) % 10), Qt::AltModifier);
                QCoreApplication::processEvents();
                QVERIFY2(fixture.window.docks().isInFront(kind), qPrintable(nameOf(kind)));
                QVERIFY(action->isChecked());
                QWidget* focus = QApplication::focusWidget();
                QVERIFY2(focus != nullptr && fixture.window.docks().dock(kind)->isAncestorOf(focus), qPrintable(nameOf(kind)));
            }
            ViewDock* dock = fixture.window.docks().dock(kind);
            for (const QToolButton* tab : dock->title()->findChildren<QToolButton*>(QStringLiteral("viewTab"))) {
                if (tab->isHidden())
                    continue;
                QVERIFY(tab->focusPolicy() & Qt::TabFocus);
                QVERIFY(tab->accessibleName().contains(tab->text()));
            }
            for (const SceneView* view : scenesOf(*dock)) {
                QVERIFY2(!view->accessibleName().isEmpty(), qPrintable(nameOf(kind)));
                QVERIFY(view->focusPolicy() & Qt::TabFocus);
            }
        }
    }

    void fontsOfANewWindowAreThoseOfAChange()
    {
        const auto fonts = [](MainWindow& window) {
            QMap<QString, int> found;
            for (const QWidget* widget : window.findChildren<QWidget*>())
                if (!widget->objectName().startsWith(QLatin1String("qt_")) && widget->isVisible())
                    found[QString::fromLatin1(widget->metaObject()->className()) + QLatin1Char(' ') + widget->objectName()
                          + (qobject_cast<const QLabel*>(widget) ? qobject_cast<const QLabel*>(widget)->text() : QString())] =
                        widget->fontInfo().pixelSize();
            return found;
        };
        QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("settings.ini"));
        QMap<QString, int> changed;
        {
            WindowFixture first(file, {1440, 900});
            first.window.commands().action(CommandId::TextSize150)->trigger();
            QCoreApplication::processEvents();
            changed = fonts(first.window);
        }
        setTextScale(1);
        QApplication::setFont(fontOf(TextRole::Body));
        WindowFixture second(file, {1440, 900});
        QCoreApplication::processEvents();
        const QMap<QString, int> fresh = fonts(second.window);
        for (auto it = changed.begin(); it != changed.end(); ++it)
            if (fresh.contains(it.key()))
                QVERIFY2(std::abs(fresh[it.key()] - it.value()) <= 1,
                         qPrintable(QStringLiteral("%1: %2 px after the change, %3 px after a start")
                                        .arg(it.key())
                                        .arg(it.value())
                                        .arg(fresh[it.key()])));
        setTextScale(1);
        QApplication::setFont(fontOf(TextRole::Body));
    }

    void tabsGiveWayInNarrowTitles()
    {
        prepareAppearance();
        ViewTitle title(QStringLiteral("Device mesh"), nullptr);
        title.setTabs({{0, QStringLiteral("Device mesh")}, {1, QStringLiteral("Shard plate")}, {2, QStringLiteral("Experts")}}, 0);
        title.setSubtitle(QStringLiteral("8 devices in one switch domain"));
        title.addChoice(QStringLiteral("Colour: stage and TP rank"), QStringLiteral("Colour"));
        title.show();
        const auto* name = title.findChild<QuietLabel*>(QStringLiteral("viewTitle"));
        const auto* subtitle = title.findChild<QuietLabel*>(QStringLiteral("viewSubtitle"));
        for (int width = 900; width >= 140; width -= 10) {
            title.resize(width, title.height());
            QCOMPARE(titleFault(title), QString());
            if (width >= 300)
                QVERIFY2(name->width() >= name->sizeHint().width(), qPrintable(QString::number(width)));
        }
        QCOMPARE(subtitle->width(), 0);
        title.resize(900, title.height());
        QVERIFY(subtitle->width() >= subtitle->sizeHint().width());
    }
    /// What a plan that does not fit is drawn under is said in every window: tabs and choices go into a menu first.
    void conditionsStayInNarrowTitles()
    {
        for (const QSize size : {QSize(1024, 700), QSize(1280, 800), QSize(1440, 900)}) {
            WindowFixture fixture(size);
            fixture.document.edit(pictures::scenarioOf(pictures::caseNamed("8 H100, batch 4,000 does not fit")), {});
            QVERIFY(fixture.document.report().legal && !fixture.document.report().memory.fits);
            for (const ViewKind kind : {ViewKind::Timeline, ViewKind::Latency, ViewKind::Operators, ViewKind::Roofline}) {
                ViewDock* dock = fixture.window.docks().dock(kind);
                dock->show();
                dock->raise();
                QApplication::processEvents();
                fixture.window.finish(kind);
                const auto* subtitle = dock->title()->findChild<QuietLabel*>(QStringLiteral("viewSubtitle"));
                QCOMPARE(subtitle->lead(), QStringLiteral("if it fitted"));
                QVERIFY2(subtitle->width() >= QuietLabel::leadWidth(subtitle->lead()), qPrintable(nameOf(kind)));
                QCOMPARE(titleFault(*dock->title()), QString());
            }
            const auto* subtitle =
                fixture.window.docks().dock(ViewKind::Roofline)->title()->findChild<QuietLabel*>(QStringLiteral("viewSubtitle"));
            const QRect place = subtitle->geometry();
            fixture.document.edit(pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8")), {});
            fixture.window.finish(ViewKind::Roofline);
            QVERIFY(subtitle->lead().isEmpty());
            QCOMPARE(subtitle->geometry(), place);
        }
    }
    void choicesGoIntoOneMenuBeforeTabsAreCut()
    {
        prepareAppearance();
        ViewTitle title(QStringLiteral("Device mesh"), nullptr);
        title.setTabs({{0, QStringLiteral("Device mesh")}, {1, QStringLiteral("Shard plate")}, {2, QStringLiteral("Experts")}}, 0);
        QToolButton* play = title.addChoice(QStringLiteral("Play"), QStringLiteral("Play"));
        play->setCheckable(true);
        title.addChoice(QStringLiteral("Axes"), QStringLiteral("Axes"));
        QToolButton* colour = title.addChoice(QStringLiteral("Colour: stage ▾"), QStringLiteral("Colour"));
        auto* colours = new QMenu(colour);
        colours->addAction(QStringLiteral("By load"));
        colour->setMenu(colours);
        title.resize(900, title.height());
        title.show();
        const auto more = [&title] {
            for (QToolButton* each : title.findChildren<QToolButton*>(QStringLiteral("viewChoice")))
                if (each->text() == QStringLiteral("⋯") && each->isVisible())
                    return each;
            return static_cast<QToolButton*>(nullptr);
        };
        QVERIFY(more() == nullptr);
        const auto tabs = title.findChildren<QToolButton*>(QStringLiteral("viewTab"));
        int width = 900;
        while (more() == nullptr && width > 140)
            title.resize(width -= 4, title.height());
        QVERIFY(more() != nullptr);
        for (const QToolButton* tab : tabs)
            QVERIFY2(tab->width() >= tab->sizeHint().width(), qPrintable(tab->text()));
        // No choice is put away that has room beside the menu, while two at least are in it.
        for (int narrower = width; narrower > 140; narrower -= 4) {
            title.resize(narrower, title.height());
            int used = 0;
            int away = 0;
            int least = 1000;
            for (const auto* each : title.findChildren<QuietButton*>(QStringLiteral("viewChoice"))) {
                if (each->width() > 0 || each->isHidden())
                    continue;
                ++away;
                least = std::min(least, each->wantedWidth());
            }
            for (const auto* each : title.findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly))
                if (each->isVisible() && each->objectName() != QStringLiteral("viewSubtitle"))
                    used += each->width() > 0 ? each->width() + space::kInset : 0;
            QVERIFY2(away <= 2 || used + least + space::kTight + space::kInset + space::kSmall > narrower,
                     qPrintable(QString::number(narrower)));
        }
        title.resize(width, title.height());
        QVERIFY(play->width() == 0 && play->focusPolicy() == Qt::NoFocus);
        Q_EMIT more()->menu()->aboutToShow();
        const QList<QAction*> gathered = more()->menu()->actions();
        QVERIFY(gathered.size() >= 2);
        QCOMPARE(gathered[0]->text(), QStringLiteral("Play"));
        QVERIFY(gathered[0]->isCheckable() && !gathered[0]->isChecked());
        gathered[0]->trigger();
        QVERIFY(play->isChecked());
        title.resize(150, title.height()); // the menus of choices are in the menu, too, when all had to go
        Q_EMIT more()->menu()->aboutToShow();
        QCOMPARE(more()->menu()->actions().last()->menu(), colours);
        QCOMPARE(more()->menu()->actions().first()->text(), QStringLiteral("Shard plate")); // and the views that share the place
        QSignalSpy chosen(&title, &ViewTitle::tabChosen);
        more()->menu()->actions().first()->trigger();
        QCOMPARE(chosen.value(0).value(0).toInt(), 1);
        title.resize(900, title.height());
        QVERIFY(more() == nullptr && play->width() > 0 && play->focusPolicy() == Qt::TabFocus);
    }
};

QTEST_MAIN(LooksTest)
#include "tst_looks.moc"
