// SPDX-License-Identifier: Apache-2.0
// The event schedule and the functions without events, against closed forms, against a schedule worked out from its constraints alone, and
// against the slowest loop of dependences; and the schedule's invariants. Thousands of random cases each.
#include "core/schedule/timeline.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>

using namespace shardlens;

namespace {

bool near(double a, double b, double tolerance = 1e-12)
{
    return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

PipelineInput equalStages(int stages, int microbatches, double busy, double send = 0, int visits = 1)
{
    PipelineInput input;
    input.stages = stages;
    input.visits = visits;
    input.cut = {microbatches, microbatches, 1};
    input.busy.assign(static_cast<std::size_t>(stages * visits), busy);
    input.send.assign(static_cast<std::size_t>(stages * visits), send);
    return input;
}

double makespanOf(const PipelineInput& input)
{
    std::vector<double> scratch(static_cast<std::size_t>(3 * input.stages));
    return prefillMakespan(input.times(), input.cut, scratch.data());
}

double periodOf(const PipelineInput& input)
{
    std::vector<double> scratch(2 * decodeStateSize(input.stages, input.cut.microbatches));
    return decodePeriod(input.times(), input.cut, scratch.data());
}

struct RandomShape {
    int stages = 6;
    int microbatches = 7;
    int chunks = 3;
    int visits = 3;
};

PipelineInput randomInput(std::mt19937& random, const RandomShape& most)
{
    const auto upTo = [&random](int n) { return 1 + static_cast<int>(random() % static_cast<unsigned>(n)); };
    std::uniform_real_distribution<double> duration(0.1, 3);
    PipelineInput input;
    input.stages = upTo(most.stages);
    input.visits = input.stages > 1 ? upTo(most.visits) : 1;
    input.sends = random() % 2 ? SendMode::Synchronous : SendMode::Overlapped;
    input.cut.microbatches = upTo(most.microbatches);
    input.cut.larger = random() % 2 ? input.cut.microbatches : upTo(input.cut.microbatches);
    input.cut.chunks = upTo(most.chunks);
    // Sends range from none over short ones to some that pace the pipeline.
    const double longest = std::array{0.0, 0.5, 4.0}[random() % 3];
    for (int i = 0; i < input.stages * input.visits * input.cut.classes(); ++i) {
        input.busy.push_back(duration(random));
        input.send.push_back(longest * duration(random) / 3);
    }
    return input;
}

/// The resources of a pipeline and who uses them in which order, worked out without the code under test: every use is a node that starts
/// when all its predecessors have ended.
struct Dependences {
    struct Edge {
        std::size_t from;
        std::size_t to;
        int rounds; ///< decode: 1 when `from` belongs to the round before
    };
    std::vector<double> cost;
    std::vector<Edge> edges;

    std::size_t node(double seconds)
    {
        cost.push_back(seconds);
        return cost.size() - 1;
    }
    /// Chains the uses of one resource; in decode round the last comes before the next round's first.
    void serve(const std::vector<std::size_t>& uses, bool cyclic)
    {
        for (std::size_t i = 1; i < uses.size(); ++i)
            edges.push_back({uses[i - 1], uses[i], 0});
        if (cyclic && !uses.empty())
            edges.push_back({uses.back(), uses.front(), 1});
    }
};

Dependences dependencesOf(const PipelineInput& input, bool decode)
{
    Dependences graph;
    const int p = input.stages;
    const PipelineTimes<double> times = input.times();
    const int pieces = decode ? input.cut.microbatches : static_cast<int>(input.cut.pieces());
    // Service order: (piece, visit).
    std::vector<std::pair<int, int>> order;
    const int group = decode ? pieces : p;
    for (int begin = 0; begin < pieces; begin += group)
        for (int visit = 0; visit < input.visits; ++visit)
            for (int piece = begin; piece < std::min(pieces, begin + group); ++piece)
                order.emplace_back(piece, visit);
    std::map<std::array<int, 3>, std::size_t> work; // (stage, piece, visit)
    std::map<std::array<int, 3>, std::size_t> way;
    for (int stage = 0; stage < p; ++stage) {
        std::vector<std::size_t> onStage;
        std::vector<std::size_t> onLink;
        for (const auto& [piece, visit] : order) {
            const std::size_t i = times.index(stage, visit, input.cut.classOf(piece));
            const bool sends = p > 1 && (decode || stage + 1 < p || visit + 1 < input.visits);
            const bool blocks = sends && input.sends == SendMode::Synchronous;
            const std::size_t done = graph.node(input.busy[i] + (blocks ? input.send[i] : 0));
            work[{stage, piece, visit}] = done;
            way[{stage, piece, visit}] = done;
            onStage.push_back(done);
            if (sends && !blocks) {
                const std::size_t sent = graph.node(input.send[i]);
                graph.edges.push_back({done, sent, 0});
                way[{stage, piece, visit}] = sent;
                onLink.push_back(sent);
            }
        }
        graph.serve(onStage, decode);
        graph.serve(onLink, decode);
    }
    for (const auto& [piece, visit] : order)
        for (int stage = 0; stage < p; ++stage) {
            if (stage > 0)
                graph.edges.push_back({way[{stage - 1, piece, visit}], work[{stage, piece, visit}], 0});
            else if (visit > 0)
                graph.edges.push_back({way[{p - 1, piece, visit - 1}], work[{0, piece, visit}], 0});
            else if (decode)
                graph.edges.push_back({way[{p - 1, piece, input.visits - 1}], work[{0, piece, 0}], 1});
        }
    return graph;
}

/// Longest path, by relaxing until nothing moves.
double longestPath(const Dependences& graph)
{
    std::vector<double> end = graph.cost;
    for (bool moved = true; moved;) {
        moved = false;
        for (const Dependences::Edge& e : graph.edges)
            if (end[e.from] + graph.cost[e.to] > end[e.to]) {
                end[e.to] = end[e.from] + graph.cost[e.to];
                moved = true;
            }
    }
    return *std::max_element(end.begin(), end.end());
}

/// Slowest loop of dependences in seconds per round: raise the rate as long as Bellman-Ford finds a loop that is slower still (Lawler,
/// Combinatorial Optimization, 1976, section 3.13).
double slowestLoop(const Dependences& graph)
{
    double rate = 0;
    const std::size_t nodes = graph.cost.size();
    for (;;) {
        std::vector<double> potential(nodes, 0);
        std::vector<const Dependences::Edge*> from(nodes, nullptr);
        std::size_t last = nodes;
        for (std::size_t pass = 0; pass <= nodes; ++pass) {
            last = nodes;
            for (const Dependences::Edge& e : graph.edges) {
                const double value = potential[e.from] + graph.cost[e.to] - rate * e.rounds;
                if (value > potential[e.to] + 1e-11 * (1 + std::abs(value))) {
                    potential[e.to] = value;
                    from[e.to] = &e;
                    last = e.to;
                }
            }
            if (last == nodes)
                return rate;
        }
        for (std::size_t i = 0; i < nodes; ++i)
            last = from[last]->from; // now certainly on the loop
        double weight = 0;
        int rounds = 0;
        std::size_t at = last;
        do {
            weight += graph.cost[at];
            rounds += from[at]->rounds;
            at = from[at]->from;
        } while (at != last);
        rate = weight / rounds;
    }
}

QString shapeOf(const PipelineInput& input)
{
    return QStringLiteral("p %1 v %2 m %3 (%4 larger) chunks %5 %6")
        .arg(input.stages)
        .arg(input.visits)
        .arg(input.cut.microbatches)
        .arg(input.cut.larger)
        .arg(input.cut.chunks)
        .arg(input.sends == SendMode::Synchronous ? QStringLiteral("synchronous") : QStringLiteral("overlapped"));
}

/// Ordered by stage and time, never overlapping, and as long as the work (and a blocking send) that they stand for.
void checkCells(const PipelineInput& input, const Timeline& timeline, bool decode)
{
    const PipelineTimes<double> times = input.times();
    QVERIFY(timeline.complete);
    const std::size_t perStage = timeline.cells.size() / static_cast<std::size_t>(input.stages);
    QCOMPARE(perStage, static_cast<std::size_t>(input.cut.pieces() * input.visits * (decode ? timeline.steps : 1)));
    for (std::size_t i = 0; i < timeline.cells.size(); ++i) {
        const TimelineCell& cell = timeline.cells[i];
        QCOMPARE(cell.stage, static_cast<int>(i / perStage));
        if (i % perStage > 0)
            QVERIFY(cell.start >= timeline.cells[i - 1].end - 1e-12);
        const std::int64_t piece = std::int64_t{cell.microbatch} * input.cut.chunks + (decode ? 0 : cell.step);
        QCOMPARE(cell.costClass, cell.visit * times.classes + input.cut.classOf(piece));
        const std::size_t at = times.index(cell.stage, cell.visit, input.cut.classOf(piece));
        const bool sends = input.stages > 1 && (decode || cell.stage + 1 < input.stages || cell.visit + 1 < input.visits);
        const double blocked = sends && input.sends == SendMode::Synchronous ? input.send[at] : 0;
        QVERIFY(near(cell.end - cell.start, input.busy[at] + blocked, 1e-9));
    }
}

} // namespace

class TestTimeline : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void prefillEqualsClosedForm()
    {
        for (const int p : {1, 2, 4, 8, 16})
            for (const int m : {1, 2, 4, 8, 32}) {
                const PipelineInput input = equalStages(p, m, 2.0);
                const Timeline t = prefillTimeline(input);
                QVERIFY(near(t.duration, 2.0 * (m + p - 1)));
                QVERIFY(near(makespanOf(input), 2.0 * (m + p - 1)));
                QVERIFY(near(t.idleFraction, prefillBubble(p, m)));
                checkCells(input, t, false);
            }
        // Published figures: 42.9 %, 27.3 %, 46.7 %, 17.9 %.
        QVERIFY(near(prefillBubble(4, 4), 0.429, 5e-4));
        QVERIFY(near(prefillBubble(4, 8), 0.273, 5e-4));
        QVERIFY(near(prefillBubble(8, 8), 0.467, 5e-4));
        QVERIFY(near(prefillBubble(8, 32), 0.179, 5e-4));
    }

