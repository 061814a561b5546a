// SPDX-License-Identifier: Apache-2.0
// What the window costs: start to first frame, one step of a dragged slider from event to painted pixels, memory.
// `bench_window [STEPS]` measures at the scale of QT_SCALE_FACTOR; `bench_window --first-frame` ends after the first frame and
// `bench_window --drag STEPS` only drags, for callgrind.
#include "tests/bench/bench.h"
#include "ui/controls/axispanel.h"
#include "ui/controls/controlpanel.h"
#include "ui/controls/legalslider.h"
#include "ui/window/appearance.h"
#include "ui/window/mainwindow.h"

#include <QApplication>
#include <QFile>
#include <QMouseEvent>
#include <QProcess>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <unistd.h>

using namespace shardlens;

namespace {

constexpr QSize kWindow{1920, 1080};

/// Counts paint events of all widgets.
class PaintCounter : public QObject {
public:
    int count = 0;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override
    {
        if (event->type() == QEvent::Paint)
            ++count;
        return QObject::eventFilter(watched, event);
    }
};

/// The program's window in its default layout, shown and painted.
struct Bench {
    Document document{builtinCatalog()};
    Settings settings = Settings::none();
    MainWindow window{document, settings};
    PaintCounter paints;

    explicit Bench(Mode mode = Mode::Roofline)
    {
        Scenario scenario = document.scenario();
        scenario.mode = mode;
        scenario.serving.engine = defaultsOf(mode == Mode::Calibrated ? Engine::Vllm : Engine::Generic);
        document.edit(scenario, {});
        qApp->installEventFilter(&paints);
        window.resize(kWindow);
        window.show();
        while (paints.count == 0)
            QApplication::processEvents();
        settle();
    }
    /// Until there is nothing left to paint.
    void settle()
    {
        for (int before = -1; before != paints.count;) {
            before = paints.count;
            QApplication::processEvents();
        }
    }
};

void send(QWidget& widget, QEvent::Type type, QPointF at, Qt::MouseButton button)
{
    QMouseEvent event(type, at, widget.mapToGlobal(at), button, type == QEvent::MouseButtonRelease ? Qt::NoButton : Qt::LeftButton,
                      Qt::NoModifier);
    QApplication::sendEvent(&widget, &event);
}

/// Drags TP to and fro over its legal values; fails when a step changes nothing or paints nothing.
class Drag {
public:
    explicit Drag(Bench& bench) : m_bench(bench), m_slider(*bench.window.controls().axes().slider(PlanAxis::Tensor))
    {
        for (std::size_t i = 0; i < m_slider.choices().size() && i < m_slider.ticks().size(); ++i)
            if (m_slider.choices()[i].legal)
                m_places.push_back(m_slider.trackPoint(m_slider.ticks()[i].at));
        if (m_places.size() > 1)
            send(m_slider, QEvent::MouseButtonPress, m_places.front(), Qt::LeftButton);
        m_bench.settle();
    }
    [[nodiscard]] bool possible() const { return m_places.size() > 1; }
    /// Of its own so that callgrind can name it.
    [[gnu::noinline]] void step()
    {
        m_at = (m_at + 1) % (2 * m_places.size() - 2);
        const std::size_t place = m_at < m_places.size() ? m_at : 2 * m_places.size() - 2 - m_at;
        const Plan before = m_bench.document.scenario().plan;
        const int paintsBefore = m_bench.paints.count;
        send(m_slider, QEvent::MouseMove, m_places[place], Qt::NoButton);
        m_bench.settle();
        m_failed = m_failed || m_bench.document.scenario().plan == before || m_bench.paints.count == paintsBefore;
    }
    [[nodiscard]] bool failed() const { return m_failed; }

private:
    Bench& m_bench;
    LegalSlider& m_slider;
    std::vector<QPointF> m_places;
    std::size_t m_at = 0;
    bool m_failed = false;
};

double residentMiB()
{
    QFile file(QStringLiteral("/proc/self/status"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    for (const QByteArray& line : file.readAll().split('\n'))
        if (line.startsWith("VmRSS:"))
            return line.mid(6).simplified().split(' ').front().toDouble() / 1024;
    return 0;
}

int drag(int steps, bool quiet, Mode mode = Mode::Roofline)
{
    Bench bench(mode);
    Drag drag(bench);
    if (!drag.possible()) {
        std::fputs("bench_window: TP has fewer than two legal values\n", stderr);
        return 1;
    }
    const std::clock_t before = std::clock();
    const bench::Times times = bench::measure(steps, 1, [&drag] { drag.step(); });
    const double busy = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC / steps;
    if (drag.failed()) {
        std::fputs("bench_window: a step of the slider did not change the plan or painted nothing\n", stderr);
        return 1;
    }
    if (quiet)
        return 0;
    const double ratio = bench.window.devicePixelRatioF();
    bench::print((mode == Mode::Calibrated ? "calibrated slider step, 1920 x 1080 at " : "slider step, 1920 x 1080 at ")
                     + std::to_string(static_cast<int>(ratio)) + "x",
                 times, 1e3, "ms", ratio > 1 ? "<= 12 ms" : "<= 6 ms, p95 <= 16.7 ms");
    std::printf("%-46s mean %10.2f ms   whatever else the machine does\n", "  processor time of a step", busy * 1e3);
    std::printf("%-46s %15.1f MiB   goal <= 120 MiB\n", "memory of the window, resident", residentMiB());
    return 0;
}

int firstFrames(const QString& program, int samples)
{
    int failures = 0;
    const bench::Times times =
        bench::measure(samples, 1, [&] { failures += QProcess::execute(program, {QStringLiteral("--first-frame")}) == 0 ? 0 : 1; });
    bench::print("start to first painted frame, whole process", times, 1e3, "ms", "<= 150 ms");
    return failures == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    prepareAppearance();
    if (argc == 2 && std::strcmp(argv[1], "--first-frame") == 0) {
        const Bench bench;
        _exit(0); // what follows is not part of the start
    }
    if (argc == 3 && std::strcmp(argv[1], "--drag") == 0)
        return drag(std::atoi(argv[2]), true);
    const int steps = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 300;
    const int failed = firstFrames(QApplication::applicationFilePath(), std::max(steps / 15, 1));
    return drag(steps, false) + drag(steps, false, Mode::Calibrated) + failed;
}
