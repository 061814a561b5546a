// SPDX-License-Identifier: Apache-2.0
// Every way that the algebra offers is carried out with real numbers, device by device and block by block, and compared with the unsharded
// product. A step that means something else than it says, a wrong legality, order, local shape or partial sum gives wrong numbers here.
#include "core/sharding/notation.h"
#include "tests/core/shardsimulation.h"

#include <QtTest>

#include <algorithm>
#include <array>

using namespace shardlens;

namespace {

class Cases {
public:
    explicit Cases(std::uint64_t seed) : m_random(seed) {}

    std::mt19937_64& engine() { return m_random; }
    int below(int n) { return static_cast<int>(m_random() % static_cast<std::uint64_t>(n)); }

    Mesh mesh(int most)
    {
        static const char* const names[] = {"X", "Y", "Z", "W"};
        std::vector<NamedAxis> axes;
        std::int64_t devices = 1;
        const int count = 1 + below(most);
        for (int i = 0; i < count; ++i) {
            const int size = devices >= 12 ? 1 + below(2) : 2 + below(devices >= 6 ? 1 : 3);
            axes.push_back({names[i], size});
            devices *= size;
        }
        return Mesh::make(axes).value();
    }

    /// Each axis on a random dimension, on none, or (rarely) unreduced; in random order.
    void shard(const Mesh& mesh, ShardedArray& array, bool mayBeUnreduced)
    {
        std::vector<int> axes;
        for (int axis = 0; axis < mesh.axisCount(); ++axis)
            axes.push_back(axis);
        std::shuffle(axes.begin(), axes.end(), m_random);
        for (const int axis : axes) {
            const int roll = below(10);
            if (mayBeUnreduced && roll == 0)
                array.unreduced.push_back(axis);
            else if (roll < 7 && !array.dims.empty())
                array.dims[static_cast<std::size_t>(below(static_cast<int>(array.dims.size())))].axes.push_back(axis);
        }
        std::sort(array.unreduced.begin(), array.unreduced.end());
    }

    /// Dimensions of a random product; `even`: sizes that divide by everything a small mesh can ask.
    Product product(const Mesh& mesh, bool even)
    {
        Product p;
        p.left.name = "A";
        p.right.name = "B";
        p.resultDims.emplace();
        const auto dim = [&](const char* name) { return ShardedDim{name, even ? mesh.devices() : 1 + below(7), {}}; };
        const auto result = [&](const char* name) { p.resultDims->push_back(name); };
        if (below(3) == 0) {
            const ShardedDim n = dim("N");
            p.left.dims.push_back(n);
            p.right.dims.push_back(n);
            result("N");
        }
        if (below(8) != 0) {
            p.left.dims.push_back(dim("I"));
            result("I");
        }
        if (below(4) == 0 && !even) {
            p.left.dims.push_back(dim("M"));
            result("M");
        }
        for (const char* name : {"J", "L"})
            if (below(8) < (name[0] == 'J' ? 7 : 2)) {
                const ShardedDim j = dim(name);
                p.left.dims.push_back(j);
                p.right.dims.insert(p.right.dims.begin() + below(static_cast<int>(p.right.dims.size()) + 1), j);
            }
        if (below(8) != 0) {
            p.right.dims.push_back(dim("K"));
            result("K");
        }
        std::shuffle(p.left.dims.begin(), p.left.dims.end(), m_random);
        std::shuffle(p.resultDims->begin(), p.resultDims->end(), m_random);
        shard(mesh, p.left, true);
        shard(mesh, p.right, true);
        return p;
    }

