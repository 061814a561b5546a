// SPDX-License-Identifier: Apache-2.0
// FLOP and bytes of each operator on the busiest device of its group. A matmul A[m, k] . B[k, n] costs 2 m k n FLOP and moves its weights
// once, its input once and its output once; elementwise work, norms included, is fused into its neighbours, whose inputs and outputs are
// counted: the ideal that roofline mode stands for. Attention is fused: Q, O and the cache are moved, nothing of size S x S. Activations
// are bf16.
#include "core/cost/operators.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

constexpr double kActivationBytes = 2; // bf16

/// Sum over i = 1..count of min(past + i, window): query-key pairs of `count` new tokens under a causal mask; window 0 = none.
double causalPairs(double past, double count, double window)
{
    if (window <= 0 || past + count <= window)
        return count * past + count * (count + 1) / 2;
    const double growing = std::max(0.0, window - past); // tokens that still see everything
    return growing * past + growing * (growing + 1) / 2 + (count - growing) * window;
}

} // namespace

StepModel::StepModel(const Model& model, const Cluster& cluster, const Formats& formats, const Plan& plan)
    : m_model(model),
      m_cluster(cluster),
      m_formats(formats),
      m_plan(plan),
      m_placement(plan.meshSizes()),
      m_tensor(cluster, m_placement.group(MeshAxis::Tensor)),
      m_sequence(cluster, m_placement.group(MeshAxis::Sequence)),
      m_stage(cluster, m_placement.stageGroup()),
      m_copies(cluster, m_placement.group({MeshAxis::Tensor, MeshAxis::Sequence}))
{}

CollectiveCost StepModel::sendCost(const StepTokens& tokens, int fromStage, int toStage) const
{
    const double sequences = static_cast<double>(ceilDiv(tokens.sequences, m_plan.attentionData()));
    const double perSequence = tokens.decode ? 1 : static_cast<double>(ceilDiv(tokens.newTokens, m_plan.sequence()));
    const double bytes = sequences * perSequence * m_model.hidden * kActivationBytes;
    return shardlens::sendCost(m_cluster, m_placement.firstDevice(fromStage, 0), m_placement.firstDevice(toStage, 0), bytes);
}

/// Fills OperatorCost rows. One per call of a StepModel function; lives on the stack.
struct StepBuilder {
    const StepModel& model;
    std::vector<OperatorCost>& out;
    const StepTokens& tokens;
    const int kind;

    double weightBytes; // of one matrix element
    double kvBytes;
    double peak;
    double bandwidth;
    std::int64_t tp;
    std::int64_t sequences; // on one attention-DP rank
    std::int64_t rows;      // tokens on one device: T
    std::int64_t globalRows;

    StepBuilder(const StepModel& m, std::vector<OperatorCost>& o, const StepTokens& t, int k)
        : model(m),
          out(o),
          tokens(t),
          kind(k),
          weightBytes(bitsOf(m.m_formats.weights) / 8.0),
          kvBytes(bitsOf(m.m_formats.kv) / 8.0),
          peak(m.m_cluster.accelerator.peakOf(m.m_formats.compute)),
          bandwidth(m.m_cluster.accelerator.memoryBandwidth),
          tp(m.m_plan.tensor()),
          sequences(ceilDiv(t.sequences, m.m_plan.attentionData())),
          rows(sequences * (t.decode ? 1 : ceilDiv(t.newTokens, m.m_plan.sequence()))),
          globalRows(t.sequences * (t.decode ? 1 : t.newTokens))
    {}

    OperatorCost& row(Op op, Sharding sharding)
    {
        OperatorCost& cost = out.emplace_back();
        cost.op = op;
        cost.kind = static_cast<std::int8_t>(kind);
        cost.sharding = sharding;
        return cost;
    }

    /// y[m, n] = x[m, k] . W[k, n], `repeat` times with their own weights.
    OperatorCost& matmul(Op op, Sharding sharding, OperatorShape global, OperatorShape local, double elementBytes)
    {
        OperatorCost& cost = row(op, sharding);
        cost.global = global;
        cost.local = local;
        const double m = static_cast<double>(local.m);
        const double k = static_cast<double>(local.k);
        const double n = static_cast<double>(local.n);
        const double repeat = static_cast<double>(local.repeat);
        cost.flop = 2 * m * k * n * repeat;
        cost.weightBytes = k * n * repeat * elementBytes;
        cost.activationBytes = m * (k + n) * repeat * kActivationBytes;
        return cost;
    }

