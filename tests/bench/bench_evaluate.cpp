// SPDX-License-Identifier: Apache-2.0
// What one evaluation costs. `bench_evaluate [SAMPLES]`, or `bench_evaluate --once WHAT` for callgrind.
#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/report_json.h"
#include "core/scenario/scenario_file.h"
#include "tests/bench/bench.h"

#include <cstdlib>
#include <cstring>
#include <optional>

using namespace shardlens;

namespace {

/// DeepSeek-V3 in fp8 on 32 hosts of eight H100: attention TP 4, attention DP 8, experts over 32, PP 4, DP 2.
std::optional<Scenario> deepSeekOn256()
{
    Scenario scenario = caseStudyScenario(builtinCatalog());
    scenario.model = builtinCatalog().model("deepseek-v3");
    if (!scenario.model)
        return std::nullopt;
    Result<Cluster> cluster = resized(*scenario.cluster, 256);
    if (!cluster.ok())
        return std::nullopt;
    scenario.cluster = std::make_shared<const Cluster>(std::move(cluster).value());
    scenario.formats = {NumberFormat::Fp8, NumberFormat::Fp8, ComputeFormat::Fp8};
    scenario.workload.batch = 256;
    scenario.plan.values = {4, 4, 2, 32, 1, 8, 8, 8, 1};
    return scenario;
}

/// Keeps the optimiser from dropping work whose result nobody reads.
double g_sink = 0;

void run(const Scenario& scenario, Report& report)
{
    evaluate(scenario, report);
    g_sink += report.decode.time;
}

/// One evaluation after one that allocated; callgrind counts both.
int once(const char* what, const Scenario& study, const Scenario& deepSeek)
{
    const bool wantsDeepSeek = std::strcmp(what, "deepseek") == 0;
    if (!wantsDeepSeek && std::strcmp(what, "case-study") != 0) {
        std::fprintf(stderr, "bench_evaluate --once: found %s; allowed is case-study or deepseek\n", what);
        return 2;
    }
    Report report;
    run(wantsDeepSeek ? deepSeek : study, report);
    run(wantsDeepSeek ? deepSeek : study, report);
    return report.legal ? 0 : 1;
}

} // namespace

int main(int argc, char** argv)
{
    const Scenario study = caseStudyScenario(builtinCatalog());
    const std::optional<Scenario> deepSeek = deepSeekOn256();
    if (!deepSeek) {
        std::fputs("bench_evaluate: the catalog has no deepseek-v3, or p5.48xlarge does not grow to 256 devices\n", stderr);
        return 1;
    }
    if (argc == 3 && std::strcmp(argv[1], "--once") == 0)
        return once(argv[2], study, *deepSeek);
    const int samples = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 400;

    Report report;
    run(*deepSeek, report);
    if (!report.legal) {
        for (const Finding& finding : report.violations)
            std::fprintf(stderr, "bench_evaluate: %s\n", sentence(finding, deepSeek->context(), deepSeek->plan).c_str());
        return 1;
    }
    bench::print("evaluate, DeepSeek-V3 on 256 devices", bench::measure(samples, 5, [&] { run(*deepSeek, report); }), 1e6, "us",
                 "<= 100 us");
    bench::print("evaluate, case study", bench::measure(samples, 10, [&] { run(study, report); }), 1e6, "us", "<= 20 us");
    bench::print("evaluate into a new report, case study", bench::measure(samples, 10, [&] { g_sink += evaluate(study).decode.time; }), 1e6,
                 "us", "-");
    bench::print("report as JSON, case study",
                 bench::measure(samples, 2, [&] { g_sink += static_cast<double>(printReportJson(study, report).size()); }), 1e6, "us", "-");
    bench::print("catalog from the files",
                 bench::measure(std::max(samples / 20, 1), 1,
                                [&] {
                                    const Result<Catalog> catalog = loadCatalog(SHARDLENS_SOURCE_DIR "/resources/catalog");
                                    g_sink += catalog.ok() ? static_cast<double>(catalog.value().models.size()) : 0;
                                }),
                 1e3, "ms", "-");
    return g_sink > 0 ? 0 : 1;
}
