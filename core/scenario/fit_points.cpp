// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/fit_points.h"

#include "core/scenario/resolve_points.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace shardlens {

namespace {

constexpr int kFirstIterations = 20; // of the closed forms: a start
constexpr int kIterations = 10;
constexpr int kFoldIterations = 4;      // from the whole fit
constexpr double kUnstatedWeight = 0.7; // points whose engine settings are not known

using Kernels = std::vector<std::shared_ptr<const AcceleratorCalibration>>;

/// Accelerators' own constants from all tables of each.
Result<Kernels> fitAccelerators(const FitTables& tables, const Catalog& catalog, FitReport& report)
{
    std::map<std::string, std::vector<KernelSample>> samples;
    std::map<std::string, std::vector<AllReduceSample>> reduces;
    std::map<std::string, std::shared_ptr<const Cluster>> clusters;
    const auto accelerator = [&](std::string_view system) -> std::shared_ptr<const Cluster> {
        std::shared_ptr<const Cluster> cluster = catalog.systemNamed(system);
        if (cluster)
            clusters.try_emplace(cluster->accelerator.id, cluster);
        return cluster;
    };
    for (const NamedTable& table : tables.kernels) {
        std::string_view system;
        const std::optional<OperatorTable> kind = operatorTableOf(table.name, system);
        if (!kind) {
            report.skipped.push_back(table.name + ": no table of kernels that is known");
            continue;
        }
        if (*kind == OperatorTable::AllReduce) {
            const Result<std::vector<AllReduceSample>> read = readAllReduceSamples(table.text, table.name, "");
            if (!read.ok())
                return read.error();
            for (const AllReduceSample& s : read.value())
                if (const std::shared_ptr<const Cluster> cluster = accelerator(s.system))
                    reduces[cluster->accelerator.id].push_back(s);
            continue;
        }
        const std::shared_ptr<const Cluster> cluster = accelerator(system);
        if (!cluster) {
            report.skipped.push_back(table.name + ": unknown system '" + std::string(system) + "'");
            continue;
        }
        const Result<std::vector<KernelSample>> read = readKernelSamples(*kind, table.text, table.name, cluster->accelerator);
        if (!read.ok())
            return read.error();
        std::vector<KernelSample>& own = samples[cluster->accelerator.id];
        own.insert(own.end(), read.value().begin(), read.value().end());
    }
    Kernels out;
    // Accelerators without tables keep what is known of their kernels, so that serving points alone can be fitted.
    for (const auto& shipped : catalog.calibration.accelerators)
        if (shipped->relative.empty() && !clusters.contains(shipped->accelerator))
            out.push_back(shipped);
    for (const auto& [id, cluster] : clusters) {
        report.kernels[id] = fitKernels(samples[id]);
        report.links[id] = fitLinks(reduces[id], *cluster);
        out.push_back(
            std::make_shared<const AcceleratorCalibration>(ownConstants(id, report.kernels[id], report.links[id], tables.source)));
    }
    return out;
}

/// Points that can be fitted, in the order of the files.
Result<std::vector<FitPoint>> readFitPoints(const FitTables& tables, const Catalog& catalog, const Kernels& kernels, FitReport& report)
{
    std::vector<FitPoint> out;
    PointResolver resolver(catalog);
    for (const NamedTable& table : tables.points) {
        Result<MeasuredPoints> read = readPoints(table.text, table.name + ".csv");
        if (!read.ok())
            return read.error();
        const MeasuredPoints& points = read.value();
        for (std::size_t i = 0; i < points.points.size(); ++i) {
            const MeasuredPoint& p = points.points[i];
            const MeasuredOutcome& o = points.outcomes[i];
            if (p.problem >= 0) {
                report.skipped.push_back(points.problems[static_cast<std::size_t>(p.problem)].error.sentence());
                continue;
            }
            Result<ResolvedPoint> resolved = resolver.resolve(p, points.kind);
            if (!resolved.ok()) {
                report.skipped.push_back(std::string(p.row) + ": " + resolved.error().sentence());
                continue;
            }
            FitPoint point;
            point.point = std::move(resolved).value();
            const std::string& id = point.point.accelerator().id;
            if (std::none_of(kernels.begin(), kernels.end(), [&](const auto& k) { return k->accelerator == id; })) {
                report.skipped.push_back((p.row.empty() ? "line " + std::to_string(p.line) : std::string(p.row)) + ": no kernels of " + id);
                continue;
            }
            if (point.point.disaggregated || point.point.engine.engine == Engine::Generic)
                continue;
            point.ttft = o.ttftScored ? o.ttftMs.value_or(0) * 1e-3 : 0;
            point.tpot = o.tpotMs.value_or(0) * 1e-3;
            point.output = o.outputPerDevice.value_or(0);
            point.weight = p.maxBatchedTokens > 0 || p.maxSequences > 0 ? 1 : kUnstatedWeight;
            if (point.ttft > 0 || point.tpot > 0)
                out.push_back(std::move(point));
        }
        report.points.push_back(std::move(read).value());
    }
    return out;
}

/// log(predicted / measured) of each figure.
struct Residual {
    std::vector<double> ttft;
    std::vector<double> tpot;
    std::vector<double> output;
};

/// Predicted pairs of the points in `which`, by the set of each.
struct Pairs {
    std::vector<PredictedPair> ttft;
    std::vector<PredictedPair> tpot;
    std::vector<PredictedPair> output;
};

void predictInto(const CalibrationSet& set, const FitPoint& p, Nearness intervals, Pairs& pairs, Residual& residual)
{
    PointConstants constants = pointConstants(set, p.point);
    const Intervals& own = set.intervals[static_cast<std::size_t>(intervals)];
    constants.ttft = own.ttft;
    constants.tpot = own.tpot;
    constants.outputPerDevice = own.outputPerDevice;
    const Result<PointPrediction> predicted = predictPoint(p.point, constants);
    if (!predicted.ok())
        return;
    const auto add = [](double measured, const PredictedFigure& figure, std::vector<PredictedPair>& to, std::vector<double>& logs) {
        if (measured <= 0 || figure.value <= 0)
            return;
        to.push_back({measured, figure.value, figure.low, figure.high});
        logs.push_back(std::log(figure.value / measured));
    };
    add(p.ttft, predicted.value().ttft, pairs.ttft, residual.ttft);
    add(p.tpot, predicted.value().tpot, pairs.tpot, residual.tpot);
    add(p.ttft > 0 ? p.output : 0, predicted.value().outputPerDevice, pairs.output, residual.output);
}

/// The interval that holds the middle 80 % of measurements about their predictions.
Spread spreadOf(std::vector<double> logs)
{
    if (logs.empty())
        return {0.5, 2};
    std::sort(logs.begin(), logs.end());
    const auto quantile = [&logs](double q) {
        const double at = q * static_cast<double>(logs.size() - 1);
        const auto low = static_cast<std::size_t>(at);
        const std::size_t high = std::min(low + 1, logs.size() - 1);
        return logs[low] + (at - std::floor(at)) * (logs[high] - logs[low]);
    };
    return {std::min(1.0, std::exp(-quantile(0.9))), std::max(1.0, std::exp(-quantile(0.1)))};
}

/// Fits without each group of points in turn; one set for each point.
std::vector<std::size_t> foldsOf(const std::vector<FitPoint>& points, const std::function<std::string(const FitPoint&)>& group)
{
    std::map<std::string, std::size_t> numbers;
    for (const FitPoint& p : points)
        numbers.try_emplace(group(p), 0);
    std::size_t next = 0;
    for (auto& [name, number] : numbers)
        number = next++;
    std::vector<std::size_t> out;
    out.reserve(points.size());
    for (const FitPoint& p : points)
        out.push_back(numbers[group(p)]);
    return out;
}

struct Fold {
    std::string leftOut;
    std::function<std::string(const FitPoint&)> group;
    Nearness intervals;
};

std::vector<Fold> allFolds()
{
    const auto model = [](const FitPoint& p) { return p.point.model->id; };
    const auto accelerator = [](const FitPoint& p) { return p.point.accelerator().id; };
    const auto engine = [](const FitPoint& p) { return std::string(kEngineWords[static_cast<std::size_t>(p.point.engine.engine)]); };
    return {{"each model", model, Nearness::Pair},
            {"each model on each accelerator", [=](const FitPoint& p) { return model(p) + "|" + accelerator(p); }, Nearness::Pair},
            {"each engine on each accelerator", [=](const FitPoint& p) { return accelerator(p) + "|" + engine(p); }, Nearness::Accelerator},
            {"each accelerator", accelerator, Nearness::Relative}};
}

MeasuredRanges rangesOf(const std::vector<FitPoint>& points)
{
    MeasuredRanges ranges;
    const auto widen = [](MeasuredRange& range, double value, bool first) {
        range.least = first ? value : std::min(range.least, value);
        range.most = first ? value : std::max(range.most, value);
    };
    for (std::size_t i = 0; i < points.size(); ++i) {
        const ResolvedPoint& p = points[i].point;
        widen(ranges.input, p.meanInput, i == 0);
        widen(ranges.output, p.meanOutput, i == 0);
        widen(ranges.concurrency, p.concurrencyPerReplica(), i == 0);
        widen(ranges.devices, static_cast<double>(p.server.plan.stageDevices()), i == 0);
    }
    return ranges;
}

/// Entries for accelerators that have no tables.
void addRelatives(const FitTables& tables, CalibrationSet& set)
{
    for (const auto& [id, relative] : tables.relatives) {
        const AcceleratorCalibration* own = set.accelerator(relative);
        if (!own || set.accelerator(id))
            continue;
        auto borrowed = std::make_shared<AcceleratorCalibration>(*own);
        borrowed->accelerator = id;
        borrowed->relative = relative;
        set.accelerators.push_back(std::move(borrowed));
    }
    std::sort(set.accelerators.begin(), set.accelerators.end(),
              [](const auto& a, const auto& b) { return a->accelerator < b->accelerator; });
}

CrossValidation statistics(std::string leftOut, const Pairs& pairs)
{
    return {std::move(leftOut), statisticsOf(pairs.ttft), statisticsOf(pairs.tpot), statisticsOf(pairs.output)};
}

} // namespace

