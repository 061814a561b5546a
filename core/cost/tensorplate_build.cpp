// SPDX-License-Identifier: Apache-2.0
// The tensors, one matrix of memory's count after the other.
#include "core/cost/tensorplate.h"
#include "core/cost/weightshards.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace shardlens {
namespace {

/// A dimension and the axes that split it, outermost first.
struct Dim {
    const char* name;
    std::int64_t size = 0;
    std::vector<PlateAxis> axes = {};
};

struct MatrixName {
    std::string_view shard; ///< of weightshards.cpp
    TensorKind kind;
    const char* name;
};

constexpr std::array kMatrices{
    MatrixName{"Q", TensorKind::Query, "W_Q"},
    MatrixName{"Q, gate", TensorKind::Query, "W_Q"},
    MatrixName{"K", TensorKind::Key, "W_K"},
    MatrixName{"K = V", TensorKind::Key, "W_KV"},
    MatrixName{"V", TensorKind::Value, "W_V"},
    MatrixName{"O", TensorKind::Output, "W_O"},
    MatrixName{"Q down", TensorKind::QueryDown, "W_DQ"},
    MatrixName{"Q up", TensorKind::QueryUp, "W_UQ"},
    MatrixName{"KV down", TensorKind::KvDown, "W_DKV"},
    MatrixName{"KV up", TensorKind::KvUp, "W_UKV"},
    MatrixName{"index Q", TensorKind::IndexQuery, "W_IQ"},
    MatrixName{"index K", TensorKind::IndexKey, "W_IK"},
    MatrixName{"index head weights", TensorKind::IndexHeads, "W_IW"},
    MatrixName{"mixer in", TensorKind::MixerIn, "W_in"},
    MatrixName{"decay up", TensorKind::DecayUp, "W_decay"},
    MatrixName{"gate up", TensorKind::GateUp, "W_ogate"},
    MatrixName{"mixer out", TensorKind::MixerOut, "W_out"},
    MatrixName{"up, gate", TensorKind::MlpUp, "W_up"},
    MatrixName{"up", TensorKind::MlpUp, "W_up"},
    MatrixName{"down", TensorKind::MlpDown, "W_down"},
    MatrixName{"to experts", TensorKind::ToExperts, "W_to"},
    MatrixName{"from experts", TensorKind::FromExperts, "W_from"},
    MatrixName{"experts up, gate", TensorKind::ExpertsUp, "E_up"},
    MatrixName{"experts up", TensorKind::ExpertsUp, "E_up"},
    MatrixName{"experts down", TensorKind::ExpertsDown, "E_down"},
    MatrixName{"shared up, gate", TensorKind::SharedUp, "S_up"},
    MatrixName{"shared up", TensorKind::SharedUp, "S_up"},
    MatrixName{"shared down", TensorKind::SharedDown, "S_down"},
};

bool isUp(TensorKind kind)
{
    return kind == TensorKind::MlpUp || kind == TensorKind::ExpertsUp || kind == TensorKind::SharedUp;
}

/// "W_up" -> "W_gate".
std::string gateOf(std::string_view up)
{
    return std::string(up.substr(0, up.find('_'))) + "_gate";
}

class Builder {
public:
    Builder(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve)
        : m_context(context),
          m_model(context.model),
          m_plan(plan),
          m_terms(context, plan, reserve)
    {
        m_plate.stages = m_terms.stages();
    }

    TensorPlate build()
    {
        // By part of the layer over all kinds, so that a model of several kinds reads like one layer.
        for (const bool feedForward : {false, true}) {
            for (std::size_t kind = 0; kind < m_model.kinds.size(); ++kind)
                weights(kind, feedForward);
            if (!feedForward)
                for (std::size_t kind = 0; kind < m_model.kinds.size(); ++kind)
                    caches(kind);
        }
        // Where the cache stands after the projections that fill it, the output projection follows it.
        std::stable_sort(m_plate.tensors.begin(), m_plate.tensors.end(),
                         [](const PlateTensor& a, const PlateTensor& b) { return rank(a.kind) < rank(b.kind); });
        ends();
        streams();
        small();
        return std::move(m_plate);
    }

private:
    const PlanContext& m_context;
    const Model& m_model;
    const Plan& m_plan;
    MemoryTerms m_terms;
    TensorPlate m_plate;

