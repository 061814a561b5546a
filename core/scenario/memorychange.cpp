// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/memorychange.h"

#include "core/base/format.h"
#include "core/scenario/fitsearch.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace shardlens {

namespace {

std::string bytesText(Bytes bytes)
{
    return formatBytes(static_cast<double>(bytes), 2);
}

std::string timesText(double times)
{
    return times == 2 ? std::string("twice") : formatNumber(times) + " times";
}

/// What a change gives up, least first.
enum class Loss : std::uint8_t { None, SomePrecision, Precision, Requests };

constexpr std::array<std::string_view, 6> kPlurals{"weights", "experts", "layers", "microbatches", "chunks", "over TP"};

class Proposals {
public:
    Proposals(const Scenario& scenario, const MemoryReport& memory) : m_scenario(scenario), m_memory(memory) {}

    void add(Scenario next, std::string label, Loss loss = Loss::None)
    {
        const bool plural = std::any_of(kPlurals.begin(), kPlurals.end(), [&label](std::string_view end) { return label.ends_with(end); });
        add(std::move(next), std::move(label), loss, plural);
    }

    void add(Scenario next, std::string label, Loss loss, bool plural)
    {
        const auto known = [&label](const MemoryChange& change) { return change.label == label; };
        if (!isLegal(next.context(), next.plan) || std::any_of(m_changes.begin(), m_changes.end(), known))
            return;
        const MemoryReport after = memoryOf(next.context(), next.plan, next.reserve);
        const Bytes freed = m_memory.limiting().total() - after.limiting().total();
        const bool mends = after.fits && !m_memory.fits;
        if (!mends && static_cast<double>(freed) < 0.005 * static_cast<double>(m_memory.capacity))
            return;
        std::string effect = bytesText(freed);
        const std::string price = priceOf(after, next);
        if (!price.empty())
            effect += " but " + price;
        if (!m_memory.fits)
            effect += after.fits ? "; it then fits with " + bytesText(after.free()) + " free"
                                 : "; " + bytesText(-after.free()) + " are then missing";
        m_ranks.push_back({after.fits, loss});
        m_changes.push_back({std::move(next), std::move(label), std::move(effect), freed, after.fits, plural});
    }

    [[nodiscard]] bool anyFits(Loss atMost) const
    {
        return std::any_of(m_ranks.begin(), m_ranks.end(), [atMost](const Rank& rank) { return rank.fits && rank.loss <= atMost; });
    }

    [[nodiscard]] std::vector<MemoryChange> ranked(std::size_t most)
    {
        std::vector<std::size_t> order(m_changes.size());
        for (std::size_t i = 0; i < order.size(); ++i)
            order[i] = i;
        std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
            if (m_ranks[a].fits != m_ranks[b].fits)
                return m_ranks[a].fits;
            if (m_ranks[a].fits && m_ranks[a].loss != m_ranks[b].loss)
                return m_ranks[a].loss < m_ranks[b].loss;
            if (m_ranks[a].fits && m_ranks[a].loss == Loss::Requests)
                return false; // a smaller batch before a shorter context
            return m_changes[a].freed > m_changes[b].freed;
        });
        // A smaller batch that fits is worth a line even when other changes would fill the list.
        const auto shrinks = [this](std::size_t index) { return m_ranks[index].fits && m_ranks[index].loss == Loss::Requests; };
        if (const auto smaller = std::find_if(order.begin(), order.end(), shrinks);
            most > 2 && smaller != order.end() && smaller - order.begin() >= static_cast<std::ptrdiff_t>(most))
            std::rotate(order.begin() + static_cast<std::ptrdiff_t>(most) - 1, smaller, smaller + 1);
        std::vector<MemoryChange> result;
        for (const std::size_t index : order)
            if (result.size() < most)
                result.push_back(m_changes[index]);
        return result;
    }

