// SPDX-License-Identifier: Apache-2.0
// The bytes of a tensor of the shard plate: sizes x bytes of an element / the axes that split it x layers.
#include "core/cost/tensorplate.h"
#include "core/scenario/explain_parts.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

const char* meaningOf(const std::string& dim)
{
    struct Meaning {
        const char* name;
        const char* text;
    };
    static constexpr std::array kMeanings{
        Meaning{"D", "hidden size"},
        Meaning{"N", "query or value heads"},
        Meaning{"K", "KV heads"},
        Meaning{"G", "key heads of the linear layer"},
        Meaning{"H", "values of one head"},
        Meaning{"F", "intermediate size"},
        Meaning{"E", "experts, redundant copies among them"},
        Meaning{"V", "vocabulary"},
        Meaning{"C", "latent of keys and values"},
        Meaning{"Q", "latent of queries"},
        Meaning{"B", "sequences"},
        Meaning{"S", "tokens of each"},
        Meaning{"P", "learned positions"},
        Meaning{"I", "index"},
        Meaning{"L", "width that the experts work in"},
        Meaning{"R", "rank of a low-rank step"},
        Meaning{"Hk", "key size of a head"},
        Meaning{"Hv", "value size of a head"},
    };
    for (const Meaning& each : kMeanings)
        if (dim == each.name)
            return each.text;
    return "";
}

std::string elementText(const PlateTensor& tensor)
{
    const BlockScale scale = scaleOf(tensor.format);
    std::string text = formatNumber(bitsOf(tensor.format) / 8.0) + " B";
    if (scale.bytes > 0)
        text += " + " + std::to_string(scale.bytes) + " B of scale per " + std::to_string(scale.rows)
                + (scale.columns > 1 ? " × " + std::to_string(scale.columns) : std::string());
    return text;
}

/// The arithmetic of a tensor of one part: symbols, then numbers.
void addFormula(const PlateTensor& tensor, std::int64_t layers, double bytes, Explanation& out)
{
    double product = static_cast<double>(layers) * bytesPerElement(tensor.format);
    double elements = 0;
    double pieces = 1;
    std::string symbols;
    std::string numbers;
    std::string axes;
    std::string splits;
    for (const PlatePart& part : tensor.parts) {
        std::string names;
        std::string sizes;
        for (const ShardedDim& dim : part.array.dims) {
            names += (names.empty() ? "" : " × ") + dim.name;
            sizes += (sizes.empty() ? "" : " × ") + formatCount(dim.size);
        }
        elements += static_cast<double>(globalElements(part.array));
        symbols += (symbols.empty() ? "" : " + ") + names;
        numbers += (numbers.empty() ? "" : " + ") + sizes;
    }
    for (std::size_t i = 0; i < tensor.axes.size(); ++i) {
        if (!tensor.isSplit(i))
            continue;
        axes += (axes.empty() ? "" : " × ") + std::string(nameOf(tensor.axes[i]));
        splits += (splits.empty() ? "" : " × ") + formatCount(tensor.mesh.size(static_cast<int>(i)));
        pieces *= static_cast<double>(tensor.mesh.size(static_cast<int>(i)));
    }
    const bool several = tensor.parts.size() > 1;
    out.formula = {
        {"bytes", (several ? "(" + symbols + ")" : symbols) + " × b × layers", axes, false},
        {"", (several ? "(" + numbers + ")" : numbers) + " × " + formatNumber(bytesPerElement(tensor.format)) + " × " + formatCount(layers),
         splits, false},
        {"", formatBytes(bytes, 4), "", true}};
    product *= elements / pieces;
    constexpr double kPrinted = 5e-4; // what four figures do not show
    if (std::abs(product - bytes) > kPrinted * bytes)
        out.notes.push_back(
            "More or less than the plain product, " + formatBytes(product, 4)
            + ": pieces, blocks of scales and blocks of the cache count whole, parts that no axis splits are on every device.");
}

