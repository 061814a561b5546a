// SPDX-License-Identifier: Apache-2.0
// The event schedule against closed forms, and its invariants on random inputs.
#include "core/schedule/timeline.h"

#include <QTest>

#include <map>
#include <random>

using namespace shardlens;

namespace {

PipelineInput equalStages(int stages, int microbatches, double busy, double send = 0)
{
    PipelineInput input;
    input.stages = stages;
    input.microbatches = microbatches;
    input.classOf.assign(static_cast<std::size_t>(microbatches), 0);
    input.busy.assign(static_cast<std::size_t>(stages), busy);
    input.send.assign(static_cast<std::size_t>(stages), send);
    return input;
}

void checkOrder(const Timeline& timeline)
{
    std::map<int, double> lastEnd;
    for (const TimelineCell& cell : timeline.cells) {
        QVERIFY(cell.end >= cell.start);
        if (lastEnd.contains(cell.stage))
            QVERIFY(cell.start >= lastEnd[cell.stage] - 1e-12);
        lastEnd[cell.stage] = cell.end;
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
                const Timeline t = prefillTimeline(equalStages(p, m, 2.0));
                QVERIFY(std::abs(t.duration - 2.0 * (m + p - 1)) < 1e-9);
                QVERIFY(std::abs(t.idleFraction - prefillBubble(p, m)) < 1e-12);
                checkOrder(t);
            }
    }

    void decodeEqualsClosedForm()
    {
        for (const int p : {1, 2, 4, 8})
            for (const int m : {1, 2, 3, 4, 8, 12}) {
                const Timeline t = decodeTimeline(equalStages(p, m, 1.0));
                QVERIFY2(std::abs(t.period - std::max(p, m)) < 1e-9,
                         qPrintable(QStringLiteral("p %1 m %2 period %3").arg(p).arg(m).arg(t.period)));
                QVERIFY(std::abs(t.idleFraction - decodeIdle(p, m)) < 1e-12);
                checkOrder(t);
            }
    }

    void sendsDelayButDoNotOccupy()
    {
        // The last stage receives its first piece after p - 1 works and sends; then work follows work.
        const Timeline t = prefillTimeline(equalStages(4, 6, 2.0, 0.5));
        QVERIFY(std::abs(t.duration - (3 * 2.5 + 6 * 2.0)) < 1e-9);
        // A link slower than the work paces the pipeline.
        const Timeline slow = prefillTimeline(equalStages(2, 5, 1.0, 3.0));
        QVERIFY(std::abs(slow.duration - (1.0 + 5 * 3.0 + 1.0)) < 1e-9);
        // Decode: a lone microbatch waits for every stage and every send, the one home included.
        QVERIFY(std::abs(decodeTimeline(equalStages(4, 1, 2.0, 0.5)).period - 10.0) < 1e-9);
    }

    void bottleneckStageSetsThePace()
    {
        PipelineInput input = equalStages(3, 10, 1.0);
        input.busy[1] = 4;
        QVERIFY(std::abs(prefillTimeline(input).duration - (1 + 40 + 1)) < 1e-9);
        QVERIFY(std::abs(decodeTimeline(input).period - 40) < 1e-9);
    }

    void randomSchedulesKeepTheirInvariants()
    {
        std::mt19937 random(7);
        std::uniform_real_distribution<double> duration(0.1, 3);
        for (int round = 0; round < 500; ++round) {
            PipelineInput input;
            input.stages = 1 + static_cast<int>(random() % 6);
            input.microbatches = 1 + static_cast<int>(random() % 7);
            input.chunks = 1 + static_cast<int>(random() % 3);
            input.classes = 1 + static_cast<int>(random() % 3);
            for (int i = 0; i < input.microbatches * input.chunks; ++i)
                input.classOf.push_back(static_cast<int>(random() % static_cast<unsigned>(input.classes)));
            double total = 0;
            for (int i = 0; i < input.stages * input.classes; ++i) {
                input.busy.push_back(duration(random));
                input.send.push_back(random() % 2 ? duration(random) / 4 : 0);
            }
            const auto busy = [&](int stage, int piece) {
                return input.busy[static_cast<std::size_t>(stage * input.classes + input.classOf[static_cast<std::size_t>(piece)])];
            };
            const Timeline t = prefillTimeline(input);
            checkOrder(t);
            for (int stage = 0; stage < input.stages; ++stage) {
                double wanted = 0;
                double found = 0;
                for (int piece = 0; piece < input.microbatches * input.chunks; ++piece)
                    wanted += busy(stage, piece);
                for (const TimelineCell& cell : t.cells)
                    if (cell.stage == stage)
                        found += cell.end - cell.start;
                QVERIFY(std::abs(wanted - found) < 1e-9);
                QVERIFY(t.duration >= wanted - 1e-9);
                total += wanted;
            }
            QVERIFY(std::abs(t.idleFraction - (1 - total / (t.duration * input.stages))) < 1e-9);
            // Every piece leaves a stage before it starts on the next.
            const int pieces = input.microbatches * input.chunks;
            for (std::size_t i = static_cast<std::size_t>(pieces); i < t.cells.size(); ++i)
                QVERIFY(t.cells[i].start >= t.cells[i - static_cast<std::size_t>(pieces)].end - 1e-12);

            input.chunks = 1;
            input.classOf.resize(static_cast<std::size_t>(input.microbatches));
            const Timeline d = decodeTimeline(input, 4);
            checkOrder(d);
            // The round is at least the busiest stage and at least one microbatch's way through all stages and home.
            for (int stage = 0; stage < input.stages; ++stage) {
                double sum = 0;
                for (int j = 0; j < input.microbatches; ++j)
                    sum += busy(stage, j);
                QVERIFY(d.period >= sum - 1e-9);
            }
            for (int j = 0; j < input.microbatches; ++j) {
                double way = 0;
                for (int stage = 0; stage < input.stages; ++stage)
                    way += busy(stage, j)
                           + input.send[static_cast<std::size_t>(stage * input.classes + input.classOf[static_cast<std::size_t>(j)])];
                QVERIFY(d.period >= way - 1e-9);
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestTimeline)
#include "tst_timeline.moc"