    /// Attention (as listed), its caches, its output; then the rest.
    static int rank(TensorKind kind) { return static_cast<int>(kind); }
    [[nodiscard]] std::int64_t tensor() const { return m_plan.tensor(); }

    [[nodiscard]] PlateTensor blank(TensorKind kind, std::string name, NumberFormat format) const
    {
        PlateTensor out;
        out.kind = kind;
        out.name = std::move(name);
        out.format = format;
        out.formatText = nameOf(format);
        out.replicas = m_plan.data();
        out.layers.assign(static_cast<std::size_t>(m_plate.stages), 0);
        return out;
    }

    /// The stage's axes as this tensor sees them, those of one device left out.
    static void setMesh(PlateTensor& out, const std::vector<std::pair<PlateAxis, std::int64_t>>& axes)
    {
        std::vector<NamedAxis> named;
        for (const auto& [axis, size] : axes) {
            if (size <= 1)
                continue;
            named.push_back({std::string(nameOf(axis)), size});
            out.axes.push_back(axis);
        }
        if (Result<Mesh> mesh = Mesh::make(named); mesh.ok())
            out.mesh = std::move(mesh).value();
        else
            out.axes.clear(); // of no legal plan
    }
    void attentionMesh(PlateTensor& out, std::int64_t copies = 1) const
    {
        using A = PlateAxis;
        if (copies > 1 && copies < tensor())
            setMesh(out, {{A::TensorCopies, copies},
                          {A::TensorHeads, tensor() / copies},
                          {A::Sequence, m_plan.sequence()},
                          {A::AttentionData, m_plan.attentionData()}});
        else
            setMesh(out, {{A::Tensor, tensor()}, {A::Sequence, m_plan.sequence()}, {A::AttentionData, m_plan.attentionData()}});
    }

    static void addPart(PlateTensor& out, std::string name, const std::vector<Dim>& dims, std::size_t rowDims, bool dealt = false)
    {
        PlatePart part;
        part.array.name = std::move(name);
        part.rowDims = rowDims;
        part.dealt = dealt;
        for (const Dim& dim : dims) {
            ShardedDim split{dim.name, dim.size, {}};
            for (const PlateAxis axis : dim.axes)
                for (std::size_t i = 0; i < out.axes.size(); ++i)
                    if (out.axes[i] == axis)
                        split.axes.push_back(static_cast<int>(i));
            part.array.dims.push_back(std::move(split));
        }
        out.parts.push_back(std::move(part));
    }

    /// Axes of heads that TP splits: TPk then TPr where the mesh has them apart, of which copies of heads take the outer alone.
    static std::vector<PlateAxis> everyRank() { return {PlateAxis::Tensor, PlateAxis::TensorHeads, PlateAxis::TensorCopies}; }
    static std::vector<PlateAxis> perHead(std::int64_t copies, std::int64_t tensor)
    {
        if (copies >= tensor)
            return {}; // one head: whole on every rank
        return copies > 1 ? std::vector{PlateAxis::TensorHeads} : std::vector{PlateAxis::Tensor};
    }

    void add(PlateTensor out)
    {
        std::int64_t split = 1;
        for (std::size_t i = 0; i < out.axes.size(); ++i)
            if (out.isSplit(i))
                split *= out.mesh.size(static_cast<int>(i));
        out.copies = out.mesh.devices() / split;
        for (PlateTensor& other : m_plate.tensors) {
            const bool same = other.kind == out.kind && other.name == out.name && other.notation() == out.notation()
                              && other.format == out.format && other.deviceBytes == out.deviceBytes && other.fewestBytes == out.fewestBytes
                              && sameShape(other, out);
            if (!same)
                continue;
            for (std::size_t stage = 0; stage < out.layers.size(); ++stage)
                other.layers[stage] += out.layers[stage];
            return;
        }
        m_plate.tensors.push_back(std::move(out));
    }
    static bool sameShape(const PlateTensor& a, const PlateTensor& b)
    {
        if (a.parts.size() != b.parts.size())
            return false;
        for (std::size_t i = 0; i < a.parts.size(); ++i)
            if (!(a.parts[i].array == b.parts[i].array))
                return false;
        return true;
    }

