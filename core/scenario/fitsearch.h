// SPDX-License-Identifier: Apache-2.0
// The first scenario that fits, for one that does not: TP and PP in the order in which a practitioner tries them, then what gives up
// something. Every candidate is held against MemoryTerms, which memoryOf() is made of, so what is found fits when it is evaluated.
#pragma once

#include "core/scenario/scenario.h"

#include <optional>
#include <string>

namespace shardlens {

/// What may change beside TP and PP (and DP, attention DP, SP and EP where these must make room): each with all before it, Batch first
/// without and then with other formats.
enum class FitEffort : std::uint8_t {
    Plan,
    Microbatches, ///< prefill in more microbatches: smaller activations
    Cache,        ///< fp8 KV cache
    Weights,      ///< fp8 weights
    SmallWeights, ///< int4 weights
    Batch,        ///< fewer sequences per replica
};
inline constexpr FitEffort kMostFitEffort = FitEffort::Batch;

struct FittingChange {
    Scenario scenario;
    std::string label;   ///< "TP 16", "TP 8 × PP 2 with fp8 KV cache", "16 GPUs as TP 8 × PP 2", "32 GPUs, 28 of them as TP 4 × PP 7"
    std::string map;     ///< "TP 4 × PP 7": of onMoreDevices(), without the number
    bool plural = false; ///< of the label
    int devices = 0;     ///< of onMoreDevices()
    bool grown = false;  ///< of onMoreDevices(): the cluster of `scenario` has so many
};

/// The first that fits with this effort: a larger TP within the domain of the fast links (whatever scales out is outside), then TP of the
/// domain and PP on as few devices as possible, then any other TP and PP.
[[nodiscard]] std::optional<FittingChange> nearestFitting(const Scenario& scenario, FitEffort effort);

/// The fewest devices on which TP x PP of one replica holds this batch in these formats: the smallest count that the cluster can be cut or
/// grown to (leastCount(): whole nodes, slices as they are sold) among those that are as many as the smallest such plan needs. Its scenario
/// has that cluster, and on it the plan that is tried first by a practitioner, which may leave some of the devices idle. Where no cluster of
/// this kind has so many, the count is the smallest plan's own, the cluster stays, and isLegal() says so. Unset: on no number of devices,
/// since what one device keeps is too large whatever is split.
[[nodiscard]] std::optional<FittingChange> onMoreDevices(const Scenario& scenario);

/// For a scenario that no effort fits: "Nothing fits on these 8 devices; this batch in these formats needs at least 40, as TP 8 × PP 5."
[[nodiscard]] std::string nothingFits(const Scenario& scenario);

} // namespace shardlens
