// SPDX-License-Identifier: Apache-2.0
// The column on the right: the arithmetic of whatever is selected.
#pragma once

#include "core/scenario/explain.h"
#include "ui/document/document.h"
#include "ui/theme/theme.h"

#include <QWidget>

#include <functional>
#include <optional>

class QScrollArea;

namespace shardlens {

class SceneView;
class ViewTitle;

class InspectorPanel : public QWidget {
    Q_OBJECT
public:
    InspectorPanel(Document& document, QWidget* parent);
    void setTheme(const Theme& theme);
    [[nodiscard]] SceneView* view() const { return m_view; }
    /// Asked first about what is selected: for things that a report knows nothing of.
    using Explain = std::function<std::optional<Explanation>(const Subject&)>;
    void setExplain(Explain explain) { m_explain = std::move(explain); }
    /// What it says to a hand ("click anything"): not in pictures.
    void setHints(bool hints);
    /// With title and all of its text.
    /// Lays out at once what events would lay out, for a picture.
    void settle();
    [[nodiscard]] int naturalHeight() const;
    /// The arithmetic as plain text, for the clipboard.
    [[nodiscard]] QString text() const;
    void copyText() const;

protected:
    void keyPressEvent(QKeyEvent* event) override; ///< Copy
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    void refreshTitle();
    [[nodiscard]] std::optional<Explanation> own(const Subject& subject) const { return m_explain ? m_explain(subject) : std::nullopt; }

    Document& m_document;
    ViewTitle* m_title;
    QScrollArea* m_scroll;
    SceneView* m_view = nullptr;
    Explain m_explain;
    int m_wantedHeight = 0;
    bool m_hints = true;
};

} // namespace shardlens