    void countLayers(PlateTensor& out, std::size_t kind) const
    {
        for (int stage = 0; stage < m_plate.stages; ++stage)
            out.layers[static_cast<std::size_t>(stage)] = m_terms.layout().kindCount(stage, kind);
    }

    [[nodiscard]] int slotsOf(const FeedForward& f, bool fewest) const
    {
        const std::int64_t all = std::int64_t{f.experts} + m_plan.redundantExperts();
        const auto most = static_cast<int>(ceilDiv(all, m_plan.expert()));
        return fewest && all % m_plan.expert() != 0 ? most - 1 : most;
    }

    void weights(std::size_t kind, bool feedForward)
    {
        const LayerKind& layer = m_model.kinds[kind];
        const FeedForward& f = layer.feedForward;
        const LayerShards shards(m_model, layer, m_plan, f.isMoe() ? slotsOf(f, false) : 0);
        for (const MatrixShard& shard : shards.matrices()) {
            const auto known =
                std::find_if(kMatrices.begin(), kMatrices.end(), [&shard](const MatrixName& each) { return each.shard == shard.name; });
            if (known == kMatrices.end() || (known->kind >= TensorKind::MlpUp) != feedForward)
                continue;
            // What is one product in a layer, gate and up, is two matrices, each with bytes of its own.
            const bool gated = isUp(known->kind) && f.matrices > 2;
            const int matrices = gated ? f.matrices - 1 : 1;
            for (int matrix = 0; matrix < matrices; ++matrix) {
                const bool gate = gated && matrix == 0;
                PlateTensor out = blank(known->kind, gate ? gateOf(known->name) : known->name, m_context.formats.of(shard.weightClass));
                describe(out, shard, layer);
                out.deviceBytes = out.fewestBytes = shard.bytes(out.format) / matrices;
                if (shard.weightClass == WeightClass::Experts && slotsOf(f, true) != slotsOf(f, false))
                    out.fewestBytes = out.deviceBytes / slotsOf(f, false) * slotsOf(f, true);
                out.wholeBytes = boundedProduct(bytesOf(out.format, shard.wholeRows, shard.wholeColumns), shard.wholeRepeat) / matrices;
                countLayers(out, kind);
                add(std::move(out));
            }
        }
        if (feedForward && f.isMoe())
            router(kind);
    }

    void router(std::size_t kind)
    {
        const FeedForward& f = m_model.kinds[kind].feedForward;
        PlateTensor out = blank(TensorKind::Router, "W_router", NumberFormat::Bf16);
        attentionMesh(out);
        addPart(out, out.name, {{"D", m_model.hidden}, {"E", f.experts}}, 1);
        out.wholeBytes = out.deviceBytes = out.fewestBytes = std::int64_t{m_model.hidden} * f.experts * kActivationSize;
        countLayers(out, kind);
        add(std::move(out));
    }

    void describe(PlateTensor& out, const MatrixShard& shard, const LayerKind& layer) const
    {
        const Attention& a = layer.attention;
        switch (out.kind) {
        case TensorKind::ExpertsUp:
        case TensorKind::ExpertsDown: experts(out, shard, layer.feedForward); return;
        case TensorKind::MixerIn: mixer(out, a.linear); return;
        case TensorKind::MlpUp:
        case TensorKind::SharedUp:
        case TensorKind::MlpDown:
        case TensorKind::SharedDown: mlp(out, shard); return;
        default: heads(out, shard, a); return;
        }
    }

