// SPDX-License-Identifier: Apache-2.0
// The mesh with its strips below: the collective that plays, the order of the axes. Both hidden until asked for.
#pragma once

#include "ui/window/axisorderstrip.h"
#include "ui/window/collectiveplay.h"

namespace shardlens {

class MeshStrips : public QWidget {
    Q_OBJECT
public:
    /// Takes `mesh` in and adds the choices to the title. Keys of the strips work while the mesh has the focus.
    MeshStrips(Document& document, ViewTitle& title, QWidget* mesh, CollectivePlay* play, QWidget* parent);
    [[nodiscard]] CollectivePlay& play() { return *m_play; }
    [[nodiscard]] AxisOrderStrip& axes() { return *m_axes; }
    void setTheme(const Theme& theme);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    CollectivePlay* m_play;
    AxisOrderStrip* m_axes;
};

} // namespace shardlens
