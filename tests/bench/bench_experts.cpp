// SPDX-License-Identifier: Apache-2.0
// The expert view at its largest: 512 experts on 512 ranks, a step of the skew slider from routing to scene; and the pools at their largest.
#include "tests/bench/bench.h"
#include "ui/scene/disaggregationscene.h"
#include "ui/scene/expertsscene.h"

#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"

#include <QGuiApplication>

#include <cstdlib>

using namespace shardlens;

int main(int argc, char** argv)
{
    const QGuiApplication application(argc, argv);
    loadFonts();
    const int samples = argc > 1 ? std::atoi(argv[1]) : 50;
    Scenario scenario;
    Model model = *builtinCatalog().model("deepseek-v3");
    for (LayerKind& kind : model.kinds)
        if (kind.feedForward.isMoe())
            kind.feedForward.experts = 512;
    scenario.model = std::make_shared<const Model>(model);
    scenario.cluster = builtinCatalog().cluster("p5.48xlarge");
    scenario.workload.batch = 4096;
    Report report;
    report.legal = true; // the picture reads the routing only
    scenario.plan[PlanAxis::AttentionData] = 512;
    scenario.plan[PlanAxis::Expert] = 512;
    const QSizeF size(1920, 1000);
    Scene scene;
    const Theme& theme = Theme::of(ThemeId::Light);
    for (const bool example : {false, true})
        for (const double skew : {0.0, 0.8}) {
            scenario.workload.routing = {skew, 1.5, true};
            bench::print(std::string("512 experts x 512 ranks, skew ") + (skew > 0 ? "0.8" : "0") + (example ? ", one order" : ", mean"),
                         bench::measure(samples, 1,
                                        [&] {
                                            scene.clear(size);
                                            buildExperts({scenario, report, size, theme}, {Phase::Decode, example, {}}, scene);
                                        }),
                         1e3, "ms", "16 ms a frame");
        }
    double exponent = 0.3;
    bench::print("... a new skew each time",
                 bench::measure(samples, 1,
                                [&] {
                                    exponent += 0.01;
                                    scenario.workload.routing.powerLaw = exponent;
                                    scene.clear(size);
                                    buildExperts({scenario, report, size, theme}, {}, scene);
                                }),
                 1e3, "ms", "16 ms a frame");
    bench::print("pools of 8,192 workers of 8",
                 bench::measure(samples, 1,
                                [&] {
                                    const std::array<QRectF, 2> areas{QRectF(0, 0, 800, 700), QRectF(1000, 0, 800, 700)};
                                    const auto tiles = poolTiles(areas, {8192, 8192}, {8, 8});
                                    if (tiles[0].tile <= 0)
                                        std::abort();
                                }),
                 1e3, "ms", "1 ms");
    return 0;
}