    void mlp(PlateTensor& out, const MatrixShard& shard) const
    {
        attentionMesh(out);
        const std::vector<PlateAxis> split = shard.copies > 1 ? std::vector<PlateAxis>{} : everyRank();
        const bool up = out.kind == TensorKind::MlpUp || out.kind == TensorKind::SharedUp;
        if (up)
            addPart(out, out.name, {{"D", shard.wholeRows}, {"F", shard.wholeColumns, split}}, 1);
        else
            addPart(out, out.name, {{"F", shard.wholeRows, split}, {"D", shard.wholeColumns}}, 1);
    }

    void experts(PlateTensor& out, const MatrixShard& shard, const FeedForward& f) const
    {
        setMesh(out, {{PlateAxis::ExpertTensor, m_plan.expertTensor()}, {PlateAxis::Expert, m_plan.expert()}});
        const bool up = out.kind == TensorKind::ExpertsUp;
        const int redundant = m_plan.redundantExperts();
        if (redundant > 0)
            out.note = std::to_string(f.experts) + " experts + " + std::to_string(redundant) + " copies";
        const Dim stack{"E", std::int64_t{f.experts} + redundant, {PlateAxis::Expert}};
        const std::vector<PlateAxis> split{PlateAxis::ExpertTensor};
        if (up)
            addPart(out, out.name, {stack, {"D", shard.wholeRows}, {"F", shard.wholeColumns, split}}, 2, true);
        else
            addPart(out, out.name, {stack, {"F", shard.wholeRows, split}, {"D", shard.wholeColumns}}, 2, true);
    }

    /// Matrices of attention: heads split over TP; what serves all heads is whole on every rank.
    void heads(PlateTensor& out, const MatrixShard& shard, const Attention& a) const
    {
        const std::int64_t copies =
            out.kind == TensorKind::Key || out.kind == TensorKind::Value ? kvReplication(a.kvHeads, m_plan.tensor()) : 1;
        attentionMesh(out, copies);
        const std::int64_t rows = shard.wholeRows;
        const std::int64_t columns = shard.wholeColumns;
        switch (out.kind) {
        case TensorKind::Query:
            if (a.outputGate)
                out.note = "queries and their gate";
            addPart(out, out.name, {{"D", rows}, {"N", a.queryHeads, everyRank()}, {"H", columns / a.queryHeads}}, 1);
            return;
        case TensorKind::Key:
        case TensorKind::Value:
            if (a.keyIsValue)
                out.note = "keys are values";
            addPart(out, out.name, {{"D", rows}, {"K", a.kvHeads, perHead(copies, tensor())}, {"H", columns / a.kvHeads}}, 1);
            return;
        case TensorKind::QueryUp:
        case TensorKind::KvUp:
            if (a.kind == AttentionKind::Latent)
                addPart(
                    out, out.name,
                    {{out.kind == TensorKind::QueryUp ? "Q" : "C", rows}, {"N", a.queryHeads, everyRank()}, {"H", columns / a.queryHeads}},
                    1);
            return;
        case TensorKind::Output:
            addPart(out, out.name, {{"N", a.queryHeads, everyRank()}, {"H", rows / a.queryHeads}, {"D", columns}}, 2);
            return;
        case TensorKind::QueryDown: addPart(out, out.name, {{"D", rows}, {"Q", columns}}, 1); return;
        case TensorKind::KvDown: addPart(out, out.name, {{"D", rows}, {"C", columns}}, 1); return;
        case TensorKind::IndexQuery: addPart(out, out.name, {{"Q", rows}, {"I", columns}}, 1); return;
        case TensorKind::IndexKey:
        case TensorKind::IndexHeads: addPart(out, out.name, {{"D", rows}, {"I", columns}}, 1); return;
        case TensorKind::ToExperts: addPart(out, out.name, {{"D", rows}, {"L", columns}}, 1); return;
        case TensorKind::FromExperts: addPart(out, out.name, {{"L", rows}, {"D", columns}}, 1); return;
        default: linearPart(out, shard, a.linear); return;
        }
    }

