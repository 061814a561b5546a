// SPDX-License-Identifier: Apache-2.0
// The slim strip that plays a collective of the plan on the mesh: buttons, a track of steps, words. Hidden until one is chosen.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/playedmesh.h"
#include "ui/views/player.h"

#include <QWidget>

#include <functional>

class QToolButton;

namespace shardlens {

class ViewTitle;

class CollectivePlay : public QWidget {
    Q_OBJECT
public:
    explicit CollectivePlay(Document& document, QWidget* parent);

    /// "Play" in a title: the plan's collectives, costliest first.
    QToolButton* addChoice(ViewTitle& title);
    /// A collective by its id; empty: the pinned operator's, else the costliest. False, and nothing changes, where the plan has none.
    bool choose(const std::string& id);
    void stop(); ///< the mesh alone again
    void setFrames(bool frames);
    [[nodiscard]] bool isChosen() const { return m_chosen; }
    [[nodiscard]] Player& player() { return m_player; }
    [[nodiscard]] const CollectivePicture& picture();
    void setTheme(const Theme& theme);
    /// The mesh with what plays on it; on paper, or where frames are wanted, the strip of frames.
    void draw(const ViewInput& input, const MeshOptions& options, Scene& scene);
    [[nodiscard]] const PlayedMesh& mesh() const { return m_mesh; }
    /// Space plays and pauses, comma and full stop step, Home and End go to the ends. True: the key was for the strip.
    bool key(int key);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return {0, sizeHint().height()}; }

Q_SIGNALS:
    void changed(); ///< what is to be drawn

protected:
    void paintEvent(QPaintEvent*) override;
    void mousePressEvent(QMouseEvent*) override;
    void mouseMoveEvent(QMouseEvent*) override;
    void keyPressEvent(QKeyEvent*) override;
    void resizeEvent(QResizeEvent*) override;

private:
    void markStale();
    void refresh(); ///< the picture of the scenario as it is
    void fillMenu(QMenu& menu);
    void moved();

    Document& m_document;
    Player m_player;
    CollectivePicture m_picture;
    PlayedMesh m_mesh;
    std::string m_id;
    const Theme* m_theme;
    QToolButton* m_button = nullptr;
    bool m_chosen = false;
    bool m_frames = false;
    bool m_stale = true;
    bool m_scrubbing = false;
};

} // namespace shardlens
