// SPDX-License-Identifier: Apache-2.0
#include "core/cost/operators.h"

#include <algorithm>

namespace shardlens {

UsefulFlop::UsefulFlop(const Model& model)
{
    for (std::size_t i = 0; i < model.kinds.size(); ++i) {
        const LayerKind& kind = model.kinds[i];
        const LayerParameters p = layerParameters(model, kind);
        const auto layers = static_cast<double>(std::count(model.layers.begin(), model.layers.end(), static_cast<std::uint8_t>(i)));
        const FeedForward& f = kind.feedForward;
        const Attention& a = kind.attention;
        auto matrices = static_cast<double>(p.query + p.keyValue + p.output + p.index + p.linearInput + p.linearOutput + p.dense + p.shared
                                            + p.expertProjection);
        // Norms that are counted among them multiply nothing.
        if (a.kind == AttentionKind::Latent)
            matrices -= a.queryLoraRank + a.kvLoraRank;
        if (p.index > 0)
            matrices -= 2.0 * a.index.headDim;
        if (f.isMoe()) {
            const double width = f.expertHidden > 0 ? f.expertHidden : model.hidden;
            const double routed = f.topK * width * f.matrices * f.expertIntermediate;
            m_routed.push_back({i, 2 * routed * layers});
            matrices += routed + static_cast<double>(model.hidden) * f.experts;
        }
        m_perRow += 2 * matrices * layers;
        switch (a.kind) {
        case AttentionKind::Grouped:
        case AttentionKind::Latent: {
            const double widths = a.kind == AttentionKind::Latent ? a.nopeHeadDim + a.ropeHeadDim + a.valueHeadDim
                                                                  : static_cast<double>(a.headDim) + a.valueDim();
            addPairs(reachOf(a), 2 * a.queryHeads * widths * layers);
            if (a.index.heads > 0 && !a.index.shared)
                addPairs(0, 2.0 * a.index.heads * a.index.headDim * layers);
            break;
        }
        case AttentionKind::Linear: // products with the state: in and out, and for a delta rule what it already holds
            m_perRow += (a.linear.kind == LinearKind::Mamba2 ? 4 : 6) * static_cast<double>(a.linear.stateElements()) * layers;
            break;
        case AttentionKind::None: break;
        }
    }
    m_perSequence = 2 * static_cast<double>(model.hidden) * static_cast<double>(model.vocabulary);
}

void UsefulFlop::addPairs(Reach reach, double each)
{
    for (Pairs& pairs : m_pairs)
        if (pairs.reach == reach) {
            pairs.each += each;
            return;
        }
    m_pairs.push_back({reach, each});
}

double UsefulFlop::operator()(const StepTokens& tokens) const
{
    const PieceTokens<double> t = tokens.scalars();
    double total = m_perRow * t.sequences * (tokens.decode ? 1 : t.newTokens);
    for (const Pairs& a : m_pairs) {
        const double pairs = tokens.decode ? decodeKeys(t, a.reach) : causalPairs(t.past, t.newTokens, a.reach);
        total += a.each * t.sequences * pairs;
    }
    if (tokens.decode || tokens.lastPiece)
        total += m_perSequence * t.sequences;
    return total;
}

double usefulFlop(const Model& model, const StepTokens& tokens)
{
    return UsefulFlop(model)(tokens);
}

} // namespace shardlens