Result<FitReport> fitTables(const FitTables& tables, const Catalog& catalog, bool crossValidate,
                            const std::array<Intervals, kNearnessCount>& intervals, const std::function<void(const std::string&)>& progress)
{
    FitReport report;
    progress("fitting kernels");
    const Result<Kernels> kernels = fitAccelerators(tables, catalog, report);
    if (!kernels.ok())
        return kernels.error();
    const Result<std::vector<FitPoint>> read = readFitPoints(tables, catalog, kernels.value(), report);
    if (!read.ok())
        return read.error();
    const std::vector<FitPoint>& points = read.value();
    progress("fitting engines to " + std::to_string(points.size()) + " points");
    const ServingFit start = fitServing(kernels.value(), points, {}, nullptr, kFirstIterations, Fidelity::Analytic);
    const ServingFit fit = fitServing(kernels.value(), points, {}, &start, kIterations);
    report.set = fit.set;
    report.fitted = fit.points;
    report.parameters = fit.parameters;
    report.iterations = fit.iterations;
    report.converged = fit.converged;
    CalibrationSet& set = report.set;
    set.source = tables.source;
    set.ranges = rangesOf(points);
    set.intervals = intervals;
    for (Intervals& interval : set.intervals)
        for (Spread* spread : {&interval.ttft, &interval.tpot, &interval.outputPerDevice})
            if (spread->high <= 0)
                *spread = spreadOf({});
    for (EngineCalibration& engine : set.engines)
        engine.source = engine.engine == Engine::Generic ? "the mean of the engines measured" : tables.source;

    const auto predictAll = [&](const std::function<const CalibrationSet&(std::size_t)>& setOf, Nearness nearness, Residual& residual) {
        Pairs pairs;
        for (std::size_t i = 0; i < points.size(); ++i)
            predictInto(setOf(i), points[i], nearness, pairs, residual);
        return pairs;
    };
    const auto setIntervals = [&set](Nearness nearness, const Residual& r) {
        set.intervals[static_cast<std::size_t>(nearness)] = {spreadOf(r.ttft), spreadOf(r.tpot), spreadOf(r.output),
                                                             static_cast<int>(r.tpot.size())};
    };
    Residual all;
    (void)predictAll([&](std::size_t) -> const CalibrationSet& { return set; }, Nearness::Model, all);
    setIntervals(Nearness::Model, all);
    Residual again;
    report.validation.push_back(
        statistics("nothing", predictAll([&](std::size_t) -> const CalibrationSet& { return set; }, Nearness::Model, again)));
    if (crossValidate) {
        std::map<Nearness, Residual> gathered;
        std::vector<std::vector<CalibrationSet>> sets; // by kind of fold, by fold
        const std::vector<Fold> kinds = allFolds();
        std::vector<std::vector<std::size_t>> numbers;
        for (const Fold& kind : kinds) {
            numbers.push_back(foldsOf(points, kind.group));
            const std::size_t count = *std::max_element(numbers.back().begin(), numbers.back().end()) + 1;
            std::vector<CalibrationSet>& own = sets.emplace_back();
            for (std::size_t fold = 0; fold < count; ++fold) {
                progress("leaving out " + kind.leftOut + ": " + std::to_string(fold + 1) + " of " + std::to_string(count));
                std::vector<bool> used;
                for (const std::size_t number : numbers.back())
                    used.push_back(number != fold);
                own.push_back(fitServing(kernels.value(), points, used, &fit, kFoldIterations).set);
            }
            (void)predictAll([&](std::size_t i) -> const CalibrationSet& { return own[numbers.back()[i]]; }, kind.intervals,
                             gathered[kind.intervals]);
        }
        for (const auto& [nearness, residual] : gathered)
            setIntervals(nearness, residual);
        for (std::size_t k = 0; k < kinds.size(); ++k) {
            for (CalibrationSet& own : sets[k])
                own.intervals = set.intervals;
            Residual unused;
            report.validation.push_back(
                statistics(kinds[k].leftOut, predictAll([&](std::size_t i) -> const CalibrationSet& { return sets[k][numbers[k][i]]; },
                                                        kinds[k].intervals, unused)));
        }
    }
    addRelatives(tables, set);
    return report;
}

} // namespace shardlens
