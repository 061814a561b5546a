// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/serving_json.h"

#include "core/hardware/resize.h"
#include "core/scenario/calibrate.h"
#include "core/scenario/hardware_json.h"
#include "core/scenario/option_json.h"
#include "core/scenario/serve.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace shardlens {

namespace {

using Json = nlohmann::ordered_json;

LengthSpread readSpread(JsonObject object)
{
    LengthSpread spread;
    spread.kind = static_cast<LengthSpread::Kind>(object.requiredChoice("kind", kLengthWords));
    switch (spread.kind) {
    case LengthSpread::Kind::Fixed: break;
    case LengthSpread::Kind::Uniform:
        spread.low = object.requiredDouble("low", 0, 100);
        spread.high = object.requiredDouble("high", 0, 100);
        if (spread.high < spread.low || spread.high <= 0)
            object.fail("high", "a number above 0 that is not below low");
        break;
    case LengthSpread::Kind::Percentiles:
        spread.p50 = object.requiredDouble("p50", 1, kMaxTokens);
        spread.p90 = object.requiredDouble("p90", 1, kMaxTokens);
        spread.p99 = object.requiredDouble("p99", 1, kMaxTokens);
        if (spread.p90 < spread.p50)
            object.fail("p90", "tokens that are not fewer than p50");
        if (spread.p99 < spread.p90)
            object.fail("p99", "tokens that are not fewer than p90");
        break;
    }
    object.finish();
    return spread;
}

Json spreadJson(const LengthSpread& spread)
{
    Json json{{"kind", kLengthWords[static_cast<std::size_t>(spread.kind)]}};
    if (spread.kind == LengthSpread::Kind::Uniform) {
        json["low"] = numberJson(spread.low);
        json["high"] = numberJson(spread.high);
    } else if (spread.kind == LengthSpread::Kind::Percentiles) {
        json["p50"] = numberJson(spread.p50);
        json["p90"] = numberJson(spread.p90);
        json["p99"] = numberJson(spread.p99);
    }
    return json;
}

Speculation readSpeculation(JsonObject object, const Model& model)
{
    Speculation s;
    const Speculation usual;
    s.draftTokens = object.requiredInt("draft_tokens", 0, kMaxDraftTokens);
    s.acceptance = object.optionalDouble("acceptance", 0, 1).value_or(usual.acceptance);
    s.draft = static_cast<Speculation::Draft>(object.optionalChoice("draft", kDraftWords).value_or(0));
    s.relativeCost = object.optionalDouble("relative_cost", 0, 10).value_or(usual.relativeCost);
    if (s.on() && s.draft == Speculation::Draft::PredictionLayers && model.prediction.layers == 0)
        object.fail("draft", std::string(kDraftWords[1]) + ": " + model.name + " has no layers of multi-token prediction");
    object.finish();
    return s;
}

ServingLoad readLoad(JsonObject object, const Model& model)
{
    ServingLoad load;
    load.kind = static_cast<LoadKind>(object.requiredChoice("kind", kLoadWords));
    if (load.kind == LoadKind::ClosedLoop)
        load.concurrency = object.requiredInt("concurrency", 1, kMaxConcurrency);
    else
        load.concurrency = object.optionalInt("concurrency", 1, kMaxConcurrency).value_or(load.concurrency);
    const auto rate = [&](JsonValue value) {
        const double number = value.asDouble(0, kMaxRate);
        if (!(number > 0))
            value.fail("requests per second above 0");
        return number;
    };
    if (load.kind == LoadKind::OpenLoop)
        load.rate = rate(object.required("rate"));
    else if (const std::optional<JsonValue> value = object.optional("rate"))
        load.rate = rate(*value);
    if (const std::optional<JsonObject> spread = object.optionalObject("input_lengths"))
        load.inputLengths = readSpread(*spread);
    if (const std::optional<JsonObject> spread = object.optionalObject("output_lengths"))
        load.outputLengths = readSpread(*spread);
    load.prefixHit = object.optionalDouble("prefix_hit", 0, 1).value_or(0);
    if (const std::optional<JsonObject> speculation = object.optionalObject("speculation"))
        load.speculation = readSpeculation(*speculation, model);
    load.requests = object.optionalInt("requests", 1, kMaxSimulatedRequests).value_or(0);
    load.warmup = object.optionalInt("warmup", 0, kMaxSimulatedRequests).value_or(-1);
    load.seed = static_cast<unsigned>(object.optionalInt("seed", 0, 1'000'000'000).value_or(1));
    object.finish();
    return load;
}

Json loadJson(const ServingLoad& load)
{
    const ServingLoad usual;
    Json json{{"kind", kLoadWords[static_cast<std::size_t>(load.kind)]}};
    if (load.kind == LoadKind::ClosedLoop || load.concurrency != usual.concurrency)
        json["concurrency"] = load.concurrency;
    if (load.kind == LoadKind::OpenLoop || load.rate != usual.rate)
        json["rate"] = numberJson(load.rate);
    if (load.inputLengths != usual.inputLengths)
        json["input_lengths"] = spreadJson(load.inputLengths);
    if (load.outputLengths != usual.outputLengths)
        json["output_lengths"] = spreadJson(load.outputLengths);
    if (load.prefixHit != 0)
        json["prefix_hit"] = numberJson(load.prefixHit);
    if (load.speculation != usual.speculation)
        json["speculation"] = {{"draft_tokens", load.speculation.draftTokens},
                               {"acceptance", numberJson(load.speculation.acceptance)},
                               {"draft", kDraftWords[static_cast<std::size_t>(load.speculation.draft)]},
                               {"relative_cost", numberJson(load.speculation.relativeCost)}};
    if (load.requests > 0)
        json["requests"] = load.requests;
    if (load.warmup >= 0)
        json["warmup"] = load.warmup;
    if (load.seed != usual.seed)
        json["seed"] = load.seed;
    return json;
}

EngineSettings readEngine(JsonObject object)
{
    EngineSettings e = defaultsOf(static_cast<Engine>(object.optionalChoice("name", kEngineWords).value_or(0)));
    if (const auto policy = object.optionalChoice("policy", kPolicyWords))
        e.policy = static_cast<PrefillPolicy>(*policy);
    e.cutPrompts = object.optionalBool("cut_prompts").value_or(e.cutPrompts);
    e.tokenBudget = object.optionalInt("token_budget", 1, kMaxTokenBudget).value_or(e.tokenBudget);
    e.maxSequences = object.optionalInt("max_sequences", 1, kMaxConcurrency).value_or(e.maxSequences);
    if (const auto admission = object.optionalChoice("admission", kAdmissionWords))
        e.admission = static_cast<KvAdmission>(*admission);
    e.pollInterval = object.optionalInt("poll_interval", 1, kMaxPollInterval).value_or(e.pollInterval);
    e.overlap = object.optionalBool("overlap_schedule").value_or(e.overlap);
    e.requestOverhead = object.optionalDouble("request_overhead_s", 0, 1000).value_or(e.requestOverhead);
    object.finish();
    return e;
}

Json engineJson(const EngineSettings& e)
{
    const EngineSettings usual = defaultsOf(e.engine);
    Json json{{"name", kEngineWords[static_cast<std::size_t>(e.engine)]}};
    const auto put = [&json](const char* key, bool differs, Json value) {
        if (differs)
            json[key] = std::move(value);
    };
    put("policy", e.policy != usual.policy, kPolicyWords[static_cast<std::size_t>(e.policy)]);
    put("cut_prompts", e.cutPrompts != usual.cutPrompts, e.cutPrompts);
    put("token_budget", e.tokenBudget != usual.tokenBudget, e.tokenBudget);
    put("max_sequences", e.maxSequences != usual.maxSequences, e.maxSequences);
    put("admission", e.admission != usual.admission, kAdmissionWords[static_cast<std::size_t>(e.admission)]);
    put("poll_interval", e.pollInterval != usual.pollInterval, e.pollInterval);
    put("overlap_schedule", e.overlap != usual.overlap, e.overlap);
    put("request_overhead_s", e.requestOverhead != usual.requestOverhead, numberJson(e.requestOverhead));
    return json;
}

PoolSettings readPool(JsonObject object, const std::function<std::shared_ptr<const Cluster>(JsonValue)>& cluster)
{
    PoolSettings pool;
    pool.plan = readPlan(object.requiredObject("plan"));
    pool.workers = object.optionalInt("workers", 1, kMaxWorkers).value_or(0);
    if (const std::optional<JsonValue> value = object.optional("cluster")) {
        const std::shared_ptr<const Cluster> whole = cluster(*value);
        const int devices = object.requiredInt("devices", 1, kMaxDevices);
        if (whole && !object.reader().failed()) {
            Result<Cluster> sized = resized(*whole, devices);
            if (sized.ok())
                pool.cluster = std::make_shared<const Cluster>(std::move(sized).value());
            else
                object.fail("devices", sized.error().allowed);
        }
    }
    object.finish();
    return pool;
}

Json poolJson(const PoolSettings& pool, const std::function<Json(const Cluster&)>& cluster)
{
    Json json{{"plan", planJson(pool.plan)}};
    if (pool.workers > 0)
        json["workers"] = pool.workers;
    if (pool.cluster) {
        json["cluster"] = cluster(*pool.cluster);
        json["devices"] = pool.cluster->devices();
    }
    return json;
}

/// Null for what has no end.
Json finiteJson(double value)
{
    return std::isfinite(value) ? numberJson(value) : Json(nullptr);
}

Json percentilesJson(const Percentiles& p)
{
    return {{"mean", finiteJson(p.mean)}, {"p50", finiteJson(p.p50)}, {"p90", finiteJson(p.p90)}, {"p99", finiteJson(p.p99)}};
}

Json knownJson(double value)
{
    return value > 0 ? finiteJson(value) : Json(nullptr);
}

/// Why nothing is served; null where something is, or where findings of the plan say it.
Json reasonJson(const ServingReport& serving)
{
    if (serving.service.status != ServiceStatus::DoesNotFit)
        return nullptr;
    const bool pools = serving.pools && serving.pools->lacking != DisaggregatedFigures::Lacking::None;
    if (!pools)
        return "the longest request has no room in the KV cache";
    const std::string pool = serving.pools->lacking == DisaggregatedFigures::Lacking::Prefill ? "prefill pool: " : "decode pool: ";
    return pool
           + (serving.pools->weightsDoNotFit ? "weights and activations alone do not fit"
                                             : "the longest request has no room in the KV cache beside the weights");
}

Json poolsJson(const DisaggregatedFigures& pools)
{
    return {{"prefill_workers", pools.prefillWorkers},
            {"decode_workers", pools.decodeWorkers},
            {"prefill_devices", pools.prefillDevices},
            {"decode_devices", pools.decodeDevices},
            {"prefill_requests_per_s_per_worker", finiteJson(pools.prefillRate)},
            {"decode_requests_per_s_per_worker", finiteJson(pools.decodeRate)},
            {"prefill_time_s", finiteJson(pools.prefillTime)},
            {"transfer_bytes", finiteJson(pools.transferBytes)},
            {"transfer_time_s", finiteJson(pools.transferTime)},
            {"prefill_utilisation", finiteJson(pools.prefillUtilisation)},
            {"decode_utilisation", finiteJson(pools.decodeUtilisation)}};
}

} // namespace

ServingSettings readServing(JsonObject object, const Model& model, const std::function<std::shared_ptr<const Cluster>(JsonValue)>& cluster)
{
    ServingSettings serving;
    if (const std::optional<JsonObject> load = object.optionalObject("load"))
        serving.load = readLoad(*load, model);
    if (const std::optional<JsonObject> engine = object.optionalObject("engine"))
        serving.engine = readEngine(*engine);
    if (std::optional<JsonObject> price = object.optionalObject("price")) {
        serving.price = DevicePrice{price->requiredDouble("usd_per_device_hour", 0, kMaxPrice), price->requiredString("source")};
        price->finish();
    }
    if (std::optional<JsonObject> pools = object.optionalObject("pools")) {
        serving.pools =
            ServingSettings::Pools{readPool(pools->requiredObject("prefill"), cluster), readPool(pools->requiredObject("decode"), cluster)};
        pools->finish();
        if (serving.load.kind == LoadKind::StaticBatch)
            object.fail("pools", "a load of kind closed or open beside them: pools serve no static batch");
    }
    object.finish();
    return serving;
}

Json servingJson(const ServingSettings& serving, const std::function<Json(const Cluster&)>& cluster)
{
    Json json = Json::object();
    if (serving.load != ServingLoad{})
        json["load"] = loadJson(serving.load);
    if (serving.engine != EngineSettings{})
        json["engine"] = engineJson(serving.engine);
    if (serving.price)
        json["price"] = {{"usd_per_device_hour", numberJson(serving.price->usdPerHour)}, {"source", serving.price->source}};
    if (serving.pools)
        json["pools"] = {{"prefill", poolJson(serving.pools->prefill, cluster)}, {"decode", poolJson(serving.pools->decode, cluster)}};
    return json;
}

Json servingReportJson(const Scenario& scenario, const ServingReport& serving)
{
    const ServiceFigures& service = serving.service;
    const bool isStatic = scenario.serving.load.kind == LoadKind::StaticBatch;
    Json json;
    json["load"] = kLoadWords[static_cast<std::size_t>(scenario.serving.load.kind)];
    json["engine"] = isStatic ? Json(nullptr) : Json(kEngineWords[static_cast<std::size_t>(scenario.serving.engine.engine)]);
    json["method"] = isStatic ? "static batch" : service.simulated ? "simulation" : "analytic";
    json["status"] = keyOf(service.status);
    json["reason"] = reasonJson(serving);
    // Without figures, and TPOT of requests with one token, there is none.
    constexpr double kNone = std::numeric_limits<double>::infinity();
    const auto known = [](const Percentiles& p) {
        return percentilesJson(p == Percentiles{} ? Percentiles{kNone, kNone, kNone, kNone} : p);
    };
    json["ttft_s"] = known(service.ttft);
    json["tpot_s"] = known(service.tpot);
    json["e2e_s"] = known(service.endToEnd);
    json["output_tokens_per_s"] = finiteJson(serving.outputTokensPerSecond);
    json["output_tokens_per_s_per_device"] = finiteJson(serving.outputTokensPerSecondPerDevice);
    json["decode_tokens_per_s"] = finiteJson(serving.decodeTokensPerSecond);
    json["tokens_per_s_per_user"] = knownJson(serving.tokensPerSecondPerUser);
    const bool priced = serving.pools || pricePerDeviceHour(scenario, *scenario.cluster) > 0;
    json["cost_usd_per_mtok"] = priced ? knownJson(serving.costPerMillionTokens) : Json(nullptr);
    json["price_source"] = priced ? Json(priceSource(scenario)) : Json(nullptr);
    json["joules_per_output_token_at_most"] = knownJson(serving.joulesPerToken);
    json["mfu"] = finiteJson(serving.mfu);
    json["mbu"] = finiteJson(serving.mbu);
    json["devices"] = finiteJson(serving.devices);
    json["paid_devices"] = finiteJson(serving.paidDevices);
    json["requests_per_s"] = finiteJson(service.requestsPerSecond);
    json["total_tokens_per_s"] = finiteJson(service.totalTokensPerSecond);
    json["saturation_requests_per_s"] = knownJson(service.saturationRate);
    json["running_per_replica"] = finiteJson(service.meanRunning);
    json["waiting_per_replica"] = finiteJson(service.meanWaiting);
    json["decode_batch_per_replica"] = finiteJson(service.meanBatch);
    json["utilisation"] = finiteJson(service.utilisation);
    json["kv_tokens_per_replica"] = knownJson(service.meanKvTokens);
    json["steady_state"] = scenario.serving.load.steady();
    json["requests_measured"] = service.simulated ? Json(service.requests) : Json(nullptr);
    json["requests_left_out"] = service.simulated ? Json(service.discarded) : Json(nullptr);
    json["preemptions"] = service.simulated ? Json(service.preemptions) : Json(nullptr);
    json["pools"] = serving.pools ? poolsJson(*serving.pools) : Json(nullptr);
    json["interval_80"] = nullptr;
    if (serving.intervals) {
        const auto pair = [](const Interval80& interval) { return Json::array({interval.low, interval.high}); };
        Json& interval = json["interval_80"];
        interval["ttft_s"] = pair(serving.intervals->ttft);
        interval["tpot_s"] = pair(serving.intervals->tpot);
        interval["output_tokens_per_s"] = pair(serving.intervals->outputTokensPerSecond);
        interval["output_tokens_per_s_per_device"] = pair(serving.intervals->outputTokensPerSecondPerDevice);
        if (serving.costPerMillionTokens > 0)
            interval["cost_usd_per_mtok"] = pair(serving.intervals->costPerMillionTokens);
    }
    json["provenance"] = provenanceOf(scenario);
    json["outside_measured"] = outsideMeasured(scenario);
    return json;
}

} // namespace shardlens