    OperatorCost& elementwise(Op op, std::int64_t m, std::int64_t n, double passes, double flopEach)
    {
        OperatorCost& cost = row(op, Sharding::Replicated);
        cost.global = {globalRows, 0, n, 1};
        cost.local = {m, 0, n, 1};
        cost.activationBytes = static_cast<double>(m) * static_cast<double>(n) * passes * kActivationBytes;
        cost.flop = static_cast<double>(m) * static_cast<double>(n) * flopEach;
        return cost;
    }

    /// `count` norms of the residual stream: their weights are read; the stream itself is in its neighbours' bytes. Square, sum, scale, add.
    OperatorCost& norm(Op op, std::int64_t m, int count)
    {
        OperatorCost& cost = elementwise(op, m, model.m_model.hidden, 0, 4.0 * count);
        cost.weightBytes = kActivationBytes * count * model.m_model.hidden * (model.m_model.norm == NormKind::Layer ? 2 : 1);
        return cost;
    }

    void communicate(OperatorCost& cost, const GroupSpan& span, Collective collective, double payload) const
    {
        if (span.size() <= 1)
            return;
        const CollectiveCost c = span.cost(collective, payload);
        cost.collective = collective;
        cost.algorithm = c.algorithm;
        cost.payloadBytes = payload;
        cost.communicationBytes += c.sentBytes;
        cost.communicationTime += c.time;
        cost.networkLevel = static_cast<std::int16_t>(std::max<int>(cost.networkLevel, c.outerLevel));
    }

    /// Roofline: the longer of compute and HBM, then the exposed collective. A memory-bound operator's time is booked on what it reads
    /// from HBM (weights, KV cache; its activations ride along); one that reads neither is booked on compute.
    void finish(std::size_t from) const
    {
        for (std::size_t i = from; i < out.size(); ++i) {
            OperatorCost& cost = out[i];
            cost.computeTime = cost.flop / peak;
            cost.memoryTime = (cost.weightBytes + cost.activationBytes + cost.kvBytes) / bandwidth;
            const double local = std::max(cost.computeTime, cost.memoryTime);
            cost.time = local + cost.communicationTime;
            const double stored = cost.weightBytes + cost.kvBytes;
            if (cost.computeTime >= cost.memoryTime || stored <= 0) {
                cost.breakdown[Cause::Compute] = local;
            } else {
                cost.breakdown[Cause::Weights] = local * cost.weightBytes / stored;
                cost.breakdown[Cause::Kv] = local * cost.kvBytes / stored;
            }
            cost.breakdown[Cause::Communication] = cost.communicationTime;
            if (cost.communicationTime > local)
                cost.bound = Bound::Network;
            else if (local > 0)
                cost.bound = cost.computeTime >= cost.memoryTime ? Bound::Compute : Bound::Memory;
        }
    }

    [[nodiscard]] double rowBytes() const { return static_cast<double>(rows) * model.m_model.hidden * kActivationBytes; }

