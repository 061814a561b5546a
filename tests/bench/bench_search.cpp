// SPDX-License-Identifier: Apache-2.0
// What a search costs: DeepSeek-V3 on 64 devices, every legal map, 15 sets of formats, many batches and cuts.
// `bench_search [SAMPLES [MAPS]]`: MAPS limits how many maps of each sample are taken. Processor time of this thread, not wall time: the
// number to compare on a machine that others use too.
#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "core/search/leanplan.h"
#include "core/search/planspace.h"
#include "tests/bench/bench.h"

#include <cstdlib>
#include <ctime>
#include <optional>

using namespace shardlens;

namespace {

constexpr int kDevices = 64;

/// Seconds of this thread.
double threadTime()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::optional<Scenario> deepSeekOn64()
{
    Scenario scenario;
    scenario.model = builtinCatalog().model("deepseek-v3");
    const std::shared_ptr<const Cluster> host = builtinCatalog().cluster("p5.48xlarge");
    if (!scenario.model || !host)
        return std::nullopt;
    Result<Cluster> cluster = resized(*host, kDevices);
    if (!cluster.ok())
        return std::nullopt;
    scenario.cluster = std::make_shared<const Cluster>(std::move(cluster).value());
    scenario.workload.batch = 1024;
    scenario.workload.input = 4096;
    scenario.workload.output = 512;
    return scenario;
}

std::vector<Formats> formatSets()
{
    std::vector<Formats> sets;
    for (const NumberFormat weights :
         {NumberFormat::Bf16, NumberFormat::Fp8, NumberFormat::Fp8Block, NumberFormat::Int4, NumberFormat::Mxfp4})
        for (const NumberFormat kv : {NumberFormat::Bf16, NumberFormat::Fp8, NumberFormat::Int4})
            sets.push_back({weights, kv, weights == NumberFormat::Bf16 ? ComputeFormat::Bf16 : ComputeFormat::Fp8});
    return sets;
}

/// Batches from 8 to 1024, one microbatch, one for each stage or two, whole prompts or four chunks.
LeanPoints pointsFor(int stages)
{
    const std::vector<int> counts = stages == 1 ? std::vector{1, 2, 4} : std::vector{1, stages, 2 * stages};
    std::vector<LeanPoint> points;
    for (int batch = 8; batch <= 1024; batch *= 2)
        for (const int prefill : counts)
            for (const int decode : counts)
                for (const int chunks : {1, 4})
                    if (prefill <= batch && decode <= batch)
                        points.push_back({batch, prefill, decode, chunks});
    return LeanPoints(points);
}

struct Cost {
    double compile = 0; ///< seconds
    double evaluate = 0;
    std::size_t plans = 0;
    std::size_t points = 0;
    std::size_t fitting = 0;
    double best = 0; ///< tokens/s
};

Cost search(const Scenario& scenario, const std::vector<Plan>& maps, const lean::Kernel& kernel, LeanScope scope)
{
    const std::vector<Formats> formats = formatSets();
    std::vector<std::optional<LeanPoints>> pointsOf(kDevices + 1);
    std::vector<LeanResult> results;
    LeanPlan lean(kernel);
    Cost cost;
    PlanContext context = scenario.context();
    for (const Plan& map : maps) {
        std::optional<LeanPoints>& points = pointsOf[static_cast<std::size_t>(map.pipeline())];
        if (!points)
            points.emplace(pointsFor(map.pipeline()));
        results.resize(points->size());
        for (const Formats& set : formats) {
            context.formats = set;
            const double start = threadTime();
            lean.compile(context, map, std::nullopt);
            const double compiled = threadTime();
            lean.evaluate(*points, results, scope);
            cost.compile += compiled - start;
            cost.evaluate += threadTime() - compiled;
            ++cost.plans;
            cost.points += results.size();
            for (const LeanResult& result : results) {
                cost.fitting += result.fits;
                if (result.fits)
                    cost.best = std::max(cost.best, result.outputTokensPerSecond);
            }
        }
    }
    return cost;
}

void report(const char* what, const std::vector<Cost>& samples)
{
    std::vector<double> all;
    std::vector<double> compile;
    for (const Cost& cost : samples) {
        all.push_back((cost.compile + cost.evaluate) / static_cast<double>(cost.points));
        compile.push_back(cost.compile / static_cast<double>(cost.points));
    }
    bench::print(std::string("search, a point: ") + what, bench::summarize(all), 1e9, "ns", "<= 100 ns");
    bench::print("  of which compiling the plan", bench::summarize(compile), 1e9, "ns", "-");
}

} // namespace

int main(int argc, char** argv)
{
    const int samples = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 5;
    const std::optional<Scenario> scenario = deepSeekOn64();
    if (!scenario) {
        std::fputs("bench_search: the catalog has no deepseek-v3, or p5.48xlarge does not grow to 64 devices\n", stderr);
        return 1;
    }
    std::vector<Plan> maps;
    forEachPlan(scenario->context(), kDevices, DeviceUse::All, {}, [&maps](const Plan& plan) { maps.push_back(plan); });
    const std::size_t all = maps.size();
    if (argc > 2 && static_cast<std::size_t>(std::max(std::atoi(argv[2]), 1)) < maps.size())
        maps.resize(static_cast<std::size_t>(std::max(std::atoi(argv[2]), 1)));

    const struct {
        const char* name;
        const lean::Kernel* kernel;
        LeanScope scope;
    } ways[] = {{"fastest kernel", &lean::bestKernel(), LeanScope::All},
                {"portable kernel", &lean::portableKernel(), LeanScope::All},
                {"fastest kernel, fitting plans", &lean::bestKernel(), LeanScope::Fitting}};
    for (const auto& way : ways) {
        std::vector<Cost> costs;
        for (int i = 0; i < samples; ++i)
            costs.push_back(search(*scenario, maps, *way.kernel, way.scope));
        if (&way == &ways[0])
            std::printf("DeepSeek-V3 on %d devices: %zu legal maps, %zu plans with formats, %zu points, %zu of them fit\n", kDevices, all,
                        costs[0].plans, costs[0].points, costs[0].fitting);
        report(way.name, costs);
        if (costs[0].best <= 0)
            return 1;
    }
    return 0;
}