void addInputs(const Scenario& scenario, const PlateTensor& tensor, int stage, Explanation& out)
{
    std::vector<std::string> seen;
    for (const PlatePart& part : tensor.parts) {
        for (const ShardedDim& dim : part.array.dims) {
            if (std::find(seen.begin(), seen.end(), dim.name) != seen.end())
                continue;
            seen.push_back(dim.name);
            const bool load = dim.name == "B" || dim.name == "S";
            out.inputs.push_back({dim.name, formatCount(dim.size),
                                  std::string(meaningOf(dim.name)) + (load ? ", of the workload" : ", " + scenario.model->name),
                                  Provenance::Exact});
        }
    }
    out.inputs.push_back(
        {"b", elementText(tensor), tensor.formatText + ", of the scenario; partly filled blocks have whole scales", Provenance::Exact});
    for (std::size_t i = 0; i < tensor.axes.size(); ++i) {
        const std::string size = formatCount(tensor.mesh.size(static_cast<int>(i)));
        out.inputs.push_back(
            {std::string(nameOf(tensor.axes[i])), size, tensor.isSplit(i) ? "splits it" : "holds copies of it", Provenance::Exact});
    }
    if (tensor.replicas > 1)
        out.inputs.push_back({"DP", formatCount(tensor.replicas), "replicas, each with a copy", Provenance::Exact});
    out.inputs.push_back({"layers", formatCount(tensor.layersOn(stage)), "of the stage that have one", Provenance::Exact});
}

} // namespace

Explanation explainTensor(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const TensorPlate plate = tensorPlate(scenario.context(), scenario.plan, scenario.reserve);
    if (subject.tensor < 0 || static_cast<std::size_t>(subject.tensor) >= plate.tensors.size())
        return explainFit(scenario, report);
    const PlateTensor& tensor = plate.tensors[static_cast<std::size_t>(subject.tensor)];
    const int stage = std::clamp(subject.stage, 0, plate.stages - 1);
    const std::int64_t layers = tensor.layersOn(stage);
    const Placement placement(scenario.plan.meshSizes());
    const bool tile = subject.device >= 0 && subject.device < placement.devices();
    const Bytes each = tile ? tensor.tileBytes(tileOf(tensor, placement, subject.device)) : tensor.deviceBytes;
    const double bytes = static_cast<double>(each) * static_cast<double>(layers);
    Explanation out;
    out.formulaId = "tensor.bytes";
    out.title = tensor.name;
    out.subtitle = tensor.notation() + (plate.stages > 1 ? ", " + stageWords(report, stage) : std::string());
    out.memoryClass = static_cast<int>(memoryClassOf(tensor.kind));
    setFigure(out, formatBytes(bytes, 4));
    const DeviceMemory& memory = report.memory.stages[static_cast<std::size_t>(stage)];
    const Bytes whole = bytesOf(memory, memoryClassOf(tensor.kind));
    if (whole > 0 && memoryClassOf(tensor.kind) != MemoryClass::Activations) {
        out.shareFraction = std::min(1.0, bytes / static_cast<double>(whole));
        out.share = formatPercent(out.shareFraction) + " of the device's "
                    + (memoryClassOf(tensor.kind) == MemoryClass::Kv ? "KV cache" : "weights");
    }
    if (!tensor.parts.empty() && layers > 0)
        addFormula(tensor, layers, bytes, out);
    addInputs(scenario, tensor, stage, out);
    const auto bar = [&](const char* name, double amount) {
        out.alternatives.push_back({name, formatBytes(amount, 4), amount, Cause::Weights, out.memoryClass});
    };
    const double times = static_cast<double>(layers);
    out.alternativesTitle = "Over the stage";
    bar("On one device", bytes);
    if (tensor.wholeBytes > 0)
        bar("Every element once", static_cast<double>(tensor.wholeBytes) * times);
    if (tensor.holderCount() > 1)
        bar("All devices, copies counted", static_cast<double>(tensor.deviceBytes) * times
                                               * static_cast<double>(scenario.plan.stageDevices()) * static_cast<double>(tensor.replicas));
    if (tensor.holderCount() > 1)
        out.notes.push_back("Each element is stored " + formatCount(tensor.holderCount()) + " times: " + formatCount(tensor.copies)
                            + " in a stage, in " + formatCount(tensor.replicas) + (tensor.replicas == 1 ? " replica." : " replicas."));
    if (tensor.kind == TensorKind::KvCache || tensor.kind == TensorKind::LatentCache)
        out.notes.push_back("Tokens are stored in blocks of " + formatCount(report.memory.cacheBlock)
                            + ", the last one whole; of the fullest device.");
    if (tensor.kind == TensorKind::Stream || tensor.kind == TensorKind::DecodeStream)
        out.notes.push_back("One buffer, used by every layer in turn; the peak of activations holds more than it.");
    if (tensor.kind == TensorKind::State)
        out.notes.push_back("The state in fp32, with the columns of the short convolution in bf16.");
    return out;
}

} // namespace shardlens
