// SPDX-License-Identifier: Apache-2.0
// A widget that shows a scene of the document's report: builds it when report, size, theme or (if asked) hover change and it is visible,
// replays it, rings what is selected, and turns pointer and keys into selections.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/scene.h"

#include <QPixmap>
#include <QWidget>

#include <functional>

namespace shardlens {

class PlateTip;

class SceneView : public QWidget {
    Q_OBJECT
public:
    using Builder = std::function<void(const ViewInput&, Scene&)>;
    struct Options {
        bool rebuildOnHover = false; ///< the scene itself depends on hover or pin (mesh links, inspector)
        QString accessibleName;
        /// One sentence for a screen reader and the tooltip of nothing in particular.
        std::function<QString(const Scenario&, const Report&)> description;
        /// Tooltip of a subject; empty: none.
        std::function<QString(const Scenario&, const Report&, const Subject&)> tooltip;
        /// All of the scene is about the selection: only regions that are it are marked, not those that belong to it.
        bool aboutSelection = false;
    };
    SceneView(Document& document, Builder builder, Options options, QWidget* parent = nullptr);

    /// What exactly lies at a point of a region that stands for many things (level of detail); gets what the scene says and may return it.
    using Refine = std::function<Subject(const Subject& coarse, QPointF point)>;

    void setTheme(const Theme& theme);
    [[nodiscard]] const Theme& theme() const { return *m_theme; }
    [[nodiscard]] const Scene& scene() const { return m_scene; } ///< as last built
    [[nodiscard]] int builds() const { return m_builds; }        ///< how often a scene was built: hidden views cost none
    void setRefine(Refine refine) { m_refine = std::move(refine); }
    /// What lies under a point: what the pointer previews and a click pins.
    [[nodiscard]] Subject subjectAt(QPointF point) const;
    /// Whether what is previewed is a region of this view itself, by its pointer or keys.
    [[nodiscard]] bool previewsOwn() const;
    void setBuilder(Builder builder); ///< a view's own choices (colouring, zoom) changed
    void markStale();                 ///< what the builder draws has changed: built again when next painted
    void rebuild();                   ///< now, visible or not, when the widget has a size

protected:
    void paintEvent(QPaintEvent*) override;
    void resizeEvent(QResizeEvent*) override;
    void showEvent(QShowEvent*) override;
    void mouseMoveEvent(QMouseEvent*) override;
    void mousePressEvent(QMouseEvent*) override;
    void leaveEvent(QEvent*) override;
    void focusInEvent(QFocusEvent*) override;
    void focusOutEvent(QFocusEvent*) override;
    void keyPressEvent(QKeyEvent*) override; ///< arrows walk the regions, Enter pins, Escape clears
    bool event(QEvent*) override;            ///< tooltips on demand

private:
    friend class SceneViewAccessible;
    void reportChanged();
    void selectionChanged();
    void build();
    void showTip(const QPoint& position, const QPoint& global);
    /// The region next to the current one in the direction of `key`; -1 when there is none.
    [[nodiscard]] int neighbour(int key) const;
    void walkTo(int region);
    [[nodiscard]] QString describe() const;

    Document& m_document;
    Builder m_builder;
    Options m_options;
    Refine m_refine;
    const Theme* m_theme;
    Scene m_scene;
    QPixmap m_picture;         ///< of the scene, made when the same scene is painted a second time: a drag never pays for it
    PlateTip* m_tip = nullptr; ///< made when first shown
    bool m_stale = true;
    bool m_painted = false; ///< this scene was painted once
    bool m_keyboardFocus = false;
    Subject m_previewed; ///< what this view last asked to preview
    int m_keyboardRegion = -1;
    int m_builds = 0;
};

} // namespace shardlens
