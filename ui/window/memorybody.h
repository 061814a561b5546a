// SPDX-License-Identifier: Apache-2.0
// The memory view: bars, axis and the change whose bar is drawn dashed; a click on that bar makes the change.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/memoryscene.h"

#include <QWidget>

class QMenu;

namespace shardlens {

class SceneView;

class MemoryBody : public QWidget {
    Q_OBJECT
public:
    MemoryBody(Document& document, QWidget* parent);
    void setTheme(const Theme& theme);
    [[nodiscard]] SceneView& view() const { return *m_view; }
    [[nodiscard]] const MemoryOptions& options() const { return m_options; }
    void setBars(MemoryBars bars);
    void setAxis(MemoryAxis axis);
    /// Empty label: the automatic one.
    void setGhost(const std::string& label, bool shown);
    /// The changes of the scenario as it is, with what each frees.
    void fillGhostMenu(QMenu& menu);
    /// Makes the change whose bar is shown.
    void applyGhost();

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void redraw();

    Document& m_document;
    MemoryOptions m_options;
    SceneView* m_view;
};

} // namespace shardlens
