// SPDX-License-Identifier: Apache-2.0
#include "ui/window/settings.h"

#include "ui/theme/theme.h"

#include <QFileInfo>
#include <QStandardPaths>

#include <algorithm>

namespace shardlens {
namespace {

/// Raised when a stored value changes its meaning; older files are then forgotten rather than misread.
constexpr int kSettingsVersion = 1;
constexpr qsizetype kMostRecentFiles = 10;

} // namespace

Settings Settings::ofUser()
{
    return Settings(QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) % QStringLiteral("/shardlens/shardlens.ini"));
}

Settings::Settings(const QString& file)
{
    if (file.isEmpty())
        return;
    m_store = std::make_unique<QSettings>(file, QSettings::IniFormat);
    if (m_store->value(QStringLiteral("version"), kSettingsVersion).toInt() != kSettingsVersion)
        m_store->clear();
    m_store->setValue(QStringLiteral("version"), kSettingsVersion);
}

QVariant Settings::value(const QString& key, const QVariant& otherwise) const
{
    return m_store ? m_store->value(key, otherwise) : otherwise;
}

void Settings::setValue(const QString& key, const QVariant& value)
{
    if (m_store)
        m_store->setValue(key, value);
}

ThemeChoice Settings::theme() const
{
    const QString name = value(QStringLiteral("window/theme")).toString();
    if (name == QStringLiteral("light"))
        return ThemeChoice::Light;
    if (name == QStringLiteral("contrast"))
        return ThemeChoice::Contrast;
    return name == QStringLiteral("dark") ? ThemeChoice::Dark : ThemeChoice::System;
}

void Settings::setTheme(ThemeChoice choice)
{
    const QString name = choice == ThemeChoice::Light      ? QStringLiteral("light")
                         : choice == ThemeChoice::Dark     ? QStringLiteral("dark")
                         : choice == ThemeChoice::Contrast ? QStringLiteral("contrast")
                                                           : QStringLiteral("system");
    setValue(QStringLiteral("window/theme"), name);
}

int Settings::textSize() const
{
    const int stored = value(QStringLiteral("window/textSize"), kTextSizes.front()).toInt();
    return std::find(kTextSizes.begin(), kTextSizes.end(), stored) != kTextSizes.end() ? stored : kTextSizes.front();
}

void Settings::addRecentFile(const QString& fileName)
{
    QStringList files = recentFiles();
    const QString path = QFileInfo(fileName).absoluteFilePath();
    files.removeAll(path);
    files.prepend(path);
    setValue(QStringLiteral("files/recent"), QStringList(files.mid(0, kMostRecentFiles)));
}

} // namespace shardlens
