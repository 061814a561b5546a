// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/curve_points.h"

#include "core/scenario/resolve_points.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace shardlens {

namespace {

constexpr double kNear = 0.125; ///< relative difference of what is called the same

bool isNear(double a, double b)
{
    return std::abs(a - b) <= kNear * std::max(a, b);
}

std::string sourceOf(const MeasuredPoint& point, const ResolvedPoint& resolved)
{
    std::string text(point.origin);
    for (const std::string& part : {std::string(nameOf(resolved.engine.engine)), resolved.version, resolved.date})
        if (!part.empty())
            text += (text.empty() ? "" : ", ") + part;
    return text;
}

/// The figure that was measured, if it was and may be compared.
std::optional<double> figureOf(const MeasuredSample& sample, CurveFigure figure, bool asStatic)
{
    const MeasuredOutcome& outcome = sample.outcome;
    const auto seconds = [](const std::optional<double>& ms) { return ms && *ms > 0 ? std::optional<double>(*ms / 1e3) : std::nullopt; };
    switch (figure) {
    case CurveFigure::Tpot: return seconds(outcome.tpotMs);
    case CurveFigure::OutputPerUser:
        if (const std::optional<double> tpot = seconds(outcome.tpotMs))
            return 1 / *tpot;
        return std::nullopt;
    case CurveFigure::Ttft: return outcome.ttftScored && !asStatic ? seconds(outcome.ttftMs) : std::nullopt;
    case CurveFigure::OutputPerDevice: return asStatic ? std::nullopt : outcome.outputPerDevice;
    default: return std::nullopt;
    }
}

/// Inputs of a run, by the curve input that changes each.
struct Inputs {
    double input = 0;
    double output = 0;
    double requests = 0; ///< of a replica
    Plan plan;
};

Inputs inputsOf(const Scenario& scenario)
{
    const bool isStatic = scenario.serving.load.kind == LoadKind::StaticBatch;
    const double requests =
        isStatic ? scenario.workload.batch : static_cast<double>(scenario.serving.load.concurrency) / std::max(1, scenario.plan.data());
    return {static_cast<double>(scenario.workload.input), static_cast<double>(scenario.workload.output), requests, scenario.plan};
}

/// The value of `input` in a measured run; unset where a run does not show it.
std::optional<double> valueIn(const Scenario& scenario, const ResolvedPoint& point, CurveInput input)
{
    const Plan& plan = point.server.plan;
    switch (input) {
    case CurveInput::Batch: return point.concurrencyPerReplica();
    case CurveInput::Concurrency: return double{1} * point.concurrencyPerReplica() * scenario.plan.data();
    case CurveInput::Input: return point.input;
    case CurveInput::Output: return point.output;
    case CurveInput::Context: return double{1} * point.input + point.output;
    case CurveInput::Tensor: return plan.tensor();
    case CurveInput::Pipeline: return plan.pipeline();
    case CurveInput::Expert: return plan.expert();
    case CurveInput::AttentionData: return plan.attentionData();
    default: return std::nullopt;
    }
}

bool differsElsewhere(const Scenario& scenario, const ResolvedPoint& point, CurveInput input)
{
    const Inputs asked = inputsOf(scenario);
    const auto skips = [input](CurveInput a, CurveInput b) { return input == a || input == b; };
    if (!skips(CurveInput::Input, CurveInput::Context) && !isNear(asked.input, point.meanInput))
        return true;
    if (input != CurveInput::Output && !isNear(asked.output, point.meanOutput))
        return true;
    if (!skips(CurveInput::Batch, CurveInput::Concurrency) && !isNear(asked.requests, point.concurrencyPerReplica()))
        return true;
    constexpr std::array kAxes{std::pair{PlanAxis::Tensor, CurveInput::Tensor}, std::pair{PlanAxis::Pipeline, CurveInput::Pipeline},
                               std::pair{PlanAxis::Expert, CurveInput::Expert}, std::pair{PlanAxis::Sequence, CurveInput::Sequence},
                               std::pair{PlanAxis::AttentionData, CurveInput::AttentionData}};
    return std::any_of(kAxes.begin(), kAxes.end(),
                       [&](const auto& axis) { return input != axis.second && asked.plan[axis.first] != point.server.plan[axis.first]; });
}

/// Embedding and head are a few percent of a step: measurements do not tell their format, and none is set against a point for it.
bool areSameFormats(const Formats& a, const Formats& b)
{
    for (std::size_t i = 0; i < kWeightClassCount; ++i)
        if (const auto each = static_cast<WeightClass>(i); each != WeightClass::Embedding && a.of(each) != b.of(each))
            return false;
    return a.kv == b.kv && a.compute == b.compute;
}

bool isSameKind(const Scenario& scenario, const ResolvedPoint& point)
{
    const Engine engine = scenario.serving.engine.engine;
    return point.model->id == scenario.model->id && point.accelerator().id == scenario.cluster->accelerator.id
           && areSameFormats(point.formats, scenario.formats) && (engine == Engine::Generic || engine == point.engine.engine);
}

} // namespace

std::vector<MeasuredSample> measuredSamples(const MeasuredPoints& points, const Catalog& catalog)
{
    std::vector<MeasuredSample> samples;
    if (points.kind != PointKind::Aggregated)
        return samples;
    PointResolver resolver(catalog);
    for (std::size_t i = 0; i < points.points.size(); ++i) {
        const MeasuredPoint& point = points.points[i];
        if (point.problem >= 0 || (point.load != PointLoad::ClosedLoop && point.load != PointLoad::StaticBatch))
            continue;
        Result<ResolvedPoint> resolved = resolver.resolve(point, points.kind);
        if (!resolved.ok() || resolved.value().disaggregated)
            continue;
        std::string source = sourceOf(point, resolved.value());
        samples.push_back({std::move(resolved).value(), points.outcomes[i], std::move(source)});
    }
    return samples;
}

std::vector<CurveMark> measuredAlong(const Scenario& scenario, const std::vector<MeasuredSample>& samples, CurveInput input,
                                     CurveFigure figure)
{
    std::vector<CurveMark> marks;
    const LoadKind load = scenario.serving.load.kind;
    if (load == LoadKind::OpenLoop || scenario.serving.pools || scenario.serving.load.speculation.on())
        return marks;
    for (const MeasuredSample& sample : samples) {
        if (!isSameKind(scenario, sample.point))
            continue;
        const bool closed = sample.point.load == PointLoad::ClosedLoop;
        if (load == LoadKind::ClosedLoop && !closed)
            continue;
        const std::optional<double> x = valueIn(scenario, sample.point, input);
        const std::optional<double> y = figureOf(sample, figure, load == LoadKind::StaticBatch && closed);
        if (x && y && *y > 0 && !differsElsewhere(scenario, sample.point, input))
            marks.push_back({*x, *y, sample.source, false});
    }
    std::stable_sort(marks.begin(), marks.end(), [](const CurveMark& a, const CurveMark& b) { return a.x < b.x; });
    const double now = std::max(valueOf(scenario, input), 1e-12);
    const auto away = [now](const CurveMark& mark) { return std::abs(std::log(std::max(mark.x, 1e-12) / now)); };
    const auto nearest =
        std::min_element(marks.begin(), marks.end(), [&](const CurveMark& a, const CurveMark& b) { return away(a) < away(b); });
    if (nearest != marks.end())
        nearest->nearest = true;
    return marks;
}

} // namespace shardlens