    void attentionCore(const Attention& a, std::int64_t heads, std::int64_t scoreWidth, std::int64_t valueWidth, double cacheBytes,
                       double activationPerKey)
    {
        const int sp = model.m_plan.sequence();
        const double window = a.window;
        const double keysSeen = static_cast<double>(tokens.past + (tokens.decode ? 0 : tokens.newTokens));
        double pairs = 0; // query-key pairs of one sequence on one device
        double keys = 0;  // keys of one sequence read by one device
        if (tokens.decode) {
            keys = window > 0 ? std::min(keysSeen, window) : keysSeen;
            keys = std::ceil(keys / sp);
            pairs = keys;
        } else {
            pairs = causalPairs(static_cast<double>(tokens.past), static_cast<double>(tokens.newTokens), window) / sp;
            keys = window > 0 ? std::min(keysSeen, window + static_cast<double>(tokens.newTokens)) : keysSeen;
        }
        const double each = static_cast<double>(sequences);
        const double scores = static_cast<double>(heads * scoreWidth);
        const double values = static_cast<double>(heads * valueWidth);
        const double read = each * keys * cacheBytes;
        const double expanded = each * keys * activationPerKey;
        const Sharding sharding = a.kind == AttentionKind::Grouped && tp > a.kvHeads ? Sharding::HeadsReplicated : Sharding::Heads;
        const std::int64_t queries = tokens.decode ? 1 : tokens.newTokens;
        const auto keyCount = static_cast<std::int64_t>(keysSeen);
        const std::int64_t localQueries = tokens.decode ? 1 : ceilDiv(tokens.newTokens, sp);

        OperatorCost& qk = row(Op::AttentionScores, sharding);
        qk.global = {queries, scoreWidth, keyCount, tokens.sequences * a.queryHeads};
        qk.local = {localQueries, scoreWidth, static_cast<std::int64_t>(keys), sequences * heads};
        qk.flop = 2 * each * pairs * scores;
        // Fused: both halves run at once on what is read once, so the bytes are shared out as the FLOP are.
        const double share = scores / (scores + values);
        qk.kvBytes = read * share;
        qk.activationBytes = static_cast<double>(rows) * scores * kActivationBytes + expanded * share;

        OperatorCost& av = row(Op::AttentionValues, sharding); // `qk` may have moved
        av.global = {queries, keyCount, valueWidth, tokens.sequences * a.queryHeads};
        av.local = {localQueries, static_cast<std::int64_t>(keys), valueWidth, sequences * heads};
        av.flop = 2 * each * pairs * values;
        av.kvBytes = read * (1 - share);
        av.activationBytes = static_cast<double>(rows) * values * kActivationBytes + expanded * (1 - share);
        if (sp > 1 && tokens.decode) {
            // Every rank has attended to its slice: add the partial outputs, each scaled by its log-sum-exp.
            OperatorCost& combine = elementwise(Op::SequenceCombine, rows, heads * valueWidth, 2, 2);
            communicate(combine, model.m_sequence, Collective::AllReduce,
                        static_cast<double>(rows) * static_cast<double>(heads * (valueWidth + 1)) * kActivationBytes);
        }
    }

    /// SP prefill: each rank gathers the cache entries of the others before it attends.
    void sequenceGather(double bytesPerToken)
    {
        if (model.m_plan.sequence() <= 1 || tokens.decode)
            return;
        OperatorCost& gather = row(Op::SequenceGather, Sharding::Heads);
        gather.global = {tokens.newTokens, 0, static_cast<std::int64_t>(bytesPerToken), tokens.sequences};
        gather.local = {ceilDiv(tokens.newTokens, model.m_plan.sequence()), 0, static_cast<std::int64_t>(bytesPerToken), sequences};
        communicate(gather, model.m_sequence, Collective::AllGather,
                    static_cast<double>(sequences) * static_cast<double>(tokens.newTokens) * bytesPerToken);
    }

    void groupedAttention(const Attention& a)
    {
        const std::int64_t hidden = model.m_model.hidden;
        const std::int64_t heads = a.queryHeads / tp;
        const std::int64_t kvHeads = kvHeadsOf(a.kvHeads, static_cast<int>(tp), 0).count();
        const std::int64_t d = a.headDim;
        const Sharding sharding = tp > a.kvHeads ? Sharding::HeadsReplicated : Sharding::Column;
        OperatorCost& qkv = matmul(Op::QkvProjection, sharding, {globalRows, hidden, (a.queryHeads + 2 * std::int64_t{a.kvHeads}) * d, 1},
                                   {rows, hidden, (heads + 2 * kvHeads) * d, 1}, weightBytes);
        // Keys and values go straight into the cache, in its format.
        qkv.activationBytes = static_cast<double>(rows) * static_cast<double>(hidden + heads * d) * kActivationBytes;
        qkv.kvBytes = static_cast<double>(rows) * static_cast<double>(2 * kvHeads * d) * kvBytes;
        const double cache = static_cast<double>(2 * kvHeads * d) * kvBytes;
        sequenceGather(cache);
        attentionCore(a, heads, d, d, cache, 0);
        outputProjection(a.queryHeads * d, heads * d);
    }

    void outputProjection(std::int64_t globalWidth, std::int64_t width)
    {
        const std::int64_t hidden = model.m_model.hidden;
        OperatorCost& o =
            matmul(Op::OutputProjection, Sharding::Row, {globalRows, globalWidth, hidden, 1}, {rows, width, hidden, 1}, weightBytes);
        // A parallel block adds attention and MLP before one reduction, which the MLP's last matmul carries.
        if (!model.m_model.parallelBlock)
            communicate(o, model.m_tensor, Collective::AllReduce, rowBytes());
    }

