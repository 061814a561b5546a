// SPDX-License-Identifier: Apache-2.0
// The operators of a step as numbers compiled once per (model, cluster, formats, plan): every cost of an operator is an affine form of at
// most two quantities of the piece (rows on a device, query-key pairs, experts touched, ...). What a piece costs follows from them by the
// small functions below. They are templates of the scalar type: a report uses double, a search may use several doubles at once and gets
// the same bits, since the operations and their order are the same. A scalar type other than double brings its own minOf, maxOf, ceilOf,
// floorOf and eachLane into its namespace.
#pragma once

#include "core/collective/collective.h"
#include "core/cost/op.h"
#include "core/cost/routing.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace shardlens {

[[nodiscard]] inline double minOf(double a, double b)
{
    return std::min(a, b);
}
[[nodiscard]] inline double maxOf(double a, double b)
{
    return std::max(a, b);
}
[[nodiscard]] inline double ceilOf(double a)
{
    return std::ceil(a);
}
[[nodiscard]] inline double floorOf(double a)
{
    return std::floor(a);
}
/// A function that only exists for one scalar, on every lane.
template <class Function>
[[nodiscard]] double eachLane(const Function& function, double a)
{
    return function(a);
}

/// What one microbatch asks of a stage, on any scalar. Decode: newTokens 1, past the context with the new token.
template <class T>
struct PieceTokens {
    T sequences{};       ///< of the microbatch
    T newTokens{};       ///< of each sequence
    T past{};            ///< of each sequence, already cached
    T contexts = T(1.0); ///< decode: StepTokens::contexts
};

/// What a query may attend to of the tokens up to its own, as one number, the parameter of quantities of keys: 0 all of them; W > 0 the last
/// W (a sliding window, or the choice of an index); -W < 0 those of its chunk, W tokens from a multiple of W on (Llama 4).
using Reach = double;

enum class Quantity : std::uint8_t {
    One,
    Rows,            ///< tokens on one device
    GlobalRows,      ///< tokens of the microbatch: of the whole stage group
    RowShare,        ///< Rows, dealt to as many devices as the parameter says
    Sequences,       ///< on one attention-DP rank
    SequenceShare,   ///< Sequences, dealt to as many devices as the parameter says
    GlobalSequences, ///< of the microbatch
    Pairs,           ///< query-key pairs on one device (parameter: reach), all its sequences
    KeysRead,        ///< cached tokens one device reads (parameter: reach), all its sequences
    KeysGathered,    ///< cached tokens that queries with choices of their own read (parameter: tokens of a choice): each at most once
    Rectangle,       ///< queries times keys on one device, masked ones too (parameter: reach): what attention computes when it is not fused
    KeysPresent,     ///< tokens of past and prompt piece, all sequences of one attention-DP rank
    ChunkRows,       ///< Rows, padded to whole chunks of each sequence (parameter: tokens of a chunk)
    ExpertsTouched,  ///< distinct experts that the hottest rank reads (parameter: index of the routing)
    ExpertPairs,     ///< token-expert pairs that the hottest rank computes, padding included (parameter: index of the routing)
    // For shapes only
    Queries,           ///< tokens of one sequence
    LocalQueries,      ///< tokens of one sequence on one SP rank
    Keys,              ///< keys that exist for one sequence
    LocalKeys,         ///< keys of one sequence that one device reads (parameter: reach)
    GlobalKeysPresent, ///< as KeysPresent, of the microbatch
    ExpertRows,        ///< mean rows of one expert that is read (parameter: index of the routing)
    ExpertDrops,       ///< fraction of all token-expert pairs that no expert serves (parameter: index of the routing)
    ExchangedRows,     ///< rows that the busiest rank sends or receives under a capacity limit (parameter: index of the routing)
    ExpertsRead,       ///< ExpertsTouched, at least one (parameter: index of the routing)
};

/// "rows on the device", "query-key pairs", ...: as in "2,048 FLOP for each of 16 rows on the device".
[[nodiscard]] std::string_view nameOf(Quantity quantity);

struct QuantityRecipe {
    Quantity quantity = Quantity::One;
    double parameter = 0;
    friend bool operator==(const QuantityRecipe&, const QuantityRecipe&) = default;
};

