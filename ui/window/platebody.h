// SPDX-License-Identifier: Apache-2.0
// The shard plate as a widget: the tensors of a stage, scrolled by the wheel, or the playground of products.
#pragma once

#include "ui/controls/wheelnotches.h"
#include "ui/document/document.h"
#include "ui/scene/platescene.h"

#include <QWidget>

namespace shardlens {

class PlaygroundBody;
class SceneView;

enum class PlateMode : std::uint8_t { Tensors, Playground };

class PlateBody : public QWidget {
    Q_OBJECT
public:
    PlateBody(Document& document, QWidget* parent);
    void setTheme(const Theme& theme);
    [[nodiscard]] PlateMode mode() const { return m_mode; }
    void setMode(PlateMode mode);
    /// To the next stage (or the one before); a pinned device or stage is let go, since it would hold the picture.
    void stepStage(int by);
    [[nodiscard]] int stage() const;
    [[nodiscard]] QString subtitle() const;
    /// What the playground rests on, which is not the scenario; empty for the tensors.
    [[nodiscard]] QString assumptions() const;
    [[nodiscard]] SceneView& tensors() const { return *m_tensors; }
    [[nodiscard]] PlaygroundBody& playground(); ///< made when first asked for

Q_SIGNALS:
    void changed(); ///< stage or mode

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void redraw();

    Document& m_document;
    SceneView* m_tensors;
    PlaygroundBody* m_playground = nullptr;
    const Theme* m_theme;
    PlateMode m_mode = PlateMode::Tensors;
    PlateOptions m_options;
    int m_shownStage = 0;
    WheelNotches m_wheel;
};

} // namespace shardlens
