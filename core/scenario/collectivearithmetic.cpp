// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/collectivearithmetic.h"

#include "core/cost/oncepernode.h"
#include "core/scenario/constantrows.h"
#include "core/scenario/explain_parts.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

constexpr double kNothing = 1e-11; ///< s: constants are kept as logarithms, of which none is of zero

bool isNear(double a, double b)
{
    return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
}

/// Every line that the operator's collective may take on links of some speed, without what was fitted.
std::vector<CollectiveLine> linesOn(const Cluster& cluster, const StepModel& step, const PlanCollective& c, const ExpertRouting* routing)
{
    const GroupSpan span(cluster, c.group, step.placement().devices());
    std::vector<CollectiveLine> lines;
    if (c.cost.algorithm == CollectiveAlgorithm::OncePerNode) {
        if (routing)
            eachOncePerNode(cluster, c.group, span, step.plan().expert(), static_cast<int>(step.plan().expertTensor()), *routing,
                            [&lines](const CollectiveLine& line) { lines.push_back(line); });
        return lines;
    }
    const std::span<const CollectiveLine> all = span.lines(c.kind).all();
    lines.assign(all.begin(), all.end());
    return lines;
}

/// "_2" where there are several levels.
std::string indexOf(const std::vector<LevelTerm>& terms, std::size_t i)
{
    return terms.size() > 1 ? "_" + std::to_string(i + 1) : std::string();
}

/// Where several links of a device may carry unlike amounts.
bool isWired(const FabricLevel& level)
{
    return level.topology != Topology::Switch && level.topology != Topology::FullMesh;
}

std::string sharePut(const CollectiveArithmetic& a)
{
    return a.share < 1 ? " × " + formatPercent(a.share, 4) : std::string();
}

std::string termPut(const LevelTerm& term, const CollectiveArithmetic& a)
{
    std::string text;
    if (term.steps > 0)
        text = formatNumber(term.steps, 6) + " × " + formatSeconds(term.latency);
    if (term.bytes > 0) {
        const std::string rate = formatBandwidth(term.bandwidth);
        text += (text.empty() ? "" : " + ") + exactBytes(term.bytes) + " / " + (a.share < 1 ? "(" + rate + sharePut(a) + ")" : rate);
    }
    return text;
}

} // namespace

double CollectiveArithmetic::time() const
{
    double sum = added;
    for (const LevelTerm& term : terms)
        sum += term.latencyTime() + term.transferTime() / share;
    return sum;
}

CollectiveArithmetic arithmeticOf(const StepModel& step, const PlanCollective& c)
{
    CollectiveArithmetic out;
    const Cluster& cluster = step.cluster();
    if (c.kind == Collective::Send) {
        out.terms = sendTerms(cluster, c.cost, c.payload);
        return out;
    }
    const ExpertRouting* const routing = c.layerKind < 0 ? nullptr : step.routingOf(static_cast<std::size_t>(c.layerKind));
    const LinesOn lines = [&](const Cluster& links) { return linesOn(links, step, c, routing); };
    for (const CollectiveLine& line : lines(cluster)) {
        const CollectiveCost cost = costOf(step.calibrated(line), c.payload);
        if (cost.algorithm != c.cost.algorithm || cost.levels != c.cost.levels || !isNear(cost.latencyTime, c.cost.latencyTime)
            || !isNear(cost.transferTime, c.cost.transferTime))
            continue;
        CollectiveLine unit;
        unit.secondsPerByte = 1;
        unit.outerLevel = line.outerLevel;
        const CollectiveLine fitted = step.calibrated(unit);
        out.added = fitted.latency > kNothing ? fitted.latency : 0;
        out.share = 1 / fitted.secondsPerByte;
        const auto level = static_cast<std::size_t>(std::max<int>(line.outerLevel, 0));
        out.betweenNodes = level > 0 && cluster.levels[level].scalesOut;
        out.terms = levelTerms(cluster, axisRow(cluster, c.group, {}, step.placement().devices()).links, lines, line, c.payload);
        break;
    }
    double bytes = 0;
    for (const LevelTerm& term : out.terms)
        bytes += term.bytes;
    out.uneven = std::abs(bytes - c.cost.sentBytes) > 1e-6 * c.cost.sentBytes;
    return out;
}

std::string collectivePut(const CollectiveArithmetic& a, double hidden)
{
    std::string put;
    for (const LevelTerm& term : a.terms)
        put += (put.empty() ? "" : " + ") + termPut(term, a);
    if (put.empty())
        return put;
    return (a.added > 0 ? formatSeconds(a.added, 4) + " + " : "") + put + (hidden > 0 ? " − " + formatSeconds(hidden, 4) : "");
}

