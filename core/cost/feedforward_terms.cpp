// SPDX-License-Identifier: Apache-2.0
// Operators of the feed-forward part: dense, and mixtures of experts.
#include "core/cost/oncepernode.h"
#include "core/cost/termbuilder.h"

namespace shardlens {

/// Gated or plain MLP: the activation function is fused into the up projection. Columns, then rows over TP, or `whole` on every device.
TermBuilder::Row TermBuilder::mlp(const FeedForward& f, std::int64_t intermediate, Op upOp, Op downOp, bool whole, const Rows& rows)
{
    const std::int64_t local = whole ? intermediate : ceilDiv(intermediate, tp);
    const std::int64_t ups = f.matrices - 1;
    const ComputeFormat arithmetic = matrixArithmetic(formats, WeightClass::Mlp, step.m_cluster.accelerator);
    Row up = matmulOf(upOp, whole ? Sharding::Tokens : Sharding::Column, {hidden, ups * intermediate}, {hidden, ups * local},
                      static_cast<double>(ups) * matrixBytes(WeightClass::Mlp, hidden, local), arithmetic, rows);
    up.terms.activationBytes = times(rows, static_cast<double>(hidden + local) * kActivationBytes);
    return matmul(downOp, whole ? Sharding::Tokens : Sharding::Row, {intermediate, hidden}, {local, hidden}, WeightClass::Mlp, rows);
}

TermBuilder::Exchange TermBuilder::exchangeOf(const FeedForward& f) const
{
    Exchange e;
    if (!f.isMoe())
        return e;
    // Attention-DP ranks have different tokens, and in prefill sequence slices. The rest of the group holds copies.
    e.distinct = std::int64_t{plan.attentionData()} * (table.decode ? 1 : plan.sequence());
    e.copies = plan.stageDevices() / e.distinct;
    const ExpertExchange wanted = plan.options.expertExchange;
    const bool spread = wanted == ExpertExchange::AllToAll || (wanted == ExpertExchange::Automatic && e.distinct > 1);
    e.dispatch = spread && plan.expert() > 1; // with EP 1 every rank has a part of every expert: all tokens go everywhere
    e.dealt = e.dispatch && tp > 1 && (shardedNorms || e.distinct == 1);
    return e;
}

/// True when the output projection scatters its rows over TP: for sharded norms, or because the layer's experts take dealt tokens.
bool TermBuilder::scattersAttention(const LayerKind& layerKind) const
{
    return shardedNorms || (layerKind.feedForward.isMoe() && exchangeOf(layerKind.feedForward).dealt);
}

/// The matrices of the experts on the hottest rank (core/cost/routing.h), which sets the time.
void TermBuilder::expertMatrices(const FeedForward& f, double routing)
{
    const std::int64_t hiddenWidth = f.expertHidden > 0 ? f.expertHidden : hidden;
    const std::int64_t width = ceilDiv(f.expertIntermediate, plan.expertTensor());
    const std::int64_t ups = f.matrices - 1;
    const ComputeFormat arithmetic = matrixArithmetic(formats, WeightClass::Experts, step.m_cluster.accelerator);
    const double meanRows = static_cast<double>(f.topK) / f.experts;
    const auto add = [&](Op op, const Matrix& global, const Matrix& local, double bytes, std::int64_t writes) {
        Row r = row(op, Sharding::Experts, arithmetic);
        r.facts.global = {dim(Quantity::GlobalRows, meanRows), fixed(global.k), fixed(global.n), fixed(f.experts)};
        r.facts.local = {dim(Quantity::ExpertRows, 1, routing), fixed(local.k), fixed(local.n), dim(Quantity::ExpertsRead, 1, routing)};
        r.facts.dropped = dim(Quantity::ExpertDrops, 1, routing);
        r.terms.flop = times(Quantity::ExpertPairs, 2 * static_cast<double>(local.k * local.n), routing);
        r.terms.weightBytes = times(Quantity::ExpertsTouched, bytes, routing);
        r.terms.activationBytes = times(Quantity::ExpertPairs, static_cast<double>(local.k + writes) * kActivationBytes, routing);
    };
    add(Op::ExpertUp, {hiddenWidth, ups * f.expertIntermediate}, {hiddenWidth, ups * width},
        static_cast<double>(ups) * matrixBytes(WeightClass::Experts, hiddenWidth, width), width);
    add(Op::ExpertDown, {f.expertIntermediate, hiddenWidth}, {width, hiddenWidth}, matrixBytes(WeightClass::Experts, width, hiddenWidth),
        hiddenWidth);
}

/// Directly, or once per node.
void TermBuilder::exchangeTokens(Row& row, const Linear2& payload, const ExpertRouting& routing)
{
    communicate(row, step.m_stage, Collective::AllToAll, payload);
    eachOncePerNode(step.m_cluster, step.m_placement.stageGroup(), step.m_stage, plan.expert(), static_cast<int>(plan.expertTensor()),
                    routing, [&](const CollectiveLine& line) {
                        table.lines.push_back(line);
                        ++row.terms.lineCount;
                    });
}

/// Tokens meet their experts in one of three ways.
/// Reduce, tokens held by all: every rank runs its own experts on all tokens; one AllReduce adds up.
/// Reduce, different tokens: AllGather of the group's tokens, own experts, ReduceScatter of the sums.
/// All-to-all (GShard, arXiv:2006.16668; DeepSeek-V3, arXiv:2412.19437, section 2.1.2): a token goes once to each rank that has any of its
/// experts, to all expert-TP ranks of it, in bf16, and comes back the same way; ranks that hold the same tokens share the sending. When all
/// hold the same, a ReduceScatter of the attention's output deals the tokens out before, and an AllGather makes them whole after.
/// The busiest rank's traffic sets the time: what it receives exceeds what a rank sends as its arrivals exceed the mean.
void TermBuilder::experts(const FeedForward& f)
{
    const Exchange exchange = exchangeOf(f);
    const int routingIndex = step.m_routingOf[static_cast<std::size_t>(kind)];
    const ExpertRouting& routing = (*step.m_routings)[static_cast<std::size_t>(routingIndex)];
    const std::int64_t width = f.expertHidden > 0 ? f.expertHidden : hidden;
    const Rows own = exchange.dealt ? dealt(tp) : Rows{};

    const double routerBytes = static_cast<double>(hidden * f.experts) * kActivationBytes;
    const Matrix router{hidden, f.experts};
    matmulOf(Op::Router, exchange.dealt ? Sharding::Tokens : Sharding::Replicated, router, router, routerBytes, attentionFormat, own);
    if (f.expertHidden > 0)
        matmul(Op::ExpertsIn, Sharding::Replicated, {hidden, width}, {hidden, width}, WeightClass::Mlp, own);

    Linear2 dispatched;
    if (exchange.dispatch) {
        const double sent = routing.destinations();
        const double received = routing.hottest().arrival * plan.expert();
        if (routing.isLimited()) {
            table.destinations.resize(step.m_routings->size());
            table.destinations[static_cast<std::size_t>(routingIndex)] = sent;
            dispatched = times(Quantity::ExchangedRows, static_cast<double>(width) * kActivationBytes, routingIndex);
        } else {
            dispatched = times(Quantity::Rows, std::max(sent, received) * static_cast<double>(plan.expertTensor() * width)
                                                   * kActivationBytes / static_cast<double>(exchange.copies));
        }
    }
    if (exchange.dispatch || exchange.distinct > 1) {
        Row dispatch = transfer(Op::Dispatch, Sharding::Experts, width, own);
        if (exchange.dispatch)
            exchangeTokens(dispatch, dispatched, routing);
        else
            communicate(dispatch, step.m_stage, Collective::AllGather,
                        times(Quantity::GlobalRows, static_cast<double>(width) * kActivationBytes));
    }
    expertMatrices(f, static_cast<double>(routingIndex));
    if (f.sharedIntermediate > 0) {
        // The shared experts' sums join the routed ones' AllReduce, where there is one of the same width.
        const bool oneSum = !exchange.dispatch && exchange.distinct == 1;
        const bool joins = oneSum && f.expertHidden == 0;
        if (plan.options.sharedExperts == SharedExpertPlace::Replicated) {
            const bool all = oneSum && !joins && !shardedNorms;
            mlp(f, f.sharedIntermediate, Op::SharedUp, Op::SharedDown, true, all ? Rows{} : dealt(exchange.copies));
        } else {
            Row down = mlp(f, f.sharedIntermediate, Op::SharedUp, Op::SharedDown, false, {});
            if (!joins)
                reduce(down, shardedNorms || exchange.dealt);
        }
    }
    combine(f, exchange, dispatched, width);
}

/// Adds up what the experts yield and leaves it where the next layer wants it: whole on every rank that holds the tokens or, with sharded
/// norms, dealt over TP.
void TermBuilder::combine(const FeedForward& f, const Exchange& exchange, const Linear2& dispatched, std::int64_t width)
{
    const double rowWidth = static_cast<double>(width) * kActivationBytes;
    const bool whole = !exchange.dispatch && exchange.distinct == 1 && !shardedNorms; // on every rank at once
    Row sum = elementwise(Op::Combine, exchange.dealt ? dealt(tp) : Rows{}, width, 2, 2);
    if (exchange.dispatch)
        exchangeTokens(sum, dispatched, (*step.m_routings)[static_cast<std::size_t>(step.m_routingOf[static_cast<std::size_t>(kind)])]);
    else if (exchange.distinct > 1)
        communicate(sum, step.m_stage, Collective::ReduceScatter, times(Quantity::GlobalRows, rowWidth));
    else
        communicate(sum, step.m_stage, whole ? Collective::AllReduce : Collective::ReduceScatter, times(Quantity::Rows, rowWidth));
    if (f.expertHidden > 0)
        matmul(Op::ExpertsOut, Sharding::Replicated, {width, hidden}, {width, hidden}, WeightClass::Mlp,
               whole ? Rows{} : dealt(exchange.copies));
    if (whole || exchange.copies <= 1)
        return;
    if (!shardedNorms) {
        // What came back is spread over the ranks that hold the same tokens: TP, and in decode SP.
        Row gather = transfer(Op::CombineGather, Sharding::Replicated, hidden);
        communicate(gather, table.decode ? step.m_copies : step.m_tensor, Collective::AllGather, rowBytes());
    } else if (exchange.copies > tp) {
        Row gather = transfer(Op::CombineGather, Sharding::Replicated, hidden, dealt(tp));
        communicate(gather, step.m_sequence, Collective::AllGather, rowBytes(dealt(tp)));
    }
}

} // namespace shardlens
