// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/csv.h"
#include "core/scenario/fit_points.h"
#include "core/scenario/resolve_points.h"

#include <array>
#include <cstdio>

namespace shardlens {

namespace {

constexpr std::size_t kShowEvery = 3;

std::string number(double value, const char* format = "%.6g")
{
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), format, value);
    return text.data();
}

std::string percent(double share)
{
    return number(100 * share, "%.1f") + " %";
}

std::string errors(const ErrorStatistics& e)
{
    if (e.count == 0)
        return "- | - | - | - | -";
    return std::to_string(e.count) + " | " + percent(e.meanError) + " | " + percent(e.medianError) + " | " + number(100 * e.bias, "%+.1f")
           + " % | " + (e.intervals > 0 ? percent(e.coverage()) : "-");
}

std::string countOr(int value)
{
    return value > 0 ? std::to_string(value) : "";
}

} // namespace

std::string pointsToShow(const FitReport& report, const Catalog& catalog)
{
    std::string text = "row,model,system,precision,weights,kv_dtype,backend,version,date,origin,isl,osl,isl_mean,osl_mean,concurrency,gpus,"
                       "attn_tp,attn_dp,moe_tp,moe_ep,max_batched_tokens,max_num_seqs,sched_recv_interval,ttft_ms,tpot_ms,ttft_flag\n";
    PointResolver resolver(catalog);
    for (const MeasuredPoints& table : report.points)
        for (std::size_t i = 0; i < table.points.size(); i += kShowEvery) {
            const MeasuredPoint& p = table.points[i];
            const MeasuredOutcome& o = table.outcomes[i];
            const Result<ResolvedPoint> resolved = resolver.resolve(p, table.kind);
            if (p.problem >= 0 || !resolved.ok())
                continue;
            const auto optional = [](const std::optional<double>& value) { return value ? number(*value) : std::string(); };
            for (const std::string& field : {csvField(p.row),
                                             resolved.value().model->id,
                                             resolved.value().system,
                                             csvField(p.precision),
                                             csvField(p.weights),
                                             csvField(p.kvFormat),
                                             csvField(p.backend),
                                             csvField(p.version),
                                             csvField(p.date),
                                             csvField(p.origin),
                                             number(p.input),
                                             number(p.output),
                                             number(p.meanInput),
                                             number(p.meanOutput),
                                             number(p.concurrency),
                                             countOr(p.devices),
                                             countOr(p.attentionTensor),
                                             countOr(p.attentionData),
                                             countOr(p.expertTensor),
                                             countOr(p.expert),
                                             countOr(p.maxBatchedTokens),
                                             countOr(p.maxSequences),
                                             countOr(p.receiveInterval),
                                             optional(o.ttftMs),
                                             optional(o.tpotMs)})
                text += field + ',';
            text += o.ttftScored ? "ok\n" : "not_scored\n";
        }
    return text;
}

std::string fitReportText(const FitReport& report)
{
    std::string text = "# Calibration\n\nMeasurements: " + report.set.source + ".\n\n";
    text += "## Serving points\n\n" + std::to_string(report.fitted) + " points, " + std::to_string(report.parameters) + " parameters, "
            + std::to_string(report.iterations) + " iterations, " + (report.converged ? "converged" : "stopped at the limit")
            + ".\nErrors are |predicted / measured - 1|; bias is the mean of predicted / measured - 1.\n\n"
              "| left out of the fit | figure | points | mean error | median error | bias | in the 80 % interval |\n"
              "|---|---|---|---|---|---|---|\n";
    for (const CrossValidation& v : report.validation) {
        text += "| " + v.leftOut + " | TPOT | " + errors(v.tpot) + " |\n";
        text += "| | TTFT | " + errors(v.ttft) + " |\n";
        text += "| | output tokens/s per device | " + errors(v.outputPerDevice) + " |\n";
    }
    text += "\n## 80 % intervals: measured / predicted\n\n| nearest points | of | TTFT | TPOT | output tokens/s |\n|---|---|---|---|---|\n";
    const auto spread = [](const Spread& s) { return number(s.low, "%.3f") + " to " + number(s.high, "%.3f"); };
    for (std::size_t n = 0; n < kNearnessCount; ++n) {
        const Intervals& i = report.set.intervals[n];
        text += "| " + std::string(keyOf(static_cast<Nearness>(n))) + " | " + std::to_string(i.points) + " | " + spread(i.ttft) + " | "
                + spread(i.tpot) + " | " + spread(i.outputPerDevice) + " |\n";
    }
    text += "\n## Kernels\n\n| accelerator | kernels | format | samples | compute | memory | spill | launch us | median error | 90th pct "
            "|\n|---|---|---|---|---|---|---|---|---|---|\n";
    for (const auto& [id, kernels] : report.kernels)
        for (const FittedKernel& k : kernels)
            text += "| " + id + " | " + std::string(keyOf(k.kernel)) + " | " + std::string(keyOf(k.format)) + " | "
                    + std::to_string(k.samples) + " | " + number(k.constants.compute, "%.3f") + " | " + number(k.constants.memory, "%.3f")
                    + " | " + number(k.constants.spill, "%.2f") + " | " + number(k.constants.launch * 1e6, "%.1f") + " | "
                    + percent(k.medianError) + " | " + percent(k.p90Error) + " |\n";
    text += "\n## Links of a node, AllReduce\n\n| accelerator | samples | latency us | bandwidth | median error | 90th pct "
            "|\n|---|---|---|---|---|---|\n";
    for (const auto& [id, l] : report.links)
        if (l.samples > 0)
            text += "| " + id + " | " + std::to_string(l.samples) + " | " + number(l.constants.latency * 1e6, "%.1f") + " | "
                    + number(l.constants.bandwidth, "%.3f") + " | " + percent(l.medianError) + " | " + percent(l.p90Error) + " |\n";
    if (!report.skipped.empty()) {
        text += "\n## Not used\n\n";
        for (const std::string& sentence : report.skipped)
            text += "- " + sentence + "\n";
    }
    return text;
}

} // namespace shardlens
