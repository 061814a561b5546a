// SPDX-License-Identifier: Apache-2.0
#include "core/cost/section.h"

namespace shardlens {

std::string_view nameOf(Section section)
{
    static constexpr std::array<std::string_view, kSectionCount> names{"attention",          "MLP / MoE",     "norms",
                                                                       "embedding and head", "communication", "draft"};
    return names[static_cast<std::size_t>(section)];
}

Section sectionOf(Op op)
{
    switch (op) {
    case Op::Embedding:
    case Op::LmHead:
    case Op::Sampling: return Section::Ends;
    case Op::AttentionNorm:
    case Op::MlpNorm:
    case Op::FinalNorm: return Section::Norms;
    case Op::QkvProjection:
    case Op::LatentDown:
    case Op::QueryUp:
    case Op::KvUp:
    case Op::AbsorbQuery:
    case Op::IndexQuery:
    case Op::IndexKey:
    case Op::IndexScores:
    case Op::IndexTopK:
    case Op::LinearInput:
    case Op::LinearGate:
    case Op::Convolution:
    case Op::StateUpdate:
    case Op::AttentionScores:
    case Op::AttentionSoftmax:
    case Op::AttentionValues:
    case Op::ExpandValues:
    case Op::OutputProjection: return Section::Attention;
    case Op::Router:
    case Op::ExpertsIn:
    case Op::ExpertUp:
    case Op::ExpertDown:
    case Op::SharedUp:
    case Op::SharedDown:
    case Op::ExpertsOut:
    case Op::MlpUp:
    case Op::MlpDown: return Section::FeedForward;
    case Op::StateExchange:
    case Op::SequenceGather:
    case Op::RingExchange:
    case Op::SequenceCombine:
    case Op::Dispatch:
    case Op::Combine:
    case Op::CombineGather:
    case Op::SendActivations: return Section::Communication;
    case Op::PredictionNorm:
    case Op::PredictionProjection: return Section::Draft;
    }
    return Section::Ends;
}

} // namespace shardlens
