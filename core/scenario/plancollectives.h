// SPDX-License-Identifier: Apache-2.0
// The collectives of a plan: each operator's of prefill and decode, and the hand-over between stages, with the group and algorithm that the
// report costed.
#pragma once

#include "core/collective/hops.h"
#include "core/cost/operators.h"
#include "core/scenario/explain.h"

#include <optional>

namespace shardlens {

struct PlanCollective {
    Phase phase = Phase::Decode;
    int op = -1;        ///< index into PhaseReport::operators
    int layerKind = -1; ///< of the operator; -1: outside the layers
    Collective kind = Collective::None;
    std::string id;               ///< "decode/output_proj", of several kinds of layers "decode/output_proj/1"
    std::string title;            ///< "AllReduce after output_proj, decode"
    DeviceGroup group;            ///< Send: the pipeline's
    std::optional<MeshAxis> axis; ///< of the plan, where the group is one; none: of several, or the experts'
    bool amongExperts = false;    ///< tokens to the experts and back: EP's, whichever devices that are
    int stage = 0;                ///< that it is costed on
    int times = 1;                ///< on that stage for each microbatch
    double payload = 0;
    CollectiveCost cost;
    /// What all of them take of a microbatch's pass through the stage, hidden or not.
    [[nodiscard]] double totalTime() const { return times * cost.time; }
};

/// That of one operator, row `index` of the phase; nothing where it has none. `step`: of the scenario.
[[nodiscard]] std::optional<PlanCollective> planCollective(const StepModel& step, Phase phase, const OperatorCost& op, int index);
/// Costliest first; nothing for an illegal plan.
[[nodiscard]] std::vector<PlanCollective> planCollectives(const Scenario& scenario, const Report& report);
/// Those among `own` that a device takes part in: of one phase, on one stage, which is the busiest where its layers have any, and hand-overs.
struct StageCollectives {
    int stage = 0;
    std::vector<const PlanCollective*> counted; ///< in their order
    double total = 0;                           ///< s of a microbatch, hidden or not
};
[[nodiscard]] StageCollectives onOneStage(const std::vector<const PlanCollective*>& own, Phase phase);
/// The one with this id, case and all.
[[nodiscard]] const PlanCollective* findCollective(const std::vector<PlanCollective>& collectives, std::string_view id);
/// Its steps in the group of `device`, which may be any of the plan; a hand-over's from that device to the next stage, from the last one
/// back to the device before.
[[nodiscard]] Result<Hops> hopsOf(const Scenario& scenario, const PlanCollective& collective, int device);
/// "TP group of 8", "experts' group of 64", "stage group of 16", "next stage".
[[nodiscard]] std::string groupText(const PlanCollective& collective);

} // namespace shardlens
