// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/comparedpoints.h"

#include "core/model/parameters.h"
#include "core/scenario/embedded_catalog.h"
#include "core/scenario/resolve_points.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace shardlens {

namespace {

constexpr double kOtherAccelerator = 4;
constexpr double kOtherEngine = 2;
constexpr double kOtherModel = 1;
/// Points between two looks at `stop`.
constexpr std::size_t kBatch = 16;

double doublings(double a, double b)
{
    return a > 0 && b > 0 ? std::abs(std::log2(a / b)) : 0;
}

void addFormats(const Model& model, const Formats& formats, PointInputs& out)
{
    out.weightBits = bitsOf(formats.of(model.hasExperts() ? WeightClass::Experts : WeightClass::Mlp));
    out.kvBits = bitsOf(formats.kv);
}

PointInputs inputsOf(const ResolvedPoint& point)
{
    const ResolvedPool& pool = point.disaggregated ? point.decode : point.server;
    PointInputs out;
    out.model = point.model->id;
    out.accelerator = point.accelerator().id;
    out.engine = point.engine.engine;
    out.activeParameters = static_cast<double>(countParameters(*point.model).active);
    out.input = point.meanInput;
    out.output = point.meanOutput;
    out.concurrency = point.concurrency / std::max(1, pool.workers);
    out.devices = static_cast<int>(pool.plan.devices());
    out.tensor = pool.plan.tensor();
    out.expert = pool.plan.expert();
    addFormats(*point.model, point.formats, out);
    return out;
}

std::string sourceOf(const MeasuredPoint& point)
{
    std::string text;
    for (const std::string_view part : {point.origin, point.backend, point.version, point.date})
        if (!part.empty())
            text += (text.empty() ? "" : " ") + std::string(part);
    return text;
}

void addMeasured(ComparedPoint& out, const MeasuredOutcome& outcome)
{
    const auto set = [&out](PointFigure figure, const std::optional<double>& value, double unit) {
        if (value && *value > 0)
            out.measured[static_cast<std::size_t>(figure)] = *value * unit;
    };
    set(PointFigure::Tpot, outcome.tpotMs, 1e-3);
    if (outcome.ttftScored)
        set(PointFigure::Ttft, outcome.ttftMs, 1e-3);
    set(PointFigure::OutputPerDevice, outcome.outputPerDevice, 1);
}

/// The maker stands in front of many names already.
std::string shortName(const Accelerator& accelerator)
{
    const std::string vendor = accelerator.vendor + " ";
    return accelerator.name.starts_with(vendor) ? accelerator.name.substr(vendor.size()) : accelerator.name;
}

/// Reasons without their details, so that they can be counted: up to the first colon or quote.
std::string reasonOf(const std::string& sentence)
{
    return sentence.substr(0, sentence.find_first_of(":\"(,;"));
}

} // namespace

std::string_view builtinPoints()
{
    const auto files = embeddedCalibration();
    const auto found = std::find_if(files.begin(), files.end(), [](const EmbeddedFile& file) { return file.path == "points.csv"; });
    return found == files.end() ? std::string_view() : found->text;
}

