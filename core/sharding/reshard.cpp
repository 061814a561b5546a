// SPDX-License-Identifier: Apache-2.0
// The search is Dijkstra's over shardings: a state is the ordered list of axes of each dimension and the set of unreduced axes.
#include "core/sharding/reshard.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>

namespace shardlens {

std::string_view nameOf(StepKind kind)
{
    switch (kind) {
    case StepKind::Slice: return "Slice";
    case StepKind::AllGather: return "AllGather";
    case StepKind::AllReduce: return "AllReduce";
    case StepKind::ReduceScatter: return "ReduceScatter";
    case StepKind::AllToAll: return "AllToAll";
    case StepKind::Multiply: return "Multiply";
    }
    return "Slice";
}

namespace {

/// Devices exchange blocks of equal size, so that pieces which do not divide travel with the padding that their devices store.
double paddedPayload(const Mesh& mesh, StepKind kind, const std::vector<int>& axes, int toDim, const ShardedArray& before,
                     const ShardedArray& after)
{
    const double n = static_cast<double>(mesh.devicesAlong(axes));
    const double held = static_cast<double>(localElements(mesh, before));
    switch (kind) {
    case StepKind::AllGather: return held * n;
    case StepKind::ReduceScatter: return static_cast<double>(localElements(mesh, after)) * n;
    case StepKind::AllReduce: return held;
    case StepKind::AllToAll: {
        const auto cut = static_cast<std::size_t>(toDim);
        const double whole = static_cast<double>(localSize(mesh, before.dims[cut]));
        return held / whole * static_cast<double>(localSize(mesh, after.dims[cut])) * n;
    }
    case StepKind::Slice:
    case StepKind::Multiply: break;
    }
    return 0;
}

} // namespace

double payloadElements(const Mesh& mesh, const ShardStep& step)
{
    return paddedPayload(mesh, step.kind, step.axes, step.toDim, step.before, step.after);
}

double sentElements(StepKind kind, std::int64_t groupDevices, double payload)
{
    if (!communicates(kind))
        return 0;
    const double n = static_cast<double>(groupDevices);
    return (kind == StepKind::AllReduce ? 2 : 1) * std::ceil(payload / n) * (n - 1);
}

double sentElements(const Mesh& mesh, const ShardStep& step)
{
    return sentElements(step.kind, mesh.devicesAlong(step.axes), payloadElements(mesh, step));
}

StepPrice priceBySentElements(const Mesh& mesh)
{
    return [&mesh](StepKind kind, const std::vector<int>& axes, double payload) {
        return sentElements(kind, mesh.devicesAlong(axes), payload);
    };
}

namespace {

bool endsWith(const std::vector<int>& list, const std::vector<int>& tail)
{
    return tail.size() <= list.size() && std::equal(tail.rbegin(), tail.rend(), list.rbegin());
}

/// Axes that a step takes from a dimension may come back in another order; as sets they must be its inner end.
bool endsWithSet(const std::vector<int>& list, std::vector<int> set)
{
    if (set.size() > list.size())
        return false;
    std::vector<int> tail(list.end() - static_cast<std::ptrdiff_t>(set.size()), list.end());
    std::sort(tail.begin(), tail.end());
    std::sort(set.begin(), set.end());
    return tail == set;
}

void removeUnreduced(ShardedArray& array, const std::vector<int>& axes)
{
    for (const int axis : axes)
        std::erase(array.unreduced, axis);
}

} // namespace

Result<ShardedArray> applyStep(const Mesh& mesh, const ShardedArray& array, StepKind kind, const std::vector<int>& axes, int fromDim,
                               int toDim)
{
    const auto refuse = [&](const char* why) {
        return Error{.file = {}, .path = array.name, .found = std::string(nameOf(kind)), .allowed = why};
    };
    const auto isDim = [&array](int dim) { return dim >= 0 && dim < static_cast<int>(array.dims.size()); };
    const bool takes = kind == StepKind::AllGather || kind == StepKind::AllToAll;
    const bool cuts = kind == StepKind::Slice || kind == StepKind::ReduceScatter || kind == StepKind::AllToAll;
    if (kind == StepKind::Multiply || axes.empty() || (takes && !isDim(fromDim)) || (cuts && !isDim(toDim))
        || (kind == StepKind::AllToAll && fromDim == toDim))
        return refuse("this is not a step of one array");
    ShardedArray after = array;
    for (const int axis : axes) {
        const bool known = axis >= 0 && axis < mesh.axisCount();
        if (!known || (kind == StepKind::Slice && (array.dimOn(axis) >= 0 || array.isUnreduced(axis))))
            return refuse("it needs axes that hold copies");
        if ((kind == StepKind::AllReduce || kind == StepKind::ReduceScatter) && !array.isUnreduced(axis))
            return refuse("it needs axes that are unreduced");
    }
    if (takes) {
        std::vector<int>& list = after.dims[static_cast<std::size_t>(fromDim)].axes;
        if (kind == StepKind::AllGather ? !endsWith(list, axes) : !endsWithSet(list, axes))
            return refuse("it needs the inner axes of a dimension");
        list.resize(list.size() - axes.size());
    }
    if (cuts) {
        std::vector<int>& list = after.dims[static_cast<std::size_t>(toDim)].axes;
        list.insert(list.end(), axes.begin(), axes.end());
    }
    removeUnreduced(after, axes);
    return after;
}

namespace {

/// Subsets of partial sums are reduced one after the other in every way up to this many; beyond, one at a time or all at once.
constexpr std::size_t kMostSubsets = 4;
/// Orders in which one step may put several axes on a dimension are tried up to this many axes.
constexpr std::size_t kMostPermuted = 3;

struct Move {
    StepKind kind = StepKind::Slice;
    std::vector<int> axes;
    int fromDim = -1;
    int toDim = -1;
};

struct Rank {
    double price = 0;
    int communications = 0;
    int steps = 0;
    friend auto operator<=>(const Rank&, const Rank&) = default; // NOLINT(modernize-use-nullptr): a false alarm of clang-tidy 14
};

struct Node {
    Rank rank;
    ShardedArray array;
    std::string parent;
    Move move;
    bool done = false;
};

std::string keyOf(const ShardedArray& array)
{
    std::string key;
    for (const ShardedDim& dim : array.dims) {
        for (const int axis : dim.axes)
            key += static_cast<char>('a' + axis);
        key += '|';
    }
    for (const int axis : array.unreduced)
        key += static_cast<char>('a' + axis);
    return key;
}

class Search {
public:
    Search(const Mesh& mesh, const ShardedArray& from, const ShardedArray& to, const StepPrice& price, SearchBudget& budget)
        : m_mesh(mesh),
          m_from(from),
          m_to(to),
          m_price(price),
          m_budget(budget)
    {
        std::size_t moving = from.unreduced.size() - to.unreduced.size();
        for (std::size_t d = 0; d < from.dims.size(); ++d) {
            const std::vector<int>& a = from.dims[d].axes;
            const std::vector<int>& b = to.dims[d].axes;
            const auto common = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
            m_kept.push_back(common);
            moving += a.size() - common;
            for (std::size_t i = common; i < b.size(); ++i)
                moving += from.dimOn(b[i]) < 0 && !from.isUnreduced(b[i]) ? 1 : 0;
        }
        m_exhaustive = moving <= kMostExhaustive;
        if (m_exhaustive)
            m_kept.assign(from.dims.size(), 0);
    }

