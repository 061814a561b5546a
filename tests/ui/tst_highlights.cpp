// SPDX-License-Identifier: Apache-2.0
// What belongs to a selection, and how it is marked in every view.
#include "core/cost/tensorplate.h"
#include "core/scenario/subjectname.h"
#include "subjects.h"
#include "ui/scene/scene.h"

#include <QImage>
#include <QPainter>
#include <QTest>

using namespace shardlens;
using Kind = Subject::Kind;
using subjects::device;
using subjects::subject;

namespace {

const Theme& light()
{
    return Theme::of(ThemeId::Light);
}

Subject stage(int index)
{
    Subject result = subject(Kind::Stage);
    result.stage = index;
    return result;
}
Subject piece(Phase phase, int onStage, int microbatch)
{
    Subject result = subject(Kind::Piece);
    result.phase = phase;
    result.stage = onStage;
    result.microbatch = microbatch;
    result.step = 0;
    return result;
}
Subject cause(Phase phase, Cause which, int onStage = -1)
{
    Subject result = subject(Kind::CauseOfTime);
    result.phase = phase;
    result.cause = static_cast<int>(which);
    result.stage = onStage;
    return result;
}
Subject range(Phase phase, double begin, double end)
{
    Subject result = subject(Kind::Range);
    result.phase = phase;
    result.begin = begin;
    result.end = end;
    return result;
}
Subject op(Phase phase, int index)
{
    Subject result = subject(Kind::Operator);
    result.phase = phase;
    result.op = index;
    return result;
}
Subject time(Phase phase)
{
    Subject result = subject(Kind::Time);
    result.phase = phase;
    return result;
}
Subject memory(MemoryClass which, int ofDevice = -1)
{
    Subject result = subject(Kind::MemoryClass);
    result.cause = static_cast<int>(which);
    result.device = ofDevice;
    return result;
}

Subject axis(MeshAxis which, int ofDevice, int rank)
{
    Subject result = subject(Kind::Axis);
    result.axis = static_cast<int>(which);
    result.device = ofDevice;
    result.rank = rank;
    return result;
}
Subject experts(int ofDevice)
{
    Subject result = subject(Kind::Axis);
    result.axis = kExpertAxis;
    result.device = ofDevice;
    return result;
}
Subject expertRank(int rank)
{
    Subject result = subject(Kind::Expert);
    result.rank = rank;
    return result;
}

/// TP 4, PP 2, DP 2, EP 2: devices 0-3 and 8-11 are stage 0. Decode operator 0 is bound by weights, prefill operator 0 by compute.
Report report16()
{
    Report report;
    report.legal = true;
    report.mesh = {.tensor = 4, .pipeline = 2, .data = 2, .expert = 2};
    for (int i = 0; i < 2; ++i) {
        DeviceMemory entry;
        entry.stage = i;
        entry.firstDevice = 4 * i;
        entry.count = 8;
        report.memory.stages.push_back(entry);
    }
    OperatorCost weights;
    weights.breakdown[Cause::Weights] = 3;
    weights.breakdown[Cause::Communication] = 1;
    report.decode.operators.push_back(weights);
    OperatorCost compute;
    compute.breakdown[Cause::Compute] = 3;
    report.prefill.operators.push_back(compute);
    return report;
}

} // namespace

