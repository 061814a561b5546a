// SPDX-License-Identifier: Apache-2.0
#include "app/gui.h"

#include "core/scenario/catalog.h"
#include "ui/window/appearance.h"
#include "ui/window/filecontroller.h"
#include "ui/window/mainwindow.h"
#include "ui/window/messagebar.h"
#include "ui/window/settings.h"

#include <QApplication>

namespace shardlens {

int runGui(int& argc, char** argv, const QString& file)
{
    const QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("shardlens"));
    QApplication::setApplicationDisplayName(QStringLiteral("ShardLens"));
    QGuiApplication::setDesktopFileName(QStringLiteral("shardlens"));
    prepareAppearance();
    const UsersCatalog users = usersCatalog();
    Document document(users.catalog);
    Settings settings = Settings::ofUser();
    MainWindow window(document, settings);
    if (!file.isEmpty())
        window.files().openNow(file); // a failure is said in the window
    if (!users.notices.empty()) {
        QString list;
        for (const std::string& notice : users.notices)
            list += QStringLiteral("- ") + QString::fromStdString(notice).toHtmlEscaped() + QLatin1Char('\n');
        window.messages().report(QCoreApplication::translate("shardlens::Gui", "Your own catalog entries"), list);
    }
    window.show();
    return QApplication::exec();
}

} // namespace shardlens
