// SPDX-License-Identifier: Apache-2.0
// What the memory and latency views cost beside their evaluation: a curve within a frame, a whole one, and pictures of the largest cases.
#include "core/hardware/resize.h"
#include "core/scenario/comparedpoints.h"
#include "tests/bench/bench.h"
#include "ui/scene/latencyscene.h"
#include "ui/scene/memoryscene.h"
#include "ui/views/curvechart.h"

#include <QApplication>

#include <cstdio>

using namespace shardlens;

namespace {

Scenario scenarioOf(int devices, int tensor, int pipeline, int data, int batch)
{
    Scenario scenario = caseStudyScenario(builtinCatalog());
    if (Result<Cluster> sized = resized(*scenario.cluster, devices); sized.ok())
        scenario.cluster = std::make_shared<const Cluster>(std::move(sized).value());
    scenario.plan[PlanAxis::Tensor] = tensor;
    scenario.plan[PlanAxis::Pipeline] = pipeline;
    scenario.plan[PlanAxis::Data] = data;
    scenario.plan[PlanAxis::DecodeMicrobatches] = std::min(pipeline, batch);
    scenario.workload.batch = batch;
    return scenario;
}

/// A step of the batch with the chart on screen: what a slider pays for the curve.
void curveStep(const CurveChoice& choice, const char* name)
{
    Document document{builtinCatalog()};
    CurveChart chart;
    chart.resize(420, 240);
    chart.setChoice(choice);
    chart.show();
    QApplication::processEvents();
    chart.follow(document);
    chart.finish();
    int batch = 32;
    const bench::Times times = bench::measure(200, 5, [&] {
        Scenario next = document.scenario();
        next.workload.batch = batch = batch == 32 ? 33 : 32;
        document.edit(next, QStringLiteral("Batch"), QStringLiteral("bench"));
    });
    bench::print(name, times, 1e3, "ms", "<= 1.5 ms");
}

void memoryPicture(const char* name, const Scenario& scenario, const MemoryOptions& options)
{
    const Report report = evaluate(scenario);
    Scene scene;
    const bench::Times times = bench::measure(100, 5, [&] {
        buildMemory({scenario, report, {900, 600}, Theme::of(ThemeId::Light)}, options, scene);
    });
    bench::print(std::string("memory, ") + name, times, 1e3, "ms", "<= 2 ms");
}

} // namespace

int main(int argc, char** argv)
{
    const QApplication application(argc, argv);
    if (!loadFonts())
        return 1;
    curveStep({}, "curve of TPOT over batch, one step");
    curveStep({CurveInput::Input, CurveFigure::Ttft}, "curve of TTFT over input, first frame of a step");
    const Scenario largest = scenarioOf(65536, 64, 64, 16, 128);
    const Report report = evaluate(largest);
    CurveChoice choice;
    choice.input = CurveInput::Input;
    const bench::Times whole = bench::measure(5, 1, [&] { static_cast<void>(curveOf(largest, report, choice)); });
    bench::print("whole curve over input, 65,536 devices", whole, 1e3, "ms", "<= 500 ms, in slices of 5 ms");
    memoryPicture("65,536 devices, 64 stages", largest, {});
    memoryPicture("80 stages, grouped", scenarioOf(65536, 8, 80, 1, 128), {.bars = MemoryBars::Groups});
    memoryPicture("does not fit, with what would", scenarioOf(8, 8, 1, 1, 4000), {});
    Scene scene;
    const bench::Times bars = bench::measure(100, 5, [&] {
        buildLatency({largest, report, {900, 600}, Theme::of(ThemeId::Light)}, {}, scene);
    });
    bench::print("latency bars, 65,536 devices", bars, 1e3, "ms", "<= 2 ms");
    const bench::Times read = bench::measure(5, 1, [] {
        const Result<MeasuredPoints> points = readPoints(std::string(builtinPoints()), "points.csv");
        static_cast<void>(measuredSamples(points.value(), builtinCatalog()));
    });
    bench::print("reading the measured points, once", read, 1e3, "ms", "<= 50 ms");
    return 0;
}
