// SPDX-License-Identifier: Apache-2.0
// What one step of a slider costs the roofline and the operator table: the scene built and painted, on the model with most operators.
// `bench_operators [SAMPLES]`.
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "tests/bench/bench.h"
#include "ui/scene/operatorsscene.h"
#include "ui/scene/rooflinescene.h"

#include <QGuiApplication>
#include <QImage>
#include <QPainter>

#include <cstdlib>

using namespace shardlens;

namespace {

/// The catalog's model with most operators on eight devices.
Scenario largest(Report& report)
{
    Scenario best;
    std::size_t most = 0;
    for (const std::shared_ptr<const Model>& model : builtinCatalog().models) {
        Scenario s;
        s.model = model;
        s.cluster = builtinCatalog().cluster("p5.48xlarge");
        s.workload = {32, 2000, 500};
        s.plan[PlanAxis::Tensor] = 8;
        if (!isLegal(s.context(), s.plan))
            continue;
        Report r = evaluate(s);
        if (r.prefill.operators.size() + r.decode.operators.size() > most) {
            most = r.prefill.operators.size() + r.decode.operators.size();
            best = s;
            report = std::move(r);
        }
    }
    return best;
}

template <class Build>
void measureScene(const char* name, const Scenario& scenario, const Report& report, int samples, Build build)
{
    const QSize size(900, 600);
    const Theme& theme = Theme::of(ThemeId::Light);
    Scene scene;
    QImage image(size, QImage::Format_ARGB32_Premultiplied);
    const auto make = [&] {
        scene.clear(QSizeF(size));
        build(ViewInput{scenario, report, QSizeF(size), theme}, scene);
    };
    const auto replay = [&] {
        QPainter painter(&image);
        painter.fillRect(image.rect(), theme.color(Ink::Surface));
        paint(painter, scene, theme);
    };
    make(); // fonts and metrics
    replay();
    bench::print(std::string(name) + ", built", bench::measure(samples, 5, make), 1e3, "ms", "2");
    bench::print(std::string(name) + ", painted", bench::measure(samples, 5, replay), 1e3, "ms", "3");
}

} // namespace

int main(int argc, char** argv)
{
    const QGuiApplication application(argc, argv);
    if (!loadFonts())
        return 1;
    const int samples = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 40;
    Report report;
    const Scenario scenario = largest(report);
    std::printf("%s: %zu operators\n", scenario.model->name.c_str(), report.prefill.operators.size() + report.decode.operators.size());
    measureScene("roofline", scenario, report, samples, [](const ViewInput& input, Scene& scene) { buildRoofline(input, {}, scene); });
    measureScene("operators", scenario, report, samples, [](const ViewInput& input, Scene& scene) { buildOperators(input, {}, scene); });
    measureScene("operators, all columns", scenario, report, samples, [](const ViewInput& input, Scene& scene) {
        OperatorsOptions options;
        options.allColumns = true;
        buildOperators(input, options, scene);
    });
    return 0;
}
