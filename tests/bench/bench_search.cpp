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
    double seconds = 0;
    std::size_t plans = 0;
    std::size_t points = 0;
    std::size_t fitting = 0;
    double best = 0; ///< tokens/s
};

enum class Work : std::uint8_t { CompileAlone, Everything };

Cost search(const Scenario& scenario, const std::vector<Plan>& maps, const lean::Kernel& kernel, LeanScope scope, Work work)
{
    const std::vector<Formats> formats = formatSets();
    std::vector<std::optional<LeanPoints>> pointsOf(kDevices + 1);
    std::vector<LeanResult> results;
    LeanPlan lean(kernel);
    Cost cost;
    PlanContext context = scenario.context();
    const double start = threadTime();
    for (const Plan& map : maps) {
        std::optional<LeanPoints>& points = pointsOf[static_cast<std::size_t>(map.pipeline())];
        if (!points)
            points.emplace(pointsFor(map.pipeline()));
        results.resize(points->size());
        for (std::size_t set = 0; set < formats.size(); ++set) {
            context.formats = formats[set];
            if (set == 0)
                lean.compile(context, map, std::nullopt);
            else
                lean.reformat(context.formats);
            ++cost.plans;
            cost.points += results.size();
            if (work == Work::CompileAlone)
                continue;
            lean.evaluate(*points, results, scope);
            for (const LeanResult& result : results) {
                cost.fitting += result.fits;
                if (result.fits)
                    cost.best = std::max(cost.best, result.outputTokensPerSecond);
            }
        }
    }
    cost.seconds = threadTime() - start;
    return cost;
}

void report(const std::string& what, const std::vector<Cost>& samples, const char* goal)
{
    std::vector<double> seconds;
    seconds.reserve(samples.size());
    for (const Cost& cost : samples)
        seconds.push_back(cost.seconds / static_cast<double>(cost.points));
    bench::print("search, a point: " + what, bench::summarize(seconds), 1e9, "ns", goal);
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
        Work work;
        const char* goal;
    } ways[] = {{"all", &lean::bestKernel(), LeanScope::All, Work::Everything, "<= 100 ns"},
                {"of which compiling the plan", &lean::bestKernel(), LeanScope::All, Work::CompileAlone, "-"},
                {"portable kernel", &lean::portableKernel(), LeanScope::All, Work::Everything, "<= 100 ns"},
                {"times only of plans that fit", &lean::bestKernel(), LeanScope::Fitting, Work::Everything, "-"}};
    for (const auto& way : ways) {
        std::vector<Cost> costs;
        costs.reserve(static_cast<std::size_t>(samples));
        for (int i = 0; i < samples; ++i)
            costs.push_back(search(*scenario, maps, *way.kernel, way.scope, way.work));
        if (&way == &ways[0])
            std::printf("DeepSeek-V3 on %d devices: %zu legal maps, %zu plans with formats, %zu points, %zu of them fit\n", kDevices, all,
                        costs[0].plans, costs[0].points, costs[0].fitting);
        report(way.name, costs, way.goal);
        if (way.work == Work::Everything && costs[0].best <= 0)
            return 1;
    }
    return 0;
}
