// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/stagecollectives.h"

#include "core/base/format.h"
#include "core/scenario/explain_parts.h"

#include <algorithm>
#include <limits>

namespace shardlens {

int runsOn(const Report& report, const OperatorCost& op, int stage)
{
    const StageLayout& layout = report.layout;
    if (op.collective == Collective::Send || stage < 0 || stage >= layout.stages())
        return 0;
    if (op.kind >= 0)
        return layout.kindCount(stage, static_cast<std::size_t>(op.kind));
    return (op.op == Op::Embedding ? layout.holdsEmbedding(stage) : layout.holdsHead(stage)) ? 1 : 0;
}

std::vector<CollectiveCount> collectivesOn(const Report& report, Phase phase, int stage)
{
    std::vector<CollectiveCount> counts;
    for (const OperatorCost& op : phaseOf(report, phase).operators) {
        const int runs = op.collective == Collective::None ? 0 : runsOn(report, op, stage);
        if (runs == 0)
            continue;
        const auto known =
            std::find_if(counts.begin(), counts.end(), [&op](const CollectiveCount& count) { return count.kind == op.collective; });
        if (known == counts.end())
            counts.push_back({op.collective, runs});
        else
            known->times += runs;
    }
    std::stable_sort(counts.begin(), counts.end(), [](const CollectiveCount& a, const CollectiveCount& b) { return a.times > b.times; });
    return counts;
}

int collectiveCountOn(const Report& report, Phase phase, int stage)
{
    int count = 0;
    for (const OperatorCost& op : phaseOf(report, phase).operators)
        count += op.collective == Collective::None ? 0 : runsOn(report, op, stage);
    return count;
}

std::string collectivesText(const Report& report, Phase phase, int stage)
{
    std::string text;
    for (const CollectiveCount& count : collectivesOn(report, phase, stage))
        text += (text.empty() ? "" : ", ") + formatCount(count.times) + " × " + std::string(nameOf(count.kind));
    return text;
}

CollectiveRange collectiveRange(const Report& report, Phase phase)
{
    CollectiveRange range;
    range.stages = report.layout.stages();
    range.least = std::numeric_limits<int>::max();
    for (int stage = 0; stage < range.stages; ++stage) {
        const int count = collectiveCountOn(report, phase, stage);
        range.least = std::min(range.least, count);
        range.most = std::max(range.most, count);
    }
    return range;
}

std::string collectiveRangeText(const CollectiveRange& range)
{
    if (range.stages <= 1)
        return formatCount(range.most);
    if (range.least == range.most)
        return formatCount(range.most) + " on each of " + formatCount(range.stages) + " stages";
    return formatCount(range.least) + " to " + formatCount(range.most) + " by stage";
}

} // namespace shardlens