/// c0 x[q0] + c1 x[q1], in that order.
struct Linear2 {
    std::uint16_t q0 = 0;
    std::uint16_t q1 = 0;
    double c0 = 0;
    double c1 = 0;
};

template <class T>
[[nodiscard]] inline T valueOf(const Linear2& form, const T* x)
{
    return x[form.q0] * form.c0 + x[form.q1] * form.c1;
}

/// One operator, once: one layer, one piece, the busiest device of its group.
struct OperatorTerms {
    Linear2 flop;
    Linear2 weightBytes;
    Linear2 activationBytes;
    Linear2 kvBytes;
    Linear2 payload;             ///< of the collective
    Linear2 overhead;            ///< seconds: launches and host work; counts where StepTable::overheads
    double inversePeak = 0;      ///< 1 / (FLOP/s reached)
    double inverseBandwidth = 0; ///< 1 / (bytes/s reached)
    double spill = 0;            ///< share of the shorter side that does not hide behind the longer (stepconstants.h)
    /// Exposed communication = t - min(hidden x t, own x local time + previous x local time of the two operators before).
    double hidden = 0;
    double ownCredit = 0;
    double previousCredit = 0;
    std::uint16_t firstLine = 0; ///< of the collective, in StepTable::lines
    std::uint16_t lineCount = 0; ///< 0: no collective
};

/// One dimension of a shape: factor x quantity, rounded.
struct ShapeTerm {
    std::uint16_t quantity = 0; ///< index into StepTable::shapeQuantities
    double factor = 0;
};
struct ShapeTerms {
    ShapeTerm m;
    ShapeTerm k;
    ShapeTerm n;
    ShapeTerm repeat;
};

/// What a report says of an operator beside its terms.
struct OperatorFacts {
    Op op = Op::Embedding;
    std::int8_t kind = -1;
    Sharding sharding = Sharding::Replicated;
    Collective collective = Collective::None;
    ComputeFormat arithmetic = ComputeFormat::Bf16;
    std::int8_t span = -1; ///< group of the collective: StepModel::span()
    bool hidden = false;   ///< its collective may run beside other work: OperatorTerms::hidden
    ShapeTerms global;
    ShapeTerms local;
    ShapeTerm dropped; ///< factor 0: nothing can be dropped
};

struct TermRange {
    std::uint16_t begin = 0;
    std::uint16_t end = 0;
};

/// All operators of prefill pieces or of decode steps.
struct StepTable {
    bool decode = false;
    double attentionData = 1;
    double sequence = 1;
    bool overheads = false;                                     ///< calibrated: spill and overhead of the terms count
    std::vector<QuantityRecipe> quantities;                     ///< of the terms; the first is One
    std::shared_ptr<const std::vector<ExpertRouting>> routings; ///< of the kinds of layer that have experts
    std::vector<double> destinations;                           ///< of each of them: ranks a token is sent to, where that is asked for
    std::vector<OperatorTerms> terms;                           ///< embedding, layers by kind, head
    std::vector<CollectiveLine> lines;                          ///< cheapest ones of each collective
    std::vector<TermRange> layers;                              ///< by kind
    TermRange embedding;
    TermRange head;
    TermRange prediction;             ///< embedding, norms and projection before a prediction layer; empty where none is loaded
    std::vector<OperatorFacts> facts; ///< one per term
    std::vector<QuantityRecipe> shapeQuantities;
    /// Empties the lists, keeping their memory.
    void clear()
    {
        overheads = false;
        quantities.clear();
        routings.reset();
        destinations.clear();
        terms.clear();
        lines.clear();
        layers.clear();
        prediction = {};
        facts.clear();
        shapeQuantities.clear();
    }
};

/// Query-key pairs of the first `tokens` tokens of a sequence in chunks: whole ones have W (W + 1) / 2 each, the last r (r + 1) / 2.
template <class T>
[[nodiscard]] T chunkedPairs(const T& tokens, double chunk)
{
    const T whole = floorOf(tokens / chunk);
    const T rest = tokens - whole * chunk;
    return whole * (chunk * (chunk + 1.0) * 0.5) + rest * (rest + 1.0) * 0.5;
}

