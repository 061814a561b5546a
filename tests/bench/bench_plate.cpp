// SPDX-License-Identifier: Apache-2.0
// What a frame of the shard plate and of the playground costs: tensors, layout and scene, and the painting of it.
#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "tests/bench/bench.h"
#include "ui/scene/platescene.h"
#include "ui/scene/playgroundscene.h"

#include <QGuiApplication>
#include <QImage>
#include <QPainter>

#include <cstdlib>

using namespace shardlens;

namespace {

Scenario scenarioOf(const char* model, int devices, int tensor, int pipeline, int data, int expert, int attentionData)
{
    const Catalog& catalog = builtinCatalog();
    Scenario scenario;
    scenario.model = catalog.model(model);
    scenario.cluster = catalog.cluster("p5.48xlarge");
    if (Result<Cluster> other = resized(*scenario.cluster, devices); other.ok())
        scenario.cluster = std::make_shared<const Cluster>(other.value());
    scenario.plan[PlanAxis::Tensor] = tensor;
    scenario.plan[PlanAxis::Pipeline] = pipeline;
    scenario.plan[PlanAxis::Data] = data;
    scenario.plan[PlanAxis::Expert] = expert;
    scenario.plan[PlanAxis::AttentionData] = attentionData;
    scenario.workload.batch = std::max(32, attentionData);
    return scenario;
}

void run(const char* name, const Scenario& scenario, int samples)
{
    const Report report = evaluate(scenario);
    if (!report.legal) {
        std::fprintf(stderr, "%s is not legal\n", name);
        std::exit(1);
    }
    const QSizeF size(1600, 900);
    const ViewInput input{scenario, report, size, Theme::of(ThemeId::Light)};
    Scene scene;
    bench::print(std::string("plate scene, ") + name, bench::measure(samples, 1, [&] { buildPlate(input, {}, scene); }), 1e3, "ms",
                 "16 ms");
    QImage image(size.toSize(), QImage::Format_RGB32);
    bench::print(std::string("plate paint, ") + name,
                 bench::measure(samples, 1,
                                [&] {
                                    QPainter painter(&image);
                                    paint(painter, scene, input.theme);
                                }),
                 1e3, "ms", "16 ms");
}

void runPlayground(int samples)
{
    const Scenario scenario = scenarioOf("llama-3-70b", 64, 8, 1, 8, 1, 1);
    const Report report = evaluate(scenario);
    const ViewInput input{scenario, report, QSizeF(1600, 900), Theme::of(ThemeId::Light)};
    PlaygroundPicture picture;
    Result<PlayedProduct> played = playedProduct({"A[I_X, J] . B[J, K_X]", "X=64", "I=8192,J=8192,K=8192"}, scenario.cluster.get());
    if (!played.ok())
        std::exit(1);
    picture.played = std::move(played).value();
    picture.position = 0.5;
    Scene scene;
    bench::print("playground scene, 64 devices gather", bench::measure(samples, 1, [&] { buildPlayground(input, picture, scene); }), 1e3,
                 "ms", "16 ms");
    QImage image(1600, 900, QImage::Format_RGB32);
    bench::print("playground paint, 64 devices gather",
                 bench::measure(samples, 1,
                                [&] {
                                    QPainter painter(&image);
                                    paint(painter, scene, input.theme);
                                }),
                 1e3, "ms", "16 ms");
}

} // namespace

int main(int argc, char** argv)
{
    const QGuiApplication application(argc, argv);
    const int samples = argc > 1 ? std::max(1, std::atoi(argv[1])) : 50;
    if (!loadFonts())
        return 1;
    run("8 devices", scenarioOf("llama-3-70b", 8, 8, 1, 1, 1, 1), samples);
    run("DeepSeek-V3, EP 256", scenarioOf("deepseek-v3", 256, 1, 1, 1, 256, 256), samples);
    run("65,536 devices, attention DP 1,024", scenarioOf("llama-3-70b", 65536, 64, 1, 1, 1, 1024), samples);
    runPlayground(samples);
    return 0;
}