class TestHighlights : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void belongs_data()
    {
        QTest::addColumn<Subject>("shown");
        QTest::addColumn<Subject>("selected");
        QTest::addColumn<bool>("expected");
        const auto row = [](const char* name, const Subject& shown, const Subject& selected, bool expected) {
            QTest::newRow(name) << shown << selected << expected;
        };
        row("nothing", subject(Kind::None), subject(Kind::None), false);
        row("same device", device(3), device(3), true);
        row("another device", device(3), device(2), false);
        row("device of the stage", device(3), stage(0), true);
        row("device of the stage in the second replica", device(11), stage(0), true);
        row("device of another stage", device(5), stage(0), false);
        row("stage of the device", stage(1), device(12), true);
        row("piece on the stage", piece(Phase::Decode, 1, 0), stage(1), true);
        row("piece on another stage", piece(Phase::Decode, 0, 0), stage(1), false);
        row("stage of the piece", stage(1), piece(Phase::Decode, 1, 0), true);
        row("device working on the piece", device(4), piece(Phase::Prefill, 1, 2), true);
        row("pieces are not marked for a device", piece(Phase::Prefill, 1, 2), device(4), false);
        row("same piece", piece(Phase::Prefill, 1, 2), piece(Phase::Prefill, 1, 2), true);
        row("same microbatch on the next stage", piece(Phase::Prefill, 1, 2), piece(Phase::Prefill, 0, 2), true);
        row("another microbatch", piece(Phase::Prefill, 1, 2), piece(Phase::Prefill, 1, 3), false);
        row("same microbatch, other phase", piece(Phase::Decode, 1, 2), piece(Phase::Prefill, 1, 2), false);
        row("device of the axis' rank", device(6), axis(MeshAxis::Tensor, -1, 2), true);
        row("device of another rank", device(7), axis(MeshAxis::Tensor, -1, 2), false);
        row("rank of the device", axis(MeshAxis::Data, -1, 1), device(8), true);
        row("another rank than the device's", axis(MeshAxis::Data, -1, 1), device(7), false);
        row("device of the group", device(6), axis(MeshAxis::Tensor, 4, -1), true);
        row("device of another group", device(8), axis(MeshAxis::Tensor, 4, -1), false);
        row("device of the EP group", device(6), experts(4), true);
        row("device of the EP group beside it", device(5), experts(4), false);
        row("device of an EP group elsewhere", device(2), experts(4), false);
        row("device of the first group", device(4), axis(MeshAxis::Pipeline, -1, -1), true);
        row("an axis as a whole is no device's", axis(MeshAxis::Pipeline, -1, -1), device(4), false);
        row("device of the expert's rank", device(7), expertRank(1), true);
        row("device of the other expert rank", device(5), expertRank(1), false);
        row("device beyond the plan", device(16), expertRank(1), false);
        row("cause of the operator", cause(Phase::Decode, Cause::Weights), op(Phase::Decode, 0), true);
        row("a lesser cause of the operator", cause(Phase::Decode, Cause::Communication), op(Phase::Decode, 0), false);
        row("operator of the cause", op(Phase::Prefill, 0), cause(Phase::Prefill, Cause::Compute), true);
        row("operator of the other phase", op(Phase::Prefill, 0), cause(Phase::Decode, Cause::Weights), false);
        row("operator that is gone", op(Phase::Decode, 99), cause(Phase::Decode, Cause::Weights), false);
        row("cause of the phase's time", cause(Phase::Decode, Cause::Kv), time(Phase::Decode), true);
        row("time of the cause", time(Phase::Prefill), cause(Phase::Decode, Cause::Kv), false);
        row("time of the operator", time(Phase::Decode), op(Phase::Decode, 0), true);
        row("cause on a stage within the cause", cause(Phase::Decode, Cause::Kv, 1), cause(Phase::Decode, Cause::Kv), true);
        row("cause on one stage, cause on another", cause(Phase::Decode, Cause::Kv, 1), cause(Phase::Decode, Cause::Kv, 0), false);
        row("memory class everywhere", memory(MemoryClass::Kv, 5), memory(MemoryClass::Kv), true);
        row("another memory class", memory(MemoryClass::Weights, 5), memory(MemoryClass::Kv), false);
        row("device of the memory", device(5), memory(MemoryClass::Kv, 5), true);
        row("memory of another device", memory(MemoryClass::Kv, 5), device(4), false);
        row("the same range", range(Phase::Prefill, 0.1, 0.4), range(Phase::Prefill, 0.1, 0.4), true);
        row("a range of the other phase", range(Phase::Decode, 0.1, 0.4), range(Phase::Prefill, 0.1, 0.4), false);
        row("another range", range(Phase::Prefill, 0.1, 0.3), range(Phase::Prefill, 0.1, 0.4), false);
        row("a range is no piece", piece(Phase::Prefill, 1, 2), range(Phase::Prefill, 0.1, 0.4), false);
        row("fit", subject(Kind::Fit), subject(Kind::Fit), true);
        row("fit and device", subject(Kind::Fit), device(0), false);
    }
    void belongs()
    {
        QFETCH(Subject, shown);
        QFETCH(Subject, selected);
        QFETCH(bool, expected);
        QCOMPARE(shardlens::belongs(shown, selected, report16()), expected);
        QVERIFY(!shardlens::belongs(shown, selected, Report{}) || expected || selected.kind == Kind::Stage); // nothing to relate: no crash
    }

    void expertsAndTheDevicesOfTheirRank()
    {
        Report report;
        report.legal = true;
        report.mesh.attentionData = 8;
        report.mesh.data = 2;
        report.mesh.expert = 8;
        const auto expert = [](int number, int rank) {
            Subject result = subject(Kind::Expert);
            result.expert = number;
            result.rank = rank;
            return result;
        };
        QVERIFY(shardlens::belongs(device(3), expert(-1, 3), report));
        QVERIFY(shardlens::belongs(device(11), expert(7, 3), report)); // the same rank of the second replica
        QVERIFY(!shardlens::belongs(device(4), expert(7, 3), report));
        QVERIFY(!shardlens::belongs(device(4), expert(7, -1), report));  // its place is not known
        QVERIFY(!shardlens::belongs(device(19), expert(-1, 3), report)); // idle
        QVERIFY(shardlens::belongs(expert(-1, 3), device(11), report));
        QVERIFY(!shardlens::belongs(expert(7, 3), device(11), report));
        QVERIFY(shardlens::belongs(expert(7, 3), expert(-1, 3), report));
        QVERIFY(shardlens::belongs(expert(7, 3), expert(7, -1), report));
        QVERIFY(!shardlens::belongs(expert(7, 3), expert(6, 3), report));
        Subject weights = subject(Kind::Tensor);
        weights.cause = static_cast<int>(TensorKind::ExpertsUp);
        weights.device = 3;
        QVERIFY(shardlens::belongs(expert(-1, 3), weights, report));
        QVERIFY(!shardlens::belongs(expert(-1, 4), weights, report));
        weights.cause = static_cast<int>(TensorKind::MlpUp);
        QVERIFY(!shardlens::belongs(expert(-1, 3), weights, report));
    }

    void expertsAndTheOperatorsThatRunThem()
    {
        Report report = report16();
        report.decode.operators.resize(3);
        report.decode.operators[0].op = Op::Router;
        report.decode.operators[1].op = Op::ExpertUp;
        report.decode.operators[2].op = Op::Combine;
        const auto op = [](int index) {
            Subject result = subject(Kind::Operator);
            result.phase = Phase::Decode;
            result.op = index;
            return result;
        };
        Subject expert = expertRank(1);
        expert.expert = 7;
        for (const int index : {1, 2}) {
            QVERIFY(shardlens::belongs(expertRank(1), op(index), report));
            QVERIFY(!shardlens::belongs(expert, op(index), report)); // its rank is enough
            QVERIFY(shardlens::belongs(op(index), expert, report));
            QVERIFY(shardlens::belongs(op(index), expertRank(1), report));
        }
        QVERIFY(!shardlens::belongs(expertRank(1), op(0), report));
        QVERIFY(!shardlens::belongs(op(0), expert, report));
        QVERIFY(!shardlens::belongs(op(3), expert, report));
    }

    void marksTheThingAndUnderlinesItsKin()
    {
        const QColor accent = light().color(Ink::Accent);
        const QColor ink = light().color(Ink::Text);
        Scene scene;
        scene.clear({200, 100});
        scene.hit({20, 20, 40, 20}, device(1));
        scene.hit({80, 20, 40, 20}, stage(0));
        scene.hit({140, 20, 40, 20}, device(5));
        QImage image(200, 100, QImage::Format_RGB32);
        image.fill(Qt::white);
        QPainter painter(&image);
        paintHighlights(painter, scene, light(), stage(1), device(1), report16());
        painter.end();
        QCOMPARE(image.pixel(40, 17), accent.rgb()); // ring 1 to 3 px outside the pinned device
        QCOMPARE(image.pixel(40, 18), accent.rgb());
        QCOMPARE(image.pixel(40, 30), QColor(Qt::white).rgb());
        QCOMPARE(image.pixel(100, 40), accent.rgb()); // its stage: a line under it
        QCOMPARE(image.pixel(100, 19), QColor(Qt::white).rgb());
        QCOMPARE(image.pixel(160, 41), ink.rgb()); // device 5 is of the hovered stage
        QCOMPARE(image.pixel(160, 18), QColor(Qt::white).rgb());
    }

    void visitsOfAPieceAreToldApart()
    {
        Subject first;
        first.kind = Subject::Kind::Piece;
        first.phase = Phase::Prefill;
        first.stage = 1;
        first.microbatch = 2;
        first.step = 0;
        first.visit = 0;
        Subject second = first;
        second.visit = 1;
        Scene scene;
        scene.clear({200, 60});
        scene.hit({20, 20, 40, 20}, first);
        scene.hit({100, 20, 40, 20}, second);
        QImage image(200, 60, QImage::Format_RGB32);
        image.fill(Qt::white);
        QPainter painter(&image);
        paintHighlights(painter, scene, light(), {}, second, report16());
        painter.end();
        QCOMPARE(image.pixel(120, 18), light().color(Ink::Accent).rgb()); // the ring
        QCOMPARE(image.pixel(40, 18), QColor(Qt::white).rgb());
        QCOMPARE(image.pixel(40, 40), light().color(Ink::Accent).rgb()); // the same tokens at another time: a line
    }

    void aDozenRingsAreUnderlinesInstead()
    {
        Scene scene;
        scene.clear({400, 60});
        for (int i = 0; i < 12; ++i)
            scene.hit({10.0 + 30 * i, 20, 20, 20}, cause(Phase::Decode, Cause::Weights));
        QImage image(400, 60, QImage::Format_RGB32);
        image.fill(Qt::white);
        QPainter painter(&image);
        paintHighlights(painter, scene, light(), {}, cause(Phase::Decode, Cause::Weights), report16());
        painter.end();
        for (int i = 0; i < 12; ++i) {
            QCOMPARE(image.pixel(20 + 30 * i, 40), light().color(Ink::Accent).rgb());
            QCOMPARE(image.pixel(20 + 30 * i, 17), QColor(Qt::white).rgb());
        }
    }
};

QTEST_MAIN(TestHighlights)
#include "tst_highlights.moc"
