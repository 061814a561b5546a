// SPDX-License-Identifier: Apache-2.0
// Which layers each pipeline stage runs. A model's layers are cut into PP x v blocks in order; with v virtual stages (interleaving,
// Megatron-LM, arXiv:2104.04473, section 2.2) visit i of stage s runs block i x PP + s, so that a piece passes all stages v times.
// The embedding belongs to stage 0's first visit, final norm and head to the last stage's last visit.
#pragma once

#include "core/model/architecture.h"
#include "core/plan/plan.h"

#include <span>
#include <vector>

namespace shardlens {

class StageLayout {
public:
    [[nodiscard]] int stages() const { return m_stages; }
    [[nodiscard]] int visits() const { return m_visits; } ///< v; 1 without virtual stages
    [[nodiscard]] int blocks() const { return m_stages * m_visits; }
    /// Block that visit `visit` of `stage` runs.
    [[nodiscard]] int blockOf(int stage, int visit) const { return visit * m_stages + stage; }
    /// Layers of one visit, in model order.
    [[nodiscard]] IndexRange layers(int stage, int visit) const { return m_blocks[static_cast<std::size_t>(blockOf(stage, visit))]; }
    /// Layers of all visits of a stage.
    [[nodiscard]] int layerCount(int stage) const;
    /// Layers of each kind (index into model.kinds) in one visit.
    [[nodiscard]] std::span<const int> kindCounts(int stage, int visit) const
    {
        return std::span(m_counts).subspan(static_cast<std::size_t>(blockOf(stage, visit)) * m_kinds, m_kinds);
    }
    /// Layers of one kind in all visits of a stage.
    [[nodiscard]] int kindCount(int stage, std::size_t kind) const;
    [[nodiscard]] int stageOf(int layer) const;
    [[nodiscard]] bool holdsEmbedding(int stage, int visit = 0) const { return stage == 0 && visit == 0; }
    [[nodiscard]] bool holdsHead(int stage, int visit) const { return stage + 1 == m_stages && visit + 1 == m_visits; }
    [[nodiscard]] bool holdsHead(int stage) const { return stage + 1 == m_stages; }
    /// True when every stage has the same layers by kind in each of its visits.
    [[nodiscard]] bool even() const;

    /// Lays out anew, reusing memory. Only for a plan without violations; of any other it makes as good a layout as there is.
    void assign(const Model& model, const Plan& plan);
    friend bool operator==(const StageLayout&, const StageLayout&) = default;

private:
    int m_stages = 1;
    int m_visits = 1;
    std::size_t m_kinds = 1;
    std::vector<IndexRange> m_blocks; ///< PP x v, in model order
    std::vector<int> m_counts;        ///< blocks x kinds
};

[[nodiscard]] StageLayout stageLayout(const Model& model, const Plan& plan);

/// What LayerSplit::Balanced evens out over the blocks: weight elements that a decode step with every expert in use reads from HBM.
/// A layer: all its parameters. The head: V x H and the final norm. The embedding: H, one row per token, which is next to nothing. A stage
/// bound by HBM, as in decode, takes time in proportion; in prefill the head runs for the last position only and weighs less than here.
/// The heaviest block is as light as it can be with the layers in order; the others take as near an equal share as that leaves.
[[nodiscard]] std::int64_t splitWeight(const Model& model, const LayerKind& kind);
[[nodiscard]] std::int64_t splitWeightOfEmbedding(const Model& model);
[[nodiscard]] std::int64_t splitWeightOfHead(const Model& model);

} // namespace shardlens
