// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/meshfacts.h"

#include "core/base/format.h"
#include "core/model/headattention.h"

#include <QStringList>

#include <algorithm>
#include <cmath>

namespace shardlens {

MeshFacts::MeshFacts(const Scenario& scenario, const Report& report)
    : m_scenario(scenario),
      m_report(report),
      m_placement(scenario.plan.meshSizes()),
      m_layout(stageLayout(*scenario.model, scenario.plan))
{}

const Attention* MeshFacts::attention() const
{
    return headAttention(*m_scenario.model);
}

QString MeshFacts::layersText(int stage) const
{
    constexpr int kMostShown = 4; // what a label has room for
    QStringList ranges;
    for (int visit = 0; visit < std::min(m_layout.visits(), kMostShown); ++visit)
        ranges += rangeText(m_layout.layers(stage, visit));
    if (m_layout.visits() > kMostShown)
        ranges += QString(QChar(0x2026));
    return ranges.join(QStringLiteral(", "));
}

bool MeshFacts::areBlocks() const
{
    const DeviceGroup replica = m_placement.group({MeshAxis::Tensor, MeshAxis::Sequence, MeshAxis::AttentionData, MeshAxis::Pipeline});
    return m_placement.stageGroup() == DeviceGroup(1, stageDevices()) && replica == DeviceGroup(1, replicaDevices());
}

int MeshFacts::experts() const
{
    int most = 0;
    for (const LayerKind& kind : m_scenario.model->kinds)
        most = std::max(most, kind.feedForward.experts);
    return most;
}

const DeviceMemory& MeshFacts::memoryOf(int stage) const
{
    const auto& all = m_report.memory.stages;
    return all[static_cast<std::size_t>(std::clamp(stage, 0, static_cast<int>(all.size()) - 1))];
}

DeviceFacts MeshFacts::of(int device) const
{
    const Plan& plan = m_scenario.plan;
    DeviceFacts facts;
    facts.device = device;
    facts.tensor = m_placement.coordinate(device, MeshAxis::Tensor);
    facts.sequence = m_placement.coordinate(device, MeshAxis::Sequence);
    facts.attentionData = m_placement.coordinate(device, MeshAxis::AttentionData);
    facts.stage = m_placement.coordinate(device, MeshAxis::Pipeline);
    facts.replica = m_placement.coordinate(device, MeshAxis::Data);
    facts.expertRank = m_placement.expertRank(device);
    facts.layers = m_layout.layers(facts.stage, 0);
    const Attention* kind = attention();
    if (kind)
        facts.queryHeads = queryHeadsOf(kind->queryHeads, plan.tensor(), facts.tensor);
    if (kind && kind->kind == AttentionKind::Latent) {
        facts.kvCopies = plan.tensor();
        facts.kvCopy = facts.tensor;
    } else if (kind) {
        facts.kvHeads = kvHeadsOf(kind->kvHeads, plan.tensor(), facts.tensor);
        facts.kvCopies = kvReplication(kind->kvHeads, plan.tensor());
        facts.kvCopy = facts.tensor % facts.kvCopies;
    }
    if (const int all = experts(); all > 0)
        facts.experts = layersOfStage(all, plan.expert(), facts.expertRank); // experts are dealt like layers
    return facts;
}

std::vector<CollectiveUse> decodeCollectives(const Report& report)
{
    std::vector<CollectiveUse> uses;
    for (const OperatorCost& op : report.decode.operators) {
        // What every device takes part in: embedding and head are on the first and the last stage only.
        if (op.collective == Collective::None || op.payloadBytes <= 0 || op.kind < 0)
            continue;
        CollectiveUse use{op.collective,         MeshAxis::Tensor,     false,          std::max<int>(op.stageLayers, 1), op.payloadBytes,
                          op.communicationBytes, op.communicationTime, op.networkLevel};
        if (op.op == Op::Dispatch || op.op == Op::Combine)
            use.amongExperts = true;
        else if (op.op == Op::SequenceGather || op.op == Op::SequenceCombine)
            use.axis = MeshAxis::Sequence;
        const auto same = std::find_if(uses.begin(), uses.end(), [&use](const CollectiveUse& other) {
            return other.kind == use.kind && other.axis == use.axis && other.amongExperts == use.amongExperts
                   && other.payload == use.payload;
        });
        if (same != uses.end())
            same->times += use.times;
        else
            uses.push_back(use);
    }
    std::stable_sort(uses.begin(), uses.end(),
                     [](const CollectiveUse& a, const CollectiveUse& b) { return a.times * a.payload > b.times * b.payload; });
    return uses;
}

QString rangeText(IndexRange range)
{
    if (range.count() <= 0)
        return MeshWords::tr("none");
    if (range.count() == 1)
        return QString::number(range.begin);
    return QString::number(range.begin) + QChar(0x2013) + QString::number(range.end - 1);
}

QString counted(int count, const QString& noun)
{
    return qs(formatCount(count)) + QLatin1Char(' ') + (count == 1 ? noun : noun + QLatin1Char('s'));
}

QString deviceName(const Scenario& scenario, int device)
{
    QString noun = qs(scenario.cluster->accelerator.noun);
    if (!noun.isEmpty())
        noun[0] = noun[0].toUpper();
    return noun + QLatin1Char(' ') + QString::number(device);
}

QString gibText(double bytes)
{
    const double value = bytes / kGiB;
    return std::abs(value) < 99.995 ? QString::number(value, 'f', 2) : qs(formatNumber(value));
}

QStringList wrapped(const QString& text, TextRole role, double width, int lines)
{
    QStringList result;
    QString line;
    const QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    for (qsizetype i = 0; i < words.size(); ++i) {
        const QString longer = line.isEmpty() ? words[i] : line + QLatin1Char(' ') + words[i];
        if (!line.isEmpty() && textWidth(longer, role) > width) {
            if (result.size() + 1 == lines) { // no further line: the rest is elided by whoever draws it
                line += QLatin1Char(' ') + words.mid(i).join(QLatin1Char(' '));
                break;
            }
            result.append(line);
            line = words[i];
        } else {
            line = longer;
        }
    }
    if (!line.isEmpty())
        result.append(line);
    return result;
}

} // namespace shardlens