    void linearPart(PlateTensor& out, const MatrixShard& shard, const LinearMixer& mixer) const
    {
        const std::int64_t valueHeads = std::max(1, mixer.valueHeads);
        if (out.kind == TensorKind::MixerOut)
            addPart(out, out.name, {{"N", valueHeads, everyRank()}, {"H", shard.wholeRows / valueHeads}, {"D", shard.wholeColumns}}, 2);
        else
            addPart(out, out.name, {{"R", shard.wholeRows}, {"N", valueHeads, everyRank()}, {"H", shard.wholeColumns / valueHeads}}, 1);
    }

    /// Queries and keys go by key heads, values, gates and decays by value heads, low-rank first steps are whole (architecture.h).
    void mixer(PlateTensor& out, const LinearMixer& m) const
    {
        const std::int64_t copies = std::max<std::int64_t>(1, tensor() / std::max(1, m.keyHeads));
        attentionMesh(out, copies);
        const bool wide = m.kind != LinearKind::KimiDelta || m.fullRankGate;
        const std::int64_t perHeadValues = m.kind == LinearKind::GatedDelta ? 2 : 1;
        const std::int64_t low = m.kind == LinearKind::KimiDelta ? m.keyDim + (m.fullRankGate ? 0 : m.valueDim) : 0;
        addPart(out, m.kind == LinearKind::Mamba2 ? "W_BC" : "W_qk",
                {{"D", m_model.hidden}, {"G", m.keyHeads, perHead(copies, tensor())}, {"H", 2 * std::int64_t{m.keyDim}}}, 1);
        addPart(out,
                m.kind == LinearKind::Mamba2 ? "W_zx"
                : wide                       ? "W_vz"
                                             : "W_v",
                {{"D", m_model.hidden}, {"N", m.valueHeads, everyRank()}, {"H", (wide ? 2 : 1) * std::int64_t{m.valueDim} + perHeadValues}},
                1);
        if (low > 0)
            addPart(out, "W_low", {{"D", m_model.hidden}, {"R", low}}, 1);
    }

    void caches(std::size_t kind)
    {
        const Attention& a = m_model.kinds[kind].attention;
        const MemoryTerms::Kind& terms = m_terms.kinds()[kind];
        if (a.kind == AttentionKind::None)
            return;
        if (a.kind == AttentionKind::Linear) {
            state(kind, a.linear, terms);
            return;
        }
        const NumberFormat format = m_context.formats.kv;
        const std::int64_t context = m_context.workload.fullContext();
        const std::int64_t kept = terms.window > 0 ? std::min(context, terms.window) : context;
        const bool latent = a.kind == AttentionKind::Latent;
        const std::int64_t copies = latent ? 1 : kvReplication(a.kvHeads, m_plan.tensor());
        PlateTensor out = blank(latent ? TensorKind::LatentCache : TensorKind::KvCache, latent ? "Latent cache" : "KV cache", format);
        attentionMesh(out, copies);
        Bytes token = 0;
        if (latent) {
            const std::int64_t width = std::int64_t{a.kvLoraRank} + a.ropeHeadDim;
            addCache(out, kept, {{"C", width}});
            token = cacheBytesOf(format, 1, width);
        } else {
            out.note = "keys and values";
            addCache(out, kept, {{"K", a.kvHeads, perHead(copies, tensor())}, {"H", std::int64_t{a.headDim} + a.valueDim()}});
            token = cacheBytesOf(format, a.kvHeads, a.headDim) + cacheBytesOf(format, a.kvHeads, a.valueDim());
        }
        if (terms.window > 0 && terms.window < context)
            out.note += (out.note.empty() ? "" : ", ") + std::string("a window of the last tokens");
        setCacheBytes(out, kept, terms.cachePerToken, token);
        addOfAllLayers(std::move(out), kind);
        if (terms.indexPerToken == 0)
            return;
        PlateTensor index = blank(TensorKind::IndexCache, "Index cache", NumberFormat::Fp8);
        index.formatText = "fp8 + fp32 scales";
        attentionMesh(index);
        addCache(index, context, {{"I", a.index.headDim}});
        setCacheBytes(index, context, terms.indexPerToken, terms.indexPerToken);
        addOfAllLayers(std::move(index), kind);
    }

