// SPDX-License-Identifier: Apache-2.0
// Pools of disaggregated serving: what a worker serves, how busy the pool is, and what the cache takes from one to the other.
#include "core/scenario/explain_parts.h"
#include "core/scenario/poolsplit.h"
#include "core/scenario/serve.h"

#include <cmath>

namespace shardlens {
namespace {

Explanation explainTransfer(const Scenario& scenario, const Report& report, const DisaggregatedFigures& f)
{
    Explanation out;
    const KvTransfer link = poolTransfer(scenario);
    out.formulaId = "pool.transfer";
    out.title = "KV transfer";
    out.subtitle = "cache of a mean prompt, from a prefill to a decode worker";
    setFigure(out, formatSeconds(f.transferTime));
    const double ttft = report.serving.ttft;
    if (std::isfinite(ttft) && ttft > 0) {
        out.shareFraction = f.transferTime / ttft;
        out.share = formatPercent(out.shareFraction) + " of TTFT";
    }
    const bool sending = link.sendingBinds();
    const double bytes = sending ? link.sent : link.received;
    const double bandwidth = sending ? link.sendBandwidth : link.receiveBandwidth;
    out.formula = {{"t", "latency + bytes_device / BW_device", "", false},
                   {"", formatSeconds(link.latency) + " + " + formatBytes(bytes) + " / " + formatBandwidth(bandwidth), "", false},
                   {"", formatSeconds(f.transferTime), "", true}};
    out.inputs = {
        {"received", exactBytes(link.received), "by the decode device that holds most of the mean prompt's cache", Provenance::Exact},
        {"sent", exactBytes(link.sent), "by the prefill device that sends most", Provenance::Exact},
        {"in all", exactBytes(link.bytes), "crosses: each value as often as decode devices hold it", Provenance::Exact},
        {"values", exactBytes(link.values), "of all layers, each once", Provenance::Exact},
        {"BW_device", formatBandwidth(bandwidth),
         std::string("outermost links of one device of the ") + (sending ? "prefill" : "decode") + " pool, which take longer",
         Provenance::DataSheet},
        {"latency", formatSeconds(link.latency), "of the slower outermost link", Provenance::DataSheet}};
    out.notes.push_back("All devices send and receive at once, each by its own link; the one with most to move is the last.");
    return out;
}

} // namespace

Explanation explainPool(const Scenario& scenario, const Report& report, const Subject& subject)
{
    Explanation out;
    out.formulaId = "pool.none";
    out.title = "Pools";
    if (!scenario.serving.pools || !report.serving.pools) {
        out.subtitle = scenario.serving.pools ? "no figures" : "aggregated: prefill and decode share the devices";
        for (const std::string& problem : poolProblems(scenario))
            out.notes.push_back(problem);
        if (scenario.serving.pools && scenario.serving.load.kind == LoadKind::StaticBatch)
            out.notes.push_back("A static batch is served by the plan; pools need requests in flight or at a rate.");
        return out;
    }
    const DisaggregatedFigures& f = *report.serving.pools;
    const bool prefill = subject.pool != 1;
    const PoolSettings& pool = prefill ? scenario.serving.pools->prefill : scenario.serving.pools->decode;
    if (f.status == ServiceStatus::DoesNotFit) {
        out.title = prefill ? "Prefill pool" : "Decode pool";
        const bool lacks = f.lacking == (prefill ? DisaggregatedFigures::Lacking::Prefill : DisaggregatedFigures::Lacking::Decode);
        out.subtitle = lacks ? "holds no request" : "the other pool holds no request";
        if (!lacks)
            return out;
        out.notes.push_back(f.weightsDoNotFit ? "Weights and activations of a worker exceed its memory."
                                              : "Beside the weights there is no room for the cache of one request.");
        if (const Bytes missing = poolShortage(scenario, prefill ? 0 : 1); missing > 0)
            out.notes.push_back("For one request each device lacks " + formatBytes(static_cast<double>(missing)) + ".");
        return out;
    }
    if (subject.pool == 2)
        return explainTransfer(scenario, report, f);
    const int workers = prefill ? f.prefillWorkers : f.decodeWorkers;
    const double rate = prefill ? f.prefillRate : f.decodeRate;
    const double used = prefill ? f.prefillUtilisation : f.decodeUtilisation;
    const std::int64_t devices = prefill ? f.prefillDevices : f.decodeDevices;
    out.formulaId = prefill ? "pool.prefill" : "pool.decode";
    out.title = prefill ? "Prefill pool" : "Decode pool";
    out.subtitle = formatCount(workers) + " × " + formatCount(pool.plan.devices()) + " = " + formatCount(devices) + " "
                   + clusterOf(scenario, pool).accelerator.name;
    out.value = formatPercent(used);
    out.share = "of what it can serve";
    out.shareFraction = std::min(1.0, used);
    // What passes the prefill pool passes the decode pool.
    const double served = f.prefillUtilisation * f.prefillRate * f.prefillWorkers;
    const double full = prefill ? rate * workers : served / used;
    if (prefill) {
        out.formula.push_back({"μ", "workers × rate of one", "", false});
        out.formula.push_back(
            {"", formatCount(workers) + " × " + formatNumber(rate) + " = " + formatNumber(full) + " requests/s", "", false});
    }
    if (std::isfinite(full)) { // a request of one token asks nothing of the decode pool
        out.formula.push_back({"busy", "λ", "μ", false});
        out.formula.push_back({"", formatNumber(served) + " requests/s", formatNumber(full) + " requests/s", false});
    }
    out.formula.push_back({"", formatPercent(used), "", true});
    out.inputs.push_back({"λ", formatNumber(served) + " requests/s", "through both pools", Provenance::Exact});
    if (!prefill && std::isfinite(full))
        out.inputs.push_back({"μ", formatNumber(full) + " requests/s",
                              "with as many sequences on every worker as its memory and engine admit", Provenance::Exact});
    if (prefill)
        out.inputs.push_back({"prefill", formatSeconds(f.prefillTime), "of a mean prompt alone on a worker", Provenance::Exact});
    else
        out.inputs.push_back({"batch", formatNumber(report.serving.service.meanBatch), "sequences of a worker, mean", Provenance::Exact});
    if (pool.workers > 0)
        out.inputs.push_back({"workers", formatCount(pool.workers), "as given", Provenance::Exact});
    else
        out.inputs.push_back(
            {"workers", formatCount(workers),
             "the fewest that serve the load; a pool is planned to be " + formatPercent(kPlannedUtilisation) + " busy at most",
             Provenance::Exact});
    const bool binds = prefill == (f.prefillUtilisation >= f.decodeUtilisation);
    out.notes.push_back(binds ? "This pool would fill first: it is the busier one." : "The other pool would fill first.");
    if (f.status == ServiceStatus::Saturated)
        out.notes.push_back("More arrives than the pools can serve: " + formatNumber(scenario.serving.load.rate) + " requests/s arrive, "
                            + formatNumber(report.serving.service.saturationRate) + " can be served; waits grow without end.");
    return out;
}

} // namespace shardlens
