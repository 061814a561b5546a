// SPDX-License-Identifier: Apache-2.0
#include "app/cli/serving_flags.h"

#include "core/base/format.h"
#include "core/hardware/resize.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/serve.h"
#include "core/scenario/targets.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace shardlens::cli {

namespace {

constexpr std::array kLoadFlags{
    Flag::Engine,       Flag::PrefillPolicy,   Flag::TokenBudget,     Flag::MaxSequences, Flag::CutPrompts,       Flag::Admission,
    Flag::PollInterval, Flag::OverlapSchedule, Flag::RequestOverhead, Flag::LengthSpread, Flag::InputPercentiles, Flag::OutputPercentiles,
    Flag::PrefixHit,    Flag::DraftTokens,     Flag::Acceptance,      Flag::Draft,        Flag::DraftCost,        Flag::Requests,
    Flag::Seed,         Flag::PrefillPlan};

int intOf(const FlagValue& value)
{
    return static_cast<int>(value.number); // the table of flags keeps it in range
}

template <std::size_t N>
std::size_t wordIndex(const FlagValue& value, const std::array<std::string_view, N>& words)
{
    return static_cast<std::size_t>(std::find(words.begin(), words.end(), value.text) - words.begin());
}

Error refused(Flag flag, const Arguments& arguments, std::string allowed)
{
    return {.file = {}, .path = std::string(specOf(flag).name), .found = arguments[flag].text, .allowed = std::move(allowed)};
}

void applyEngine(EngineSettings& engine, const Arguments& arguments)
{
    if (arguments.has(Flag::Engine))
        engine = defaultsOf(static_cast<Engine>(wordIndex(arguments[Flag::Engine], kEngineWords)));
    const auto count = [&arguments](Flag flag, int& value) {
        if (arguments.has(flag))
            value = intOf(arguments[flag]);
    };
    const auto isOn = [&arguments](Flag flag, bool& value) {
        if (arguments.has(flag))
            value = arguments[flag].text == "on";
    };
    if (arguments.has(Flag::PrefillPolicy))
        engine.policy = static_cast<PrefillPolicy>(wordIndex(arguments[Flag::PrefillPolicy], kPolicyWords));
    if (arguments.has(Flag::Admission))
        engine.admission = static_cast<KvAdmission>(wordIndex(arguments[Flag::Admission], kAdmissionWords));
    count(Flag::TokenBudget, engine.tokenBudget);
    count(Flag::MaxSequences, engine.maxSequences);
    count(Flag::PollInterval, engine.pollInterval);
    isOn(Flag::CutPrompts, engine.cutPrompts);
    isOn(Flag::OverlapSchedule, engine.overlap);
    if (arguments.has(Flag::RequestOverhead))
        engine.requestOverhead = arguments[Flag::RequestOverhead].factor;
}

Result<bool> applyPercentiles(Flag flag, const Arguments& arguments, LengthSpread& spread)
{
    if (!arguments.has(flag))
        return true;
    const std::vector<int>& list = arguments[flag].list;
    if (list.size() != 3 || list[0] > list[1] || list[1] > list[2])
        return refused(flag, arguments, "allowed are three numbers of tokens that do not fall, P50,P90,P99");
    spread = {LengthSpread::Kind::Percentiles, 1, 1, static_cast<double>(list[0]), static_cast<double>(list[1]),
              static_cast<double>(list[2])};
    return true;
}

Result<bool> applySpeculation(Speculation& s, const Model& model, const Arguments& arguments)
{
    if (arguments.has(Flag::DraftTokens))
        s.draftTokens = intOf(arguments[Flag::DraftTokens]);
    if (arguments.has(Flag::Acceptance))
        s.acceptance = arguments[Flag::Acceptance].factor;
    if (arguments.has(Flag::Draft))
        s.draft = static_cast<Speculation::Draft>(wordIndex(arguments[Flag::Draft], kDraftWords));
    else if (arguments.has(Flag::DraftCost))
        s.draft = Speculation::Draft::Relative;
    if (arguments.has(Flag::DraftCost))
        s.relativeCost = arguments[Flag::DraftCost].factor;
    if (s.on() && s.draft == Speculation::Draft::PredictionLayers && model.prediction.layers == 0)
        return Error{.file = {},
                     .path = "--draft",
                     .found = std::string(kDraftWords[0]),
                     .allowed = model.name + " has no layers of multi-token prediction; give --draft-cost of a draft model"};
    return true;
}

Result<bool> applyLoad(ServingLoad& load, const Model& model, const Arguments& arguments)
{
    if (arguments.has(Flag::Concurrency) && arguments.has(Flag::Rate))
        return refused(Flag::Rate, arguments, "give one of --concurrency and --rate");
    if (arguments.has(Flag::Concurrency)) {
        load.kind = LoadKind::ClosedLoop;
        load.concurrency = intOf(arguments[Flag::Concurrency]);
    } else if (arguments.has(Flag::Rate)) {
        load.kind = LoadKind::OpenLoop;
        load.rate = arguments[Flag::Rate].factor;
    }
    if (arguments.has(Flag::LengthSpread)) {
        const double low = arguments[Flag::LengthSpread].factor;
        load.inputLengths = {LengthSpread::Kind::Uniform, low, 1};
        load.outputLengths = load.inputLengths;
    }
    if (Result<bool> read = applyPercentiles(Flag::InputPercentiles, arguments, load.inputLengths); !read.ok())
        return read;
    if (Result<bool> read = applyPercentiles(Flag::OutputPercentiles, arguments, load.outputLengths); !read.ok())
        return read;
    if (arguments.has(Flag::PrefixHit))
        load.prefixHit = arguments[Flag::PrefixHit].factor;
    if (arguments.has(Flag::Requests))
        load.requests = intOf(arguments[Flag::Requests]);
    if (arguments.has(Flag::Seed))
        load.seed = static_cast<unsigned>(arguments[Flag::Seed].number);
    return applySpeculation(load.speculation, model, arguments);
}

/// "tp=4,ep=4,workers=2:CLUSTER".
Result<PoolSettings> poolOf(Flag flag, const Arguments& arguments, const Scenario& scenario, const Catalog& catalog)
{
    struct Name {
        std::string_view name;
        PlanAxis axis;
    };
    constexpr std::array kNames{Name{"tp", PlanAxis::Tensor},   Name{"pp", PlanAxis::Pipeline},
                                Name{"dp", PlanAxis::Data},     Name{"ep", PlanAxis::Expert},
                                Name{"sp", PlanAxis::Sequence}, Name{"attention-dp", PlanAxis::AttentionData}};
    const std::string& text = arguments[flag].text;
    const auto bad = [&] {
        return refused(flag, arguments,
                       "allowed is a plan such as tp=4,ep=4 with any of tp, pp, dp, ep, sp, attention-dp and workers, and "
                       "perhaps a colon and a cluster of the catalog");
    };
    PoolSettings pool;
    const std::size_t colon = text.find(':');
    std::string_view rest = std::string_view(text).substr(0, colon);
    while (!rest.empty()) {
        const std::string_view part = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), part.size() + 1));
        const std::size_t equals = part.find('=');
        int value = 0;
        if (equals == std::string_view::npos)
            return bad();
        const std::string_view digits = part.substr(equals + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc() || end != digits.data() + digits.size() || value < 1 || value > kMaxDevices)
            return bad();
        const std::string_view name = part.substr(0, equals);
        const auto axis = std::find_if(kNames.begin(), kNames.end(), [name](const Name& n) { return n.name == name; });
        if (axis != kNames.end())
            pool.plan[axis->axis] = value;
        else if (name == "workers")
            pool.workers = value;
        else
            return bad();
    }
    pool.plan[PlanAxis::DecodeMicrobatches] = pool.plan.pipeline();
    std::shared_ptr<const Cluster> cluster = scenario.cluster;
    if (colon != std::string::npos) {
        const std::string id = text.substr(colon + 1);
        cluster = catalog.cluster(id);
        if (!cluster)
            return refused(flag, arguments, "no cluster of the catalog is called " + id + "; see shardlens catalog clusters");
        pool.cluster = cluster;
    }
    if (pool.plan.devices() > cluster->devices()) {
        Result<Cluster> grown = resized(*cluster, static_cast<int>(std::min<std::int64_t>(pool.plan.devices(), kMaxDevices)));
        if (!grown.ok())
            return refused(flag, arguments, grown.error().allowed);
        pool.cluster = std::make_shared<const Cluster>(std::move(grown).value());
    }
    return pool;
}

