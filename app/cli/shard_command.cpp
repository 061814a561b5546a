// SPDX-License-Identifier: Apache-2.0
#include "app/cli/shard_command.h"

#include "app/cli/text_table.h"
#include "core/base/format.h"
#include "core/collective/shardedmatmul.h"
#include "core/sharding/notation.h"

#include <nlohmann/json.hpp>

namespace shardlens::cli {

namespace {

using Json = nlohmann::ordered_json;

/// Ways printed as text; all of them are in the JSON.
constexpr std::size_t kMostPrinted = 12;

struct Asked {
    Mesh mesh;
    ShardingExpression expression;
    MatmulSetting setting;
    std::shared_ptr<const Cluster> cluster; ///< null: none named
};

Error at(const char* flag, Error error)
{
    error.file = flag;
    if (error.path == "mesh" || error.path == "shape")
        error.path.clear(); // the flag says so already
    return error;
}

Error missing(const char* flag, const char* example)
{
    return {
        .file = {}, .path = "shardlens shard", .found = {}, .allowed = std::string("needs ") + flag + ", such as " + flag + " " + example};
}

Result<Asked> readAsked(const Arguments& arguments, const Catalog& catalog)
{
    if (arguments.positionals.size() != 1)
        return Error{.file = {},
                     .path = "shardlens shard",
                     .found = std::to_string(arguments.positionals.size()) + " texts",
                     .allowed = "takes one product, such as \"A[I_X,J].B[J,K_Y]\""};
    if (!arguments.has(Flag::Mesh))
        return missing("--mesh", "X=4,Y=2");
    if (!arguments.has(Flag::Shape))
        return missing("--shape", "I=1024,J=8192,K=8192");
    Asked asked;
    Result<Mesh> mesh = parseMesh(arguments[Flag::Mesh].text);
    if (!mesh.ok())
        return at("--mesh", mesh.error());
    asked.mesh = std::move(mesh).value();
    Result<ShardingExpression> parsed = parseSharding(arguments.positionals.front(), asked.mesh);
    if (!parsed.ok())
        return at("shardlens shard", parsed.error());
    const Result<std::vector<NamedSize>> shape = parseShape(arguments[Flag::Shape].text);
    if (!shape.ok())
        return at("--shape", shape.error());
    Result<ShardingExpression> sized = withShape(std::move(parsed).value(), shape.value(), asked.mesh);
    if (!sized.ok())
        return at(sized.error().path == "shape" ? "--shape" : "shardlens shard", sized.error());
    asked.expression = std::move(sized).value();
    if (arguments.has(Flag::Format))
        asked.setting.format = *numberFormatNamed(arguments[Flag::Format].text);
    if (arguments.has(Flag::Cluster)) {
        const std::string& name = arguments[Flag::Cluster].text;
        asked.cluster = catalog.cluster(name);
        if (!asked.cluster) {
            std::string near;
            for (const std::string& id : catalog.similarClusters(name))
                near += (near.empty() ? "; did you mean " : " or ") + id;
            return Error{.file = {},
                         .path = "--cluster",
                         .found = name,
                         .allowed =
                             "allowed is a cluster of the catalog" + (near.empty() ? "; see shardlens catalog clusters" : near + "?")};
        }
        asked.setting.cluster = asked.cluster.get();
        asked.setting.compute = arithmeticFor(asked.setting.format, asked.cluster->accelerator);
    }
    if (arguments.has(Flag::Compute)) {
        if (!asked.cluster)
            return Error{.file = {}, .path = "--compute", .found = {}, .allowed = "says nothing without --cluster"};
        if (!asked.expression.right)
            return Error{.file = {},
                         .path = "--compute",
                         .found = {},
                         .allowed = "says nothing for one array that moves: only a product of two has arithmetic"};
        asked.setting.compute = *computeFormatNamed(arguments[Flag::Compute].text);
    }
    return asked;
}

Product productOf(const ShardingExpression& expression)
{
    return {expression.left, *expression.right, expression.result ? expression.result->name : "C", std::nullopt};
}

std::string shapeText(const std::vector<std::int64_t>& shape)
{
    std::string text;
    for (const std::int64_t n : shape)
        text += (text.empty() ? "" : " x ") + formatCount(n);
    return text.empty() ? "scalar" : text;
}

std::vector<std::int64_t> globalShape(const ShardedArray& array)
{
    std::vector<std::int64_t> shape;
    for (const ShardedDim& dim : array.dims)
        shape.push_back(dim.size);
    return shape;
}

std::string headText(const Asked& asked)
{
    std::string text = printSharding(asked.expression, asked.mesh) + "\n";
    std::string axes;
    for (const NamedAxis& axis : asked.mesh.axes())
        axes += (axes.empty() ? "" : ", ") + axis.name + "=" + formatCount(axis.size);
    text += "mesh " + (axes.empty() ? "of one device" : axes + ": " + formatCount(asked.mesh.devices()) + " devices") + ", "
            + std::string(nameOf(asked.setting.format));
    if (asked.cluster)
        text += ", on " + asked.cluster->name + " (first axis innermost)";
    if (asked.cluster && asked.expression.right)
        text += ", " + std::string(nameOf(asked.setting.compute)) + " arithmetic";
    return text + "\n\n";
}

TextTable arrayTable(const Asked& asked, const std::vector<const ShardedArray*>& arrays)
{
    TextTable table{{Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Right},
                    {{"array", "shape", "on a device", "bytes", "copies", "padding"}}};
    for (const ShardedArray* array : arrays)
        table.rows.push_back({printArray(*array, asked.mesh), shapeText(globalShape(*array)), shapeText(localShape(asked.mesh, *array)),
                              formatBytes(static_cast<double>(bytesPerDevice(asked.mesh, *array, asked.setting.format))),
                              formatCount(copies(asked.mesh, *array)), formatPercent(paddingFactor(asked.mesh, *array) - 1)});
    return table;
}

/// One line per step; the product's line says what it computes.
std::string stepsText(const Asked& asked, const std::vector<ShardStep>& steps, const std::vector<MatmulStepCost>& costs)
{
    TextTable table{{Align::Left, Align::Right, Align::Left, Align::Right, Align::Right, Align::Left}, {}};
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const MatmulStepCost& cost = costs[i];
        std::vector<std::string> row{"  " + printStep(steps[i], asked.mesh), shapeText(localShape(asked.mesh, steps[i].after))};
        if (steps[i].kind == StepKind::Multiply)
            row.insert(row.end(), {formatFlop(cost.flop), "touches " + formatBytes(cost.touchedBytes)});
        else if (communicates(steps[i].kind))
            row.insert(row.end(), {"payload " + formatBytes(cost.payloadBytes), "sends " + formatBytes(cost.sentBytes)});
        else
            row.insert(row.end(), {"free", ""});
        row.push_back(asked.cluster && cost.time > 0 ? formatSeconds(cost.time) : "");
        row.push_back(cost.collective == Collective::None || !asked.cluster ? "" : nameOf(cost.collective, cost.onCluster));
        table.rows.push_back(std::move(row));
    }
    return table.print();
}

std::string productText(const Asked& asked, const MatmulCosts& costs)
{
    std::string text = headText(asked) + arrayTable(asked, {&asked.expression.left, &*asked.expression.right}).print() + "\n";
    text += std::string(nameOf(costs.which)) + "\n";
    for (const AxisFinding& finding : costs.findings)
        text += "  " + asked.mesh.name(finding.axis) + ": " + finding.sentence + "\n";
    if (!costs.complete)
        text += "So many axes take part that not every combination was tried.\n";
    for (std::size_t i = 0; i < costs.ways.size() && i < kMostPrinted; ++i) {
        const MatmulWayCost& way = costs.ways[i];
        text +=
            "\nWay " + std::to_string(i + 1) + " of " + std::to_string(costs.ways.size()) + ": " + printArray(way.way.result, asked.mesh);
        if (asked.cluster)
            text += " in " + formatSeconds(way.time) + " (communication " + formatSeconds(way.communicationTime) + ", product "
                    + formatSeconds(way.productTime) + ")";
        text += std::string(way.way.result.unreduced.empty() ? "" : ", not yet summed") + ", sends " + formatBytes(way.sentBytes)
                + ", holds up to " + formatBytes(static_cast<double>(way.largestBytes)) + " per device\n";
        text += stepsText(asked, way.way.steps, way.steps);
    }
    if (costs.ways.size() > kMostPrinted)
        text += "\n" + std::to_string(costs.ways.size() - kMostPrinted) + " dearer ways are not shown; --json lists all.\n";
    return text;
}

Json axesJson(const Mesh& mesh, const std::vector<int>& axes)
{
    Json names = Json::array();
    for (const int axis : axes)
        names.push_back(mesh.name(axis));
    return names;
}

Json arrayJson(const Asked& asked, const ShardedArray& array)
{
    Json dims = Json::array();
    for (const ShardedDim& dim : array.dims)
        dims.push_back(
            {{"name", dim.name}, {"size", dim.size}, {"axes", axesJson(asked.mesh, dim.axes)}, {"local_size", localSize(asked.mesh, dim)}});
    return {{"notation", printArray(array, asked.mesh)},
            {"dimensions", std::move(dims)},
            {"unreduced", axesJson(asked.mesh, array.unreduced)},
            {"bytes_per_device", bytesPerDevice(asked.mesh, array, asked.setting.format)},
            {"copies", copies(asked.mesh, array)},
            {"padding_factor", paddingFactor(asked.mesh, array)}};
}

Json stepsJson(const Asked& asked, const std::vector<ShardStep>& steps, const std::vector<MatmulStepCost>& costs)
{
    Json list = Json::array();
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const ShardStep& step = steps[i];
        const MatmulStepCost& cost = costs[i];
        Json json{{"kind", nameOf(step.kind)},
                  {"axes", axesJson(asked.mesh, step.axes)},
                  {"notation", printStep(step, asked.mesh)},
                  {"before", arrayJson(asked, step.before)},
                  {"after", arrayJson(asked, step.after)}};
        if (step.kind == StepKind::Multiply)
            json["other"] = arrayJson(asked, step.other);
        json["payload_bytes"] = cost.payloadBytes;
        json["sent_bytes"] = cost.sentBytes;
        json["flop"] = cost.flop;
        json["touched_bytes"] = cost.touchedBytes;
        json["algorithm"] = asked.cluster && cost.collective != Collective::None ? Json(nameOf(cost.collective, cost.onCluster)) : Json();
        json["time_s"] = asked.cluster ? Json(cost.time) : Json();
        list.push_back(std::move(json));
    }
    return list;
}