    /// MLA (DeepSeek-V2, arXiv:2405.04434): expanded to heads in prefill, absorbed into latent space in decode.
    void latentAttention(const Attention& a)
    {
        const std::int64_t hidden = model.m_model.hidden;
        const std::int64_t heads = a.queryHeads / tp;
        const std::int64_t queryWidth = std::int64_t{a.nopeHeadDim} + a.ropeHeadDim;
        const std::int64_t latent = std::int64_t{a.kvLoraRank} + a.ropeHeadDim;
        const std::int64_t downWidth = a.queryLoraRank + latent;
        OperatorCost& down =
            matmul(Op::LatentDown, Sharding::Replicated, {globalRows, hidden, downWidth, 1}, {rows, hidden, downWidth, 1}, weightBytes);
        down.activationBytes = static_cast<double>(rows) * static_cast<double>(hidden + a.queryLoraRank) * kActivationBytes;
        down.kvBytes = static_cast<double>(rows * latent) * kvBytes;
        const std::int64_t queryInput = a.queryLoraRank > 0 ? a.queryLoraRank : hidden;
        matmul(Op::QueryUp, Sharding::Column, {globalRows, queryInput, a.queryHeads * queryWidth, 1},
               {rows, queryInput, heads * queryWidth, 1}, weightBytes);
        const double cache = static_cast<double>(latent) * kvBytes;
        if (tokens.decode) {
            matmul(Op::AbsorbQuery, Sharding::Heads, {globalRows, a.nopeHeadDim, a.kvLoraRank, a.queryHeads},
                   {rows, a.nopeHeadDim, a.kvLoraRank, heads}, weightBytes);
            attentionCore(a, heads, latent, a.kvLoraRank, cache, 0);
            matmul(Op::ExpandValues, Sharding::Heads, {globalRows, a.kvLoraRank, a.valueHeadDim, a.queryHeads},
                   {rows, a.kvLoraRank, a.valueHeadDim, heads}, weightBytes);
        } else {
            sequenceGather(cache);
            const std::int64_t keys = sequences * (tokens.past + tokens.newTokens);
            const std::int64_t width = std::int64_t{a.nopeHeadDim} + a.valueHeadDim;
            OperatorCost& up = matmul(Op::KvUp, Sharding::Column,
                                      {tokens.sequences * (tokens.past + tokens.newTokens), a.kvLoraRank, a.queryHeads * width, 1},
                                      {keys, a.kvLoraRank, heads * width, 1}, weightBytes);
            up.activationBytes = static_cast<double>(keys) * static_cast<double>(heads * width) * kActivationBytes;
            up.kvBytes = static_cast<double>(keys) * cache;
            attentionCore(a, heads, queryWidth, a.valueHeadDim, 0, static_cast<double>(heads * width + a.ropeHeadDim) * kActivationBytes);
        }
        outputProjection(std::int64_t{a.queryHeads} * a.valueHeadDim, heads * a.valueHeadDim);
    }

    /// Gated or plain MLP over TP: the activation function is fused into the up projection.
    void mlp(const FeedForward& f, std::int64_t intermediate, Op upOp, Op downOp, bool reduce)
    {
        const std::int64_t hidden = model.m_model.hidden;
        const std::int64_t local = ceilDiv(intermediate, tp);
        const std::int64_t ups = f.matrices - 1;
        OperatorCost& up =
            matmul(upOp, Sharding::Column, {globalRows, hidden, ups * intermediate, 1}, {rows, hidden, ups * local, 1}, weightBytes);
        up.activationBytes = static_cast<double>(rows) * static_cast<double>(hidden + local) * kActivationBytes;
        OperatorCost& down = matmul(downOp, Sharding::Row, {globalRows, intermediate, hidden, 1}, {rows, local, hidden, 1}, weightBytes);
        if (reduce)
            communicate(down, model.m_tensor, Collective::AllReduce, rowBytes());
    }

