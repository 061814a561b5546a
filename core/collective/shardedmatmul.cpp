// SPDX-License-Identifier: Apache-2.0
#include "core/collective/shardedmatmul.h"

#include "core/base/format.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace shardlens {

ComputeFormat arithmeticFor(NumberFormat format, const Accelerator& accelerator)
{
    const auto own = [format] {
        switch (format) {
        case NumberFormat::Fp32: return ComputeFormat::Fp32;
        case NumberFormat::Fp16: return ComputeFormat::Fp16;
        case NumberFormat::Fp8:
        case NumberFormat::Fp8Block: return ComputeFormat::Fp8;
        case NumberFormat::Int8: return ComputeFormat::Int8;
        case NumberFormat::Mxfp4:
        case NumberFormat::Nvfp4: return ComputeFormat::Fp4;
        case NumberFormat::Bf16:
        case NumberFormat::Int4:
        case NumberFormat::Int4Group32: break;
        }
        return ComputeFormat::Bf16;
    }();
    return accelerator.peakOf(own) > 0 ? own : ComputeFormat::Bf16;
}

Collective collectiveOf(StepKind kind)
{
    switch (kind) {
    case StepKind::AllGather: return Collective::AllGather;
    case StepKind::AllReduce: return Collective::AllReduce;
    case StepKind::ReduceScatter: return Collective::ReduceScatter;
    case StepKind::AllToAll: return Collective::AllToAll;
    case StepKind::Slice:
    case StepKind::Multiply: break;
    }
    return Collective::None;
}

namespace {

/// Prices steps in seconds on a cluster, in bytes sent without one.
class Pricer {
public:
    Pricer(const Mesh& mesh, const MatmulSetting& setting) : m_mesh(mesh), m_setting(setting) {}

    [[nodiscard]] double bytes(double elements) const
    {
        return static_cast<double>(bytesOf(m_setting.format, static_cast<std::int64_t>(elements)));
    }

    /// Elements exchanged among n devices, in n blocks of whole bytes each; an AllReduce takes what is held as it is.
    [[nodiscard]] double payloadBytes(StepKind kind, const std::vector<int>& axes, double elements) const
    {
        if (kind == StepKind::AllReduce)
            return bytes(elements);
        const double n = static_cast<double>(m_mesh.devicesAlong(axes));
        return n * bytes(std::ceil(elements / n));
    }

    [[nodiscard]] CollectiveCost onCluster(StepKind kind, const std::vector<int>& axes, double payload)
    {
        std::vector<int> sorted = axes;
        std::sort(sorted.begin(), sorted.end());
        auto found = m_spans.find(sorted);
        if (found == m_spans.end())
            found = m_spans.emplace(sorted, spanOf(sorted)).first;
        return found->second.cost(collectiveOf(kind), payload);
    }

    [[nodiscard]] StepPrice price()
    {
        return [this](StepKind kind, const std::vector<int>& axes, double elements) {
            const double payload = payloadBytes(kind, axes, elements);
            if (m_setting.cluster)
                return onCluster(kind, axes, payload).time;
            return sentElements(kind, m_mesh.devicesAlong(axes), payload);
        };
    }

    [[nodiscard]] MatmulStepCost cost(const ShardStep& step)
    {
        MatmulStepCost cost;
        if (step.kind == StepKind::Multiply) {
            cost.flop = localFlop(m_mesh, step.before, step.other, step.after);
            for (const ShardedArray* array : {&step.before, &step.other, &step.after})
                cost.touchedBytes += static_cast<double>(bytesPerDevice(m_mesh, *array, m_setting.format));
            if (m_setting.cluster) {
                const Accelerator& accelerator = m_setting.cluster->accelerator;
                cost.computeTime = cost.flop / accelerator.peakOf(m_setting.compute);
                cost.memoryTime = cost.touchedBytes / accelerator.memoryBandwidth;
                cost.time = std::max(cost.computeTime, cost.memoryTime);
            }
            return cost;
        }
        if (!communicates(step.kind))
            return cost;
        cost.collective = collectiveOf(step.kind);
        cost.payloadBytes = payloadBytes(step.kind, step.axes, payloadElements(m_mesh, step));
        cost.sentBytes = sentElements(step.kind, m_mesh.devicesAlong(step.axes), cost.payloadBytes);
        if (m_setting.cluster) {
            cost.onCluster = onCluster(step.kind, step.axes, cost.payloadBytes);
            cost.sentBytes = std::ceil(cost.onCluster.sentBytes);
            cost.time = cost.onCluster.time;
        }
        return cost;
    }

private:
    const Mesh& m_mesh;
    const MatmulSetting& m_setting;
    std::map<std::vector<int>, GroupSpan> m_spans;