ComparedPoints comparePoints(const MeasuredPoints& points, const Catalog& catalog, const ConstantsSource& constants,
                             const std::atomic<bool>* stop, const std::function<void(double)>& progress)
{
    ComparedPoints out;
    out.rows = points.points.size();
    struct Refusal {
        std::size_t rows = 0;
        std::string first;
    };
    std::map<std::string, Refusal> refusals;
    const auto refuse = [&refusals](const std::string& sentence) {
        Refusal& refusal = refusals[reasonOf(sentence)];
        if (refusal.rows++ == 0)
            refusal.first = sentence;
    };
    PointResolver resolver(catalog);
    for (std::size_t i = 0; i < points.points.size(); ++i) {
        if (i % kBatch == 0) {
            if (stop && stop->load(std::memory_order_relaxed))
                return out;
            if (progress)
                progress(static_cast<double>(i) / static_cast<double>(points.points.size()));
        }
        const MeasuredPoint& point = points.points[i];
        if (point.problem >= 0) {
            refuse(points.problems[static_cast<std::size_t>(point.problem)].error.sentence());
            continue;
        }
        const Result<ResolvedPoint> resolved = resolver.resolve(point, points.kind);
        if (!resolved.ok()) {
            refuse(resolved.error().sentence());
            continue;
        }
        const Result<PointPrediction> prediction = predictPoint(resolved.value(), constants(resolved.value()));
        if (!prediction.ok()) {
            refuse(prediction.error().sentence());
            continue;
        }
        ComparedPoint& compared = out.points.emplace_back();
        compared.inputs = inputsOf(resolved.value());
        compared.modelName = resolved.value().model->name;
        compared.acceleratorName = shortName(resolved.value().accelerator());
        compared.source = sourceOf(point);
        addMeasured(compared, points.outcomes[i]);
        const PointPrediction& predicted = prediction.value();
        compared.predicted = {predicted.tpot, predicted.ttft, predicted.outputPerDevice};
    }
    std::vector<Refusal> sorted;
    sorted.reserve(refusals.size());
    for (auto& [reason, refusal] : refusals)
        sorted.push_back(std::move(refusal));
    std::stable_sort(sorted.begin(), sorted.end(), [](const Refusal& a, const Refusal& b) { return a.rows > b.rows; });
    for (const Refusal& refusal : sorted)
        out.refusals.push_back(refusal.rows == 1 ? refusal.first : std::to_string(refusal.rows) + " rows, the first: " + refusal.first);
    if (progress)
        progress(1);
    return out;
}

PointInputs pointInputs(const Scenario& scenario, const Report& report)
{
    const int replicas = std::max(1, scenario.plan.data());
    PointInputs out;
    out.model = scenario.model->id;
    out.accelerator = scenario.cluster->accelerator.id;
    out.engine = scenario.serving.engine.engine;
    out.activeParameters = static_cast<double>(countParameters(*scenario.model).active);
    out.input = rangeOf(scenario.serving.load.inputLengths, scenario.workload.input).mean;
    out.output = rangeOf(scenario.serving.load.outputLengths, scenario.workload.output).mean;
    switch (scenario.serving.load.kind) {
    case LoadKind::StaticBatch: out.concurrency = scenario.workload.batch; break;
    case LoadKind::ClosedLoop: out.concurrency = static_cast<double>(scenario.serving.load.concurrency) / replicas; break;
    case LoadKind::OpenLoop: out.concurrency = std::max(1.0, report.serving.service.meanRunning); break;
    }
    out.devices = static_cast<int>(scenario.plan.devices() / replicas);
    out.tensor = scenario.plan.tensor();
    out.expert = scenario.plan.expert();
    addFormats(*scenario.model, scenario.formats, out);
    return out;
}

double pointDistance(const PointInputs& a, const PointInputs& b)
{
    double distance = doublings(a.input, b.input) + doublings(a.output, b.output) + doublings(a.concurrency, b.concurrency)
                      + doublings(a.devices, b.devices) + doublings(a.activeParameters, b.activeParameters)
                      + doublings(a.weightBits, b.weightBits) + doublings(a.kvBits, b.kvBits);
    distance += a.accelerator == b.accelerator ? 0 : kOtherAccelerator;
    distance += a.engine == b.engine ? 0 : kOtherEngine;
    return distance + (a.model == b.model ? 0 : kOtherModel);
}

std::vector<NearPoint> nearestPoints(const PointInputs& inputs, std::span<const ComparedPoint> points, PointFigure figure, std::size_t most)
{
    std::vector<NearPoint> near;
    for (std::size_t i = 0; i < points.size(); ++i)
        if (points[i].has(figure))
            near.push_back({i, pointDistance(inputs, points[i].inputs)});
    const auto nearer = [](const NearPoint& a, const NearPoint& b) {
        return a.distance < b.distance || (!(b.distance < a.distance) && a.index < b.index);
    };
    const std::size_t kept = std::min(most, near.size());
    std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(kept), near.end(), nearer);
    near.resize(kept);
    return near;
}

} // namespace shardlens