    std::vector<ShardStep> run()
    {
        const std::string goal = keyOf(m_to);
        const std::string start = keyOf(m_from);
        m_nodes[start] = {.rank = {}, .array = m_from, .parent = {}, .move = {}};
        m_queue.push({{}, start});
        while (!m_queue.empty() && m_budget.states > 0) {
            const auto [rank, key] = m_queue.top();
            m_queue.pop();
            Node& node = m_nodes[key];
            if (node.done)
                continue;
            node.done = true;
            if (key == goal)
                return path(goal);
            --m_budget.states;
            expand(key);
        }
        m_budget.spent = true;
        return fallback();
    }

private:
    const Mesh& m_mesh;
    const ShardedArray& m_from;
    const ShardedArray& m_to;
    const StepPrice& m_price;
    std::map<std::string, Node> m_nodes;
    using Entry = std::pair<Rank, std::string>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> m_queue;
    SearchBudget& m_budget;
    bool m_exhaustive = true;
    std::vector<std::size_t> m_kept; ///< per dimension: outer axes that stay

    /// Whether an axis may be put on this dimension.
    [[nodiscard]] bool mayGo(const std::vector<int>& axes, int dim) const
    {
        return m_exhaustive || std::all_of(axes.begin(), axes.end(), [&](int axis) { return m_to.dimOn(axis) == dim; });
    }

