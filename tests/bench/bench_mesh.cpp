// SPDX-License-Identifier: Apache-2.0
// A frame of the device mesh at 65,536 devices: laid out, built and painted for a pan, a zoom and a hover, and which device is under the
// pointer; and a frame of a collective that is played on it. `bench_mesh [FRAMES]`.
#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "tests/bench/bench.h"
#include "ui/scene/meshscene.h"
#include "ui/scene/playedmesh.h"

#include <QGuiApplication>
#include <QImage>
#include <QPainter>

#include <cmath>
#include <cstdlib>

using namespace shardlens;

namespace {

constexpr QSize kSize{1600, 900};

Scenario largest()
{
    Scenario scenario;
    scenario.model = builtinCatalog().model("llama-3-70b");
    scenario.cluster = std::make_shared<const Cluster>(resized(*builtinCatalog().cluster("p5.48xlarge"), 65536).value());
    scenario.plan[PlanAxis::Tensor] = 64;
    scenario.plan[PlanAxis::Pipeline] = 16;
    scenario.plan[PlanAxis::Data] = 64;
    scenario.plan[PlanAxis::DecodeMicrobatches] = 16;
    scenario.workload.batch = 128;
    return scenario;
}

class Frames {
public:
    Frames() : m_scenario(largest()), m_report(evaluate(m_scenario)), m_image(kSize, QImage::Format_RGB32) { m_options.everyCopy = true; }
    [[nodiscard]] bool isLegal() const { return m_report.legal; }
    [[nodiscard]] MeshLayout layout() const { return meshLayoutOf(input({}), m_options); }
    MeshOptions& options() { return m_options; }
    [[nodiscard]] const Scene& scene() const { return m_scene; }
    [[nodiscard]] const Scenario& scenario() const { return m_scenario; }
    [[nodiscard]] const Report& report() const { return m_report; }
    void draw(const Subject& hover)
    {
        buildMesh(input(hover), m_options, m_scene);
        show(hover);
    }
    void play(const CollectivePicture& picture)
    {
        m_played.draw(input({}), m_options, picture, m_scene);
        show({});
    }
    [[nodiscard]] int built() const { return m_played.built(); }

private:
    void show(const Subject& hover)
    {
        QPainter painter(&m_image);
        painter.fillRect(m_image.rect(), Theme::of(ThemeId::Light).color(Ink::Surface));
        paint(painter, m_scene, Theme::of(ThemeId::Light));
        paintHighlights(painter, m_scene, Theme::of(ThemeId::Light), hover, {}, m_report);
    }
    [[nodiscard]] ViewInput input(const Subject& hover) const
    {
        return {m_scenario, m_report, QSizeF(kSize), Theme::of(ThemeId::Light), hover, {}};
    }
    Scenario m_scenario;
    Report m_report;
    MeshOptions m_options;
    Scene m_scene;
    PlayedMesh m_played;
    QImage m_image;
};

} // namespace

int main(int argc, char** argv)
{
    QGuiApplication application(argc, argv);
    const int count = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 60;
    if (!loadFonts())
        return 1;
    Frames frames;
    if (!frames.isLegal() || frames.layout().shown != 65536) {
        std::fputs("bench_mesh: the plan on 65,536 devices is not legal, or some are not drawn\n", stderr);
        return 1;
    }
    const char* goal = "<= 16 ms";
    bool moved = true;
    int step = 0;
    frames.draw({});
    bench::print("mesh of 65,536: hover, whole picture",
                 bench::measureCpu(count,
                                   [&] {
                                       const int device = static_cast<int>(std::int64_t{++step} * 7919 % 65536);
                                       frames.draw({.kind = Subject::Kind::Device, .device = device});
                                   }),
                 1e3, "ms", goal);
    frames.options().zoom = {};
    bench::print("mesh of 65,536: one step of zooming in",
                 bench::measureCpu(count,
                                   [&] {
                                       MeshLayout now = frames.layout();
                                       if (now.zoom.scale > 100)
                                           now.zoom = {};
                                       frames.options().zoom = zoomedAt(now, {530, 240}, 1.35);
                                       frames.draw({});
                                   }),
                 1e3, "ms", goal);
    for (const double scale : {3.0, 8.0, 40.0}) {
        frames.options().zoom = {scale, {0.4, 0.3}};
        const bench::Times times = bench::measureCpu(count, [&] {
            const MeshZoom before = frames.options().zoom;
            ++step;
            frames.options().zoom = panned(frames.layout(), {step % 20 < 10 ? 23.0 : -23.0, 7.0 * (step % 2 == 0 ? 1 : -1)});
            moved = moved && !(frames.options().zoom == before);
            frames.draw({});
        });
        bench::print("mesh of 65,536: pan at " + std::to_string(static_cast<int>(scale)) + "x", times, 1e3, "ms", goal);
    }
    const std::vector<PlanCollective> all = planCollectives(frames.scenario(), frames.report());
    CollectivePicture picture = all.empty() ? CollectivePicture{} : collectivePicture(frames.scenario(), all.front(), 0);
    if (!picture.hops) {
        std::fputs("bench_mesh: there is no collective to play\n", stderr);
        return 1;
    }
    for (const double scale : {1.0, 40.0}) {
        frames.options().zoom = scale > 1 ? MeshZoom{scale, {0.01, 0.01}} : MeshZoom{};
        const std::string where = scale > 1 ? "zoomed in" : "whole";
        bench::print("mesh of 65,536: a collective's frame, " + where,
                     bench::measureCpu(count,
                                       [&] {
                                           picture.position = std::fmod(picture.position + 0.07, picture.hops->steps());
                                           frames.play(picture);
                                       }),
                     1e3, "ms", goal);
    }
    frames.options().zoom = {};
    frames.draw({});
    int found = 0;
    bench::print("mesh of 65,536: what is under the pointer",
                 bench::measure(count, 100,
                                [&] {
                                    ++step;
                                    const QPointF at(40 + step * 37 % 1500, 40 + step * 91 % 700);
                                    found += frames.scene().subjectAt(at).device >= 0 ? 1 : 0;
                                }),
                 1e6, "us", "<= 100 us");
    if (!moved || found == 0 || frames.built() != 2) { // the mesh of each zoom is built once, however many frames are played
        std::fputs("bench_mesh: a pan did not move the picture, no device was found, or a played mesh was not kept\n", stderr);
        return 1;
    }
    return 0;
}
