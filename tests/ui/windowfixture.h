// SPDX-License-Identifier: Apache-2.0
// The real window, offscreen, with settings of its own; and a message handler that fails the test on what Qt complains about.
#pragma once

#include "ui/window/appearance.h"
#include "ui/window/dockarea.h"
#include "ui/window/mainwindow.h"

#include <QApplication>
#include <QTemporaryDir>
#include <QTest>

namespace shardlens {

/// Warnings that the offscreen platform always makes.
inline bool isKnownMessage(const QString& message)
{
    return message.contains(QStringLiteral("This plugin does not support")) || message.contains(QStringLiteral("XDG_RUNTIME_DIR"));
}

/// From now on a warning of Qt that nobody knows fails the running test: it is how lost connections, bad layouts and painters say so.
inline void failOnUnexpectedMessages()
{
    static QtMessageHandler previous = nullptr;
    previous = qInstallMessageHandler([](QtMsgType type, const QMessageLogContext& context, const QString& message) {
        if (type != QtDebugMsg && type != QtInfoMsg && !isKnownMessage(message))
            QTest::qFail(qPrintable(message), context.file, context.line);
        previous(type, context, message);
    });
}

struct WindowFixture {
    explicit WindowFixture(QSize size = {1440, 900}) : WindowFixture(QString(), size) {}
    /// With the settings file of an earlier window.
    WindowFixture(const QString& settingsFile, QSize size)
        : settings(settingsFile.isEmpty() ? directory.filePath(QStringLiteral("settings.ini")) : settingsFile),
          document(builtinCatalog()),
          window((prepareAppearance(), document), settings)
    {
        if (!size.isEmpty())
            window.resize(size);
        window.show();
        window.activateWindow();
        QApplication::setActiveWindow(&window);
        QCoreApplication::processEvents();
    }

    QTemporaryDir directory;
    Settings settings;
    Document document;
    MainWindow window;
};

/// What fills the dock of a view, raised above the views that share its place.
template <typename Body>
Body& raisedBody(WindowFixture& fixture, ViewKind kind)
{
    ViewDock* dock = fixture.window.docks().dock(kind);
    dock->show();
    dock->raise();
    QCoreApplication::processEvents();
    auto* body = dock->findChild<Body*>();
    if (!body)
        qFatal("the view has no body of that kind");
    return *body;
}

} // namespace shardlens
