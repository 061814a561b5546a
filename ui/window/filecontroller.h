// SPDX-License-Identifier: Apache-2.0
// Opening, saving, importing and the list of recent files. Whatever goes wrong is a sentence in the message bar.
#pragma once

#include "ui/document/document.h"
#include "ui/window/messagebar.h"
#include "ui/window/settings.h"

#include <functional>

class QMenu;

namespace shardlens {

class FileController : public QObject {
    Q_OBJECT
public:
    FileController(Document& document, Settings& settings, MessageBar& messages, QWidget* window);

    void newScenario();
    void openByDialog();
    void importByDialog();
    /// Runs `saved` after a save that worked.
    void save(const std::function<void()>& saved = {});
    void saveByDialog(const std::function<void()>& saved = {});

    /// A scenario, or a model config by its suffix. Asks first when changes would be lost.
    void openAny(const QString& fileName);
    /// Opens or reports; loses what is not saved, so openAny() is what users reach. True when it is open.
    bool openNow(const QString& fileName);
    bool importModel(const QString& fileName);
    bool saveTo(const QString& fileName);

    /// Runs `action` at once, or after the question whether to save has been answered.
    void afterSaving(const QString& question, const std::function<void()>& action);
    void fillRecentMenu(QMenu& menu);

private:
    [[nodiscard]] QString startDirectory() const;
    void remember(const QString& fileName);

    Document& m_document;
    Settings& m_settings;
    MessageBar& m_messages;
    QWidget* m_window;
};

} // namespace shardlens
