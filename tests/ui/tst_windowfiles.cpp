// SPDX-License-Identifier: Apache-2.0
// The window around the controls: docks, files and drops, themes, pictures, help, and what is remembered.
#include "tests/ui/windowfixture.h"
#include "ui/controls/controlpanel.h"
#include "ui/controls/numberfield.h"
#include "ui/views/sceneview.h"
#include "ui/window/dockarea.h"
#include "ui/window/dropoverlay.h"
#include "ui/window/filecontroller.h"
#include "ui/window/helppanel.h"
#include "ui/window/messagebar.h"
#include "ui/window/render.h"

#include <QClipboard>
#include <QDropEvent>
#include <QFile>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QSet>

#include <cstdlib>

using namespace shardlens;

namespace {

template <class Event>
bool sendDrag(QWidget& window, const QMimeData& data)
{
    Event event(window.rect().center(), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &event);
    return event.isAccepted();
}

void drop(MainWindow& window, const QString& fileName)
{
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(fileName)});
    QVERIFY(sendDrag<QDragEnterEvent>(window, data));
    const auto* overlay = window.findChild<DropOverlay*>();
    QVERIFY(overlay->isVisible());
    sendDrag<QDropEvent>(window, data);
    QVERIFY(!overlay->isVisible());
}

QString writeFile(const QTemporaryDir& directory, const QString& name, const QByteArray& bytes)
{
    QFile file(directory.filePath(name));
    return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() ? file.fileName() : QString();
}

} // namespace

class WindowFilesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { failOnUnexpectedMessages(); }

    // --- docks ---

    void docksHideFloatAndComeBack()
    {
        WindowFixture fixture;
        DockArea& docks = fixture.window.docks();
        ViewDock* timeline = docks.dock(ViewKind::Timeline);
        const QRect place = timeline->geometry();
        fixture.window.commands().action(CommandId::ShowTimeline)->trigger();
        QVERIFY(!timeline->isVisible());
        ViewDock* mesh = docks.dock(ViewKind::Mesh);
        mesh->setFloating(true);
        QVERIFY(mesh->isFloating());
        QVERIFY(!docks.layoutState().isEmpty());
        fixture.window.commands().action(CommandId::RestoreLayout)->trigger();
        QCoreApplication::processEvents();
        QVERIFY(timeline->isVisible());
        QVERIFY(!mesh->isFloating());
        QCOMPARE(timeline->geometry(), place);
        QVERIFY(fixture.window.commands().action(CommandId::ShowTimeline)->isChecked());
    }

    void defaultLayoutHoldsAtEverySize_data()
    {
        QTest::addColumn<QSize>("size");
        for (const QSize size : {QSize(1024, 700), QSize(1280, 800), QSize(1920, 1080), QSize(2560, 1440)})
            QTest::addRow("%d x %d", size.width(), size.height()) << size;
    }
    void defaultLayoutHoldsAtEverySize()
    {
        QFETCH(QSize, size);
        WindowFixture fixture(size);
        QCOMPARE(fixture.window.size(), size);
        const auto rect = [&](ViewKind place) { return fixture.window.docks().dock(place)->geometry(); };
        const QRect mesh = rect(ViewKind::Mesh);
        const QRect memory = rect(ViewKind::Memory);
        const QRect timeline = rect(ViewKind::Timeline);
        const QRect latency = rect(ViewKind::Latency);
        QCOMPARE(mesh.top(), memory.top());
        QCOMPARE(mesh.bottom(), memory.bottom());
        QVERIFY(mesh.right() < memory.left());
        QVERIFY(mesh.bottom() < timeline.top());
        QVERIFY(timeline.bottom() < latency.top());
        QCOMPARE(timeline.width(), fixture.window.docks().width());
        QCOMPARE(latency.bottom() + 1, fixture.window.docks().height());
        QVERIFY(mesh.height() >= 170);
        QVERIFY(qAbs(mesh.width() - memory.width()) < fixture.window.docks().width() / 5);
    }

    // --- files ---

    void savesOpensAndRemembers()
    {
        WindowFixture fixture;
        const QString name = fixture.directory.filePath(QStringLiteral("one & two.shardlens"));
        fixture.document.setModel(builtinCatalog().model("llama-3.1-8b"));
        QVERIFY(fixture.window.isWindowModified());
        QVERIFY(fixture.window.files().saveTo(name));
        QVERIFY(!fixture.window.isWindowModified());
        QVERIFY(fixture.window.windowTitle().contains(QStringLiteral("one & two.shardlens")));
        const Scenario saved = fixture.document.scenario();
        fixture.window.commands().action(CommandId::New)->trigger();
        QVERIFY(fixture.document.scenario() == caseStudyScenario(builtinCatalog()));
        QVERIFY(fixture.window.files().openNow(name));
        QVERIFY(fixture.document.scenario() == saved);
        QCOMPARE(fixture.settings.recentFiles(), QStringList{name});
        for (int i = 0; i < 12; ++i)
            QVERIFY(fixture.window.files().saveTo(fixture.directory.filePath(QStringLiteral("%1.shardlens").arg(i))));
        QCOMPARE(fixture.settings.recentFiles().size(), 10);
        QFile::remove(fixture.directory.filePath(QStringLiteral("11.shardlens")));
        QMenu recent;
        fixture.window.files().fillRecentMenu(recent);
        QVERIFY(!recent.actions()[0]->isEnabled());
        QVERIFY(recent.actions()[1]->isEnabled());
    }

    void aMessageFromBeforeTheWindowIsShownHasItsPlace()
    {
        QTemporaryDir directory;
        Settings settings(directory.filePath(QStringLiteral("settings.ini")));
        prepareAppearance();
        Document document(builtinCatalog());
        MainWindow window(document, settings);
        window.files().openAny(writeFile(directory, QStringLiteral("bad.shardlens"), "{"));
        window.resize(1440, 900);
        window.show();
        QCoreApplication::processEvents();
        const MessageBar& bar = window.messages();
        QVERIFY(bar.isVisible());
        const QRect host = bar.parentWidget()->rect();
        QVERIFY(host.contains(bar.geometry()));
        QVERIFY(std::abs(bar.geometry().center().x() - host.center().x()) <= 1);
        QVERIFY(host.bottom() - bar.geometry().bottom() < 40);
    }

    void brokenFilesAreRefusedWithoutAQuestion()
    {
        WindowFixture fixture;
        fixture.document.setModel(builtinCatalog().model("llama-3.1-8b"));
        const Scenario before = fixture.document.scenario();
        auto* messages = fixture.window.findChild<MessageBar*>();
        fixture.window.files().openAny(writeFile(fixture.directory, QStringLiteral("bad.shardlens"), "{"));
        QVERIFY(messages->isVisible());
        QVERIFY(messages->text().contains(QStringLiteral("bad.shardlens: ")));
        QVERIFY(!messages->text().contains(QStringLiteral("Save the changes")));
        QVERIFY(fixture.document.scenario() == before);
        auto* view = fixture.window.findChild<SceneView*>(); // Escape closes the message wherever the focus is
        QTest::keyClick(view, Qt::Key_Escape);
        QVERIFY(!messages->isVisible());
        auto* field = fixture.window.findChild<NumberField*>();
        field->setFocus();
        QTest::keyClick(field, Qt::Key_Z, Qt::ControlModifier); // nothing typed: the window's undo
        QVERIFY(fixture.document.scenario() == caseStudyScenario(builtinCatalog()));
    }

    void droppedScenariosOpen()
    {
        WindowFixture fixture;
        Document other(builtinCatalog());
        other.setModel(builtinCatalog().model("llama-3.1-8b"));
        const QString name = fixture.directory.filePath(QStringLiteral("dropped.shardlens"));
        QVERIFY(other.save(name).ok());
        drop(fixture.window, name);
        QVERIFY(fixture.document.scenario() == other.scenario());
        QCOMPARE(fixture.document.fileName(), name);
    }

    void brokenDropsAreSentences_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("binary") << QStringLiteral("a.shardlens")
                                << QByteArray("\x7f"
                                              "ELF\x00\x01\x02",
                                              7);
        QTest::newRow("truncated") << QStringLiteral("a.shardlens") << QByteArray("{\"format\": \"shardlens.scen");
        QTest::newRow("config without fields") << QStringLiteral("config.json") << QByteArray("{}");
        QTest::newRow("config with words") << QStringLiteral("config.json") << QByteArray("{\"hidden_size\": \"many\"}");
        QTest::newRow("deep") << QStringLiteral("config.json") << QByteArray(50'000, '[');
        QTest::newRow("picture") << QStringLiteral("a.png") << QByteArray("\x89PNG\r\n\x1a\n");
    }
    void brokenDropsAreSentences()
    {
        QFETCH(QString, name);
        QFETCH(QByteArray, bytes);
        WindowFixture fixture;
        const Scenario before = fixture.document.scenario();
        drop(fixture.window, writeFile(fixture.directory, name, bytes));
        QVERIFY(fixture.window.messages().isVisible());
        QVERIFY2(fixture.window.messages().text().contains(name), qPrintable(fixture.window.messages().text()));
        QVERIFY(fixture.document.scenario() == before);
        QCOMPARE(fixture.document.undoStack().count(), 0);
        QTest::keyClick(&fixture.window, Qt::Key_Escape);
        QVERIFY(!fixture.window.messages().isVisible());
    }

    void aDroppedConfigImportsTheModel()
    {
        WindowFixture fixture;
        const QByteArray config = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 2048,
            "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8,
            "vocab_size": 128256, "max_position_embeddings": 131072, "rms_norm_eps": 1e-5})";
        drop(fixture.window, writeFile(fixture.directory, QStringLiteral("config.json"), config));
        QCOMPARE(fixture.document.scenario().model->hidden, 2048);
        QCOMPARE(fixture.document.scenario().model->layerCount(), 16);
        QVERIFY(fixture.window.messages().isVisible());
        QVERIFY2(fixture.window.messages().details().contains(QStringLiteral("hidden_size")),
                 qPrintable(fixture.window.messages().details()));
        fixture.window.commands().action(CommandId::Undo)->trigger();
        QVERIFY(fixture.document.scenario() == caseStudyScenario(builtinCatalog()));
    }

    void unsavedChangesAreAskedAbout()
    {
        WindowFixture fixture;
        fixture.document.setModel(builtinCatalog().model("llama-3.1-8b"));
        fixture.window.close();
        QVERIFY(fixture.window.isVisible());
        const QList<QPushButton*> buttons = fixture.window.messages().findChildren<QPushButton*>();
        QCOMPARE(buttons.size(), 2);
        buttons[1]->click();
        QVERIFY(!fixture.window.isVisible());
    }

    // --- looks and state ---

    void themesSwitchEverything()
    {
        WindowFixture fixture;
        fixture.window.commands().action(CommandId::ThemeLight)->trigger();
        const QImage light = fixture.window.pictureOf(fixture.window, 1);
        fixture.window.commands().action(CommandId::ThemeDark)->trigger();
        const QImage dark = fixture.window.pictureOf(fixture.window, 1);
        QVERIFY(fixture.window.theme() == ThemeId::Dark);
        QVERIFY(fixture.settings.theme() == ThemeChoice::Dark);
        // A light patch left behind in the dark would show as a bright corner of a cell.
        int bright = 0;
        int cells = 0;
        for (int y = 4; y < dark.height(); y += 16) {
            for (int x = 4; x < dark.width(); x += 16) {
                ++cells;
                bright += qGray(dark.pixel(x, y)) > 200 ? 1 : 0;
                QVERIFY(light.size() == dark.size());
            }
        }
        QVERIFY2(bright < cells / 20, qPrintable(QStringLiteral("%1 of %2").arg(bright).arg(cells)));
    }

    void stateReturnsOnTheSecondStart()
    {
        QTemporaryDir directory;
        const QString file = directory.filePath(QStringLiteral("settings.ini"));
        {
            WindowFixture first(file, {1300, 820});
            first.window.commands().action(CommandId::ThemeDark)->trigger();
            first.window.commands().action(CommandId::ShowLatency)->trigger();
            first.window.commands().action(CommandId::LockDevices)->trigger();
            first.window.controls().setMoreShown(true);
            QVERIFY(!first.window.controls().devicesLocked());
            QVERIFY(first.window.close());
        }
        WindowFixture second(file, {});
        QCOMPARE(second.window.size(), QSize(1300, 820));
        QVERIFY(second.window.theme() == ThemeId::Dark);
        QVERIFY(!second.window.docks().dock(ViewKind::Latency)->isVisible());
        QVERIFY(!second.window.commands().action(CommandId::ShowLatency)->isChecked());
        QVERIFY(!second.window.controls().devicesLocked());
        QVERIFY(second.window.controls().moreShown());
    }

    void picturesAreCopiedAtTwiceTheSize()
    {
        WindowFixture fixture;
        fixture.window.commands().action(CommandId::CopyMesh)->trigger();
        const QSize dock = fixture.window.docks().dock(ViewKind::Mesh)->size();
        const int caption = fixture.window.captionHeight(*fixture.window.docks().dock(ViewKind::Mesh), dock.width());
        QVERIFY(caption > 20);
        QCOMPARE(QApplication::clipboard()->image().size(), (dock + QSize(0, caption)) * 2);
        fixture.window.commands().action(CommandId::ShowMesh)->trigger();
        fixture.window.commands().action(CommandId::CopyMesh)->trigger();
        QVERIFY(fixture.window.messages().text().contains(QStringLiteral("hidden")));
    }

    void picturesRenderWithoutAUser()
    {
        QTemporaryDir directory;
        const Scenario scenario = caseStudyScenario(builtinCatalog());
        for (const char* what : {"window", "mesh", "timeline", "memory", "latency"}) {
            const QString name = directory.filePath(QLatin1String(what) % QStringLiteral(".png"));
            const Result<bool> result = renderPicture(scenario, what, name, {1000, 640}, 2, ThemeId::Dark);
            QVERIFY2(result.ok(), what);
            const QImage image(name);
            QCOMPARE(image.size(), QSize(2000, 1280));
            QSet<QRgb> colours;
            for (int y = 0; y < image.height(); y += 7)
                for (int x = 0; x < image.width(); x += 7)
                    colours.insert(image.pixel(x, y));
            QVERIFY2(colours.size() > 8, what);
        }
        QVERIFY(!renderPicture(scenario, "portrait", directory.filePath(QStringLiteral("a.png")), {800, 600}, 1, ThemeId::Light).ok());
        QVERIFY(!renderPicture(scenario, "mesh", directory.filePath(QStringLiteral("a.png")), {80000, 600}, 1, ThemeId::Light).ok());
        QVERIFY(!renderPicture(scenario, "mesh", QStringLiteral("/nowhere/a.png"), {800, 600}, 1, ThemeId::Light).ok());
    }

    void helpExplainsAndCloses()
    {
        WindowFixture fixture;
        QTest::keyClick(&fixture.window, Qt::Key_F1);
        auto* help = fixture.window.findChild<HelpPanel*>();
        QVERIFY(help->isVisible());
        for (const char* page : {"index", "plan", "time", "memory", "pipeline", "trust", "keys"}) {
            help->showPage(QLatin1String(page));
            QVERIFY2(help->text().size() > 200, page);
        }
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
        QVERIFY(!help->isVisible());
    }
};

QTEST_MAIN(WindowFilesTest)
#include "tst_windowfiles.moc"
