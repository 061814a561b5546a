// SPDX-License-Identifier: Apache-2.0
// The help held to the program: pages that are there and found, flags, commands and keys that exist, a place for every view.
#include "app/cli/flags.h"
#include "ui/window/commandtable.h"
#include "ui/window/viewkind.h"

#include <QDir>
#include <QFile>
#include <QKeySequence>
#include <QRegularExpression>
#include <QtTest>

#include <set>

using namespace shardlens;

namespace {

QString folder()
{
    return QStringLiteral(SHARDLENS_SOURCE_DIR "/resources/help/");
}

QString read(const QString& name)
{
    QFile file(folder() + name);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

QStringList pages()
{
    return QDir(folder()).entryList({QStringLiteral("*.md")}, QDir::Files);
}

QStringList found(const QString& text, const char* pattern)
{
    QStringList all;
    auto matches = QRegularExpression(QString::fromLatin1(pattern)).globalMatch(text);
    while (matches.hasNext())
        all << matches.next().captured(1);
    return all;
}

} // namespace

class HelpPagesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyPageIsReachedFromTheFirst()
    {
        QVERIFY(pages().size() > 10);
        const QString resources = read(QStringLiteral("shardlens_help.qrc"));
        std::set<QString> reached{QStringLiteral("index.md")};
        QStringList open{QStringLiteral("index.md")};
        while (!open.isEmpty()) {
            const QString page = open.takeFirst();
            for (const QString& link : found(read(page), R"(\]\(([a-z]+\.md)\))")) {
                QVERIFY2(QFile::exists(folder() + link), qPrintable(page + QStringLiteral(" -> ") + link));
                if (reached.insert(link).second)
                    open << link;
            }
        }
        for (const QString& page : pages()) {
            QVERIFY2(reached.count(page) == 1, qPrintable(page));
            QVERIFY2(resources.contains(page), qPrintable(page));
        }
    }

    void flagsAndCommandsExist()
    {
        std::set<QString> flags;
        for (const cli::FlagSpec& spec : cli::flagSpecs())
            flags.insert(QString::fromUtf8(spec.name.data(), static_cast<qsizetype>(spec.name.size())));
        int seen = 0;
        for (const QString& page : pages()) {
            const QString text = read(page);
            for (const QString& flag : found(text, R"((?<![-\w])(--[a-z][a-z-]*[a-z]))")) {
                QVERIFY2(flags.count(flag) == 1, qPrintable(page + QStringLiteral(": ") + flag));
                ++seen;
            }
            for (const QString& command : found(text, R"(`shardlens ([a-z]+))")) {
                QVERIFY2(cli::commandNamed(command.toStdString()), qPrintable(page + QStringLiteral(": ") + command));
                ++seen;
            }
        }
        QVERIFY(seen > 20);
    }

    /// Keys in the first column of the page of keys: those with a modifier and the function keys are a command's or a view's own.
    void keysExist()
    {
        std::set<QString> keys{QStringLiteral("Ctrl+C")};
        for (const CommandSpec& spec : commandTable()) {
            if (spec.shortcut != nullptr)
                keys.insert(QString::fromLatin1(spec.shortcut));
            for (const QKeySequence& key : QKeySequence::keyBindings(spec.standardKey))
                keys.insert(key.toString(QKeySequence::PortableText));
        }
        const QString text = read(QStringLiteral("keys.md"));
        int seen = 0;
        for (const QString& row : found(text, R"((?m)^\| ([^|]+) \|)"))
            for (const QString& key : found(row, R"(((?:Ctrl|Alt)\+(?:Shift\+)?[A-Z0-9](?![a-z])|F[0-9]+))")) {
                QVERIFY2(keys.count(key) == 1, qPrintable(key));
                ++seen;
            }
        QVERIFY(seen > 10);
        // Every view is reached by a key that the page names.
        for (const CommandSpec& spec : commandTable())
            if (spec.shortcut != nullptr && QLatin1String(spec.shortcut).startsWith(QLatin1String("Alt+")))
                QVERIFY2(
                    QLatin1String(spec.shortcut) == QLatin1String("Alt+0")
                        || (spec.shortcut[4] >= '1' && spec.shortcut[4] <= '9' && text.contains(QStringLiteral("Alt+1 to Alt+9, Alt+0"))),
                    spec.shortcut);
    }

    void everyViewHasItsPlace()
    {
        QString headings;
        for (const QString& page : pages())
            for (const QString& line : read(page).split(QLatin1Char('\n')))
                if (line.startsWith(QLatin1Char('#')))
                    headings += line.toLower() + QLatin1Char('\n');
        for (std::size_t i = 0; i < kViewCount; ++i) {
            QString name = nameOf(static_cast<ViewKind>(i));
            if (name == QLatin1String("experts"))
                name = QStringLiteral("expert view");
            QVERIFY2(headings.contains(name), qPrintable(name));
            const QString last = read(QStringLiteral("keys.md"));
            QVERIFY2(last.contains(nameOf(static_cast<ViewKind>(i))), qPrintable(name));
        }
        QVERIFY(headings.contains(QStringLiteral("inspector")));
    }
};

QTEST_MAIN(HelpPagesTest)
#include "tst_helppages.moc"
