// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/memoryrows.h"

#include "core/base/format.h"
#include "ui/scene/memoryscene.h"
#include "ui/scene/meshfacts.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace shardlens {
namespace {

struct RowText {
    Q_DECLARE_TR_FUNCTIONS(MemoryScene)
};

bool equalMemory(const DeviceMemory& a, const DeviceMemory& b)
{
    return a.weights() == b.weights() && a.kv == b.kv && a.kvReplicas == b.kvReplicas && a.activations == b.activations
           && a.buffers == b.buffers && a.reserve == b.reserve;
}

std::vector<MemoryRow> deviceRows(const Scenario& scenario, const Report& report, const MeshFacts& facts)
{
    std::vector<MemoryRow> rows;
    for (int device = 0; device < facts.used(); ++device) {
        MemoryRow row;
        row.device = device;
        row.stage = facts.placement().coordinate(device, MeshAxis::Pipeline);
        row.label = deviceName(scenario, device);
        row.subject = Subject{.kind = Subject::Kind::Device, .device = device, .stage = row.stage};
        row.printsValue = rows.empty() || !equalMemory(facts.memoryOf(row.stage), facts.memoryOf(rows.back().stage));
        // A new stage starts a group of its own: its first bar prints values although they may be equal.
        row.printsValue = row.printsValue || row.stage != rows.back().stage;
        rows.push_back(row);
    }
    Q_UNUSED(report)
    return rows;
}

QString devicesText(const Scenario& scenario, const MeshFacts& facts, int firstStage, int lastStage)
{
    const int first = facts.placement().firstDevice(firstStage, 0);
    const int end = facts.placement().firstDevice(lastStage, 0) + facts.stageDevices();
    QString noun = deviceName(scenario, 0);
    noun.truncate(noun.lastIndexOf(QLatin1Char(' ')));
    if (!facts.areBlocks()) // their devices do not follow one another
        return counted((lastStage - firstStage + 1) * facts.stageDevices(), qs(scenario.cluster->accelerator.noun));
    return noun + QLatin1Char(' ') + rangeText({first, end});
}

/// One row for the stages first..last, which hold the same.
MemoryRow stageRow(const Scenario& scenario, const MeshFacts& facts, int first, int last)
{
    MemoryRow row;
    row.stage = first;
    const int replicas = scenario.plan.data();
    QString times = replicas > 1 ? RowText::tr("\u00D7 %1 replicas").arg(qs(formatCount(replicas))) : QString();
    const int equal = (last - first + 1) * facts.stageDevices();
    if (equal > 1)
        times = times.isEmpty() ? RowText::tr("%1 equal").arg(qs(formatCount(equal)))
                                : RowText::tr("%1 equal, %2").arg(qs(formatCount(equal)), times);
    const QString devices = devicesText(scenario, facts, first, last);
    if (facts.stages() == 1) {
        row.label = devices;
        row.note = times;
    } else {
        row.label = first == last ? RowText::tr("Stage %1").arg(first) : QStringLiteral("Stages ") + rangeText({first, last + 1});
        row.note = times.isEmpty() ? devices : devices + QStringLiteral(", ") + times;
    }
    row.subject = Subject{.kind = Subject::Kind::Stage, .stage = first};
    return row;
}

std::vector<MemoryRow> runRows(const Scenario& scenario, const MeshFacts& facts)
{
    std::vector<MemoryRow> rows;
    for (int first = 0; first < facts.stages();) {
        int last = first;
        while (last + 1 < facts.stages() && equalMemory(facts.memoryOf(first), facts.memoryOf(last + 1)))
            ++last;
        rows.push_back(stageRow(scenario, facts, first, last));
        first = last + 1;
    }
    return rows;
}

/// The fullest and its first neighbours, then a line that counts the others.
std::vector<MemoryRow> shortened(const std::vector<MemoryRow>& rows, const Report& report, int stages, int most)
{
    if (static_cast<int>(rows.size()) <= most)
        return rows;
    const int fullest = report.memory.limiting().stage;
    const auto holds = std::find_if(rows.rbegin(), rows.rend(), [fullest](const MemoryRow& row) { return row.stage <= fullest; });
    const auto keep = static_cast<std::size_t>(std::max(1, most - 1));
    const std::size_t at = holds == rows.rend() ? 0 : rows.size() - 1 - static_cast<std::size_t>(holds - rows.rbegin());
    std::vector<MemoryRow> result;
    int others = stages; // a row may stand for several
    for (std::size_t i = 0; i < rows.size() && result.size() < keep; ++i) {
        const std::size_t left = keep - result.size();
        if (i != at && at >= i && left <= 1)
            continue;
        result.push_back(rows[i]);
        others -= (i + 1 < rows.size() ? rows[i + 1].stage : stages) - rows[i].stage;
    }
    if (most > 1) {
        MemoryRow rest;
        rest.stage = -1;
        rest.printsValue = false;
        rest.label = others == 1 ? RowText::tr("and 1 more stage, not fuller") : RowText::tr("and %1 more stages, none fuller").arg(others);
        result.push_back(rest);
    }
    return result;
}

QString percentText(const DeviceMemory& memory, const MemoryReport& all)
{
    return qs(formatPercent(static_cast<double>(memory.total()) / static_cast<double>(std::max<Bytes>(all.capacity, 1)), 2));
}

} // namespace

