// SPDX-License-Identifier: Apache-2.0
#include "core/plan/stages.h"

#include "core/model/parameters.h"

#include <algorithm>

namespace shardlens {

namespace {

/// Cuts layers in order into blocks of at least one layer each, the heaviest as light as possible.
class BalancedCut {
public:
    BalancedCut(const Model& model, int blocks) : m_blocks(blocks), m_layers(model.layerCount())
    {
        m_sums.reserve(model.layers.size() + 1);
        m_sums.push_back(0);
        std::vector<std::int64_t> ofKind;
        for (const LayerKind& kind : model.kinds)
            ofKind.push_back(splitWeight(model, kind));
        for (const std::uint8_t kind : model.layers)
            m_sums.push_back(m_sums.back() + ofKind[kind]);
        // Embedding and head ride with the first and the last layer.
        for (std::size_t i = 1; i < m_sums.size(); ++i)
            m_sums[i] += splitWeightOfEmbedding(model);
        m_sums.back() += splitWeightOfHead(model);
    }

    void cut(std::vector<IndexRange>& out) const
    {
        const std::int64_t bound = lightestBound();
        std::vector<int> needed(m_sums.size(), 0); // blocks that the layers from here on need under the bound
        for (int begin = m_layers - 1; begin >= 0; --begin)
            needed[at(begin)] = 1 + needed[at(furthest(begin, bound))];
        int begin = 0;
        for (int block = 0; block < m_blocks; ++block) {
            const int after = m_blocks - block - 1;
            int end = begin + 1;
            if (after == 0) {
                end = m_layers;
            } else {
                // Up to the share of those still to come, as near to it as whole layers allow, if the rest then fits behind.
                const std::int64_t share = (m_sums.back() - m_sums[at(begin)]) / (after + 1);
                const int most = std::min(furthest(begin, bound), m_layers - after);
                while (end < most && 2 * (share - weight(begin, end)) >= weight(end, end + 1))
                    ++end;
                while (end < most && needed[at(end)] > after)
                    ++end;
            }
            out[at(block)] = {begin, end};
            begin = end;
        }
    }

private:
    static std::size_t at(int index) { return static_cast<std::size_t>(index); }
    [[nodiscard]] std::int64_t weight(int begin, int end) const { return m_sums[at(end)] - m_sums[at(begin)]; }

    /// End of the longest block from `begin` that is no heavier than `bound`; at least one layer.
    [[nodiscard]] int furthest(int begin, std::int64_t bound) const
    {
        const auto end = std::upper_bound(m_sums.begin() + begin + 1, m_sums.end(), m_sums[at(begin)] + bound);
        return std::max(begin + 1, static_cast<int>(end - m_sums.begin()) - 1);
    }

    [[nodiscard]] bool fits(std::int64_t bound) const
    {
        int begin = 0;
        for (int block = 0; block < m_blocks && begin < m_layers; ++block)
            begin = furthest(begin, bound);
        return begin == m_layers;
    }

    /// The least bound under which the layers fit into the blocks. Blocks left over take layers of others, which only lightens them.
    [[nodiscard]] std::int64_t lightestBound() const
    {
        std::int64_t low = 0;
        for (int layer = 0; layer < m_layers; ++layer)
            low = std::max(low, weight(layer, layer + 1));
        std::int64_t high = m_sums.back();
        while (low < high) {
            const std::int64_t middle = low + (high - low) / 2;
            if (fits(middle))
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }

    int m_blocks;
    int m_layers;
    std::vector<std::int64_t> m_sums; ///< weight of the first i layers, embedding and head included
};

} // namespace

int StageLayout::layerCount(int stage) const
{
    int count = 0;
    for (int visit = 0; visit < m_visits; ++visit)
        count += layers(stage, visit).count();
    return count;
}

int StageLayout::kindCount(int stage, std::size_t kind) const
{
    int count = 0;
    for (int visit = 0; visit < m_visits; ++visit)
        count += kindCounts(stage, visit)[kind];
    return count;
}

int StageLayout::stageOf(int layer) const
{
    const auto block =
        std::partition_point(m_blocks.begin(), m_blocks.end(), [layer](const IndexRange& range) { return range.end <= layer; });
    return static_cast<int>(block - m_blocks.begin()) % m_stages;
}

bool StageLayout::even() const
{
    for (std::size_t i = m_kinds; i < m_counts.size(); ++i)
        if (m_counts[i] != m_counts[i - m_kinds])
            return false;
    return true;
}

void StageLayout::assign(const Model& model, const Plan& plan)
{
    m_stages = std::max(1, plan.pipeline());
    m_kinds = model.kinds.size();
    const int all = model.layerCount();
    m_visits = std::clamp(plan.virtualStages(), 1, std::max(1, all / m_stages));
    const auto count = static_cast<std::size_t>(blocks());
    m_blocks.resize(count);
    const std::vector<int>& manual = plan.options.stageLayers;
    if (plan.options.layerSplit == LayerSplit::Balanced && blocks() <= all) {
        BalancedCut(model, blocks()).cut(m_blocks);
    } else if (plan.options.layerSplit == LayerSplit::Manual && manual.size() == count) {
        int begin = 0;
        for (std::size_t block = 0; block < count; ++block) {
            const int end = std::clamp(begin + manual[block], begin, all);
            m_blocks[block] = {begin, end};
            begin = end;
        }
    } else {
        for (int block = 0; block < blocks(); ++block)
            m_blocks[static_cast<std::size_t>(block)] = layersOfStage(all, blocks(), block);
    }
    m_counts.assign(count * m_kinds, 0);
    for (std::size_t block = 0; block < count; ++block)
        for (int layer = m_blocks[block].begin; layer < m_blocks[block].end; ++layer)
            ++m_counts[block * m_kinds + model.layers[static_cast<std::size_t>(layer)]];
}

StageLayout stageLayout(const Model& model, const Plan& plan)
{
    StageLayout layout;
    layout.assign(model, plan);
    return layout;
}

std::int64_t splitWeight(const Model& model, const LayerKind& kind)
{
    return layerParameters(model, kind).total();
}

std::int64_t splitWeightOfEmbedding(const Model& model)
{
    return model.hidden;
}

std::int64_t splitWeightOfHead(const Model& model)
{
    return std::int64_t{model.vocabulary} * model.hidden + (model.norm == NormKind::Layer ? 2 : 1) * std::int64_t{model.hidden};
}

} // namespace shardlens
