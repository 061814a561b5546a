// SPDX-License-Identifier: Apache-2.0
// Scenarios that the tests of memory start from.
#pragma once

#include "core/scenario/explain.h"
#include "scenarios.h"

#include <functional>
#include <utility>

namespace shardlens::test {

inline constexpr Bytes kGiBytes = Bytes{1} << 30;

/// On one device so large that everything fits, without a reserve.
inline Scenario alone(std::string_view model)
{
    Scenario s = scenarioOf(model, "p5.48xlarge");
    Cluster huge = *s.cluster;
    huge.accelerator.memoryBytes = Bytes{4} << 40;
    s.cluster = std::make_shared<Cluster>(huge);
    s.reserve = 0;
    return s;
}

inline MemoryReport memoryOf(const Scenario& s)
{
    return shardlens::memoryOf(s.context(), s.plan, s.reserve);
}

inline void change(Scenario& s, const std::function<void(Model&)>& edit)
{
    Model model = *s.model;
    edit(model);
    s.model = std::make_shared<Model>(std::move(model));
}

/// Qwen3-Next-80B-A3B's token mixers (config.json of Qwen/Qwen3-Next-80B-A3B-Instruct): 36 linear layers and 12 of gated attention.
inline Scenario qwenNext()
{
    Scenario s = alone("qwen3-30b-a3b");
    change(s, [](Model& m) {
        LayerKind full = m.kinds.front();
        full.attention = {};
        full.attention.queryHeads = 16;
        full.attention.kvHeads = 2;
        full.attention.headDim = 256;
        full.attention.outputGate = true;
        full.attention.queryKeyNorm = QueryKeyNorm::PerHead;
        full.feedForward.experts = 512;
        full.feedForward.topK = 10;
        full.feedForward.expertIntermediate = 512;
        full.feedForward.sharedIntermediate = 512;
        full.feedForward.sharedExpertGate = true;
        LayerKind linear = full;
        linear.attention = {};
        linear.attention.kind = AttentionKind::Linear;
        linear.attention.linear = {LinearKind::GatedDelta, 16, 128, 32, 128, 4, false, false};
        m.kinds = {linear, full};
        m.layers.clear();
        for (int layer = 0; layer < 48; ++layer)
            m.layers.push_back(layer % 4 == 3 ? 1 : 0);
    });
    return s;
}

inline Scenario deepseekSparse()
{
    Scenario s = alone("deepseek-v3");
    change(s, [](Model& m) {
        for (LayerKind& kind : m.kinds) {
            kind.attention.index.heads = 64;
            kind.attention.index.headDim = 128;
            kind.attention.index.topK = 2048;
        }
    });
    return s;
}

} // namespace shardlens::test