    void decodeEqualsClosedForm()
    {
        for (const int p : {1, 2, 4, 8})
            for (const int m : {1, 2, 3, 4, 8, 12}) {
                const PipelineInput input = equalStages(p, m, 1.0);
                const Timeline t = decodeTimeline(input);
                QVERIFY2(near(t.period, std::max(p, m)), qPrintable(shapeOf(input)));
                QVERIFY(near(periodOf(input), std::max(p, m)));
                QVERIFY(near(t.idleFraction, decodeIdle(p, m)));
                checkCells(input, t, true);
            }
    }

    void interleavingDividesTheBubble()
    {
        // Megatron-LM, arXiv:2104.04473, section 2.2: the bubble of v visits is (p - 1)/v of a piece's time on a stage.
        for (const int p : {2, 4, 8})
            for (const int groups : {1, 2, 4})
                for (const int v : {1, 2, 5}) {
                    const PipelineInput input = equalStages(p, p * groups, 2.0, 0, v);
                    const Timeline t = prefillTimeline(input);
                    QVERIFY2(near(t.duration, 2.0 * (v * p * groups + p - 1)), qPrintable(shapeOf(input)));
                    QVERIFY(near(makespanOf(input), t.duration));
                    QVERIFY(near(t.idleFraction, prefillBubble(p, p * groups, v)));
                    checkCells(input, t, false);
                }
        // Decode gains nothing: a token still passes every layer, and a lone microbatch keeps one stage busy at a time.
        QVERIFY(near(periodOf(equalStages(4, 1, 1.0, 0, 2)), 8));
        QVERIFY(near(periodOf(equalStages(4, 6, 1.0, 0, 2)), 12));
        // What it costs: as many more sends.
        QVERIFY(near(periodOf(equalStages(4, 1, 1.0, 0.25, 2)), 8 + 8 * 0.25));
    }

