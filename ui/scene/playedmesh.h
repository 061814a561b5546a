// SPDX-License-Identifier: Apache-2.0
// The mesh while a collective plays on it: machine, tiles and words are laid out once and kept, each frame draws only what travels.
#pragma once

#include "ui/scene/collectivescene.h"

namespace shardlens {

class PlayedMesh {
public:
    /// The same scene as buildMesh() with drawCollective() as its overlay.
    void draw(const ViewInput& input, const MeshOptions& options, const CollectivePicture& picture, Scene& scene);
    /// The scenario or its report has changed.
    void forget() { m_isKept = false; }
    /// How often the mesh itself was built.
    [[nodiscard]] int built() const { return m_built; }

private:
    /// What the kept mesh was drawn for, besides scenario and report.
    struct Key {
        QSizeF size;
        ThemeId theme = ThemeId::Light;
        int text = 0; ///< generation of the text scale
        Subject hover;
        Subject pin;
        MeshColour colour = MeshColour::StageRank;
        MeshZoom zoom;
        bool everyCopy = false;
        bool bare = false;
        friend bool operator==(const Key&, const Key&) = default;
    };

    bool m_isKept = false;
    int m_built = 0;
    Key m_key;
    Scene m_mesh;
    MeshLayout m_layout;
    std::size_t m_below = 0; ///< items of the mesh that lie under what travels
};

} // namespace shardlens