    void experts(const FeedForward& f)
    {
        const Plan& plan = model.m_plan;
        const std::int64_t hidden = model.m_model.hidden;
        const std::int64_t group = plan.stageDevices();
        // Distinct token sets in the stage group: attention-DP ranks, and in prefill sequence slices. The rest of the group holds copies.
        const std::int64_t distinct = std::int64_t{plan.attentionData()} * (tokens.decode ? 1 : plan.sequence());
        const std::int64_t copies = group / distinct;
        const std::int64_t expertTensor = plan.expertTensor();
        const double all = static_cast<double>(globalRows); // tokens of the whole group
        const double k = f.topK;
        const double e = f.experts;
        const std::int64_t localExperts = ceilDiv(f.experts, plan.expert());

        matmul(Op::Router, Sharding::Replicated, {globalRows, hidden, f.experts, 1}, {rows, hidden, f.experts, 1}, kActivationBytes);

        // Copies of a token that leave for distinct expert ranks: n (1 - (1 - 1/n)^k) of them under uniform routing.
        const double ranks = plan.expert();
        const double copiesSent = ranks * (1 - std::pow(1 - 1 / ranks, k));
        // Each copy goes to every expert-TP rank of its expert rank; holders of the same token share the sending.
        const double dispatched = static_cast<double>(rows) / static_cast<double>(copies) * copiesSent * static_cast<double>(expertTensor)
                                  * static_cast<double>(hidden) * kActivationBytes;
        if (distinct > 1) {
            OperatorCost& dispatch = row(Op::Dispatch, Sharding::Experts);
            dispatch.global = dispatch.local = {rows, 0, hidden, 1};
            if (plan.expert() > 1)
                communicate(dispatch, model.m_stage, Collective::AllToAll, dispatched);
            else
                communicate(dispatch, model.m_stage, Collective::AllGather, all * static_cast<double>(hidden) * kActivationBytes);
        }

        // Experts read: each of E is missed by a token with probability 1 - k/E, and by all of them with (1 - k/E)^T.
        const double touched = static_cast<double>(localExperts) * (1 - std::pow(1 - k / e, all));
        const double pairs = all * k * static_cast<double>(localExperts) / e; // token-expert pairs on the fullest rank
        const std::int64_t width = ceilDiv(f.expertIntermediate, expertTensor);
        const std::int64_t ups = f.matrices - 1;
        const auto expertMatmul = [&](Op op, std::int64_t in, std::int64_t outWidth, std::int64_t globalIn, std::int64_t globalOut,
                                      double writes) {
            OperatorCost& cost = row(op, Sharding::Experts);
            const double perExpert = std::max(1.0, pairs / std::max(touched, 1e-9));
            cost.global = {static_cast<std::int64_t>(std::llround(all * k / e)), globalIn, globalOut, f.experts};
            cost.local = {static_cast<std::int64_t>(std::llround(perExpert)), in, outWidth,
                          static_cast<std::int64_t>(std::llround(std::max(touched, 1.0)))};
            cost.flop = 2 * pairs * static_cast<double>(in) * static_cast<double>(outWidth);
            cost.weightBytes = touched * static_cast<double>(in) * static_cast<double>(outWidth) * weightBytes;
            cost.activationBytes = pairs * (static_cast<double>(in) + writes) * kActivationBytes;
        };
        expertMatmul(Op::ExpertUp, hidden, ups * width, hidden, ups * f.expertIntermediate, static_cast<double>(width));
        expertMatmul(Op::ExpertDown, width, hidden, f.expertIntermediate, hidden, static_cast<double>(hidden));

        if (f.sharedIntermediate > 0)
            mlp(f, f.sharedIntermediate, Op::SharedUp, Op::SharedDown, distinct > 1);

        OperatorCost& combine = elementwise(Op::Combine, rows, hidden, 2, 2);
        if (distinct == 1) {
            // Every rank holds the tokens and has added up its own experts: one AllReduce, shared experts included.
            communicate(combine, model.m_stage, Collective::AllReduce, rowBytes());
            return;
        }
        if (plan.expert() > 1)
            communicate(combine, model.m_stage, Collective::AllToAll, dispatched);
        else
            communicate(combine, model.m_stage, Collective::ReduceScatter, all * static_cast<double>(hidden) * kActivationBytes);
        if (copies > 1) {
            // What came back is spread over the ranks that hold the same tokens: TP, and in decode SP.
            OperatorCost& gather = row(Op::CombineGather, Sharding::Replicated);
            gather.global = gather.local = {rows, 0, hidden, 1};
            communicate(gather, tokens.decode ? model.m_copies : model.m_tensor, Collective::AllGather, rowBytes());
        }
    }