void addCollectiveFormula(const PlanCollective& c, const CollectiveArithmetic& a, const std::string& left, double hidden, Explanation& out)
{
    const bool several = a.terms.size() > 1;
    const std::string each = std::string("steps × α + sent / ") + (a.share < 1 ? "(β η_β)" : "β");
    out.formula.push_back(
        {left, (a.added > 0 ? "α_0 + " : "") + (several ? "Σ_{levels} (" + each + ")" : each) + (hidden > 0 ? " − t_hidden" : ""), "",
         false});
    const std::string minus = hidden > 0 ? " − " + formatSeconds(hidden, 4) : std::string();
    const std::string first = a.added > 0 ? formatSeconds(a.added, 4) + " + " : std::string();
    std::string seconds;
    for (const LevelTerm& term : a.terms)
        seconds += (seconds.empty() ? "" : " + ") + formatSeconds(term.latencyTime() + term.transferTime() / a.share, 4);
    if (!a.terms.empty())
        out.formula.push_back({"", collectivePut(a, hidden), "", false});
    if (!several)
        seconds = formatSeconds(c.cost.latencyTime - a.added, 4) + " + " + formatSeconds(c.cost.transferTime, 4);
    out.formula.push_back({"", first + seconds + minus, "", false});
}

void addCollectiveInputs(const Scenario& scenario, const PlanCollective& c, const CollectiveArithmetic& a, Explanation& out)
{
    const std::string algorithm = nameOf(c.kind, c.cost);
    const bool several = a.terms.size() > 1;
    const auto levelOf = [&](const LevelTerm& term) -> const FabricLevel& {
        return scenario.cluster->levels[static_cast<std::size_t>(term.level)];
    };
    const bool wired = std::any_of(a.terms.begin(), a.terms.end(), [&](const LevelTerm& term) { return isWired(levelOf(term)); });
    if (several || a.terms.empty() || a.uneven)
        out.inputs.push_back({several || a.terms.empty() ? "sent" : "sent in all", exactBytes(c.cost.sentBytes),
                              "by each device" + std::string(several ? " on all levels, " : ", ") + algorithm, Provenance::Exact});
    for (std::size_t i = 0; i < a.terms.size(); ++i) {
        const LevelTerm& term = a.terms[i];
        const FabricLevel& level = levelOf(term);
        const std::string index = indexOf(a.terms, i);
        const std::string on = level.name + (term.betweenLeaves ? ", between its leaves" : "");
        if (term.steps > 0) {
            out.inputs.push_back({"steps" + index, formatNumber(term.steps, 6),
                                  on + ", one latency each" + (several ? std::string() : ": " + algorithm), Provenance::Exact});
            out.inputs.push_back({"α" + index, formatSeconds(term.latency), on + ", each step; assumed", Provenance::Default});
        }
        if (term.bytes > 0) {
            out.inputs.push_back({"sent" + index, exactBytes(term.bytes),
                                  a.uneven && isWired(level) == wired
                                      ? "on " + on + ": it takes as long as so many bytes do at the rate of all links in use"
                                      : "by each device on " + on + (several ? std::string() : ": " + algorithm),
                                  Provenance::Exact});
            out.inputs.push_back({"β" + index, formatBandwidth(term.bandwidth), on + ", one way, per device, links in use together",
                                  Provenance::DataSheet, level.source.text});
        }
    }
    if (c.cost.algorithm == CollectiveAlgorithm::NestedRing)
        out.notes.push_back("The levels carry the ring at the same time: the slowest one's bytes set its transfer.");
    if (!scenario.calibration || c.kind == Collective::Send)
        return;
    // Links of a node are measured with collectives; between nodes only serving points tell.
    const Calibration& calibration = *scenario.calibration;
    const std::string reach = a.betweenNodes ? "collectives between nodes" : "collectives in a node";
    ConstantEvidence links = calibration.base && !a.betweenNodes ? calibration.base->evidence.back() : ConstantEvidence{};
    if (links.origin == ConstantOrigin::Measured && calibration.points > 0)
        links.origin = ConstantOrigin::Fitted;
    const bool served = a.betweenNodes && calibration.points > 0;
    const Provenance origin = served ? Provenance::Fitted : provenanceOf(links.origin);
    const std::string from = reach + ": " + (served ? servedText(calibration) : evidenceText(links));
    if (a.added > 0)
        out.inputs.push_back({"α_0", formatSeconds(a.added, 4), "once, on top of the steps; " + from, origin});
    if (a.share < 1)
        out.inputs.push_back({"η_β", formatPercent(a.share, 4),
                              "of β is reached; " + (a.added > 0 ? std::string("from the same samples as α_0") : from), origin});
}

} // namespace shardlens