Result<bool> applyPools(Scenario& scenario, const Arguments& arguments, const Catalog& catalog)
{
    if (arguments.has(Flag::PrefillPlan) != arguments.has(Flag::DecodePlan))
        return Error{.file = {},
                     .path = arguments.has(Flag::PrefillPlan) ? "--decode-plan" : "--prefill-plan",
                     .found = {},
                     .allowed = "disaggregated serving needs both --prefill-plan and --decode-plan"};
    if (!arguments.has(Flag::PrefillPlan))
        return true;
    if (scenario.serving.load.kind == LoadKind::StaticBatch)
        return refused(Flag::PrefillPlan, arguments, "pools serve a load: give --concurrency or --rate");
    Result<PoolSettings> prefill = poolOf(Flag::PrefillPlan, arguments, scenario, catalog);
    if (!prefill.ok())
        return prefill.error();
    Result<PoolSettings> decode = poolOf(Flag::DecodePlan, arguments, scenario, catalog);
    if (!decode.ok())
        return decode.error();
    scenario.serving.pools = ServingSettings::Pools{std::move(prefill).value(), std::move(decode).value()};
    if (const std::vector<std::string> problems = poolProblems(scenario); !problems.empty())
        return Error{.file = {}, .path = "--prefill-plan, --decode-plan", .found = {}, .allowed = problems.front()};
    constexpr std::array kPlanFlags{Flag::Tensor, Flag::Pipeline, Flag::Data, Flag::Expert, Flag::Sequence, Flag::AttentionData};
    if (std::none_of(kPlanFlags.begin(), kPlanFlags.end(), [&](Flag flag) { return arguments.has(flag); })) {
        const PoolSettings& shown = scenario.serving.pools->decode;
        const PlanOptions options = scenario.plan.options;
        scenario.plan = shown.plan;
        scenario.plan.options = options;
        if (shown.cluster) {
            // A pool without a cluster is on the scenario's, which is about to become another one.
            if (!scenario.serving.pools->prefill.cluster)
                scenario.serving.pools->prefill.cluster = scenario.cluster;
            scenario.cluster = shown.cluster;
        }
    }
    return true;
}