/// Query-key pairs of `count` new tokens behind `past` others under a causal mask: the sum over i = 1..count of past + i; of
/// min(past + i, W) with a window; of ((past + i - 1) mod W) + 1 in chunks, where the token at position p of its chunk sees p + 1 keys.
/// Exact while the pairs stay below 2^53.
template <class T>
[[nodiscard]] T causalPairs(const T& past, const T& count, Reach reach)
{
    if (reach == 0)
        return count * past + count * (count + 1.0) * 0.5;
    if (reach < 0)
        return chunkedPairs(past + count, -reach) - chunkedPairs(past, -reach);
    const T growing = minOf(maxOf(T(reach) - past, T(0.0)), count); // tokens that still see everything
    return growing * past + growing * (growing + 1.0) * 0.5 + (count - growing) * reach;
}

/// Keys that a sequence's new token sees in decode: with a reach their mean over the contexts that the step stands for. At the mean context
/// alone a window would count too many, and a chunk, whose keys run through a saw, any number from 1 to W.
template <class T>
[[nodiscard]] T decodeKeys(const PieceTokens<T>& t, Reach reach)
{
    if (reach == 0)
        return t.past;
    return causalPairs(t.past - ceilOf(t.contexts * 0.5), t.contexts, reach) / t.contexts;
}

/// Keys of one sequence that one device reads. Prefill: those that any query of the piece sees.
template <class T>
[[nodiscard]] T keysOf(const StepTable& table, const PieceTokens<T>& t, Reach reach)
{
    if (table.decode)
        return ceilOf(decodeKeys(t, reach) / table.sequence);
    const T present = t.past + t.newTokens;
    if (reach < 0) // from the start of the first query's chunk on
        return present - floorOf(t.past / -reach) * -reach;
    return reach > 0 ? minOf(present, t.newTokens + reach) : present;
}

template <class T>
[[nodiscard]] T quantityOf(const StepTable& table, const QuantityRecipe& recipe, const PieceTokens<T>& t)
{
    const T sequences = ceilOf(t.sequences / table.attentionData);
    const T queries = table.decode ? T(1.0) : ceilOf(t.newTokens / table.sequence);
    const T globalRows = table.decode ? t.sequences : t.sequences * t.newTokens;
    const auto expert = [&](const auto& figure) {
        const ExpertRouting& routing = (*table.routings)[static_cast<std::size_t>(recipe.parameter)];
        return eachLane([&](double tokens) { return figure(routing.at(tokens)); }, globalRows);
    };
    switch (recipe.quantity) {
    case Quantity::One: return T(1.0);
    case Quantity::Rows: return sequences * queries;
    case Quantity::GlobalRows: return globalRows;
    case Quantity::RowShare: return ceilOf(sequences * queries / recipe.parameter);
    case Quantity::SequenceShare: return ceilOf(sequences / recipe.parameter);
    case Quantity::Sequences: return sequences;
    case Quantity::GlobalSequences: return t.sequences;
    case Quantity::Pairs:
        return sequences
               * (table.decode ? keysOf(table, t, recipe.parameter) : causalPairs(t.past, t.newTokens, recipe.parameter) / table.sequence);
    case Quantity::KeysRead: return sequences * keysOf(table, t, recipe.parameter);
    case Quantity::KeysPresent: return sequences * (t.past + t.newTokens);
    case Quantity::KeysGathered: {
        const T chosen =
            table.decode ? keysOf(table, t, recipe.parameter) : causalPairs(t.past, t.newTokens, recipe.parameter) / table.sequence;
        return sequences * minOf(chosen, keysOf(table, t, 0));
    }
    case Quantity::Rectangle: return sequences * queries * keysOf(table, t, recipe.parameter);
    case Quantity::ChunkRows: return sequences * ceilOf(queries / recipe.parameter) * recipe.parameter;
    case Quantity::ExpertsTouched: return expert([](const ExpertLoad& load) { return load.touched; });
    case Quantity::ExpertPairs: return expert([](const ExpertLoad& load) { return load.computed; });
    case Quantity::Queries: return table.decode ? T(1.0) : t.newTokens;
    case Quantity::LocalQueries: return queries;
    case Quantity::Keys: return table.decode ? t.past : t.past + t.newTokens;
    case Quantity::LocalKeys: return keysOf(table, t, recipe.parameter);
    case Quantity::GlobalKeysPresent: return t.sequences * (t.past + t.newTokens);
    case Quantity::ExpertRows:
        return expert([](const ExpertLoad& load) { return std::max(1.0, load.computed / std::max(load.touched, 1e-9)); });
    case Quantity::ExchangedRows: {
        const auto index = static_cast<std::size_t>(recipe.parameter);
        return eachLane([&](double tokens) { return (*table.routings)[index].exchanged(tokens, table.destinations[index]); }, globalRows);
    }
    case Quantity::ExpertDrops: return expert([](const ExpertLoad& load) { return load.dropped; });
    case Quantity::ExpertsRead: return expert([](const ExpertLoad& load) { return std::max(load.touched, 1.0); });
    }
    return T(0.0);
}

