// SPDX-License-Identifier: Apache-2.0
// A stretch of the timeline, added up.
#include "core/scenario/explain_parts.h"
#include "core/scenario/timelinesums.h"

#include <algorithm>

namespace shardlens {

Explanation explainRange(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const PhaseReport& phase = phaseOf(report, subject.phase);
    const TimelineSums sums = sumTimeline(scenario, report, {subject.phase, {subject.begin, subject.end}});
    const double begin = std::clamp(subject.begin, 0.0, phase.timeline.duration);
    const auto stages = static_cast<double>(sums.busy.size());
    double busy = 0;
    for (const double seconds : sums.busy)
        busy += seconds;

    Explanation out;
    out.formulaId = "timeline.range";
    out.title = "Range of " + std::string(nameOf(subject.phase));
    out.subtitle = formatSeconds(begin, 4) + " to " + formatSeconds(begin + sums.length, 4) + ", "
                   + (sums.busy.size() == 1 ? std::string("every device") : formatCount(std::ssize(sums.busy)) + " stages");
    setFigure(out, formatSeconds(sums.length));
    out.cause = Cause::Bubble;
    out.shareFraction = sums.length > 0 ? sums.idle / (stages * sums.length) : 0;
    out.share = formatPercent(out.shareFraction) + " idle";
    out.formula = {
        {"t_idle", "p × t_range - Σ_{pieces} t_inside", "", false},
        {"", formatCount(std::ssize(sums.busy)) + " × " + formatSeconds(sums.length, 4) + " - " + formatSeconds(busy, 4), "", false},
        {"", formatSeconds(sums.idle, 4), "", true}};
    out.inputs = {{"p", formatCount(std::ssize(sums.busy)), "stages", Provenance::Exact},
                  {"pieces", formatCount(sums.pieces), "at least partly inside", Provenance::Exact}};
    if (sums.bytes > 0)
        out.inputs.push_back(
            {"sent", formatBytes(sums.bytes), "by one device of each stage, of the pieces that end inside", Provenance::Exact});
    if (sums.busy.size() > 1 && sums.length > 0) {
        const auto [least, most] = std::minmax_element(sums.busy.begin(), sums.busy.end());
        const auto share = [&](auto stage) {
            return "stage " + formatCount(stage - sums.busy.begin()) + ", " + formatPercent(*stage / sums.length) + " busy";
        };
        out.inputs.push_back({"busiest", formatSeconds(*most), share(most), Provenance::Exact});
        out.inputs.push_back({"idlest", formatSeconds(*least), share(least), Provenance::Exact});
    }
    out.alternativesTitle = "Where the stages' time goes";
    Breakdown all = sums.causes;
    all[Cause::Bubble] = sums.idle;
    addCauses(scenario, out, all);
    out.notes.push_back("Seconds are of stages: two stages that work for a second make two.");
    if (sums.shared > 0)
        out.notes.push_back("A piece that the range cuts counts by its share of every cause.");
    else if (sums.cut > 0)
        out.notes.push_back(
            "A piece that the range cuts counts by what its operators do inside, in the order in which they run: its layers "
            "have their collectives all along the piece, though where it is narrow these are drawn as one slice at its end.");
    if (!sums.complete)
        out.notes.push_back("The timeline is longer than the pieces that are kept: what is not kept counts as idle here.");
    return out;
}

} // namespace shardlens
