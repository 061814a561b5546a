// SPDX-License-Identifier: Apache-2.0
// Any readable scenario, however odd its model and machine, is answered: with violations, or with finite numbers that add up.
#include "core/scenario/evaluate.h"
#include "core/scenario/report_json.h"
#include "core/scenario/scenario_file.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

using namespace shardlens;

namespace {

void require(bool condition, const char* what)
{
    if (condition)
        return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

/// Timelines of millions of pieces are slow, not wrong: left to the benchmarks.
bool isShort(const Plan& plan)
{
    constexpr std::int64_t kMostPieces = 20'000;
    const std::int64_t stages = plan.pipeline();
    const std::int64_t prefill = std::int64_t{plan.prefillMicrobatches()} * plan.chunks();
    return prefill <= kMostPieces && stages * prefill <= kMostPieces && stages * plan.decodeMicrobatches() <= kMostPieces;
}

void checkPhase(const PhaseReport& phase)
{
    require(std::isfinite(phase.time) && phase.time >= 0, "the time of a phase is finite");
    require(std::abs(phase.breakdown.total() - phase.time) <= 1e-6 * phase.time, "causes add up to the time");
    for (const double seconds : phase.breakdown.seconds)
        require(seconds >= -1e-9 * phase.time, "no cause takes less than no time");
    for (const OperatorCost& op : phase.operators)
        require(std::isfinite(op.time) && op.time >= 0 && op.flop >= 0 && op.weightBytes >= 0 && op.kvBytes >= 0,
                "an operator's figures are finite and not negative");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const Result<ScenarioFile> file = parseScenario(std::string(data, data + size), "fuzz", builtinCatalog());
    if (!file.ok() || !isShort(file.value().scenario.plan))
        return 0;
    const Scenario& scenario = file.value().scenario;
    const Report report = evaluate(scenario);
    require(report.legal == report.violations.empty(), "a plan is legal when it breaks nothing");
    require(report.legal == isLegal(scenario.context(), scenario.plan), "both checks of legality agree");
    if (report.legal) {
        checkPhase(report.prefill);
        checkPhase(report.decode);
        for (const DeviceMemory& memory : report.memory.stages) {
            require(report.memory.fits ? memory.total() <= report.memory.capacity : memory.total() > 0, "what fits is within the capacity");
            require(memory.weights() > 0 && memory.kv >= 0 && memory.activations >= 0 && memory.buffers >= 0 && memory.reserve >= 0,
                    "no memory is negative");
        }
    }
    require(!printReportJson(scenario, report).empty() && !printReportText(scenario, report).empty(), "a report can be printed");
    return 0;
}
