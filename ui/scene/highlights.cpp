// SPDX-License-Identifier: Apache-2.0
// How selections of different kinds relate, and how they are marked.
#include "core/cost/tensorplate.h"
#include "core/scenario/operatorindex.h"
#include "core/scenario/subjectname.h"
#include "ui/scene/scene.h"

#include <QPainter>

#include <algorithm>

namespace shardlens {
namespace {

using Kind = Subject::Kind;

/// Stages repeat along the devices at the distance of their first ones, in any order of the axes; -1 when the report has no placement.
int stageOfDevice(int device, const Report& report)
{
    const std::vector<DeviceMemory>& stages = report.memory.stages;
    if (device < 0 || stages.empty())
        return -1;
    if (stages.size() == 1)
        return 0;
    const int perStage = std::max(1, stages[1].firstDevice - stages[0].firstDevice);
    return (device / perStage) % static_cast<int>(stages.size());
}

/// The stage a subject sits on, or -1 when it has none.
int stageOf(const Subject& subject, const Report& report)
{
    if (subject.device >= 0)
        return stageOfDevice(subject.device, report);
    return subject.stage;
}

const PhaseReport& phaseOf(const Subject& subject, const Report& report)
{
    return subject.phase == Phase::Prefill ? report.prefill : report.decode;
}

/// The cause most of an operator's time goes to; -1 when there is no such operator.
int dominantCause(const Subject& subject, const Report& report)
{
    const std::vector<OperatorCost>& operators = phaseOf(subject, report).operators;
    if (subject.op < 0 || static_cast<std::size_t>(subject.op) >= operators.size())
        return -1;
    const auto& seconds = operators[static_cast<std::size_t>(subject.op)].breakdown.seconds;
    return static_cast<int>(std::max_element(seconds.begin(), seconds.end()) - seconds.begin());
}

/// Equal, or one of them does not say.
bool agree(int a, int b)
{
    return a < 0 || b < 0 || a == b;
}

bool sameThing(const Subject& a, const Subject& b)
{
    if (a.kind != b.kind || a.kind == Kind::None)
        return false;
    switch (a.kind) {
    case Kind::None: return false;
    case Kind::Device: return a.device == b.device;
    case Kind::Stage: return a.stage == b.stage;
    case Kind::Piece:
        return a.phase == b.phase && a.stage == b.stage && a.microbatch == b.microbatch && a.step == b.step && agree(a.visit, b.visit);
    case Kind::Operator: return a.phase == b.phase && a.op == b.op && agree(a.stage, b.stage);
    case Kind::CauseOfTime: return a.phase == b.phase && a.cause == b.cause && a.stage == b.stage;
    case Kind::MemoryClass: return a.cause == b.cause && a.device == b.device && a.stage == b.stage;
    case Kind::Time: return a.phase == b.phase;
    case Kind::Fit: return true;
    case Kind::Point: return a.point == b.point;
    case Kind::Tensor: return a.tensor == b.tensor && a.device == b.device;
    case Kind::Expert: return a.expert == b.expert && a.rank == b.rank;
    case Kind::Axis: return a.axis == b.axis && a.device == b.device && a.rank == b.rank;
    case Kind::Pool: return a.pool == b.pool;
    case Kind::Range: return a.phase == b.phase && a.begin == b.begin && a.end == b.end;
    }
    return false;
}

/// Of one kind, not the same, yet one holds the other or both are the same work elsewhere.
bool relatedAlike(const Subject& a, const Subject& b, const Report& report)
{
    switch (a.kind) {
    case Kind::Piece: // the same tokens on another stage
        return a.phase == b.phase && a.microbatch == b.microbatch && a.step == b.step;
    case Kind::CauseOfTime: return a.phase == b.phase && a.cause == b.cause && agree(a.stage, b.stage);
    case Kind::MemoryClass: return a.cause == b.cause && agree(a.device, b.device) && agree(stageOf(a, report), stageOf(b, report));
    case Kind::None:
    case Kind::Device:
    case Kind::Stage:
    case Kind::Operator:
    case Kind::Time:
    case Kind::Fit:
    case Kind::Point:
    case Kind::Pool:
    case Kind::Range: break;
    case Kind::Tensor: // the copies of a tile, or a tile and the whole
        return a.tensor == b.tensor && agree(a.stage, b.stage)
               && (agree(a.device, b.device) || holdSame(report.mesh, a.holders, a.device, b.device));
    case Kind::Expert: return agree(a.expert, b.expert) && agree(a.rank, b.rank);
    case Kind::Axis: return a.axis == b.axis && agree(a.device, b.device) && agree(a.rank, b.rank);
    }
    return false;
}

bool isOf(const Subject& a, Kind kindA, const Subject& b, Kind kindB)
{
    return a.kind == kindA && b.kind == kindB;
}

/// An expert's place, or a whole EP rank, and a device of that rank, in every stage and replica.
bool liesOn(const Subject& expert, const Subject& device, const Report& report)
{
    const Placement placement(report.mesh);
    return report.legal && expert.rank >= 0 && device.device >= 0 && device.device < placement.devices()
           && placement.expertRank(device.device) == expert.rank;
}

/// Whether an operator computes in the routed experts, or carries tokens to them and back.
bool runsExperts(const Subject& subject, const Report& report)
{
    const OperatorCost* op = operatorAt(phaseOf(subject, report), subject.op);
    return op && (op->op == Op::Dispatch || op->op == Op::ExpertUp || op->op == Op::ExpertDown || op->op == Op::Combine);
}

/// A tensor, or the tile of it that a device holds, and something else.
bool relatedToTensor(const Subject& tensor, const Subject& other, const Report& report)
{
    const auto kind = static_cast<TensorKind>(tensor.cause);
    switch (other.kind) {
    case Kind::Device:
        if (tensor.device >= 0)
            return holdSame(report.mesh, tensor.holders, tensor.device, other.device);
        [[fallthrough]];
    case Kind::Stage: return agree(stageOf(tensor, report), stageOf(other, report));
    case Kind::MemoryClass: return tensor.cause >= 0 && static_cast<int>(memoryClassOf(kind)) == other.cause;
    case Kind::Expert: // the ranks that hold it have its weights
        return (kind == TensorKind::ExpertsUp || kind == TensorKind::ExpertsDown) && tensor.device >= 0 && other.rank >= 0
               && Placement(report.mesh).expertRank(tensor.device) == other.rank;
    case Kind::Operator: {
        const std::vector<OperatorCost>& operators = phaseOf(other, report).operators;
        return tensor.cause >= 0 && other.op >= 0 && static_cast<std::size_t>(other.op) < operators.size()
               && uses(operators[static_cast<std::size_t>(other.op)].op, kind);
    }
    default: return false;
    }
}

/// Whether a device is of the EP rank selected, or in the EP group of the device selected, or in the first one.
bool inExpertGroup(const Placement& placement, int device, const Subject& selected)
{
    if (selected.rank >= 0)
        return placement.expertRank(device) == selected.rank;
    const DeviceGroup& group = placement.expertGroup();
    const auto origin = [&group](int of) { return of - group.offsetOf(group.rankOf(of)); };
    return origin(device) == origin(std::clamp(selected.device, 0, placement.devices() - 1));
}

/// Whether a device is what a selection of another kind stands for, by its place in the plan. `selected` is an expert or its rank, or
/// an axis: one rank of it, the group of a device, or the first group where neither is said.
bool isPlaceOf(int device, const Subject& selected, const Report& report)
{
    if (!report.legal || device < 0)
        return false;
    const Placement placement(report.mesh);
    if (device >= placement.devices())
        return false;
    switch (selected.kind) {
    case Kind::Expert: return selected.rank >= 0 && placement.expertRank(device) == selected.rank;
    case Kind::Axis: {
        if (selected.axis == kExpertAxis)
            return inExpertGroup(placement, device, selected);
        if (selected.axis < 0 || selected.axis >= static_cast<int>(kMeshAxisCount))
            return false;
        const auto axis = static_cast<MeshAxis>(selected.axis);
        if (selected.rank >= 0)
            return placement.coordinate(device, axis) == selected.rank;
        const int member = std::max(selected.device, 0);
        const auto origin = [&](int of) { return of - placement.coordinate(of, axis) * placement.stride(axis); };
        return member < placement.devices() && origin(device) == origin(member);
    }
    default: return false;
    }
}

/// `shown` and `selected` are of different kinds.
bool relatedAcross(const Subject& shown, const Subject& selected, const Report& report)
{
    const int shownStage = stageOf(shown, report);
    const int selectedStage = stageOf(selected, report);
    const bool sameStage = shownStage >= 0 && shownStage == selectedStage;
    const auto pair = [&](Kind a, Kind b) { return isOf(shown, a, selected, b) || isOf(selected, a, shown, b); };

    if (pair(Kind::Device, Kind::Stage) || pair(Kind::Stage, Kind::Piece))
        return sameStage;
    if (isOf(shown, Kind::Device, selected, Kind::Expert))
        return liesOn(selected, shown, report);
    // Of a device its rank is marked, not each of the rank's experts.
    if (isOf(shown, Kind::Expert, selected, Kind::Device))
        return shown.expert < 0 && liesOn(shown, selected, report);
    // Routed experts are what these operators run; of an operator the ranks are marked, not each expert of every rank.
    if (pair(Kind::Operator, Kind::Expert)) {
        const Subject& op = shown.kind == Kind::Operator ? shown : selected;
        return (shown.kind == Kind::Operator || shown.expert < 0) && runsExperts(op, report);
    }
    // A piece is worked on by the devices of its stage; the other way round would mark a whole row for each device.
    if (isOf(shown, Kind::Device, selected, Kind::Piece))
        return sameStage;
    for (const Kind kind : {Kind::Expert, Kind::Axis}) {
        if (isOf(shown, Kind::Device, selected, kind))
            return isPlaceOf(shown.device, selected, report);
        // The other way round only what says which part of it is meant: an axis as a whole is every device's.
        if (isOf(shown, kind, selected, Kind::Device))
            return (shown.device >= 0 || shown.rank >= 0) && isPlaceOf(selected.device, shown, report);
    }
    if (pair(Kind::Device, Kind::MemoryClass)) {
        const Subject& memory = shown.kind == Kind::MemoryClass ? shown : selected;
        const Subject& device = shown.kind == Kind::MemoryClass ? selected : shown;
        return memory.device >= 0 ? memory.device == device.device : sameStage;
    }
    if (pair(Kind::Stage, Kind::MemoryClass) || pair(Kind::Stage, Kind::CauseOfTime))
        return sameStage;
    if (pair(Kind::Operator, Kind::CauseOfTime)) {
        const Subject& op = shown.kind == Kind::Operator ? shown : selected;
        const Subject& cause = shown.kind == Kind::Operator ? selected : shown;
        return op.phase == cause.phase && dominantCause(op, report) == cause.cause && agree(op.stage, cause.stage);
    }
    if (shown.kind == Kind::Tensor || selected.kind == Kind::Tensor)
        return shown.kind == Kind::Tensor ? relatedToTensor(shown, selected, report) : relatedToTensor(selected, shown, report);
    if (pair(Kind::Operator, Kind::Time) || pair(Kind::CauseOfTime, Kind::Time))
        return shown.phase == selected.phase;
    return false;
}

/// More rings than this in one view shout; then even the same thing is underlined.
constexpr int kMostRings = 4;

void ring(QPainter& painter, const QRectF& rect, const QColor& color, double width, double radius)
{
    painter.setRenderHint(QPainter::Antialiasing, true);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(color, width));
    painter.drawRoundedRect(rect, radius, radius);
}

void mark(QPainter& painter, const Scene& scene, const Theme& theme, const Subject& selected, const Report& report, bool pinned)
{
    if (selected.kind == Kind::None)
        return;
    const QColor color = theme.color(pinned ? Ink::Accent : Ink::Text);
    const auto rings =
        std::count_if(scene.hits.begin(), scene.hits.end(), [&](const HitRegion& region) { return sameThing(region.subject, selected); });
    for (const HitRegion& region : scene.hits) {
        const bool same = sameThing(region.subject, selected);
        if (same && rings <= kMostRings) {
            if (pinned) {
                ring(painter, region.rect.adjusted(-0.5, -0.5, 0.5, 0.5), theme.color(Ink::Surface), 1, 2);
                ring(painter, region.rect.adjusted(-2, -2, 2, 2), color, 2, 3);
            } else {
                ring(painter, region.rect, color, 2, 2);
            }
        } else if (same || belongs(region.subject, selected, report)) {
            painter.setRenderHint(QPainter::Antialiasing, false);
            const double top = std::min(region.rect.bottom(), scene.size.height() - 2);
            painter.fillRect(QRectF(region.rect.left(), top, region.rect.width(), 2), color);
        }
    }
}

} // namespace

bool belongs(const Subject& shown, const Subject& selected, const Report& report)
{
    if (shown.kind == Kind::None || selected.kind == Kind::None)
        return false;
    if (sameThing(shown, selected))
        return true;
    return shown.kind == selected.kind ? relatedAlike(shown, selected, report) : relatedAcross(shown, selected, report);
}

void paintHighlights(QPainter& painter, const Scene& scene, const Theme& theme, const Subject& hover, const Subject& pin,
                     const Report& report)
{
    if (hover.kind == Kind::None && pin.kind == Kind::None)
        return;
    painter.save();
    // The pin is drawn last: a choice is never hidden by a preview. What is both shows as chosen.
    if (!sameThing(hover, pin))
        mark(painter, scene, theme, hover, report, false);
    mark(painter, scene, theme, pin, report, true);
    painter.restore();
}

} // namespace shardlens