    void addCache(PlateTensor& out, std::int64_t kept, std::vector<Dim> dims) const
    {
        dims.insert(dims.begin(), {{"B", m_context.workload.batch, {PlateAxis::AttentionData}}, {"S", kept, {PlateAxis::Sequence}}});
        addPart(out, "KV", dims, 2);
    }
    void setCacheBytes(PlateTensor& out, std::int64_t kept, Bytes perToken, Bytes wholePerToken) const
    {
        const std::int64_t block = m_terms.cacheBlock();
        const std::int64_t paged = ceilDiv(ceilDiv(kept, m_plan.sequence()), block) * block;
        const std::int64_t batch = m_context.workload.batch;
        out.deviceBytes = out.fewestBytes = boundedProduct(m_terms.sequencesOf(batch), boundedProduct(paged, perToken));
        out.wholeBytes = boundedProduct(batch, boundedProduct(kept, wholePerToken));
    }
    /// Loaded prediction layers have caches of their own.
    void addOfAllLayers(PlateTensor out, std::size_t kind)
    {
        for (int stage = 0; stage < m_plate.stages; ++stage)
            out.layers[static_cast<std::size_t>(stage)] = m_terms.layersOf(stage, kind);
        add(std::move(out));
    }

    void state(std::size_t kind, const LinearMixer& m, const MemoryTerms::Kind& terms)
    {
        PlateTensor out = blank(TensorKind::State, "State", NumberFormat::Fp32);
        out.formatText = "fp32, convolution bf16";
        out.note = "of constant size, and the convolution's columns";
        attentionMesh(out);
        addPart(out, "h",
                {{"B", m_context.workload.batch, {PlateAxis::AttentionData}},
                 {"N", m.valueHeads, everyRank()},
                 {"Hk", m.keyDim},
                 {"Hv", m.valueDim}},
                1);
        const std::int64_t sequences = m_terms.sequencesOf(m_context.workload.batch);
        out.deviceBytes = out.fewestBytes = boundedProduct(sequences, terms.state);
        addOfAllLayers(std::move(out), kind);
    }

    void ends()
    {
        const NumberFormat format = m_context.formats.of(WeightClass::Embedding);
        const MatrixShard shard = vocabularyShard(m_model, m_plan, "");
        const auto last = static_cast<std::size_t>(m_plate.stages - 1);
        for (const bool head : {false, true}) {
            if (head && m_model.tiedEmbedding && last == 0)
                continue;
            PlateTensor out = blank(head ? TensorKind::Head : TensorKind::Embedding, head ? "W_head" : "W_embed", format);
            attentionMesh(out);
            const Dim words{"V", m_model.vocabulary, everyRank()};
            const Dim hidden{"D", m_model.hidden};
            addPart(out, out.name, head ? std::vector<Dim>{hidden, words} : std::vector<Dim>{words, hidden}, 1);
            if (!head && m_model.tiedEmbedding)
                out.note = last == 0 ? "also the head" : "the head has a copy";
            out.deviceBytes = out.fewestBytes = shard.bytes(format);
            out.wholeBytes = bytesOf(format, m_model.hidden, m_model.vocabulary);
            out.layers[head ? last : 0] = 1;
            add(std::move(out));
            if (!head && m_model.learnedPositions > 0)
                positions(format);
        }
    }

    void positions(NumberFormat format)
    {
        PlateTensor out = blank(TensorKind::Positions, "W_positions", format);
        attentionMesh(out);
        addPart(out, out.name, {{"P", m_model.learnedPositions}, {"D", m_model.hidden}}, 1);
        out.wholeBytes = out.deviceBytes = out.fewestBytes = bytesOf(format, m_model.hidden, m_model.learnedPositions);
        out.layers[0] = 1;
        add(std::move(out));
    }

