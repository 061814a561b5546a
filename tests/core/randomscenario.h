// SPDX-License-Identifier: Apache-2.0
// Random models, clusters and plans, seeded: what must hold for all of them is tested on thousands.
#pragma once

#include "core/scenario/catalog.h"
#include "core/scenario/scenario.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>

namespace shardlens::test {

class Random {
public:
    explicit Random(unsigned seed) : m_engine(seed) {}

    int below(int n) { return static_cast<int>(m_engine() % static_cast<unsigned>(n)); }
    int between(int low, int high) { return low + below(high - low + 1); }
    bool chance(int percent) { return below(100) < percent; }
    int power(int most) { return 1 << below(most + 1); }
    double fraction() { return static_cast<double>(m_engine()) / 4294967296.0; }
    template <class Container>
    auto pick(const Container& from)
    {
        return from[static_cast<std::size_t>(below(static_cast<int>(std::size(from))))];
    }

    /// A legal scenario, of the catalog or made up; most plans use few axes and few options, as people's do.
    Scenario scenario()
    {
        while (true) {
            Scenario s = unchecked();
            if (isLegal(s.context(), s.plan))
                return s;
        }
    }

    /// The same without asking whether it is legal; every field in its range.
    Scenario unchecked()
    {
        const Catalog& catalog = builtinCatalog();
        Scenario s;
        s.model = chance(60) ? pick(catalog.models) : std::make_shared<const Model>(model());
        s.cluster = pick(catalog.clusters);
        s.workload.batch = chance(50) ? power(8) : between(1, 96);
        s.workload.input = chance(10) ? between(4000, 200'000) : between(1, 4000);
        s.workload.output = between(1, 600);
        s.formats = formats(*s.cluster);
        Plan& plan = s.plan;
        plan[PlanAxis::Tensor] = power(4);
        plan[PlanAxis::Pipeline] = chance(50) ? 1 : between(1, 6);
        plan[PlanAxis::Data] = chance(50) ? 1 : power(2);
        plan[PlanAxis::Sequence] = chance(75) ? 1 : 2;
        plan[PlanAxis::AttentionData] = chance(75) ? 1 : power(2);
        if (s.model->hasExperts())
            plan[PlanAxis::Expert] = power(3);
        plan[PlanAxis::PrefillMicrobatches] = between(1, 6);
        plan[PlanAxis::DecodeMicrobatches] = between(1, 6);
        plan[PlanAxis::Chunks] = chance(66) ? 1 : between(1, 4);
        if (chance(60))
            options(s);
        if (s.model->hasExperts() && chance(40)) {
            s.workload.routing.powerLaw = chance(50) ? 0 : fraction();
            s.workload.routing.capacityFactor = chance(50) ? 0 : 1 + 2 * fraction();
            s.workload.routing.dropOverflow = chance(50);
        }
        return s;
    }

    /// A decoder of one to three kinds of layer, with every kind of attention and feed-forward part among them.
    Model model()
    {
        Model m;
        m.id = "random";
        m.name = "Random";
        m.hidden = 64 * between(2, 64);
        m.vocabulary = between(1000, 200'000);
        m.tiedEmbedding = chance(30);
        m.norm = pick(std::array{NormKind::Rms, NormKind::Layer});
        m.normsPerLayer = pick(std::array{2, 2, 2, 4});
        const int kinds = between(1, 3);
        for (int i = 0; i < kinds; ++i)
            m.kinds.push_back({attention(), feedForward(m.hidden)});
        const int layers = between(kinds, 24);
        for (int i = 0; i < layers; ++i)
            m.layers.push_back(static_cast<std::uint8_t>(i % kinds));
        if (chance(30))
            m.prediction = {between(1, 2), static_cast<std::uint8_t>(below(kinds)), chance(50)};
        return m;
    }

private:
    Attention attention()
    {
        Attention a;
        a.kind = pick(std::array{AttentionKind::Grouped, AttentionKind::Grouped, AttentionKind::Latent, AttentionKind::Linear});
        a.queryHeads = 8 * power(3);
        a.kvHeads = a.queryHeads >> below(4);
        a.headDim = 32 * power(2);
        if (a.kind == AttentionKind::Grouped) {
            a.window = chance(25) ? power(12) : 0;
            a.chunked = a.window > 0 && chance(40);
            a.qkvBias = chance(20);
            a.outputGate = chance(10);
            a.valueHeadDim = chance(10) ? 64 : 0;
            a.queryKeyNorm = pick(std::array{QueryKeyNorm::None, QueryKeyNorm::PerHead});
        } else if (a.kind == AttentionKind::Latent) {
            a.kvHeads = a.queryHeads;
            a.headDim = 0;
            a.queryLoraRank = chance(70) ? 32 * between(4, 48) : 0;
            a.kvLoraRank = 64 * between(2, 8);
            a.nopeHeadDim = 64 * power(1);
            a.ropeHeadDim = 64;
            a.valueHeadDim = 64 * power(1);
            if (chance(30) && a.queryLoraRank > 0)
                a.index = {16 * power(2), 128, power(11), false};
        } else {
            a.linear.kind = pick(std::array{LinearKind::GatedDelta, LinearKind::Mamba2});
            a.linear.keyHeads = a.linear.kind == LinearKind::Mamba2 ? 8 : 16;
            a.linear.keyDim = 128;
            a.linear.valueHeads = a.linear.keyHeads * power(2);
            a.linear.valueDim = 64 * power(1);
            a.linear.convKernel = 4;
            a.queryHeads = a.linear.valueHeads;
            a.kvHeads = a.linear.keyHeads;
        }
        return a;
    }

    FeedForward feedForward(int hidden)
    {
        FeedForward f;
        f.matrices = pick(std::array{2, 3, 3});
        if (chance(50)) {
            f.intermediate = 64 * between(2, 256);
            return f;
        }
        f.experts = 8 * power(5);
        f.topK = std::min(f.experts, power(3));
        f.expertIntermediate = 64 * between(2, 64);
        f.sharedIntermediate = chance(50) ? f.expertIntermediate : 0;
        f.routerBias = chance(30);
        if (chance(20))
            f.expertHidden = hidden / 2;
        return f;
    }

    Formats formats(const Cluster& cluster)
    {
        Formats f;
        f.weights = chance(40) ? NumberFormat::Bf16 : pick(kNumberFormats);
        f.kv = chance(50) ? NumberFormat::Bf16
                          : pick(std::array{NumberFormat::Fp8, NumberFormat::Int8, NumberFormat::Fp16, NumberFormat::Int4});
        if (chance(30) && cluster.accelerator.peakOf(ComputeFormat::Fp8) > 0)
            f.compute = ComputeFormat::Fp8;
        if (chance(30))
            f.own[static_cast<std::size_t>(below(kWeightClassCount))] = pick(kNumberFormats);
        return f;
    }

    void options(Scenario& s)
    {
        PlanOptions& o = s.plan.options;
        o.fusedAttention = chance(80);
        o.sequenceExchange = chance(50) ? SequenceExchange::Ring : SequenceExchange::AllGather;
        o.shardedNorms = chance(25);
        o.sends = chance(70) ? SendMode::Overlapped : SendMode::Synchronous;
        o.overlap = chance(70) ? 0 : fraction();
        o.virtualStages = chance(80) ? 1 : between(2, 3);
        o.layerSplit = chance(70) ? LayerSplit::Even : LayerSplit::Balanced;
        o.prediction = chance(50) ? PredictionUse::Load : PredictionUse::Off;
        if (chance(30))
            std::shuffle(o.order.begin(), o.order.end(), m_engine);
        if (!s.model->hasExperts())
            return;
        o.expertExchange = pick(std::array{ExpertExchange::Automatic, ExpertExchange::Reduce, ExpertExchange::AllToAll});
        o.sharedExperts = chance(70) ? SharedExpertPlace::Tensor : SharedExpertPlace::Replicated;
        o.redundantExperts = chance(70) ? 0 : s.plan.expert() * between(0, 2);
    }

    std::mt19937 m_engine;
};

} // namespace shardlens::test