    [[nodiscard]] GroupSpan spanOf(const std::vector<int>& axes) const
    {
        DeviceGroup group;
        for (const int axis : axes)
            group.add({static_cast<int>(m_mesh.stride(axis)), static_cast<int>(m_mesh.size(axis))});
        return {*m_setting.cluster, group, static_cast<int>(m_mesh.devices())};
    }
};

std::string computeFormatsOf(const Accelerator& accelerator)
{
    std::string list;
    for (const ComputeFormat format : kComputeFormats)
        if (accelerator.peakOf(format) > 0)
            list += (list.empty() ? "" : ", ") + std::string(nameOf(format));
    return list;
}

/// Only a product needs arithmetic.
std::optional<Error> problemOf(const Mesh& mesh, const MatmulSetting& setting, bool multiplies)
{
    if (!setting.cluster)
        return std::nullopt;
    const Cluster& cluster = *setting.cluster;
    if (mesh.devices() > cluster.devices())
        return Error{.file = {},
                     .path = "mesh",
                     .found = formatCount(mesh.devices()) + " devices",
                     .allowed = cluster.name + " has " + formatCount(cluster.devices())};
    // A group is at most kMeshAxisCount runs of neighbouring axes; half of all axes can be apart.
    if (mesh.axisCount() > 2 * static_cast<int>(kMeshAxisCount))
        return Error{.file = {},
                     .path = "mesh",
                     .found = formatCount(mesh.axisCount()) + " axes",
                     .allowed = "allowed on a cluster is at most " + formatCount(2 * std::int64_t{kMeshAxisCount})};
    if (multiplies && cluster.accelerator.peakOf(setting.compute) <= 0)
        return Error{.file = {},
                     .path = "arithmetic",
                     .found = std::string(nameOf(setting.compute)),
                     .allowed = cluster.accelerator.name + " has " + computeFormatsOf(cluster.accelerator)};
    return std::nullopt;
}

/// The most that one device holds of the three arrays at a time: during a step both what it reads and what it makes.
Bytes largestHeld(const Mesh& mesh, const Product& product, const ProductWay& way, NumberFormat format)
{
    const auto bytes = [&](const ShardedArray& array) { return bytesPerDevice(mesh, array, format); };
    Bytes left = bytes(product.left);
    Bytes right = bytes(product.right);
    Bytes result = 0;
    bool multiplied = false;
    Bytes largest = left + right;
    for (const ShardStep& step : way.steps) {
        const Bytes made = bytes(step.after);
        largest = std::max(largest, left + right + result + made);
        if (step.kind == StepKind::Multiply) {
            result = made;
            left = right = 0; // from here on the product is all that is needed
            multiplied = true;
        } else if (multiplied) {
            result = made;
        } else {
            (step.operand == StepOperand::Left ? left : right) = made;
        }
    }
    return largest;
}

} // namespace

Result<MatmulCosts> costMatmul(const Mesh& mesh, const Product& product, const std::optional<ShardedArray>& wanted,
                               const MatmulSetting& setting)
{
    if (std::optional<Error> error = problemOf(mesh, setting, true))
        return std::move(*error);
    Pricer pricer(mesh, setting);
    Result<ProductWays> found = waysOf(mesh, product, wanted, pricer.price());
    if (!found.ok())
        return found.error();
    MatmulCosts costs{std::move(found.value().findings), found.value().which, found.value().complete, {}};
    for (ProductWay& way : found.value().ways) {
        MatmulWayCost& cost = costs.ways.emplace_back();
        for (const ShardStep& step : way.steps) {
            const MatmulStepCost& each = cost.steps.emplace_back(pricer.cost(step));
            cost.sentBytes += each.sentBytes;
            (step.kind == StepKind::Multiply ? cost.productTime : cost.communicationTime) += each.time;
        }
        cost.time = cost.communicationTime + cost.productTime;
        cost.largestBytes = largestHeld(mesh, product, way, setting.format);
        cost.way = std::move(way);
    }
    // Without a cluster the ways come sorted by bytes; with one the local product counts too.
    if (setting.cluster)
        std::stable_sort(costs.ways.begin(), costs.ways.end(),
                         [](const MatmulWayCost& a, const MatmulWayCost& b) { return a.time < b.time; });
    // Where no result is asked for, a way that leaves summands is no product yet, however cheap.
    std::stable_partition(costs.ways.begin(), costs.ways.end(),
                          [](const MatmulWayCost& cost) { return cost.way.result.unreduced.empty(); });
    return costs;
}

Result<ReshardCosts> costReshard(const Mesh& mesh, const ShardedArray& from, const ShardedArray& to, const MatmulSetting& setting)
{
    if (std::optional<Error> error = problemOf(mesh, setting, false))
        return std::move(*error);
    Pricer pricer(mesh, setting);
    Result<std::vector<ShardStep>> steps = reshard(mesh, from, to, pricer.price());
    if (!steps.ok())
        return steps.error();
    ReshardCosts costs{std::move(steps).value(), {}, 0, 0};
    for (const ShardStep& step : costs.steps) {
        const MatmulStepCost& each = costs.costs.emplace_back(pricer.cost(step));
        costs.sentBytes += each.sentBytes;
        costs.time += each.time;
    }
    return costs;
}

} // namespace shardlens