std::vector<MemoryRow> memoryRows(const Scenario& scenario, const Report& report, int most, MemoryBars bars)
{
    const MeshFacts facts(scenario, report);
    if (bars == MemoryBars::Automatic && facts.used() <= most)
        return deviceRows(scenario, report, facts);
    if (bars == MemoryBars::Groups || facts.stages() > most)
        return shortened(runRows(scenario, facts), report, facts.stages(), most);
    std::vector<MemoryRow> rows;
    for (int stage = 0; stage < facts.stages(); ++stage) {
        rows.push_back(stageRow(scenario, facts, stage, stage));
        rows.back().printsValue = stage == 0 || !equalMemory(facts.memoryOf(stage - 1), facts.memoryOf(stage));
    }
    return rows;
}

QString describeMemory(const Scenario& scenario, const Report& report)
{
    if (!report.legal || report.memory.stages.empty())
        return report.violations.empty() ? RowText::tr("No memory figures: the plan is not legal.")
                                         : qs(sentence(report.violations.front(), scenario.context(), scenario.plan));
    const MemoryReport& memory = report.memory;
    const DeviceMemory& fullest = memory.limiting();
    QString text = memory.stages.size() > 1 ? RowText::tr("Stage %1 is ").arg(fullest.stage) : RowText::tr("Each device is ");
    text += percentText(fullest, memory) + RowText::tr(" full, ");
    const Bytes spare = memory.free();
    if (spare >= 0)
        return text + qs(formatBytes(static_cast<double>(spare))) + RowText::tr(" free on the fullest device.");
    return text + RowText::tr("it needs ") + qs(formatBytes(static_cast<double>(-spare))) + RowText::tr(" more than it has.");
}

QString memoryTooltip(const Scenario& scenario, const Report& report, const Subject& subject)
{
    if (!report.legal || report.memory.stages.empty())
        return {};
    if (subject == ghostSubject())
        return RowText::tr("What would be with this change\nA click makes it, one step of the history");
    const MeshFacts facts(scenario, report);
    const MemoryReport& all = report.memory;
    const bool everywhere = subject.kind == Subject::Kind::MemoryClass && subject.stage < 0;
    int stage = everywhere ? all.limiting().stage : subject.stage;
    QString name = RowText::tr("stage %1").arg(stage);
    if (subject.kind != Subject::Kind::MemoryClass)
        name[0] = name[0].toUpper();
    else if (facts.stages() == 1)
        name = RowText::tr("each device");
    if (subject.device >= 0) {
        if (subject.device >= facts.used())
            return {};
        stage = facts.placement().coordinate(subject.device, MeshAxis::Pipeline);
        name = deviceName(scenario, subject.device);
    }
    if (stage < 0 || stage >= facts.stages())
        return {};
    const DeviceMemory& memory = facts.memoryOf(stage);
    QStringList lines;
    if (subject.kind == Subject::Kind::MemoryClass && subject.cause >= 0 && subject.cause < static_cast<int>(kMemoryClassCount)) {
        const auto part = static_cast<MemoryClass>(subject.cause);
        QString what = qs(nameOf(part));
        if (!what.isEmpty())
            what[0] = what[0].toUpper();
        lines += what + QStringLiteral(", ") + name;
        lines += qs(formatBytes(static_cast<double>(bytesOf(memory, part)), 4)) + QStringLiteral(", ")
                 + qs(formatPercent(static_cast<double>(bytesOf(memory, part)) / static_cast<double>(std::max<Bytes>(all.capacity, 1))))
                 + RowText::tr(" of the device");
        for (const MemoryWaste& waste : wasteOf(memory))
            if (waste.of == part)
                lines +=
                    RowText::tr("%1 of it: %2, which hold nothing new").arg(qs(formatBytes(static_cast<double>(waste.bytes))), waste.name);
        return lines.join(QLatin1Char('\n'));
    }
    if (subject.kind != Subject::Kind::Device && subject.kind != Subject::Kind::Stage)
        return {};
    lines += name;
    lines += qs(formatBytes(static_cast<double>(memory.total()))) + QStringLiteral(" of ")
             + qs(formatBytes(static_cast<double>(all.capacity))) + QStringLiteral(", ") + percentText(memory, all) + RowText::tr(" full");
    const Bytes spare = all.capacity - memory.total();
    lines += qs(formatBytes(std::abs(static_cast<double>(spare)))) + (spare >= 0 ? RowText::tr(" free") : RowText::tr(" too much"));
    return lines.join(QLatin1Char('\n'));
}

} // namespace shardlens
