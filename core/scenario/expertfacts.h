// SPDX-License-Identifier: Apache-2.0
// The experts of a scenario: whose load is shown, and the table of it. Shared by the view and by what explains its parts.
#pragma once

#include "core/cost/expertload.h"
#include "core/scenario/explain.h"

#include <optional>

namespace shardlens {

/// Index into Model::kinds of the routed layers shown: those that most layers are of. -1: a dense model.
[[nodiscard]] int expertKindOf(const Model& model);
/// Layers that have those very experts; further routed ones differ and are not shown.
[[nodiscard]] int expertLayersOf(const Model& model);
/// Tokens of the whole EP group in the heaviest piece of a phase: all the sequences of a microbatch; in prefill, times the piece of a prompt.
[[nodiscard]] double expertTokens(const Scenario& scenario, Phase phase);
/// Of a model with experts under a legal plan; nothing otherwise.
[[nodiscard]] std::optional<ExpertLoadTable> expertTableOf(const Scenario& scenario, const Report& report, Phase phase,
                                                           bool example = false);

} // namespace shardlens
