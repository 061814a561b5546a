// SPDX-License-Identifier: Apache-2.0
#include "ui/window/filecontroller.h"

#include "ui/window/dropoverlay.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QStandardPaths>

namespace shardlens {
namespace {

QString sentenceOf(const Error& error)
{
    return QString::fromStdString(error.sentence());
}

QString bullets(const QString& heading, const std::vector<std::string>& lines)
{
    if (lines.empty())
        return {};
    QString markdown = QStringLiteral("**") % heading % QStringLiteral("**\n\n");
    for (const std::string& line : lines) {
        // Field names are full of underscores, which Markdown would take for emphasis.
        QString text = QString::fromStdString(line);
        for (const char special : {'\\', '_', '*', '`', '<', '[', '#'})
            text.replace(QLatin1Char(special), QLatin1Char('\\') % QLatin1Char(special));
        markdown += QStringLiteral("- ") % text % QLatin1Char('\n');
    }
    return markdown % QLatin1Char('\n');
}

} // namespace

FileController::FileController(Document& document, Settings& settings, MessageBar& messages, QWidget* window)
    : QObject(window),
      m_document(document),
      m_settings(settings),
      m_messages(messages),
      m_window(window)
{}

void FileController::newScenario()
{
    afterSaving(tr("Save the changes before starting anew?"), [this] { m_document.reset(); });
}

void FileController::openByDialog()
{
    auto* dialog = new QFileDialog(m_window, tr("Open a scenario"), startDirectory());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Scenarios (*.shardlens)"), tr("Model configs (*.json)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, this, &FileController::openAny);
    dialog->open();
}

void FileController::importByDialog()
{
    auto* dialog = new QFileDialog(m_window, tr("Import a model"), startDirectory());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Hugging Face configs (*.json)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& fileName) { importModel(fileName); });
    dialog->open();
}

void FileController::save(const std::function<void()>& saved)
{
    if (m_document.fileName().isEmpty())
        saveByDialog(saved);
    else if (saveTo(m_document.fileName()) && saved)
        saved();
}

void FileController::saveByDialog(const std::function<void()>& saved)
{
    auto* dialog = new QFileDialog(m_window, tr("Save the scenario"), startDirectory());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setNameFilters({tr("Scenarios (*.shardlens)")});
    dialog->setDefaultSuffix(QStringLiteral("shardlens"));
    connect(dialog, &QFileDialog::fileSelected, this, [this, saved](const QString& fileName) {
        if (saveTo(fileName) && saved)
            saved();
    });
    dialog->open();
}

void FileController::openAny(const QString& fileName)
{
    if (looksLikeModelConfig(fileName)) {
        importModel(fileName); // one more undo step: nothing is lost
        return;
    }
    if (m_document.isModified()) {
        // No question about changes for a file that cannot be opened.
        const Result<ScenarioFile> read = readScenario(fileName.toStdString(), m_document.catalog());
        if (!read.ok()) {
            m_messages.error(sentenceOf(read.error()));
            return;
        }
    }
    afterSaving(tr("Save the changes before opening %1?").arg(QFileInfo(fileName).fileName()), [this, fileName] { openNow(fileName); });
}

bool FileController::openNow(const QString& fileName)
{
    const Result<bool> result = m_document.open(fileName);
    if (!result.ok()) {
        m_messages.error(sentenceOf(result.error()));
        return false;
    }
    remember(fileName);
    return true;
}

bool FileController::importModel(const QString& fileName)
{
    Result<ImportedModel> imported = readHuggingFaceConfig(fileName.toStdString());
    if (!imported.ok()) {
        m_messages.error(sentenceOf(imported.error()));
        return false;
    }
    const ImportedModel& model = imported.value();
    m_settings.setDirectory(QFileInfo(fileName).absolutePath());
    m_document.setModel(std::make_shared<const Model>(model.model));
    const QString sentence = tr("Imported %1 from %2: %3 fields read, %4 derived, %5 by default.")
                                 .arg(QString::fromStdString(model.model.name), QFileInfo(fileName).fileName())
                                 .arg(model.read.size())
                                 .arg(model.derived.size())
                                 .arg(model.defaulted.size());
    m_messages.report(sentence,
                      bullets(tr("By default"), model.defaulted) % bullets(tr("Derived"), model.derived) % bullets(tr("Read"), model.read));
    return true;
}

bool FileController::saveTo(const QString& fileName)
{
    const Result<bool> result = m_document.save(fileName);
    if (!result.ok()) {
        m_messages.error(sentenceOf(result.error()));
        return false;
    }
    remember(fileName);
    return true;
}

void FileController::afterSaving(const QString& question, const std::function<void()>& action)
{
    if (!m_document.isModified()) {
        action();
        return;
    }
    m_messages.ask(question, {{tr("Save"), [this, action] { save(action); }}, {tr("Don't save"), action}});
}

void FileController::fillRecentMenu(QMenu& menu)
{
    menu.clear();
    const QStringList files = m_settings.recentFiles();
    for (qsizetype i = 0; i < files.size(); ++i) {
        const QString& file = files[i];
        QString name = QFileInfo(file).fileName();
        name.replace(QLatin1Char('&'), QStringLiteral("&&"));
        QAction* action = menu.addAction(tr("&%1  %2").arg((i + 1) % 10).arg(name), this, [this, file] { openAny(file); });
        action->setStatusTip(file);
        // Looked at only when the menu opens: a sleeping network drive must not slow the start.
        action->setEnabled(QFileInfo::exists(file));
    }
    if (files.isEmpty())
        menu.addAction(tr("No files yet"))->setEnabled(false);
    menu.addSeparator();
    menu.addAction(tr("Clear the list"), this, [this] { m_settings.clearRecentFiles(); })->setEnabled(!files.isEmpty());
}

QString FileController::startDirectory() const
{
    const QString known = m_settings.directory();
    return known.isEmpty() ? QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation) : known;
}

void FileController::remember(const QString& fileName)
{
    m_settings.setDirectory(QFileInfo(fileName).absolutePath());
    m_settings.addRecentFile(fileName);
}

} // namespace shardlens