    void offer(const std::string& parentKey, Move move)
    {
        const Node& parent = m_nodes[parentKey];
        Result<ShardedArray> after = applyStep(m_mesh, parent.array, move.kind, move.axes, move.fromDim, move.toDim);
        if (!after.ok())
            return;
        Rank rank = parent.rank;
        if (communicates(move.kind)) {
            rank.price +=
                m_price(move.kind, move.axes, paddedPayload(m_mesh, move.kind, move.axes, move.toDim, parent.array, after.value()));
            ++rank.communications;
        }
        ++rank.steps;
        const std::string key = keyOf(after.value());
        const auto [place, isNew] = m_nodes.try_emplace(key);
        if (!isNew && (place->second.done || !(rank < place->second.rank)))
            return;
        place->second = {.rank = rank, .array = std::move(after).value(), .parent = parentKey, .move = std::move(move)};
        m_queue.push({rank, key});
    }

    /// Offers `axes` in every order when there are few of them.
    template <class Offer>
    static void inEveryOrder(std::vector<int> axes, Offer&& each)
    {
        if (axes.size() > kMostPermuted) {
            each(axes);
            return;
        }
        std::sort(axes.begin(), axes.end());
        do
            each(axes);
        while (std::next_permutation(axes.begin(), axes.end()));
    }

    void expand(const std::string& key)
    {
        const ShardedArray array = m_nodes[key].array;
        const int dims = static_cast<int>(array.dims.size());
        for (int d = 0; d < dims; ++d) {
            const std::vector<int>& list = array.dims[static_cast<std::size_t>(d)].axes;
            for (std::size_t count = 1; count + m_kept[static_cast<std::size_t>(d)] <= list.size(); ++count) {
                const std::vector<int> tail(list.end() - static_cast<std::ptrdiff_t>(count), list.end());
                offer(key, {StepKind::AllGather, tail, d, -1});
                inEveryOrder(tail, [&](const std::vector<int>& axes) {
                    for (int to = 0; to < dims; ++to)
                        if (to != d && mayGo(axes, to))
                            offer(key, {StepKind::AllToAll, axes, d, to});
                });
            }
        }
        for (int d = 0; d < dims; ++d)
            for (const int axis : m_to.dims[static_cast<std::size_t>(d)].axes)
                offer(key, {StepKind::Slice, {axis}, -1, d});
        // Only axes that the target no longer leaves unreduced are added up.
        std::vector<int> sums;
        for (const int axis : array.unreduced)
            if (!m_to.isUnreduced(axis))
                sums.push_back(axis);
        const std::size_t all = (std::size_t{1} << sums.size()) - 1;
        for (std::size_t subset = 1; subset <= all; ++subset) {
            if (sums.size() > kMostSubsets && subset != all && (subset & (subset - 1)) != 0)
                continue;
            std::vector<int> axes;
            for (std::size_t i = 0; i < sums.size(); ++i)
                if ((subset >> i & 1U) != 0)
                    axes.push_back(sums[i]);
            offer(key, {StepKind::AllReduce, axes, -1, -1});
            inEveryOrder(axes, [&](const std::vector<int>& ordered) {
                for (int d = 0; d < dims; ++d)
                    if (mayGo(ordered, d))
                        offer(key, {StepKind::ReduceScatter, ordered, -1, d});
            });
        }
    }