    void sendsDelayOrBlock()
    {
        // Overlapped: the last stage receives its first piece after p - 1 works and sends; then work follows work.
        PipelineInput input = equalStages(4, 6, 2.0, 0.5);
        QVERIFY(near(prefillTimeline(input).duration, 3 * 2.5 + 6 * 2.0));
        QVERIFY(near(makespanOf(input), 3 * 2.5 + 6 * 2.0));
        // Synchronous: each sender needs 2.5 per piece, the last stage 2.
        input.sends = SendMode::Synchronous;
        QVERIFY(near(prefillTimeline(input).duration, 6 * 2.5 + 2 * 2.5 + 2.0));
        QVERIFY(near(makespanOf(input), 6 * 2.5 + 2 * 2.5 + 2.0));
        // A link slower than the work paces the pipeline.
        const PipelineInput slow = equalStages(2, 5, 1.0, 3.0);
        QVERIFY(near(prefillTimeline(slow).duration, 1.0 + 5 * 3.0 + 1.0));
        QVERIFY(near(prefillTimeline(slow).critical.send, 5 * 3.0));
        QVERIFY(near(decodeTimeline(slow).period, 5 * 3.0));
        // Decode: a lone microbatch waits for every stage and every send, the one home included, whoever waits meanwhile.
        for (const SendMode mode : {SendMode::Overlapped, SendMode::Synchronous}) {
            PipelineInput lone = equalStages(4, 1, 2.0, 0.5);
            lone.sends = mode;
            QVERIFY(near(decodeTimeline(lone).period, 10.0));
            QVERIFY(near(periodOf(lone), 10.0));
        }
    }