/// The step that is shown: as many sequences as run at once.
void showRunning(Scenario& scenario)
{
    const ServingLoad& load = scenario.serving.load;
    const Plan& plan = scenario.plan;
    const std::int64_t most = std::int64_t{scenario.serving.engine.maxSequences} * plan.attentionData();
    std::int64_t batch = std::min(ceilDiv(load.concurrency, plan.data()), most);
    if (isLegalMap(scenario.context(), plan)) {
        const MemoryTerms memory(scenario.context(), plan, scenario.reserve);
        batch = std::min(batch, std::max<std::int64_t>(1, memory.largestBatch()));
    }
    batch = std::max<std::int64_t>(batch, std::int64_t{plan.attentionData()} * plan.decodeMicrobatches());
    scenario.workload.batch = static_cast<int>(std::min<std::int64_t>(batch, kMaxBatch));
    scenario.plan = planAtBatch(plan, scenario.workload.batch);
}

/// At a rate the batch of the step that is shown is not the load's: it is at least one sequence for each rank and microbatch.
void fillRanks(Scenario& scenario)
{
    const std::int64_t least = std::int64_t{scenario.plan.attentionData()} * scenario.plan.decodeMicrobatches();
    if (scenario.workload.batch >= least)
        return;
    scenario.workload.batch = static_cast<int>(std::min<std::int64_t>(least, kMaxBatch));
    scenario.plan = planAtBatch(scenario.plan, scenario.workload.batch);
}

} // namespace

Result<bool> applyServing(Scenario& scenario, const Arguments& arguments, const Catalog& catalog, std::vector<std::string>& notices)
{
    if (Result<bool> load = applyLoad(scenario.serving.load, *scenario.model, arguments); !load.ok())
        return load;
    applyEngine(scenario.serving.engine, arguments);
    if (arguments.has(Flag::Price))
        scenario.serving.price = DevicePrice{arguments[Flag::Price].factor, "given with --price"};
    for (const auto& [flag, target] :
         {std::pair{Flag::TargetTtft, &scenario.targets.ttft}, std::pair{Flag::TargetTpot, &scenario.targets.tpot}}) {
        if (!arguments.has(flag))
            continue;
        const Result<double> seconds = parseTarget(arguments[flag].text);
        if (!seconds.ok())
            return refused(flag, arguments, seconds.error().allowed);
        *target = seconds.value();
    }
    if (Result<bool> pools = applyPools(scenario, arguments, catalog); !pools.ok())
        return pools;
    if (arguments.has(Flag::Concurrency) && !arguments.has(Flag::Batch))
        showRunning(scenario);
    else if (arguments.has(Flag::Rate) && !arguments.has(Flag::Batch))
        fillRanks(scenario);
    if (scenario.serving.load.kind == LoadKind::StaticBatch)
        for (const Flag flag : kLoadFlags)
            if (arguments.has(flag))
                notices.push_back(std::string(specOf(flag).name)
                                  + ": no effect: without --concurrency or --rate one static batch is served");
    return true;
}

} // namespace shardlens::cli
