// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/validate_points.h"

#include "core/base/format.h"
#include "core/scenario/resolve_points.h"
#include "core/scenario/similar.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <thread>
#include <unordered_map>

namespace shardlens {

namespace {

/// Everything that a prediction can depend on, as bytes: rows with the same key have the same prediction.
std::string keyOf(const MeasuredPoint& p)
{
    std::string key;
    key.reserve(256);
    for (const std::string_view text : {p.model, p.system, p.precision, p.weights, p.kvFormat, p.backend, p.version, p.date, p.origin}) {
        key += text;
        key += '\0';
    }
    const auto add = [&key](const auto& value) {
        std::array<char, sizeof value> bytes{};
        std::memcpy(bytes.data(), &value, sizeof value);
        key.append(bytes.data(), bytes.size());
    };
    for (const double number : {p.input, p.output, p.meanInput, p.meanOutput, p.concurrency, p.rate, p.batchPerRank})
        add(number);
    for (const int count :
         {p.devices, p.attentionTensor, p.attentionData, p.expertTensor, p.expert, p.maxBatchedTokens, p.maxSequences, p.receiveInterval,
          p.prefill.workers, p.prefill.devicesPerWorker, p.prefill.attentionData, p.prefill.expert, p.decode.workers,
          p.decode.devicesPerWorker, p.decode.attentionData, p.decode.expert, static_cast<int>(p.load), static_cast<int>(p.warmup)})
        add(count);
    return key;
}

void predictInto(ValidatedRow& row, const ResolvedPoint& point, const ConstantsSource& constants)
{
    const Result<PointPrediction> prediction = predictPoint(point, constants(point));
    if (!prediction.ok()) {
        row.status = prediction.error().sentence();
        return;
    }
    row.prediction = prediction.value();
    row.status = "ok";
}

/// Runs work(i) for every i below `count` on several threads.
template <class Work>
void onThreads(std::size_t count, unsigned threads, Work&& work)
{
    const std::size_t wanted = threads > 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
    std::atomic<std::size_t> next{0};
    const auto run = [&] {
        for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1))
            work(i);
    };
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < std::min(wanted, count); ++i)
        others.emplace_back(run);
    run();
    for (std::thread& other : others)
        other.join();
}

std::string valueOf(GroupKey key, const MeasuredPoint& point, const ValidatedRow& row)
{
    const auto orNone = [](std::string_view text) { return text.empty() ? std::string("not stated") : std::string(text); };
    const auto count = [](double value) {
        return value > 0 ? std::to_string(static_cast<std::int64_t>(value)) : std::string("not stated");
    };
    switch (key) {
    case GroupKey::Model: return row.model;
    case GroupKey::System: return row.system;
    case GroupKey::Engine: return row.engine;
    case GroupKey::Precision: return orNone(point.precision);
    case GroupKey::Origin: return orNone(point.origin);
    case GroupKey::Lengths: return count(point.input) + "x" + count(point.output);
    case GroupKey::Concurrency: return count(point.concurrency);
    case GroupKey::Devices: return count(point.devices);
    case GroupKey::Version: return orNone(point.version);
    }
    return {};
}

/// Pairs of one group, row by row.
struct Pairs {
    std::size_t rows = 0;
    std::size_t predicted = 0;
    std::vector<PredictedPair> ttft;
    std::vector<PredictedPair> tpot;
    std::vector<PredictedPair> output;

    static void add(std::vector<PredictedPair>& pairs, const std::optional<double>& measured, const PredictedFigure& predicted, double unit)
    {
        if (measured && *measured > 0)
            pairs.push_back({*measured, predicted.value * unit, predicted.low * unit, predicted.high * unit});
    }
    void add(const MeasuredOutcome& measured, const ValidatedRow& row)
    {
        ++rows;
        if (!row.ok())
            return;
        ++predicted;
        constexpr double kMilliseconds = 1e3;
        if (measured.ttftScored)
            add(ttft, measured.ttftMs, row.prediction.ttft, kMilliseconds);
        add(tpot, measured.tpotMs, row.prediction.tpot, kMilliseconds);
        add(output, measured.outputPerDevice, row.prediction.outputPerDevice, 1);
    }
    [[nodiscard]] ValidationGroup group(std::vector<std::string> values) const
    {
        return {std::move(values), rows, predicted, statisticsOf(ttft), statisticsOf(tpot), statisticsOf(output)};
    }
};

bool valuesLess(const std::vector<std::string>& a, const std::vector<std::string>& b)
{
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](const std::string& x, const std::string& y) { return naturallyLess(x, y); });
}

} // namespace

std::vector<ValidatedRow> predictPoints(const MeasuredPoints& points, const Catalog& catalog, const ConstantsSource& constants,
                                        unsigned threads)
{
    struct Distinct {
        ValidatedRow row;
        std::optional<ResolvedPoint> point;
    };
    std::vector<Distinct> distinct;
    std::vector<std::size_t> indices(points.points.size());
    std::unordered_map<std::string, std::size_t> known;
    PointResolver resolver(catalog);
    for (std::size_t i = 0; i < points.points.size(); ++i) {
        const MeasuredPoint& point = points.points[i];
        std::string key = point.problem >= 0 ? "problem " + std::to_string(point.problem) : keyOf(point);
        const auto [place, added] = known.emplace(std::move(key), distinct.size());
        indices[i] = place->second;
        if (!added)
            continue;
        Distinct& one = distinct.emplace_back();
        one.row.model = std::string(point.model);
        one.row.system = std::string(point.system);
        one.row.engine = std::string(kEngineWords[static_cast<std::size_t>(engineNamed(point.backend).value_or(Engine::Generic))]);
        if (point.problem >= 0) {
            one.row.status = points.problems[static_cast<std::size_t>(point.problem)].error.sentence();
            continue;
        }
        Result<ResolvedPoint> resolved = resolver.resolve(point, points.kind);
        if (!resolved.ok()) {
            one.row.status = resolved.error().sentence();
            continue;
        }
        one.point = std::move(resolved).value();
        one.row.model = one.point->model->id;
        one.row.system = one.point->system;
    }
    onThreads(distinct.size(), threads, [&](std::size_t i) {
        if (distinct[i].point)
            predictInto(distinct[i].row, *distinct[i].point, constants);
    });
    std::vector<ValidatedRow> rows;
    rows.reserve(points.points.size());
    for (const std::size_t index : indices)
        rows.push_back(distinct[index].row);
    return rows;
}

ValidationGroup summaryOf(const MeasuredPoints& points, std::span<const ValidatedRow> rows)
{
    Pairs pairs;
    for (std::size_t i = 0; i < rows.size(); ++i)
        pairs.add(points.outcomes[i], rows[i]);
    return pairs.group({});
}

std::vector<ValidationGroup> groupsOf(const MeasuredPoints& points, std::span<const ValidatedRow> rows, std::span<const GroupKey> by)
{
    std::map<std::vector<std::string>, Pairs> groups;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::vector<std::string> values;
        for (const GroupKey key : by)
            values.push_back(valueOf(key, points.points[i], rows[i]));
        groups[std::move(values)].add(points.outcomes[i], rows[i]);
    }
    std::vector<ValidationGroup> result;
    result.reserve(groups.size());
    for (const auto& [values, pairs] : groups)
        result.push_back(pairs.group(values));
    std::stable_sort(result.begin(), result.end(),
                     [](const ValidationGroup& a, const ValidationGroup& b) { return valuesLess(a.values, b.values); });
    return result;
}

} // namespace shardlens
