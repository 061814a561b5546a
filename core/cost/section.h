// SPDX-License-Identifier: Apache-2.0
// The parts of a decoder that engineers speak of, and which of them an operator belongs to.
#pragma once

#include "core/cost/op.h"

namespace shardlens {

enum class Section : std::uint8_t {
    Attention,     ///< projections, scores, values; linear layers too
    FeedForward,   ///< MLP, router and experts
    Norms,         ///< of the residual stream
    Ends,          ///< embedding, head and sampling
    Communication, ///< operators that only move data between devices
    Draft,         ///< what only prediction layers have
};
inline constexpr std::size_t kSectionCount = static_cast<std::size_t>(Section::Draft) + 1;

/// "attention", "MLP / MoE", ...
[[nodiscard]] std::string_view nameOf(Section section);
/// An AllReduce and its kin that end an operator belong to that operator.
[[nodiscard]] Section sectionOf(Op op);

} // namespace shardlens