    void bottleneckStageSetsThePace()
    {
        PipelineInput input = equalStages(3, 10, 1.0);
        input.busy[1] = 4;
        const Timeline t = prefillTimeline(input);
        QVERIFY(near(t.duration, 1 + 40 + 1));
        QCOMPARE(t.critical.busy, (std::vector<double>{1, 40, 1}));
        QVERIFY(near(decodeTimeline(input).period, 40));
    }

    void makespanEqualsLongestPath()
    {
        std::mt19937 random(7);
        for (int round = 0; round < 4000; ++round) {
            const PipelineInput input = randomInput(random, {});
            const double wanted = longestPath(dependencesOf(input, false));
            const Timeline t = prefillTimeline(input);
            QVERIFY2(near(t.duration, wanted), qPrintable(shapeOf(input)));
            QVERIFY2(near(makespanOf(input), wanted),
                     qPrintable(shapeOf(input) + QStringLiteral(": %1, %2").arg(makespanOf(input)).arg(wanted)));
            checkCells(input, t, false);
            double busy = 0;
            for (const TimelineCell& cell : t.cells)
                busy += cell.end - cell.start;
            QVERIFY(near(t.idleFraction, 1 - busy / (t.duration * input.stages), 1e-9));
        }
    }

    void closedFormsOfEqualPiecesAndOfTwoSizes()
    {
        std::mt19937 random(17);
        for (int round = 0; round < 4000; ++round) {
            PipelineInput input = randomInput(random, {12, 20, 1, 1});
            std::vector<double> scratch(static_cast<std::size_t>(3 * input.stages));
            const auto classOf = [&input](std::int64_t piece) { return input.cut.classOf(piece); };
            const double events = prefillRecurrence(input.times(), input.cut.pieces(), classOf, scratch.data());
            QVERIFY2(near(makespanOf(input), events), qPrintable(shapeOf(input)));
            if (input.cut.larger < input.cut.microbatches)
                continue;
            scratch.resize(2 * decodeStateSize(input.stages, input.cut.microbatches));
            const double rounds = decodeRecurrence(input.times(), input.cut, scratch.data());
            QVERIFY2(near(periodOf(input), rounds),
                     qPrintable(shapeOf(input) + QStringLiteral(": %1, %2").arg(periodOf(input), 0, 'g', 15).arg(rounds, 0, 'g', 15)));
        }
    }