Json headJson(const Asked& asked)
{
    Json mesh = Json::array();
    for (const NamedAxis& axis : asked.mesh.axes())
        mesh.push_back({{"name", axis.name}, {"size", axis.size}});
    return {{"schema", "shardlens.shard/1"},
            {"notation", printSharding(asked.expression, asked.mesh)},
            {"mesh", std::move(mesh)},
            {"devices", asked.mesh.devices()},
            {"format", nameOf(asked.setting.format)},
            {"cluster", asked.cluster ? Json(asked.cluster->id) : Json()},
            {"compute", asked.cluster && asked.expression.right ? Json(nameOf(asked.setting.compute)) : Json()}};
}

Json productJson(const Asked& asked, const MatmulCosts& costs)
{
    Json json = headJson(asked);
    json["case"] = nameOf(costs.which);
    json["axes"] = Json::array();
    for (const AxisFinding& finding : costs.findings)
        json["axes"].push_back({{"axis", asked.mesh.name(finding.axis)},
                                {"case", nameOf(finding.which)},
                                {"legal", finding.legal},
                                {"sentence", finding.sentence}});
    json["arrays"] = {arrayJson(asked, asked.expression.left), arrayJson(asked, *asked.expression.right)};
    json["complete"] = costs.complete;
    json["ways"] = Json::array();
    for (const MatmulWayCost& way : costs.ways)
        json["ways"].push_back({{"result", arrayJson(asked, way.way.result)},
                                {"summed", way.way.result.unreduced.empty()},
                                {"sent_bytes", way.sentBytes},
                                {"flop_per_device", way.way.flop},
                                {"largest_bytes", way.largestBytes},
                                {"time_s", asked.cluster ? Json(way.time) : Json()},
                                {"communication_s", asked.cluster ? Json(way.communicationTime) : Json()},
                                {"product_s", asked.cluster ? Json(way.productTime) : Json()},
                                {"steps", stepsJson(asked, way.way.steps, way.steps)}});
    return json;
}