private:
    struct Rank {
        bool fits = false;
        Loss loss = Loss::None;
    };

    /// What a change costs in memory elsewhere.
    [[nodiscard]] std::string priceOf(const MemoryReport& after, const Scenario& next) const
    {
        std::string text;
        const auto append = [&text](const std::string& part) { text += (text.empty() ? "" : " and ") + part; };
        if (after.kvReplication > m_memory.kvReplication)
            append("stores each KV value " + timesText(after.kvReplication));
        const Bytes weights = after.limiting().weights() - m_memory.limiting().weights();
        if (weights > 0)
            append("adds " + bytesText(weights) + " of weights");
        if (next.plan.data() < m_scenario.plan.data())
            append("serves " + formatCount(next.plan.data()) + (next.plan.data() == 1 ? " batch" : " batches") + " at once, not "
                   + formatCount(m_scenario.plan.data()));
        return text;
    }

    const Scenario& m_scenario;
    const MemoryReport& m_memory;
    std::vector<MemoryChange> m_changes;
    std::vector<Rank> m_ranks;
};

void proposeFormats(const Scenario& scenario, Proposals& out)
{
    if (bitsOf(scenario.formats.kv) > 8) {
        Scenario next = scenario;
        next.formats.kv = NumberFormat::Fp8;
        out.add(std::move(next), "fp8 KV cache");
    }
    for (const NumberFormat format : {NumberFormat::Fp8, NumberFormat::Int4}) {
        Scenario next = scenario;
        if (bitsOf(next.formats.weights) > bitsOf(format))
            next.formats.weights = format;
        for (std::optional<NumberFormat>& own : next.formats.own)
            if (own && bitsOf(*own) > bitsOf(format))
                own.reset();
        if (!(next.formats == scenario.formats))
            out.add(std::move(next), std::string(nameOf(format)) + " weights", bitsOf(format) < 8 ? Loss::Precision : Loss::SomePrecision);
    }
    const NumberFormat experts = scenario.formats.of(WeightClass::Experts);
    if (scenario.model->hasExperts() && bitsOf(experts) > 4) {
        Scenario next = scenario;
        next.formats.own[static_cast<std::size_t>(WeightClass::Experts)] = NumberFormat::Mxfp4;
        out.add(std::move(next), "mxfp4 experts", Loss::Precision);
    }
}

/// Twice the value of an axis; on a full cluster with half of `partner`, named as the product that replaces the one of now.
void proposeDouble(const Scenario& scenario, PlanAxis axis, PlanAxis partner, Proposals& out)
{
    Scenario next = scenario;
    next.plan[axis] *= 2;
    const std::string name = axis == PlanAxis::AttentionData ? "Attention DP" : std::string(shortNameOf(axis));
    std::string label = name + ' ' + formatCount(next.plan[axis]);
    if (axis != PlanAxis::Expert && next.plan.devices() > scenario.cluster->devices()) {
        if (scenario.plan[partner] % 2 != 0)
            return;
        next.plan[partner] /= 2;
        label += " × " + std::string(shortNameOf(partner)) + ' ' + formatCount(next.plan[partner]);
    }
    out.add(std::move(next), std::move(label));
}

void proposePlans(const Scenario& scenario, Proposals& out)
{
    const Plan& plan = scenario.plan;
    for (const PlanAxis axis : {PlanAxis::Tensor, PlanAxis::Sequence, PlanAxis::AttentionData})
        proposeDouble(scenario, axis, PlanAxis::Data, out);
    if (plan.options.layerSplit != LayerSplit::Manual) // layers laid out by hand fit one number of stages
        proposeDouble(scenario, PlanAxis::Pipeline, PlanAxis::Data, out);
    if (scenario.model->hasExperts())
        proposeDouble(scenario, PlanAxis::Expert, PlanAxis::Data, out);
    if (plan.tensor() > 1)
        proposeDouble(scenario, PlanAxis::AttentionData, PlanAxis::Tensor, out);
    if (plan.attentionData() > 1)
        proposeDouble(scenario, PlanAxis::Tensor, PlanAxis::AttentionData, out);
    for (const PlanAxis axis : {PlanAxis::PrefillMicrobatches, PlanAxis::Chunks}) {
        Scenario next = scenario;
        next.plan[axis] *= 4;
        const std::string count = formatCount(next.plan[axis]);
        out.add(std::move(next), count + ' ' + std::string(shortNameOf(axis)));
    }
}

