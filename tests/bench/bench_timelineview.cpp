// SPDX-License-Identifier: Apache-2.0
// What a frame of the timeline costs with as many pieces as are ever kept: moved, zoomed and pointed at. `bench_timelineview [SAMPLES]`.
// A frame at 60 Hz is 16.7 ms.
#include "core/scenario/catalog.h"
#include "tests/bench/bench.h"
#include "ui/scene/timelinecolumns.h"
#include "ui/scene/timelinescene.h"

#include <QGuiApplication>
#include <QImage>
#include <QPainter>

#include <cstdlib>
#include <memory>
#include <random>

using namespace shardlens;

namespace {

std::size_t g_sink = 0;

void fillPhase(PhaseReport& phase, int stages, int microbatches, bool decode)
{
    std::mt19937 random(5);
    std::uniform_real_distribution<double> duration(0.9, 1.1);
    PipelineInput input;
    input.stages = stages;
    input.cut = {microbatches, microbatches, 1};
    for (int i = 0; i < stages; ++i) {
        StageCost cost;
        cost.breakdown[Cause::Weights] = 0.6e-3 * duration(random);
        cost.breakdown[Cause::Compute] = 0.3e-3 * duration(random);
        cost.breakdown[Cause::Communication] = 0.1e-3 * duration(random);
        cost.send = 1e-4 * duration(random);
        input.busy.push_back(cost.busy());
        input.send.push_back(cost.send);
        phase.stageCosts.push_back(cost);
    }
    phase.pieces = {microbatches};
    phase.timeline = decode ? decodeTimeline(input) : prefillTimeline(input);
    phase.time = phase.timeline.period;
}

void measureOne(const char* name, int stages, int prefill, int decode, int samples)
{
    Scenario scenario;
    scenario.model = builtinCatalog().model("llama-3-70b");
    scenario.cluster = builtinCatalog().cluster("p5.48xlarge");
    scenario.plan[PlanAxis::Pipeline] = stages;
    Report report;
    report.legal = true;
    report.layout = stageLayout(*scenario.model, scenario.plan);
    fillPhase(report.prefill, stages, prefill, false);
    fillPhase(report.decode, stages, decode, true);
    std::size_t cells = report.prefill.timeline.cells.size() + report.decode.timeline.cells.size();
    const std::string what(name);
    std::array<std::unique_ptr<TimelineIndex>, 2> indexes;
    bench::print(what + ", index of " + std::to_string(cells) + " pieces",
                 bench::measure(samples, 1,
                                [&] {
                                    indexes[0] = std::make_unique<TimelineIndex>(report.prefill, Phase::Prefill);
                                    indexes[1] = std::make_unique<TimelineIndex>(report.decode, Phase::Decode);
                                }),
                 1e3, "ms", "-");
    const Theme& theme = Theme::of(ThemeId::Light);
    const QSizeF size(1200, 420);
    const ViewInput input{scenario, report, size, theme};
    TimelineOptions options;
    options.indexes = {indexes[0].get(), indexes[1].get()};
    Scene scene;
    QImage image(size.toSize(), QImage::Format_RGB32);
    const auto frame = [&] {
        buildTimeline(input, options, scene);
        image.fill(theme.color(Ink::Surface));
        QPainter painter(&image);
        paint(painter, scene, theme);
        g_sink += scene.items.size();
    };
    const double duration = report.prefill.timeline.duration;
    options.visible = {};
    bench::print(what + ", whole, a frame", bench::measure(samples, 1, frame), 1e3, "ms", "16.7");
    for (const double part : {2.0, 20.0, 1000.0}) {
        options.visible[0] = clampRange({duration * 0.4, duration * 0.4 + duration / part}, duration);
        const TimeRange begin = options.visible[0];
        int step = 0;
        bench::print(what + ", 1/" + std::to_string(static_cast<int>(part)) + " visible, a pan",
                     bench::measure(samples, 1,
                                    [&] {
                                        options.visible[0] = panRange(begin, begin.length() * 0.01 * (++step % 20), duration);
                                        frame();
                                    }),
                     1e3, "ms", "16.7");
    }
    double factor = 1;
    bench::print(what + ", a turn of the wheel",
                 bench::measure(samples, 1,
                                [&] {
                                    factor = factor < 1e-4 ? 1 : factor / 1.5;
                                    options.visible[0] = zoomRange({}, duration * 0.37, factor, duration);
                                    frame();
                                }),
                 1e3, "ms", "16.7");
    options.visible = {};
    buildTimeline(input, options, scene);
    int x = 0;
    bench::print(what + ", a hover",
                 bench::measure(samples, 1,
                                [&] {
                                    const QPointF at(static_cast<double>(++x % 1200), 100);
                                    Subject under = scene.subjectAt(at);
                                    if (under.kind == Subject::Kind::Stage) // the piece inside a column
                                        if (const Subject piece = timelinePieceAt(report, timelineLayout(input, options), at);
                                            piece.kind != Subject::Kind::None)
                                            under = piece;
                                    QPainter painter(&image);
                                    paintHighlights(painter, scene, theme, under, {}, report);
                                    g_sink += static_cast<std::size_t>(under.kind);
                                }),
                 1e3, "ms", "16.7");
}

} // namespace

int main(int argc, char** argv)
{
    const QGuiApplication application(argc, argv);
    if (!loadFonts())
        return 1;
    const int samples = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 30;
    measureOne("4 x 200", 4, 200, 4, samples);
    measureOne("8 x 131,072", 8, 131'072, 8, samples);
    measureOne("1,024 x 1,024", 1024, 1024, 1024, samples);
    return g_sink > 0 ? 0 : 1;
}
