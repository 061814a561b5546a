// SPDX-License-Identifier: Apache-2.0
// Every way to work out a product. An axis does one thing during the multiplication: it splits a dimension of the operands, it carries
// partial sums through, or it holds copies. All sensible combinations of that are tried; each determines how the operands must be sharded
// when they are multiplied, and the resharding search does the rest.
#include "core/sharding/contraction.h"

#include <algorithm>
#include <map>
#include <set>

namespace shardlens {

namespace {

constexpr int kCopies = -1;     ///< the axis holds copies while multiplying
constexpr int kPartialSum = -2; ///< one operand is partial sums over it
/// More combinations than this are not tried; the optional ones are dropped first.
constexpr std::size_t kMostCombinations = 1024;

constexpr std::size_t kMostStates = 6'000;

/// What was asked per axis: an index into the dimensions of the product, or one of the above.
using Use = int;

class WayFinder {
public:
    WayFinder(const Mesh& mesh, const Product& product, std::vector<ProductDim> dims, const std::optional<ShardedArray>& wanted,
              const StepPrice& price)
        : m_mesh(mesh),
          m_product(product),
          m_dims(std::move(dims)),
          m_wanted(wanted),
          m_price(price)
    {}

    void run(ProductWays& out)
    {
        chooseUses();
        std::vector<Use> uses(m_uses.size(), kCopies);
        enumerate(uses, 0);
        out.complete = m_complete && !m_budget.spent;
        std::stable_sort(m_ways.begin(), m_ways.end(), [](const ProductWay& a, const ProductWay& b) {
            if (a.price != b.price)
                return a.price < b.price;
            return a.flop != b.flop ? a.flop < b.flop : a.steps.size() < b.steps.size();
        });
        out.ways = std::move(m_ways);
    }

private:
    const Mesh& m_mesh;
    const Product& m_product;
    const std::vector<ProductDim> m_dims;
    const std::optional<ShardedArray>& m_wanted;
    const StepPrice& m_price;
    std::vector<std::vector<Use>> m_uses; ///< per axis: what it may do, the plainest first
    bool m_complete = true;
    SearchBudget m_budget{kMostStates, false}; ///< of all reshardings together
    std::vector<ProductWay> m_ways;
    std::set<std::string> m_seen;
    std::map<std::string, std::vector<ShardStep>> m_reshards;

    [[nodiscard]] Use useIn(const ShardedArray& array, int axis) const
    {
        if (array.isUnreduced(axis))
            return kPartialSum;
        const int on = array.dimOn(axis);
        if (on < 0)
            return kCopies;
        for (std::size_t i = 0; i < m_dims.size(); ++i)
            if (m_dims[i].name == array.dims[static_cast<std::size_t>(on)].name)
                return static_cast<Use>(i);
        return kCopies;
    }

    [[nodiscard]] const ProductDim& dim(Use use) const { return m_dims[static_cast<std::size_t>(use)]; }
    [[nodiscard]] bool isContracted(Use use) const { return use >= 0 && dim(use).role == DimRole::Contracted; }
    [[nodiscard]] bool isShared(Use use) const { return use >= 0 && (isContracted(use) || dim(use).role == DimRole::Batch); }

    /// What the axis does when the operands are multiplied as they are; none when they disagree about it.
    [[nodiscard]] std::optional<Use> natural(Use left, Use right) const
    {
        if (left == right && left != kPartialSum)
            return left;
        if (left != kCopies && right != kCopies)
            return std::nullopt;
        const Use used = left != kCopies ? left : right;
        if (isShared(used))
            return std::nullopt;
        return used;
    }

    void usesOf(int axis, std::vector<Use>& uses) const
    {
        const auto add = [&uses](Use use) {
            if (std::find(uses.begin(), uses.end(), use) == uses.end())
                uses.push_back(use);
        };
        const Use left = useIn(m_product.left, axis);
        const Use right = useIn(m_product.right, axis);
        const std::optional<Use> now = natural(left, right);
        // Where C has the axis in the end, as a use while multiplying; a wish for partial sums is one for a split contracted dimension.
        const Use goal = m_wanted ? useIn(*m_wanted, axis) : kCopies;
        if (now) {
            const Use gives = isContracted(*now) ? kPartialSum : *now;
            add(*now);
            if (!m_wanted || gives == goal)
                return;
            // Copies of the operands are cut where the result wants it, for free and with less to multiply. Cutting the result later is
            // worth a try only where the order of several axes on that dimension is at stake.
            if (*now == kCopies && goal >= 0) {
                uses.clear();
                add(goal);
                if (m_wanted->dims[static_cast<std::size_t>(m_wanted->dimOn(axis))].axes.size() > 1)
                    add(kCopies);
                return;
            }
        } else {
            for (const Use use : {left, right})
                if (use >= 0)
                    add(use);
            const bool both = left != kCopies && right != kCopies;
            if (left == kPartialSum && right == kPartialSum)
                for (std::size_t i = 0; i < m_dims.size(); ++i)
                    if (isContracted(static_cast<Use>(i)))
                        add(static_cast<Use>(i));
            if (left == kPartialSum || right == kPartialSum)
                add(kPartialSum);
            if (!both || uses.empty() || m_wanted || (left == kPartialSum && right == kPartialSum))
                add(kCopies);
        }
        if (!m_wanted)
            return;
        if (goal >= 0)
            add(goal);
        if (goal == kPartialSum) {
            for (std::size_t i = 0; i < m_dims.size(); ++i)
                if (isContracted(static_cast<Use>(i)))
                    add(static_cast<Use>(i));
        }
        add(kCopies);
    }