/// The piece's quantities, in the table's order; `out` holds table.quantities.size() values.
template <class T>
void quantities(const StepTable& table, const PieceTokens<T>& tokens, T* out)
{
    for (std::size_t i = 0; i < table.quantities.size(); ++i)
        out[i] = quantityOf(table, table.quantities[i], tokens);
}

template <class T>
struct OperatorTimes {
    T compute{};
    T memory{};
    T local{};         ///< the longer of the two; calibrated: with what of the shorter spills, and the overhead
    T communication{}; ///< hidden or not
    T time{};          ///< local + exposed communication
};

/// Time of one operator. `before` is the local time of the two operators before it in its layer.
template <class T>
[[nodiscard]] inline OperatorTimes<T> operatorTime(const StepTable& table, const OperatorTerms& terms, const T* x, const T& before)
{
    OperatorTimes<T> t;
    t.compute = valueOf(terms.flop, x) * terms.inversePeak;
    t.memory = (valueOf(terms.weightBytes, x) + valueOf(terms.activationBytes, x) + valueOf(terms.kvBytes, x)) * terms.inverseBandwidth;
    t.local = maxOf(t.compute, t.memory);
    if (table.overheads)
        t.local = t.local + minOf(t.compute, t.memory) * terms.spill + valueOf(terms.overhead, x);
    t.time = t.local;
    t.communication = T(0.0);
    if (terms.lineCount == 0)
        return t;
    const T payload = valueOf(terms.payload, x);
    const CollectiveLine* lines = table.lines.data() + terms.firstLine;
    t.communication = payload * lines[0].secondsPerByte + lines[0].latency;
    for (std::size_t i = 1; i < terms.lineCount; ++i)
        t.communication = minOf(t.communication, payload * lines[i].secondsPerByte + lines[i].latency);
    T exposed = t.communication;
    if (terms.hidden > 0)
        exposed = exposed - minOf(t.communication * terms.hidden, t.local * terms.ownCredit + before * terms.previousCredit);
    t.time = t.local + exposed;
    return t;
}

/// Times of a run of operators, added in their order.
template <class T>
[[nodiscard]] T sumOfTimes(const StepTable& table, TermRange range, const T* x)
{
    T sum(0.0);
    T last(0.0);
    T before(0.0);
    for (std::size_t i = range.begin; i < range.end; ++i) {
        const OperatorTimes<T> t = operatorTime(table, table.terms[i], x, before);
        before = last + t.local;
        last = t.local;
        sum = sum + t.time;
    }
    return sum;
}

/// Time of a piece on a stage: kinds of layer in order, each its sum times its layers on the stage; then the embedding, where it is on the
/// stage; then the head, where it is and runs. `layerTimes` and `layersOf` have one entry per kind.
template <class T>
[[nodiscard]] T stageTime(std::span<const T> layerTimes, const int* layersOf, const T& embedding, const T& head)
{
    T time(0.0);
    for (std::size_t kind = 0; kind < layerTimes.size(); ++kind)
        time = time + layerTimes[kind] * static_cast<double>(layersOf[kind]);
    return time + embedding + head;
}

} // namespace shardlens