    void decodePeriodEqualsSlowestLoop()
    {
        std::mt19937 random(27);
        int severalRounds = 0;
        for (int round = 0; round < 3000; ++round) {
            const PipelineInput input = randomInput(random, {5, 6, 1, 2});
            const double wanted = slowestLoop(dependencesOf(input, true));
            QVERIFY2(near(periodOf(input), wanted, 1e-9),
                     qPrintable(shapeOf(input) + QStringLiteral(": %1, %2").arg(periodOf(input), 0, 'g', 15).arg(wanted, 0, 'g', 15)));
            const Timeline t = decodeTimeline(input);
            QVERIFY2(near(t.period, periodOf(input)), qPrintable(shapeOf(input)));
            checkCells(input, t, true);
            // No faster than the two pure loops; where it is slower, the loop winds round microbatches and stages alike.
            const PipelineTimes<double> times = input.times();
            double pure = 0;
            for (int j = 0; j < input.cut.microbatches; ++j) {
                double way = 0;
                for (int stage = 0; stage < input.stages; ++stage)
                    for (int visit = 0; visit < input.visits; ++visit) {
                        const std::size_t i = times.index(stage, visit, input.cut.classOf(j));
                        way += input.busy[i] + (input.stages > 1 ? input.send[i] : 0);
                    }
                pure = std::max(pure, way);
            }
            for (int stage = 0; stage < input.stages; ++stage) {
                double busy = 0;
                double send = 0;
                for (int j = 0; j < input.cut.microbatches; ++j)
                    for (int visit = 0; visit < input.visits; ++visit) {
                        const std::size_t i = times.index(stage, visit, input.cut.classOf(j));
                        busy += input.busy[i];
                        send += input.stages > 1 ? input.send[i] : 0;
                    }
                pure = std::max(pure, input.sends == SendMode::Synchronous ? busy + send : std::max(busy, send));
            }
            QVERIFY(periodOf(input) >= pure * (1 - 1e-12));
            severalRounds += periodOf(input) > pure * (1 + 1e-9) ? 1 : 0;
        }
        QVERIFY(severalRounds > 20); // the recurrence is needed
    }

    void criticalPathHasNoGaps()
    {
        std::mt19937 random(37);
        for (int round = 0; round < 3000; ++round) {
            const PipelineInput input = randomInput(random, {});
            const Timeline t = prefillTimeline(input);
            QVERIFY2(near(t.critical.length, t.duration), qPrintable(shapeOf(input)));
            QVERIFY(near(t.critical.work() + t.critical.send, t.duration));
            // What is marked sums to the work on the path; the last end is marked.
            double marked = 0;
            bool last = false;
            for (const TimelineCell& cell : t.cells)
                if (cell.critical) {
                    const std::int64_t piece = std::int64_t{cell.microbatch} * input.cut.chunks + cell.step;
                    marked += input.busy[input.times().index(cell.stage, cell.visit, input.cut.classOf(piece))];
                    last = last || cell.end == t.duration;
                }
            QVERIFY(last);
            QVERIFY(near(marked, t.critical.work()));

            PipelineInput decode = input;
            decode.cut.chunks = 1;
            decode.busy.resize(static_cast<std::size_t>(decode.stages * decode.visits * decode.cut.classes()));
            decode.send.resize(decode.busy.size());
            const Timeline d = decodeTimeline(decode);
            QVERIFY(d.critical.length > 0);
            // It runs through the drawing without a gap: from where it enters to the last end.
            double first = d.duration;
            for (const TimelineCell& cell : d.cells)
                if (cell.critical)
                    first = std::min(first, cell.start);
            QVERIFY2(d.critical.length >= d.duration - first - 1e-9, qPrintable(shapeOf(decode)));
        }
    }

