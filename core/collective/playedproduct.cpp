// SPDX-License-Identifier: Apache-2.0
#include "core/collective/playedproduct.h"

#include <algorithm>

namespace shardlens {
namespace {

Error in(const char* field, Error error)
{
    error.path = field;
    return error;
}

} // namespace

int arrayOf(const ShardStep& step)
{
    return static_cast<int>(step.operand);
}

HeldArrays heldBefore(const PlayedProduct& played, const ProductWay& way, std::size_t step)
{
    HeldArrays held{played.expression.left, *played.expression.right, std::nullopt};
    for (std::size_t i = 0; i < std::min(step, way.steps.size()); ++i) {
        const ShardStep& done = way.steps[i];
        held[static_cast<std::size_t>(done.kind == StepKind::Multiply ? 2 : arrayOf(done))] = done.after;
    }
    return held;
}

std::vector<std::int64_t> stepGroup(const Mesh& mesh, const ShardStep& step, std::int64_t device)
{
    std::vector<std::int64_t> group{device};
    if (!communicates(step.kind))
        return group;
    for (const int axis : step.axes)
        group.front() -= mesh.coordinate(device, axis) * mesh.stride(axis);
    for (const int axis : step.axes) {
        const std::size_t before = group.size();
        for (std::int64_t at = 1; at < mesh.size(axis); ++at)
            for (std::size_t i = 0; i < before; ++i)
                group.push_back(group[i] + at * mesh.stride(axis));
    }
    std::sort(group.begin(), group.end());
    return group;
}

Result<PlayedProduct> playedProduct(const ProductText& text, const Cluster* cluster, NumberFormat format)
{
    PlayedProduct played;
    Result<Mesh> mesh = parseMesh(text.mesh);
    if (!mesh.ok())
        return in("mesh", mesh.error());
    played.mesh = std::move(mesh).value();
    Result<ShardingExpression> parsed = parseSharding(text.product, played.mesh);
    if (!parsed.ok())
        return in("product", parsed.error());
    if (!parsed.value().right)
        return Error{{}, "product", "one array", "allowed is a product of two, as in A[I, J_X] . B[J_X, K]"};
    const Result<std::vector<NamedSize>> shape = parseShape(text.shape);
    if (!shape.ok())
        return in("shape", shape.error());
    Result<ShardingExpression> sized = withShape(std::move(parsed).value(), shape.value(), played.mesh);
    if (!sized.ok())
        return in(sized.error().path == "shape" ? "shape" : "product", sized.error());
    played.expression = std::move(sized).value();
    played.setting.format = format;
    const ShardingExpression& expression = played.expression;
    const Product product{expression.left, *expression.right, expression.result ? expression.result->name : "C", std::nullopt};
    if (cluster) {
        played.setting.cluster = cluster;
        played.setting.compute = arithmeticFor(format, cluster->accelerator);
        if (Result<MatmulCosts> costs = costMatmul(played.mesh, product, expression.result, played.setting); costs.ok()) {
            played.costs = std::move(costs).value();
            return played;
        } else {
            played.note = costs.error().sentence();
        }
        played.setting.cluster = nullptr;
    }
    // What is wrong with the product itself is wrong without a cluster too, and said then.
    Result<MatmulCosts> costs = costMatmul(played.mesh, product, expression.result, played.setting);
    if (!costs.ok())
        return in(costs.error().path == "mesh" ? "mesh" : "product", costs.error());
    played.costs = std::move(costs).value();
    return played;
}

} // namespace shardlens
