// SPDX-License-Identifier: Apache-2.0
// The playground of products: three fields that are read while they are typed, the cases as examples, and a player through the steps of
// the chosen way. Keys in the picture: Space plays, Left and Right step, Up and Down choose the way.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/playgroundscene.h"
#include "ui/views/player.h"

#include <QWidget>

class QLineEdit;
class QSlider;
class QToolButton;

namespace shardlens {

class SceneView;

class PlaygroundBody : public QWidget {
    Q_OBJECT
public:
    PlaygroundBody(Document& document, QWidget* parent);
    void setTheme(const Theme& theme);
    void setText(const ProductText& text);
    [[nodiscard]] ProductText text() const;
    [[nodiscard]] const PlaygroundPicture& picture() const { return m_picture; }
    void setWay(std::size_t way);
    /// In steps of the way; for pictures too.
    void setPosition(double position);
    [[nodiscard]] SceneView& view() const { return *m_view; }
    [[nodiscard]] Player& player() { return m_player; }

protected:
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void read();
    void reportChanged();
    void restart(); ///< another way, or another product
    void redraw();
    void layOut();
    bool pressed(QPointF at);
    bool keyed(int key);
    [[nodiscard]] bool isSeen() const;

    Document& m_document;
    SceneView* m_view;
    QLineEdit* m_product;
    QLineEdit* m_mesh;
    QLineEdit* m_shape;
    QToolButton* m_examples;
    QToolButton* m_back;
    QToolButton* m_play;
    QToolButton* m_next;
    QSlider* m_slider;
    Player m_player;
    PlaygroundPicture m_picture;
    PlaygroundRegions m_regions;
    std::shared_ptr<const Cluster> m_cluster; ///< that the costs are of
    bool m_stale = true;
};

} // namespace shardlens
