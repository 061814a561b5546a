// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/playedmesh.h"

namespace shardlens {

void PlayedMesh::draw(const ViewInput& input, const MeshOptions& options, const CollectivePicture& picture, Scene& scene)
{
    const Key key{input.size,     input.theme.id(), textGeneration(),  input.hover, input.pin,
                  options.colour, options.zoom,     options.everyCopy, options.bare};
    if (!m_isKept || key != m_key) {
        m_below = 0;
        m_layout = {};
        MeshOptions still = options;
        still.overlay = [this](const ViewInput&, const MeshLayout& layout, const Scene& mesh) {
            m_below = mesh.items.size();
            m_layout = layout;
        };
        buildMesh(input, still, m_mesh);
        m_key = key;
        m_isKept = true;
        ++m_built;
    }
    scene = m_mesh;
    if (m_layout.tiles.empty()) // too small for a mesh
        return;
    scene.items.resize(m_below);
    drawCollective(input, m_layout, picture, scene);
    scene.items.insert(scene.items.end(), m_mesh.items.begin() + static_cast<std::ptrdiff_t>(m_below), m_mesh.items.end());
}

} // namespace shardlens