    std::optional<ShardedArray> wish(const Mesh& mesh, const Product& p)
    {
        if (below(3) == 0)
            return std::nullopt;
        ShardedArray wanted;
        wanted.name = "C";
        for (const std::string& name : *p.resultDims) {
            const int left = p.left.find(name);
            const std::int64_t size = left >= 0 ? p.left.dims[static_cast<std::size_t>(left)].size
                                                : p.right.dims[static_cast<std::size_t>(p.right.find(name))].size;
            wanted.dims.push_back({name, size, {}});
        }
        shard(mesh, wanted, below(4) == 0);
        return wanted;
    }

private:
    std::mt19937_64 m_random;
};

std::string text(const Mesh& mesh, const Product& p, const std::vector<ShardStep>& steps)
{
    std::string result;
    for (const NamedAxis& axis : mesh.axes())
        result += axis.name + "=" + std::to_string(axis.size) + " ";
    for (const ShardedArray* array : {&p.left, &p.right})
        for (const ShardedDim& dim : array->dims)
            result += dim.name + "=" + std::to_string(dim.size) + " ";
    result += printSharding({p.left, p.right, std::nullopt}, mesh);
    for (const ShardStep& step : steps)
        result += "\n  " + printStep(step, mesh);
    return result;
}

/// Carries out all steps and compares; empty when right.
std::string simulate(const Mesh& mesh, const Product& p, const ProductWay& way, std::mt19937_64& random)
{
    const Dense a = randomDense(p.left, random);
    const Dense b = randomDense(p.right, random);
    OnDevices left = distribute(mesh, p.left, a, random);
    OnDevices right = distribute(mesh, p.right, b, random);
    OnDevices result;
    bool multiplied = false;
    for (const ShardStep& step : way.steps) {
        if (step.kind == StepKind::Multiply) {
            result = multiplyLocally(mesh, left, right, step.after);
            multiplied = true;
        } else {
            OnDevices& on = multiplied ? result : step.operand == StepOperand::Left ? left : right;
            if (!(on.array == step.before))
                return "a step begins with another array than the one before it left";
            on = carryOut(mesh, on, step);
        }
        const OnDevices& changed = multiplied ? result : step.operand == StepOperand::Left ? left : right;
        for (const Dense& block : changed.blocks)
            if (block.shape != localShape(mesh, step.after))
                return "a block has another shape than the algebra says";
    }
    if (!(result.array == way.result))
        return "the last step ends in another array than the way";
    return difference(mesh, result, multiply(p.left, a, p.right, b, way.result));
}

} // namespace

