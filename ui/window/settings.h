// SPDX-License-Identifier: Apache-2.0
// What is remembered between two starts, in one INI file with a version.
#pragma once

#include <QByteArray>
#include <QSettings>
#include <QStringList>

#include <memory>

namespace shardlens {

enum class ThemeChoice : std::uint8_t { Light, Dark, Contrast, System };

class Settings {
public:
    /// The user's file. Tests call QStandardPaths::setTestModeEnabled(true) first.
    [[nodiscard]] static Settings ofUser();
    /// Remembers nothing: for pictures made without a user.
    [[nodiscard]] static Settings none() { return Settings({}); }
    explicit Settings(const QString& file);

    [[nodiscard]] ThemeChoice theme() const;
    void setTheme(ThemeChoice choice);

    /// Percent, one of kTextSizes.
    [[nodiscard]] int textSize() const;
    void setTextSize(int percent) { setValue(QStringLiteral("window/textSize"), percent); }

    [[nodiscard]] QByteArray windowGeometry() const { return value(QStringLiteral("window/geometry")).toByteArray(); }
    void setWindowGeometry(const QByteArray& geometry) { setValue(QStringLiteral("window/geometry"), geometry); }
    [[nodiscard]] QByteArray docks() const { return value(QStringLiteral("window/docks")).toByteArray(); }
    /// Empty: the default layout, which follows the size of the window.
    void setDocks(const QByteArray& state) { setValue(QStringLiteral("window/docks"), state); }

    [[nodiscard]] bool devicesLocked() const { return value(QStringLiteral("controls/devicesLocked"), true).toBool(); }
    void setDevicesLocked(bool locked) { setValue(QStringLiteral("controls/devicesLocked"), locked); }
    [[nodiscard]] bool moreShown() const { return value(QStringLiteral("controls/moreShown"), false).toBool(); }
    void setMoreShown(bool shown) { setValue(QStringLiteral("controls/moreShown"), shown); }
    [[nodiscard]] bool advancedShown() const { return value(QStringLiteral("controls/advancedShown"), false).toBool(); }
    void setAdvancedShown(bool shown) { setValue(QStringLiteral("controls/advancedShown"), shown); }

    [[nodiscard]] bool inspectorShown() const { return value(QStringLiteral("window/inspector"), true).toBool(); }
    void setInspectorShown(bool shown) { setValue(QStringLiteral("window/inspector"), shown); }

    [[nodiscard]] QString directory() const { return value(QStringLiteral("files/directory")).toString(); }
    void setDirectory(const QString& directory) { setValue(QStringLiteral("files/directory"), directory); }
    /// Newest first, at most ten.
    [[nodiscard]] QStringList recentFiles() const { return value(QStringLiteral("files/recent")).toStringList(); }
    void addRecentFile(const QString& fileName);
    void clearRecentFiles() { setValue(QStringLiteral("files/recent"), QStringList()); }

private:
    [[nodiscard]] QVariant value(const QString& key, const QVariant& otherwise = {}) const;
    void setValue(const QString& key, const QVariant& value);

    std::unique_ptr<QSettings> m_store; ///< null: nothing is remembered
};

} // namespace shardlens