std::string dumped(const Json& json)
{
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Adds the flag with a format to take, those of 16 bits first.
Error withoutArithmetic(const Asked& asked, Error error)
{
    for (const ComputeFormat format : {ComputeFormat::Bf16, ComputeFormat::Fp16, ComputeFormat::Fp32})
        if (asked.cluster->accelerator.peakOf(format) > 0) {
            error.allowed += "; choose with --compute " + std::string(nameOf(format));
            break;
        }
    error.path.clear();
    return at("--compute", std::move(error));
}

Result<std::string> productAnswer(const Asked& asked, bool json)
{
    const Product product = productOf(asked.expression);
    const Result<MatmulCosts> costs = costMatmul(asked.mesh, product, asked.expression.result, asked.setting);
    if (!costs.ok() && costs.error().path == "arithmetic")
        return withoutArithmetic(asked, costs.error());
    if (!costs.ok())
        return at(costs.error().path == "mesh" ? "--mesh" : "shardlens shard", costs.error());
    return json ? dumped(productJson(asked, costs.value())) : productText(asked, costs.value());
}

Result<std::string> reshardAnswer(const Asked& asked, bool json)
{
    const ShardedArray& from = asked.expression.left;
    const ShardedArray& to = asked.expression.result ? *asked.expression.result : from;
    const Result<ReshardCosts> costs = costReshard(asked.mesh, from, to, asked.setting);
    if (!costs.ok())
        return at(costs.error().path == "mesh" ? "--mesh" : "shardlens shard", costs.error());
    const ReshardCosts& found = costs.value();
    if (!json) {
        std::string text = headText(asked) + arrayTable(asked, {&from, &to}).print() + "\n";
        if (found.steps.empty())
            return text + "Nothing to do.\n";
        text += "Cheapest steps" + (asked.cluster ? ", " + formatSeconds(found.time) : std::string()) + ", sends "
                + formatBytes(found.sentBytes) + " per device\n";
        return text + stepsText(asked, found.steps, found.costs);
    }
    Json answer = headJson(asked);
    answer["case"] = nullptr;
    answer["axes"] = Json::array();
    answer["arrays"] = {arrayJson(asked, from), arrayJson(asked, to)};
    answer["complete"] = true;
    answer["ways"] = {{{"result", arrayJson(asked, to)},
                       {"summed", to.unreduced.empty()},
                       {"sent_bytes", found.sentBytes},
                       {"flop_per_device", 0.0},
                       {"largest_bytes", nullptr},
                       {"time_s", asked.cluster ? Json(found.time) : Json()},
                       {"communication_s", asked.cluster ? Json(found.time) : Json()},
                       {"product_s", asked.cluster ? Json(0.0) : Json()},
                       {"steps", stepsJson(asked, found.steps, found.costs)}}};
    return dumped(answer);
}

} // namespace

Result<std::string> shardAnswer(const Arguments& arguments, const Catalog& catalog)
{
    const Result<Asked> asked = readAsked(arguments, catalog);
    if (!asked.ok())
        return asked.error();
    const bool json = arguments.has(Flag::Json);
    return asked.value().expression.right ? productAnswer(asked.value(), json) : reshardAnswer(asked.value(), json);
}

} // namespace shardlens::cli
