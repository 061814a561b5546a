// SPDX-License-Identifier: Apache-2.0
// What each way to multiply two sharded arrays costs: on a cluster in seconds, without one in bytes.
//
// On a cluster the mesh lies along the fabric, first named axis innermost. A way takes the sum of its steps, one after the other: a
// collective by the cheapest algorithm of its group (collective.h), the local product max(FLOP / peak, bytes / bandwidth), where each operand
// is read once and the result is written once. Slicing is free. Every array is stored and sent in one format; partial sums too.
// Without a cluster the bytes each device sends decide, by the ring formulas of reshard.h.
#pragma once

#include "core/collective/collective.h"
#include "core/model/numberformat.h"
#include "core/sharding/contraction.h"

namespace shardlens {

/// The collective that a step of the algebra is; None for slices and products, which move nothing.
[[nodiscard]] Collective collectiveOf(StepKind kind);

struct MatmulSetting {
    NumberFormat format = NumberFormat::Bf16;    ///< of A, B and C
    const Cluster* cluster = nullptr;            ///< null: bytes only
    ComputeFormat compute = ComputeFormat::Bf16; ///< arithmetic; only with a cluster
};

/// The arithmetic that takes numbers of this format as they are, when the accelerator has it; else bf16, to which they are expanded.
[[nodiscard]] ComputeFormat arithmeticFor(NumberFormat format, const Accelerator& accelerator);

struct MatmulStepCost {
    Collective collective = Collective::None;
    double payloadBytes = 0;  ///< V, as collective.h defines it
    double sentBytes = 0;     ///< by each device: ring formulas, or on a cluster by the chosen algorithm; whole bytes
    CollectiveCost onCluster; ///< zeros without a cluster
    double flop = 0;          ///< Multiply
    double touchedBytes = 0;  ///< Multiply: operands and result of one device
    double computeTime = 0;   ///< Multiply, on a cluster
    double memoryTime = 0;    ///< Multiply, on a cluster
    double time = 0;          ///< seconds; 0 without a cluster
};

struct MatmulWayCost {
    ProductWay way;
    std::vector<MatmulStepCost> steps; ///< of way.steps
    double sentBytes = 0;
    double communicationTime = 0;
    double productTime = 0;
    double time = 0;        ///< communicationTime + productTime
    Bytes largestBytes = 0; ///< the most that one device holds of A, B and C at any moment
};

struct MatmulCosts {
    std::vector<AxisFinding> findings;
    MatmulCase which = MatmulCase::NoCommunication;
    bool complete = true;
    /// Cheapest first, by time on a cluster, by bytes sent without one; ways whose result is not yet summed after all others.
    std::vector<MatmulWayCost> ways;
};

/// As waysOf(), with costs. Errors also: the mesh has more devices than the cluster; the accelerator lacks the arithmetic.
[[nodiscard]] Result<MatmulCosts> costMatmul(const Mesh& mesh, const Product& product, const std::optional<ShardedArray>& wanted,
                                             const MatmulSetting& setting);

struct ReshardCosts {
    std::vector<ShardStep> steps;
    std::vector<MatmulStepCost> costs; ///< of steps
    double sentBytes = 0;
    double time = 0; ///< 0 without a cluster
};
[[nodiscard]] Result<ReshardCosts> costReshard(const Mesh& mesh, const ShardedArray& from, const ShardedArray& to,
                                               const MatmulSetting& setting);

} // namespace shardlens