    void layer(const LayerKind& layerKind)
    {
        const int norms = model.m_model.normsPerLayer;
        norm(Op::AttentionNorm, rows, (norms + 1) / 2);
        if (layerKind.attention.kind == AttentionKind::Latent)
            latentAttention(layerKind.attention);
        else
            groupedAttention(layerKind.attention);
        if (norms > 1)
            norm(Op::MlpNorm, rows, norms / 2);
        const FeedForward& f = layerKind.feedForward;
        if (f.intermediate > 0)
            mlp(f, f.intermediate, Op::MlpUp, Op::MlpDown, true);
        if (f.isMoe())
            experts(f);
    }

    void embedding()
    {
        const std::int64_t hidden = model.m_model.hidden;
        OperatorCost& cost = row(Op::Embedding, Sharding::Vocabulary);
        cost.global = {globalRows, 0, hidden, 1};
        cost.local = {rows, 0, hidden, 1};
        cost.weightBytes =
            static_cast<double>(rows) / static_cast<double>(tp) * static_cast<double>(hidden) * weightBytes; // rows looked up here
        cost.activationBytes = rowBytes();
        communicate(cost, model.m_tensor, Collective::AllReduce, rowBytes());
    }

    void head()
    {
        if (!tokens.decode && !tokens.lastPiece)
            return;
        const std::int64_t hidden = model.m_model.hidden;
        const std::int64_t vocabulary = model.m_model.vocabulary;
        const std::int64_t positions = sequences; // the last position of each sequence only
        norm(Op::FinalNorm, positions, 1).global.m = tokens.sequences;
        OperatorCost& cost = matmul(Op::LmHead, Sharding::Vocabulary, {tokens.sequences, hidden, vocabulary, 1},
                                    {positions, hidden, ceilDiv(vocabulary, tp), 1}, weightBytes);
        communicate(cost, model.m_tensor, Collective::AllGather,
                    static_cast<double>(positions) * static_cast<double>(vocabulary) * kActivationBytes);
        OperatorCost& sampling = elementwise(Op::Sampling, positions, vocabulary, 1, 1);
        sampling.global.m = tokens.sequences;
    }
};

void StepModel::layerOperators(int kind, const StepTokens& tokens, std::vector<OperatorCost>& out) const
{
    const std::size_t from = out.size();
    StepBuilder builder(*this, out, tokens, kind);
    builder.layer(m_model.kinds[static_cast<std::size_t>(kind)]);
    builder.finish(from);
}

void StepModel::embeddingOperators(const StepTokens& tokens, std::vector<OperatorCost>& out) const
{
    const std::size_t from = out.size();
    StepBuilder builder(*this, out, tokens, -1);
    builder.embedding();
    builder.finish(from);
}

void StepModel::headOperators(const StepTokens& tokens, std::vector<OperatorCost>& out) const
{
    const std::size_t from = out.size();
    StepBuilder builder(*this, out, tokens, -1);
    builder.head();
    builder.finish(from);
}

double usefulFlop(const Model& model, const StepTokens& tokens)
{
    const double rows = static_cast<double>(tokens.sequences) * (tokens.decode ? 1 : static_cast<double>(tokens.newTokens));
    double total = 0;
    std::vector<double> ofKind(model.kinds.size(), 0);
    for (std::size_t i = 0; i < model.kinds.size(); ++i) {
        const LayerKind& kind = model.kinds[i];
        const LayerParameters p = layerParameters(model, kind);
        const Attention& a = kind.attention;
        double matrices = static_cast<double>(p.query + p.keyValue + p.output + p.dense + p.shared + p.router);
        if (kind.feedForward.isMoe())
            matrices += static_cast<double>(p.routed) * kind.feedForward.topK / kind.feedForward.experts;
        const bool latent = a.kind == AttentionKind::Latent;
        const double widths = latent ? a.nopeHeadDim + a.ropeHeadDim + a.valueHeadDim : 2.0 * a.headDim;
        const double past = static_cast<double>(tokens.past);
        const double pairs = tokens.decode ? (a.window > 0 ? std::min<double>(past, a.window) : past)
                                           : causalPairs(past, static_cast<double>(tokens.newTokens), a.window);
        ofKind[i] = 2 * rows * matrices + 2 * static_cast<double>(tokens.sequences) * pairs * a.queryHeads * widths;
    }
    for (const std::uint8_t kind : model.layers)
        total += ofKind[kind];
    if (tokens.decode || tokens.lastPiece)
        total += 2 * static_cast<double>(tokens.sequences) * model.hidden * static_cast<double>(model.vocabulary);
    return total;
}

} // namespace shardlens