    void chooseUses()
    {
        std::size_t combinations = 1;
        for (int axis = 0; axis < m_mesh.axisCount(); ++axis) {
            std::vector<Use>& uses = m_uses.emplace_back();
            usesOf(axis, uses);
            if (combinations * uses.size() > kMostCombinations) {
                uses.resize(1);
                m_complete = false;
            }
            combinations *= uses.size();
        }
    }

    void enumerate(std::vector<Use>& uses, std::size_t axis)
    {
        if (axis == uses.size()) {
            multiplyAs(uses);
            return;
        }
        for (const Use use : m_uses[axis]) {
            uses[axis] = use;
            enumerate(uses, axis + 1);
        }
    }

    /// The axes that split dimension `index`, in the orders that some array of the product suggests.
    [[nodiscard]] std::vector<std::vector<int>> ordersOn(const std::vector<Use>& uses, int index) const
    {
        std::vector<int> members;
        for (std::size_t axis = 0; axis < uses.size(); ++axis)
            if (uses[axis] == index)
                members.push_back(static_cast<int>(axis));
        std::vector<std::vector<int>> orders;
        const auto suggest = [&](const ShardedArray& array) {
            std::vector<int> order;
            if (const int at = array.find(dim(index).name); at >= 0)
                for (const int axis : array.dims[static_cast<std::size_t>(at)].axes)
                    if (std::find(members.begin(), members.end(), axis) != members.end())
                        order.push_back(axis);
            for (const int axis : members)
                if (std::find(order.begin(), order.end(), axis) == order.end())
                    order.push_back(axis);
            if (std::find(orders.begin(), orders.end(), order) == orders.end())
                orders.push_back(std::move(order));
        };
        suggest(m_product.left);
        suggest(m_product.right);
        if (m_wanted)
            suggest(*m_wanted);
        return orders;
    }

    void multiplyAs(const std::vector<Use>& uses)
    {
        std::vector<std::vector<std::vector<int>>> orders;
        for (std::size_t i = 0; i < m_dims.size(); ++i)
            orders.push_back(ordersOn(uses, static_cast<int>(i)));
        std::vector<std::vector<int>> chosen(m_dims.size());
        std::size_t left = 64; // orders of one combination; more than two axes that are ordered differently are rare
        const auto choose = [&](const auto& self, std::size_t index) -> void {
            if (index == m_dims.size()) {
                if (left > 0) {
                    --left;
                    multiplyWith(uses, chosen);
                }
                return;
            }
            for (const std::vector<int>& order : orders[index]) {
                chosen[index] = order;
                self(self, index + 1);
            }
        };
        choose(choose, 0);
    }

    [[nodiscard]] ShardedArray operandAs(const ShardedArray& operand, const std::vector<Use>& uses,
                                         const std::vector<std::vector<int>>& splits) const
    {
        ShardedArray target = operand;
        for (ShardedDim& each : target.dims)
            for (std::size_t i = 0; i < m_dims.size(); ++i)
                if (m_dims[i].name == each.name)
                    each.axes = splits[i];
        std::erase_if(target.unreduced, [&](int axis) { return uses[static_cast<std::size_t>(axis)] != kPartialSum; });
        return target;
    }

    /// Appends the cheapest steps, which are remembered: many ways ask for the same resharding. False: there are none.
    bool append(ProductWay& way, const ShardedArray& from, const ShardedArray& to, StepOperand operand)
    {
        std::string key(1, static_cast<char>('0' + static_cast<int>(operand)));
        for (const ShardedArray* array : {&from, &to}) {
            for (const ShardedDim& each : array->dims) {
                for (const int axis : each.axes)
                    key += static_cast<char>('a' + axis);
                key += '|';
            }
            for (const int axis : array->unreduced)
                key += static_cast<char>('a' + axis);
            key += ';';
        }
        auto known = m_reshards.find(key);
        if (known == m_reshards.end()) {
            Result<std::vector<ShardStep>> found = reshard(m_mesh, from, to, m_price, m_budget);
            if (!found.ok())
                return false;
            for (ShardStep& step : found.value())
                step.operand = operand;
            known = m_reshards.emplace(key, std::move(found).value()).first;
        }
        way.steps.insert(way.steps.end(), known->second.begin(), known->second.end());
        return true;
    }