    void blockingSendsNeverHelp()
    {
        std::mt19937 random(47);
        for (int round = 0; round < 2000; ++round) {
            PipelineInput input = randomInput(random, {});
            input.sends = SendMode::Overlapped;
            const double overlapped = makespanOf(input);
            input.sends = SendMode::Synchronous;
            QVERIFY(makespanOf(input) >= overlapped * (1 - 1e-12));
            input = randomInput(random, {6, 7, 1, 2});
            input.sends = SendMode::Overlapped;
            const double round1 = periodOf(input);
            input.sends = SendMode::Synchronous;
            QVERIFY(periodOf(input) >= round1 * (1 - 1e-9));
        }
    }

    void moreMicrobatchesNeverIdleMore()
    {
        for (const int p : {2, 3, 8})
            for (const int v : {1, 2, 4}) {
                double prefill = 1;
                double decode = 1;
                for (int groups = 1; groups <= 12; ++groups) {
                    const Timeline t = prefillTimeline(equalStages(p, groups * p, 1.0, 0, v));
                    QVERIFY(t.idleFraction <= prefill + 1e-12);
                    prefill = t.idleFraction;
                    const Timeline d = decodeTimeline(equalStages(p, groups, 1.0, 0, v));
                    QVERIFY(d.idleFraction <= decode + 1e-12);
                    decode = d.idleFraction;
                }
            }
    }

    void unboundedSchedulesKeepTheirTotals()
    {
        // What is not kept is still counted: a timeline cut short says so and agrees with the whole one.
        std::mt19937 random(57);
        for (int round = 0; round < 300; ++round) {
            const PipelineInput input = randomInput(random, {5, 9, 3, 2});
            const Timeline whole = prefillTimeline(input);
            const std::size_t most = 1 + random() % 40;
            const Timeline cut = prefillTimeline(input, most);
            QVERIFY(cut.cells.size() <= std::max<std::size_t>(most, static_cast<std::size_t>(input.stages)));
            QCOMPARE(cut.complete, cut.cells.size() == whole.cells.size());
            QCOMPARE(cut.duration, whole.duration);
            QCOMPARE(cut.idleFraction, whole.idleFraction);
            QCOMPARE(cut.critical.busy, whole.critical.busy);
            QCOMPARE(cut.critical.send, whole.critical.send);
            const std::size_t kept = cut.cells.size() / static_cast<std::size_t>(input.stages);
            const std::size_t all = whole.cells.size() / static_cast<std::size_t>(input.stages);
            for (std::size_t i = 0; i < cut.cells.size(); ++i) {
                const TimelineCell& same = whole.cells[i / kept * all + i % kept];
                QCOMPARE(cut.cells[i].start, same.start);
                QCOMPARE(cut.cells[i].stage, same.stage);
                QCOMPARE(cut.cells[i].critical, same.critical);
            }
        }
    }

    void thousandStagesTenThousandMicrobatches()
    {
        // 10^7 visits: exact, bounded in memory, and in time that a test notices when it turns quadratic.
        PipelineInput input = equalStages(1024, 10'000, 1e-3, 1e-4);
        const Timeline t = prefillTimeline(input);
        QVERIFY(!t.complete);
        QVERIFY(t.cells.size() <= kMostTimelineCells);
        QVERIFY(near(t.duration, makespanOf(input), 1e-9));
        QVERIFY(near(makespanOf(input), 1023 * 1.1e-3 + 10'000 * 1e-3));
        QVERIFY(near(periodOf(input), 10.0));
        input.cut.larger = 5'000;
        input.busy.assign(2048, 1e-3);
        input.send.assign(2048, 1e-4);
        for (std::size_t i = 1; i < 2048; i += 2)
            input.busy[i] = 0.9e-3;
        QVERIFY(near(makespanOf(input), prefillTimeline(input).duration, 1e-9));
    }
};

QTEST_APPLESS_MAIN(TestTimeline)
#include "tst_timeline.moc"
