// SPDX-License-Identifier: Apache-2.0
// What a drop would do, shown while a file is held over the window.
#pragma once

#include "ui/theme/theme.h"

#include <QWidget>

class QMimeData;

namespace shardlens {

class DropOverlay : public QWidget {
    Q_OBJECT
public:
    explicit DropOverlay(QWidget* parent);
    void setTheme(const Theme& theme) { m_theme = &theme; }
    /// Covers the parent and says what dropping `fileName` does.
    void present(const QString& fileName);

protected:
    void paintEvent(QPaintEvent*) override;

private:
    const Theme* m_theme;
    QString m_text;
};

/// The one local file in a drag that could be opened: empty when there is none, or more than one.
[[nodiscard]] QString droppedFile(const QMimeData& data);
/// A table of measured points, by its name.
[[nodiscard]] bool looksLikePoints(const QString& fileName);
/// A Hugging Face config, by its name; everything else is read as a scenario.
[[nodiscard]] bool looksLikeModelConfig(const QString& fileName);

} // namespace shardlens
