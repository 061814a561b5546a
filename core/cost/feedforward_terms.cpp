// SPDX-License-Identifier: Apache-2.0
// Operators of the feed-forward part: dense, and mixtures of experts.
#include "core/cost/termbuilder.h"

namespace shardlens {

/// Gated or plain MLP over TP: the activation function is fused into the up projection.
void TermBuilder::mlp(const FeedForward& f, std::int64_t intermediate, Op upOp, Op downOp, bool reduce)
{
    const std::int64_t local = ceilDiv(intermediate, tp);
    const std::int64_t ups = f.matrices - 1;
    Row up = matmul(upOp, Sharding::Column, {hidden, ups * intermediate}, {hidden, ups * local}, weightBytes);
    up.terms.activationBytes = times(Quantity::Rows, static_cast<double>(hidden + local) * kActivationBytes);
    Row down = matmul(downOp, Sharding::Row, {intermediate, hidden}, {local, hidden}, weightBytes);
    if (reduce)
        communicate(down, step.m_tensor, Collective::AllReduce, rowBytes());
}

void TermBuilder::experts(const FeedForward& f)
{
    const std::int64_t group = plan.stageDevices();
    // Distinct token sets in the stage group: attention-DP ranks, and in prefill sequence slices. The rest of the group holds copies.
    const std::int64_t distinct = std::int64_t{plan.attentionData()} * (table.decode ? 1 : plan.sequence());
    const std::int64_t copies = group / distinct;
    const std::int64_t expertTensor = plan.expertTensor();
    const double k = f.topK;
    const auto routing = static_cast<double>(table.routings.size());
    table.routings.emplace_back(f, plan.expert(), 0, Routing{});

    matmul(Op::Router, Sharding::Replicated, {hidden, f.experts}, {hidden, f.experts}, kActivationBytes);

    // Copies of a token that leave for distinct expert ranks: n (1 - (1 - 1/n)^k) of them under uniform routing.
    const double ranks = plan.expert();
    const double copiesSent = ranks * (1 - std::pow(1 - 1 / ranks, k));
    // Each copy goes to every expert-TP rank of its expert rank; holders of the same token share the sending.
    const Linear2 dispatched = times(Quantity::Rows, copiesSent * static_cast<double>(expertTensor) * static_cast<double>(hidden)
                                                         * kActivationBytes / static_cast<double>(copies));
    const Linear2 all = times(Quantity::GlobalRows, static_cast<double>(hidden) * kActivationBytes);
    if (distinct > 1) {
        Row dispatch = row(Op::Dispatch, Sharding::Experts);
        dispatch.facts.global = dispatch.facts.local = {dim(Quantity::Rows), fixed(0), fixed(hidden), fixed(1)};
        if (plan.expert() > 1)
            communicate(dispatch, step.m_stage, Collective::AllToAll, dispatched);
        else
            communicate(dispatch, step.m_stage, Collective::AllGather, all);
    }

    const std::int64_t width = ceilDiv(f.expertIntermediate, expertTensor);
    const std::int64_t ups = f.matrices - 1;
    const auto expertMatmul = [&](Op op, std::int64_t in, std::int64_t out, std::int64_t globalIn, std::int64_t globalOut,
                                  std::int64_t writes) {
        Row r = row(op, Sharding::Experts);
        r.facts.global = {dim(Quantity::GlobalRows, k / f.experts), fixed(globalIn), fixed(globalOut), fixed(f.experts)};
        r.facts.local = {dim(Quantity::ExpertRows, 1, routing), fixed(in), fixed(out), dim(Quantity::ExpertsRead, 1, routing)};
        const double matrix = static_cast<double>(in * out);
        r.terms.flop = times(Quantity::ExpertPairs, 2 * matrix, routing);
        r.terms.weightBytes = times(Quantity::ExpertsTouched, matrix * weightBytes, routing);
        r.terms.activationBytes = times(Quantity::ExpertPairs, static_cast<double>(in + writes) * kActivationBytes, routing);
    };
    expertMatmul(Op::ExpertUp, hidden, ups * width, hidden, ups * f.expertIntermediate, width);
    expertMatmul(Op::ExpertDown, width, hidden, f.expertIntermediate, hidden, hidden);

    if (f.sharedIntermediate > 0)
        mlp(f, f.sharedIntermediate, Op::SharedUp, Op::SharedDown, distinct > 1);

    Row combine = elementwise(Op::Combine, Quantity::Rows, Quantity::GlobalRows, hidden, 2, 2);
    if (distinct == 1) {
        // Every rank holds the tokens and has added up its own experts: one AllReduce, shared experts included.
        communicate(combine, step.m_stage, Collective::AllReduce, rowBytes());
        return;
    }
    if (plan.expert() > 1)
        communicate(combine, step.m_stage, Collective::AllToAll, dispatched);
    else
        communicate(combine, step.m_stage, Collective::ReduceScatter, all);
    if (copies > 1) {
        // What came back is spread over the ranks that hold the same tokens: TP, and in decode SP.
        Row gather = row(Op::CombineGather, Sharding::Replicated);
        gather.facts.global = gather.facts.local = {dim(Quantity::Rows), fixed(0), fixed(hidden), fixed(1)};
        communicate(gather, table.decode ? step.m_copies : step.m_tensor, Collective::AllGather, rowBytes());
    }
}

} // namespace shardlens