    void append(std::vector<ShardStep>& steps, const Move& move) const
    {
        const ShardedArray& before = steps.empty() ? m_from : steps.back().after;
        // Consecutive slices of one dimension are one slice.
        if (move.kind == StepKind::Slice && !steps.empty() && steps.back().kind == StepKind::Slice && steps.back().toDim == move.toDim) {
            ShardStep& last = steps.back();
            last.axes.insert(last.axes.end(), move.axes.begin(), move.axes.end());
            last.after = applyStep(m_mesh, last.before, last.kind, last.axes, -1, last.toDim).value();
            return;
        }
        ShardedArray after = applyStep(m_mesh, before, move.kind, move.axes, move.fromDim, move.toDim).value();
        steps.push_back({move.kind, StepOperand::Left, move.axes, move.fromDim, move.toDim, before, {}, std::move(after)});
    }

    std::vector<ShardStep> path(const std::string& goal)
    {
        std::vector<Move> moves;
        for (std::string key = goal; !m_nodes[key].parent.empty(); key = m_nodes[key].parent)
            moves.push_back(m_nodes[key].move);
        std::vector<ShardStep> steps;
        for (auto move = moves.rbegin(); move != moves.rend(); ++move)
            append(steps, *move);
        return steps;
    }

    /// Add up, gather what is not a common beginning, slice.
    std::vector<ShardStep> fallback() const
    {
        std::vector<ShardStep> steps;
        std::vector<int> sums;
        for (const int axis : m_from.unreduced)
            if (!m_to.isUnreduced(axis))
                sums.push_back(axis);
        if (!sums.empty())
            append(steps, {StepKind::AllReduce, sums, -1, -1});
        std::vector<Move> slices;
        for (std::size_t d = 0; d < m_from.dims.size(); ++d) {
            const std::vector<int>& a = m_from.dims[d].axes;
            const std::vector<int>& b = m_to.dims[d].axes;
            const auto [endA, endB] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
            if (endA != a.end())
                append(steps, {StepKind::AllGather, std::vector<int>(endA, a.end()), static_cast<int>(d), -1});
            if (endB != b.end())
                slices.push_back({StepKind::Slice, std::vector<int>(endB, b.end()), -1, static_cast<int>(d)});
        }
        for (const Move& slice : slices)
            append(steps, slice);
        return steps;
    }
};

} // namespace

Result<std::vector<ShardStep>> reshard(const Mesh& mesh, const ShardedArray& from, const ShardedArray& to, const StepPrice& price,
                                       SearchBudget& budget)
{
    for (const ShardedArray* array : {&from, &to})
        if (std::optional<Error> error = problemOf(mesh, *array))
            return std::move(*error);
    const auto refuse = [&](std::string found, std::string allowed) {
        return Error{.file = {}, .path = to.name, .found = std::move(found), .allowed = std::move(allowed)};
    };
    const auto sameDim = [](const ShardedDim& a, const ShardedDim& b) { return a.name == b.name && a.size == b.size; };
    if (!std::equal(from.dims.begin(), from.dims.end(), to.dims.begin(), to.dims.end(), sameDim))
        return refuse("other dimensions than those of " + from.name, "name the same dimensions in the same order");
    for (const int axis : to.unreduced)
        if (!from.isUnreduced(axis))
            return refuse("{U_" + mesh.name(axis) + "}", from.name + " has no partial sums over " + mesh.name(axis));
    return Search(mesh, from, to, price, budget).run();
}

Result<std::vector<ShardStep>> reshard(const Mesh& mesh, const ShardedArray& from, const ShardedArray& to, const StepPrice& price)
{
    SearchBudget budget;
    return reshard(mesh, from, to, price, budget);
}

Result<std::vector<ShardStep>> reshard(const Mesh& mesh, const ShardedArray& from, const ShardedArray& to)
{
    return reshard(mesh, from, to, priceBySentElements(mesh));
}

} // namespace shardlens
