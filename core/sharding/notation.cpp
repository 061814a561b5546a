// SPDX-License-Identifier: Apache-2.0
#include "core/sharding/notation.h"

#include "core/sharding/axis_subscript.h"

namespace shardlens {

std::string printAxes(const std::vector<int>& axes, const Mesh& mesh, AxisSizes sizes)
{
    std::string joined;
    std::string listed;
    bool longNames = false;
    for (const int axis : axes) {
        const std::string& name = mesh.name(axis);
        const std::string sized = sizes == AxisSizes::Shown ? name + std::to_string(mesh.size(axis)) : name;
        joined += sized;
        longNames = longNames || name.size() > 1;
        // In braces a name of the mesh is that axis; a name with its size must not be the name of another.
        const bool clear = mesh.find(sized) < 0 && readSubscript(sized, mesh) == std::vector<std::vector<int>>{{axis}};
        listed += (listed.empty() ? "" : ",") + (clear ? sized : name);
    }
    // Long names in a row are hard to tell apart; single letters join.
    if (longNames && axes.size() > 1)
        return "{" + listed + "}";
    // The short form only where it is read back as the same axes and as nothing else.
    const std::vector<std::vector<int>> readings = readSubscript(joined, mesh);
    return readings.size() == 1 && readings.front() == axes ? joined : "{" + listed + "}";
}

std::string printArray(const ShardedArray& array, const Mesh& mesh, AxisSizes sizes)
{
    std::string text = array.name + "[";
    for (std::size_t i = 0; i < array.dims.size(); ++i) {
        const ShardedDim& dim = array.dims[i];
        text += (i == 0 ? "" : ", ") + dim.name;
        if (!dim.axes.empty())
            text += "_" + printAxes(dim.axes, mesh, sizes);
    }
    text += "]";
    if (!array.unreduced.empty())
        text += " {U_" + printAxes(array.unreduced, mesh, sizes) + "}";
    return text;
}

std::string printSharding(const ShardingExpression& expression, const Mesh& mesh, AxisSizes sizes)
{
    std::string text = printArray(expression.left, mesh, sizes);
    if (expression.right)
        text += " . " + printArray(*expression.right, mesh, sizes);
    if (expression.result)
        text += " -> " + printArray(*expression.result, mesh, sizes);
    return text;
}

std::string printStep(const ShardStep& step, const Mesh& mesh, AxisSizes sizes)
{
    if (step.kind == StepKind::Multiply)
        return printSharding({step.before, step.other, step.after}, mesh, sizes);
    const auto dimName = [&step](int dim) { return step.before.dims[static_cast<std::size_t>(dim)].name; };
    std::string text = std::string(nameOf(step.kind)) + " over " + printAxes(step.axes, mesh, sizes);
    if (step.kind == StepKind::AllToAll)
        text += " from " + dimName(step.fromDim) + " to " + dimName(step.toDim);
    return text + ": " + printSharding({step.before, std::nullopt, step.after}, mesh, sizes);
}

} // namespace shardlens