    void streams()
    {
        const Workload& work = m_context.workload;
        const bool sharded = m_plan.options.shardedNorms;
        const auto stream = [&](TensorKind kind, const char* name, const char* note, std::int64_t sequences, std::int64_t tokens) {
            PlateTensor out = blank(kind, name, NumberFormat::Bf16);
            out.note = note;
            attentionMesh(out);
            std::vector<PlateAxis> rows{PlateAxis::Sequence};
            if (sharded)
                rows.push_back(PlateAxis::Tensor);
            std::vector<PlateAxis> batch{PlateAxis::AttentionData};
            if (sharded && kind == TensorKind::DecodeStream)
                batch.push_back(PlateAxis::Tensor);
            if (kind == TensorKind::DecodeStream)
                addPart(out, "x", {{"B", sequences, batch}, {"D", m_model.hidden}}, 1);
            else
                addPart(out, "x", {{"B", sequences, batch}, {"S", tokens, rows}, {"D", m_model.hidden}}, 2);
            out.deviceBytes = out.fewestBytes = boundedProduct(localElements(out.mesh, out.parts.front().array), kActivationSize);
            out.wholeBytes = boundedProduct(globalElements(out.parts.front().array), kActivationSize);
            out.layers.assign(out.layers.size(), 1);
            add(std::move(out));
        };
        stream(TensorKind::Stream, "x, prefill", "residual stream of a microbatch and chunk",
               ceilDiv(work.batch, std::min(work.batch, m_plan.prefillMicrobatches())), ceilDiv(work.input, m_plan.chunks()));
        stream(TensorKind::DecodeStream, "x, decode", "residual stream of a microbatch",
               ceilDiv(work.batch, std::min(work.batch, m_plan.decodeMicrobatches())), 1);
    }

    /// What has no shape worth a picture: the rest of what memory counts.
    void small()
    {
        for (std::size_t kind = 0; kind < m_model.kinds.size(); ++kind) {
            const FeedForward& f = m_model.kinds[kind].feedForward;
            const std::int64_t routed = f.isMoe() ? std::int64_t{m_model.hidden} * f.experts : 0;
            const auto elements = [&](bool fewest) {
                return LayerShards(m_model, m_model.kinds[kind], m_plan, f.isMoe() ? slotsOf(f, fewest) : 0).small() - routed;
            };
            PlateTensor out = blank(TensorKind::Small, "Norms and biases", NumberFormat::Bf16);
            out.deviceBytes = elements(false) * kActivationSize;
            out.fewestBytes = elements(true) * kActivationSize;
            countLayers(out, kind);
            if (out.deviceBytes > 0)
                add(std::move(out));
        }
        for (int stage = 0; stage < m_plate.stages; ++stage) {
            const DeviceMemory& memory = m_terms.weightsOf(stage);
            const DeviceMemory& fewest = m_terms.weightsOf(stage, true);
            Bytes rest = memory.normWeights;
            for (const PlateTensor& each : m_plate.tensors)
                if (each.kind == TensorKind::Small || each.kind == TensorKind::Router)
                    rest -= each.deviceBytes * each.layersOn(stage);
            if (rest > 0)
                alone(TensorKind::Small, "Norms at the ends", stage, rest, rest);
            if (memory.predictionWeights > 0)
                alone(TensorKind::Prediction, "Multi-token prediction", stage, memory.predictionWeights, fewest.predictionWeights);
        }
    }

    void alone(TensorKind kind, const char* name, int stage, Bytes bytes, Bytes fewest)
    {
        PlateTensor out = blank(kind, name, NumberFormat::Bf16);
        out.deviceBytes = bytes;
        out.fewestBytes = fewest;
        out.layers[static_cast<std::size_t>(stage)] = 1;
        add(std::move(out));
    }
};

} // namespace

TensorPlate tensorPlate(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve)
{
    return Builder(context, plan, reserve).build();
}

} // namespace shardlens