    void multiplyWith(const std::vector<Use>& uses, const std::vector<std::vector<int>>& splits)
    {
        // Partial sums in both operands cannot pass; such a combination is none.
        for (std::size_t axis = 0; axis < uses.size(); ++axis)
            if (uses[axis] == kPartialSum && m_product.left.isUnreduced(static_cast<int>(axis))
                && m_product.right.isUnreduced(static_cast<int>(axis)))
                return;
        Product local = m_product;
        local.left = operandAs(m_product.left, uses, splits);
        local.right = operandAs(m_product.right, uses, splits);
        const Result<ShardedArray> result = contract(m_mesh, local);
        if (!result.ok())
            return;
        ProductWay way;
        if (!append(way, m_product.left, local.left, StepOperand::Left) || !append(way, m_product.right, local.right, StepOperand::Right))
            return;
        way.steps.push_back({StepKind::Multiply, StepOperand::Result, {}, -1, -1, local.left, local.right, result.value()});
        way.flop = localFlop(m_mesh, local.left, local.right, result.value());
        if (m_wanted)
            finish(way, *m_wanted);
        else
            finishNaturally(way);
    }

    void finish(ProductWay way, const ShardedArray& target)
    {
        const ShardedArray product = way.steps.back().after;
        if (!append(way, product, target, StepOperand::Result))
            return;
        way.result = way.steps.back().after;
        std::string key;
        for (const ShardStep& step : way.steps) {
            key += static_cast<char>('A' + static_cast<int>(step.kind));
            key += static_cast<char>('0' + static_cast<int>(step.operand));
            key += std::to_string(step.fromDim) + "," + std::to_string(step.toDim);
            for (const int axis : step.axes)
                key += static_cast<char>('a' + axis);
            if (communicates(step.kind))
                way.price += m_price(step.kind, step.axes, payloadElements(m_mesh, step));
            if (step.kind == StepKind::Multiply)
                for (const ShardedDim& each : step.after.dims)
                    for (const int axis : each.axes)
                        key += static_cast<char>('a' + axis);
        }
        if (m_seen.insert(key).second)
            m_ways.push_back(std::move(way));
    }

    /// Partial sums as they are, reduced, and scattered along each dimension of C.
    void finishNaturally(const ProductWay& way)
    {
        const ShardedArray product = way.steps.back().after;
        finish(way, product);
        if (product.unreduced.empty())
            return;
        ShardedArray target = product;
        target.unreduced.clear();
        finish(way, target);
        for (std::size_t i = 0; i < product.dims.size(); ++i) {
            ShardedArray scattered = target;
            std::vector<int>& axes = scattered.dims[i].axes;
            axes.insert(axes.end(), product.unreduced.begin(), product.unreduced.end());
            finish(way, scattered);
        }
    }
};

/// Which finding names the whole product: the one that asks for most.
int weightOf(const AxisFinding& finding)
{
    switch (finding.which) {
    case MatmulCase::NoCommunication: return 0;
    case MatmulCase::BothSharded: return 1;
    case MatmulCase::BatchMismatch: return 2;
    case MatmulCase::OneSharded: return 3;
    case MatmulCase::OrderMismatch: return 4;
    case MatmulCase::PartialSumMismatch: return 5;
    case MatmulCase::SameAxisOutside: return 6;
    }
    return 0;
}

} // namespace

Result<ProductWays> waysOf(const Mesh& mesh, const Product& product, const std::optional<ShardedArray>& wanted, const StepPrice& price)
{
    Product asked = product;
    if (wanted) {
        if (std::optional<Error> error = problemOf(mesh, *wanted))
            return std::move(*error);
        asked.resultName = wanted->name;
        asked.resultDims.emplace();
        for (const ShardedDim& dim : wanted->dims)
            asked.resultDims->push_back(dim.name);
    }
    Result<std::vector<ProductDim>> dims = rolesOf(mesh, asked);
    if (!dims.ok())
        return dims.error();
    if (wanted)
        for (const ProductDim& dim : dims.value())
            if (dim.result >= 0 && wanted->dims[static_cast<std::size_t>(dim.result)].size != dim.size)
                return Error{.file = {},
                             .path = wanted->name,
                             .found = dim.name + "=" + std::to_string(wanted->dims[static_cast<std::size_t>(dim.result)].size),
                             .allowed = "the operands have " + dim.name + "=" + std::to_string(dim.size)};
    ProductWays out;
    out.findings = findingsOf(mesh, asked).value();
    for (const AxisFinding& finding : out.findings)
        if (weightOf(finding) > weightOf({.axis = 0, .which = out.which, .legal = true, .sentence = {}}))
            out.which = finding.which;
    WayFinder(mesh, asked, std::move(dims).value(), wanted, price).run(out);
    if (out.ways.empty())
        return Error{.file = {},
                     .path = asked.resultName,
                     .found = "partial sums that the product cannot give",
                     .allowed = "a result is unreduced only over an axis that splits a contracted dimension or is unreduced in an operand"};
    return out;
}

Result<ProductWays> waysOf(const Mesh& mesh, const Product& product, const std::optional<ShardedArray>& wanted)
{
    return waysOf(mesh, product, wanted, priceBySentElements(mesh));
}

} // namespace shardlens