class TestShardSimulation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyWayGivesTheProduct_data()
    {
        QTest::addColumn<quint64>("seed");
        QTest::addColumn<int>("axes");
        QTest::addColumn<bool>("even");
        QTest::addColumn<int>("rounds");
        QTest::newRow("up to two axes, sizes that divide") << quint64{1} << 2 << true << 200;
        QTest::newRow("up to three axes, any sizes") << quint64{2} << 3 << false << 450;
        QTest::newRow("up to four axes, any sizes") << quint64{3} << 4 << false << 100;
    }
    void everyWayGivesTheProduct()
    {
        QFETCH(const quint64, seed);
        QFETCH(const int, axes);
        QFETCH(const bool, even);
        QFETCH(const int, rounds);
        Cases cases(seed);
        std::array<int, 6> kinds{};
        std::array<int, 7> found{};
        int ways = 0;
        int batches = 0;
        int doubles = 0;
        int partialOperands = 0;
        for (int round = 0; round < rounds; ++round) {
            const Mesh mesh = cases.mesh(axes);
            const Product p = cases.product(mesh, even);
            const std::optional<ShardedArray> wanted = cases.wish(mesh, p);
            const Result<ProductWays> all = waysOf(mesh, p, wanted);
            if (!all.ok()) {
                // Only a wish for partial sums can be impossible.
                QVERIFY2(wanted && !wanted->unreduced.empty(), all.error().sentence().c_str());
                continue;
            }
            for (const AxisFinding& finding : all.value().findings)
                ++found[static_cast<std::size_t>(finding.which)];
            batches += p.left.find("N") >= 0 ? 1 : 0;
            partialOperands += !p.left.unreduced.empty() || !p.right.unreduced.empty() ? 1 : 0;
            for (const ShardedArray* array : {&p.left, &p.right})
                doubles +=
                    std::any_of(array->dims.begin(), array->dims.end(), [](const ShardedDim& d) { return d.axes.size() > 1; }) ? 1 : 0;
            int most = 12; // of each product, from the cheapest on
            for (const ProductWay& way : all.value().ways) {
                if (most-- == 0)
                    break;
                for (const ShardStep& step : way.steps)
                    ++kinds[static_cast<std::size_t>(step.kind)];
                if (wanted)
                    QVERIFY(sameSharding(way.result, *wanted));
                const std::string wrong = simulate(mesh, p, way, cases.engine());
                QVERIFY2(wrong.empty(), (wrong + "\n" + text(mesh, p, way.steps)).c_str());
                ++ways;
            }
        }
        // Everything that is to be tested has come up.
        QVERIFY(ways > 2 * rounds);
        for (const int each : kinds)
            QVERIFY(each > rounds / 20);
        for (const MatmulCase which : {MatmulCase::NoCommunication, MatmulCase::OneSharded, MatmulCase::BothSharded,
                                       MatmulCase::SameAxisOutside, MatmulCase::BatchMismatch, MatmulCase::PartialSumMismatch})
            QVERIFY2(found[static_cast<std::size_t>(which)] >= rounds / 50, std::string(nameOf(which)).c_str());
        QVERIFY(batches > rounds / 5);
        QVERIFY(partialOperands > rounds / 20);
        QVERIFY(doubles > rounds / 20);
    }

    void whatIsLegalAsItStandsNeedsNoStep()
    {
        Cases cases(4);
        int legal = 0;
        int refused = 0;
        for (int round = 0; round < 3000; ++round) {
            const Mesh mesh = cases.mesh(2);
            const Product p = cases.product(mesh, true);
            const Result<ShardedArray> result = contract(mesh, p);
            if (!result.ok()) {
                ++refused;
                continue;
            }
            ProductWay way;
            way.steps.push_back({StepKind::Multiply, StepOperand::Result, {}, -1, -1, p.left, p.right, result.value()});
            way.result = result.value();
            const std::string wrong = simulate(mesh, p, way, cases.engine());
            QVERIFY2(wrong.empty(), (wrong + "\n" + text(mesh, p, way.steps)).c_str());
            ++legal;
        }
        QVERIFY(legal > 300);
        QVERIFY(refused > 300);
    }

    void reshardingEndsInTheTarget()
    {
        Cases cases(5);
        int steps = 0;
        for (int round = 0; round < 2000; ++round) {
            const Mesh mesh = cases.mesh(3);
            ShardedArray from;
            from.name = "A";
            const char* names[] = {"I", "J", "K"};
            for (int d = 0; d < 1 + cases.below(3); ++d)
                from.dims.push_back({names[d], 1 + cases.below(8), {}});
            ShardedArray to = from;
            cases.shard(mesh, from, true);
            cases.shard(mesh, to, false);
            const Result<std::vector<ShardStep>> found = reshard(mesh, from, to);
            QVERIFY2(found.ok(), found.ok() ? "" : found.error().sentence().c_str());
            const Dense global = randomDense(from, cases.engine());
            OnDevices devices = distribute(mesh, from, global, cases.engine());
            for (const ShardStep& step : found.value()) {
                QVERIFY(devices.array == step.before);
                devices = carryOut(mesh, devices, step);
                ++steps;
            }
            QVERIFY(sameSharding(devices.array, to));
            const std::string wrong = difference(mesh, devices, global);
            QVERIFY2(wrong.empty(), wrong.c_str());
        }
        QVERIFY(steps > 2000);
    }

    void theSimulationSeesAWrongStep()
    {
        // The check of the check: an order of axes, a missing sum and a wrong dimension are each noticed.
        std::mt19937_64 random(6);
        const Mesh mesh = Mesh::make({{"X", 2}, {"Y", 2}}).value();
        const ShardedArray whole{"A", {{"I", 4, {}}, {"J", 4, {}}}, {}};
        ShardedArray split = whole;
        split.dims[0].axes = {0, 1};
        const Dense global = randomDense(whole, random);
        OnDevices devices = distribute(mesh, split, global, random);
        QVERIFY(difference(mesh, devices, global).empty());
        devices.array.dims[0].axes = {1, 0};
        QVERIFY(!difference(mesh, devices, global).empty());
        ShardedArray partial = whole;
        partial.unreduced = {0};
        devices = distribute(mesh, partial, global, random);
        QVERIFY(difference(mesh, devices, global).empty());
        devices.array.unreduced.clear();
        QVERIFY(!difference(mesh, devices, global).empty());
    }
};

QTEST_APPLESS_MAIN(TestShardSimulation)
#include "tst_shardsimulation.moc"