void proposeOptions(const Scenario& scenario, Proposals& out)
{
    const auto change = [&](const char* label, auto&& edit) {
        Scenario next = scenario;
        edit(next.plan.options);
        if (!(next.plan.options == scenario.plan.options))
            out.add(std::move(next), label);
    };
    change("Fused attention", [](PlanOptions& o) { o.fusedAttention = true; });
    change("Ring attention", [](PlanOptions& o) { o.sequenceExchange = SequenceExchange::Ring; });
    change("Norms split over TP", [](PlanOptions& o) { o.shardedNorms = true; });
    change("Shared experts split over TP", [](PlanOptions& o) { o.sharedExperts = SharedExpertPlace::Tensor; });
    change("No prediction layers", [](PlanOptions& o) { o.prediction = PredictionUse::Off; });
    change("No redundant experts", [](PlanOptions& o) { o.redundantExperts = 0; });
    change("A balanced layer split", [](PlanOptions& o) {
        if (o.layerSplit == LayerSplit::Even)
            o.layerSplit = LayerSplit::Balanced;
    });
}

void proposeLess(const Scenario& scenario, const MemoryReport& memory, Proposals& out)
{
    if (memory.fits)
        return;
    if (memory.maxBatchPerReplica >= 1 && memory.maxBatchPerReplica < scenario.workload.batch) {
        Scenario next = scenario;
        next.workload.batch = static_cast<int>(memory.maxBatchPerReplica);
        for (const PlanAxis axis : {PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches})
            next.plan[axis] = std::min(next.plan[axis], next.workload.batch);
        out.add(std::move(next), "A batch of " + formatCount(memory.maxBatchPerReplica), Loss::Requests);
    }
    const std::int64_t context = memory.usableContext();
    const std::int64_t input = context - scenario.workload.output;
    if (context > 0 && input >= 1 && input < scenario.workload.input) {
        Scenario next = scenario;
        next.workload.input = static_cast<int>(input);
        out.add(std::move(next), "A context of " + formatCount(context) + " tokens", Loss::Requests);
    }
}

/// Where no single step fits, as many steps as it takes.
void proposeFitting(const Scenario& scenario, Proposals& out)
{
    const auto add = [&](FitEffort effort, Loss loss) {
        std::optional<FittingChange> change = nearestFitting(scenario, effort);
        if (change)
            out.add(std::move(change->scenario), std::move(change->label), loss, change->plural);
        return change.has_value();
    };
    if (out.anyFits(Loss::None) || add(FitEffort::Plan, Loss::None) || out.anyFits(Loss::Requests))
        return;
    for (const auto& [effort, loss] : {std::pair(FitEffort::Microbatches, Loss::None), std::pair(FitEffort::Cache, Loss::None),
                                       std::pair(FitEffort::Weights, Loss::SomePrecision),
                                       std::pair(FitEffort::SmallWeights, Loss::Precision), std::pair(FitEffort::Batch, Loss::Requests)})
        if (add(effort, loss))
            return;
}

} // namespace

std::vector<MemoryChange> memoryChanges(const Scenario& scenario, const MemoryReport& memory, std::size_t most)
{
    Proposals proposals(scenario, memory);
    proposeFormats(scenario, proposals);
    proposePlans(scenario, proposals);
    proposeOptions(scenario, proposals);
    proposeLess(scenario, memory, proposals);
    if (!memory.fits)
        proposeFitting(scenario, proposals);
    return proposals.ranked(most);
}

} // namespace shardlens
