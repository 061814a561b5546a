// SPDX-License-Identifier: Apache-2.0
// The algebra of sharded arrays against hand-worked numbers and properties. The worked problems are those of "How to Scale Your Model" (the
// JAX scaling book), chapter "Sharded Matrices and How to Multiply Them"; tst_shardsimulation carries the same algebra out on numbers.
#include "core/sharding/notation.h"

#include <QtTest>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

using namespace shardlens;

namespace {

Mesh mesh(const char* text)
{
    return parseMesh(text).value();
}

ShardingExpression expression(const char* text, const Mesh& on, const char* shape)
{
    Result<ShardingExpression> parsed = parseSharding(text, on);
    if (!parsed.ok())
        qFatal("%s", parsed.error().sentence().c_str());
    Result<ShardingExpression> sized = withShape(std::move(parsed).value(), parseShape(shape).value(), on);
    if (!sized.ok())
        qFatal("%s", sized.error().sentence().c_str());
    return std::move(sized).value();
}

/// Every dimension of the same size.
ShardingExpression allOfSize(std::int64_t size, const char* text, const Mesh& on)
{
    ShardingExpression e = parseSharding(text, on).value();
    for (ShardedArray* array : {&e.left, e.right ? &*e.right : nullptr, e.result ? &*e.result : nullptr})
        if (array)
            for (ShardedDim& dim : array->dims)
                dim.size = size;
    return e;
}

Product productOf(const ShardingExpression& e)
{
    Product product{e.left, *e.right, e.result ? e.result->name : "C", std::nullopt};
    if (e.result) {
        product.resultDims.emplace();
        for (const ShardedDim& dim : e.result->dims)
            product.resultDims->push_back(dim.name);
    }
    return product;
}

ProductWays ways(const char* text, const Mesh& on, const char* shape)
{
    const ShardingExpression e = expression(text, on, shape);
    Result<ProductWays> found = waysOf(on, productOf(e), e.result);
    if (!found.ok())
        qFatal("%s", found.error().sentence().c_str());
    return std::move(found).value();
}

/// "AllGather A, Multiply, AllReduce C"
std::string shortForm(const ProductWay& way)
{
    static constexpr const char* kOn[] = {"A", "B", "C"};
    std::string text;
    for (const ShardStep& step : way.steps) {
        text += (text.empty() ? "" : ", ") + std::string(nameOf(step.kind));
        if (step.kind != StepKind::Multiply)
            text += std::string(" ") + kOn[static_cast<int>(step.operand)];
    }
    return text;
}

std::string shape(const Mesh& on, const ShardedArray& array)
{
    std::string text;
    for (const std::int64_t n : localShape(on, array))
        text += (text.empty() ? "" : "x") + std::to_string(n);
    return text;
}

class Random {
public:
    std::mt19937_64 engine{20260601};
    int below(int n) { return static_cast<int>(engine() % static_cast<std::uint64_t>(n)); }

    Mesh mesh()
    {
        static constexpr const char* kNames[] = {"X", "Y", "Z", "TP", "SP"};
        std::vector<NamedAxis> axes;
        for (int i = 0, count = 1 + below(5); i < count; ++i)
            axes.push_back({kNames[i], 1 + below(8)});
        return Mesh::make(axes).value();
    }

    ShardedArray array(const Mesh& on, bool divides)
    {
        static constexpr const char* kNames[] = {"I", "J", "K", "T'", "N1"};
        ShardedArray result;
        result.name = "A";
        for (int i = 0, count = 1 + below(4); i < count; ++i)
            result.dims.push_back({kNames[i], 1 + below(60), {}});
        std::vector<int> axes;
        for (int axis = 0; axis < on.axisCount(); ++axis)
            axes.push_back(axis);
        std::shuffle(axes.begin(), axes.end(), engine);
        for (const int axis : axes)
            if (const int roll = below(4); roll == 0)
                result.unreduced.push_back(axis);
            else if (roll < 3)
                result.dims[static_cast<std::size_t>(below(static_cast<int>(result.dims.size())))].axes.push_back(axis);
        std::sort(result.unreduced.begin(), result.unreduced.end());
        if (divides)
            for (ShardedDim& dim : result.dims)
                dim.size = on.devicesAlong(dim.axes) * (1 + below(5));
        return result;
    }
};

} // namespace

class TestAlgebra : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void localShapes_data()
    {
        QTest::addColumn<QByteArray>("array");
        QTest::addColumn<QByteArray>("mesh");
        QTest::addColumn<QByteArray>("shape");
        QTest::addColumn<QByteArray>("local");
        QTest::addColumn<qint64>("bytes"); // int8
        QTest::addColumn<qint64>("copies");
        const auto row = [](const char* array, const char* on, const char* sizes, const char* local, qint64 bytes, qint64 held) {
            QTest::newRow(array) << QByteArray(array) << QByteArray(on) << QByteArray(sizes) << QByteArray(local) << bytes << held;
        };
        // The book's pop quiz on A[I_XY, J], int8[128, 2048]: 16 KiB per device; 512 KiB in all, since Z holds two copies.
        row("A[I_XY, J]", "X=2,Y=8,Z=2", "I=128,J=2048", "8x2048", 16384, 2);
        // The book's question 1: A[I_X, J, K] on X 4, Y 8, Z 2 takes Y x Z = 16 times its size.
        row("A[I_X, J, K]", "X=4,Y=8,Z=2", "I=8,J=3,K=5", "2x3x5", 30, 16);
        row("A[I, J]", "X=4", "I=5,J=7", "5x7", 35, 4);
        row("A[I_X, J_Y]", "X=4,Y=2", "I=1024,J=8192", "256x4096", 1048576, 1);
        // Pieces that do not divide are as long as the longest: ceil(ceil(5 / 2) / 2).
        row("A[I_YX]", "X=2,Y=2", "I=5", "2", 2, 1);
        row("A[I_X] {U_Y}", "X=8,Y=2", "I=3", "1", 1, 1);
    }
    void localShapes()
    {
        QFETCH(const QByteArray, array);
        QFETCH(const QByteArray, mesh);
        QFETCH(const QByteArray, shape);
        QFETCH(const QByteArray, local);
        QFETCH(const qint64, bytes);
        QFETCH(const qint64, copies);
        const Mesh on = ::mesh(mesh.constData());
        const ShardedArray a = expression(array.constData(), on, shape.constData()).left;
        QCOMPARE(QByteArray::fromStdString(::shape(on, a)), local);
        QCOMPARE(qint64{bytesPerDevice(on, a, NumberFormat::Int8)}, bytes);
        QCOMPARE(qint64{bytesPerDevice(on, a, NumberFormat::Bf16)}, 2 * bytes);
        QCOMPARE(qint64{shardlens::copies(on, a)}, copies);
    }

    void fourCases_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("which");
        QTest::addColumn<QByteArray>("asItStands");   // C, or empty when it cannot be multiplied
        QTest::addColumn<QByteArrayList>("expected"); // "steps: result", in any order
        const auto row = [](const char* text, MatmulCase which, const char* asItStands, const QByteArrayList& expected) {
            QTest::newRow(text) << QByteArray(text) << static_cast<int>(which) << QByteArray(asItStands) << expected;
        };
        row("A[I, J] . B[J, K]", MatmulCase::NoCommunication, "C[I, K]", {"Multiply: C[I, K]"});
        row("A[I_X, J] . B[J, K_Y]", MatmulCase::NoCommunication, "C[I_X, K_Y]", {"Multiply: C[I_X, K_Y]"});
        row("A[I, J] . B[J, K_XY]", MatmulCase::NoCommunication, "C[I, K_XY]", {"Multiply: C[I, K_XY]"});
        row("A[I, J_X] . B[J, K]", MatmulCase::OneSharded, "",
            {"AllGather A, Multiply: C[I, K]", "Slice B, Multiply: C[I, K] {U_X}", "Slice B, Multiply, AllReduce C: C[I, K]",
             "Slice B, Multiply, ReduceScatter C: C[I_X, K]", "Slice B, Multiply, ReduceScatter C: C[I, K_X]"});
        row("A[I, J] . B[J_X, K] -> C[I, K]", MatmulCase::OneSharded, "",
            {"AllGather B, Multiply: C[I, K]", "Slice A, Multiply, AllReduce C: C[I, K]"});
        row("A[I, J_X] . B[J_X, K]", MatmulCase::BothSharded, "C[I, K] {U_X}",
            {"Multiply: C[I, K] {U_X}", "Multiply, AllReduce C: C[I, K]", "Multiply, ReduceScatter C: C[I_X, K]",
             "Multiply, ReduceScatter C: C[I, K_X]"});
        row("A[I, J_X] . B[J_X, K] -> C[I_X, K]", MatmulCase::BothSharded, "C[I, K] {U_X}",
            {"Multiply, ReduceScatter C: C[I_X, K]", "AllToAll A, AllGather B, Multiply: C[I_X, K]",
             "AllGather A, AllGather B, Multiply, Slice C: C[I_X, K]"});
        row("A[I_X, J] . B[J, K_X]", MatmulCase::SameAxisOutside, "",
            {"AllGather A, Multiply: C[I, K_X]", "AllGather B, Multiply: C[I_X, K]"});
        // Weights sharded over the data axis: gathered, whatever else happens (question 6 of the book, second part).
        row("A[I_X, J] . B[J_X, K_Y] -> C[I_X, K_Y]", MatmulCase::OneSharded, "",
            {"AllGather B, Multiply: C[I_X, K_Y]", "AllToAll A, Multiply, ReduceScatter C: C[I_X, K_Y]",
             "AllGather A, AllGather B, Multiply, Slice C: C[I_X, K_Y]"});
        // Question 6, first part: both contract over Y.
        row("A[I_X, J_Y] . B[J_Y, K] -> C[I_X, K]", MatmulCase::BothSharded, "C[I_X, K] {U_Y}",
            {"Multiply, AllReduce C: C[I_X, K]", "AllGather A, AllGather B, Multiply: C[I_X, K]"});
        // Heads: a batch dimension on one axis, and one operand that has it whole.
        row("Q[T, N_X, D] . K[S, N_X, D] -> P[T, N_X, S]", MatmulCase::NoCommunication, "P[T, N_X, S]", {"Multiply: P[T, N_X, S]"});
        row("Q[T, N_X, D] . K[S, N, D] -> P[T, N_X, S]", MatmulCase::BatchMismatch, "",
            {"Slice B, Multiply: P[T, N_X, S]", "AllGather A, Multiply, Slice C: P[T, N_X, S]"});
        // Partial sums pass through a product that their axis does not touch.
        row("A[I, J] {U_X} . B[J, K]", MatmulCase::NoCommunication, "C[I, K] {U_X}",
            {"Multiply: C[I, K] {U_X}", "Multiply, AllReduce C: C[I, K]", "Multiply, ReduceScatter C: C[I_X, K]",
             "Multiply, ReduceScatter C: C[I, K_X]"});
    }
    void fourCases()
    {
        QFETCH(const QByteArray, text);
        QFETCH(const int, which);
        QFETCH(const QByteArray, asItStands);
        QFETCH(const QByteArrayList, expected);
        const Mesh on = mesh("X=4,Y=2");
        const ShardingExpression e = allOfSize(64, text.constData(), on);
        const Result<ShardedArray> direct = contract(on, productOf(e));
        QCOMPARE(direct.ok() ? QByteArray::fromStdString(printArray(direct.value(), on)) : QByteArray(), asItStands);
        const ProductWays found = waysOf(on, productOf(e), e.result).value();
        QCOMPARE(static_cast<int>(found.which), which);
        QVERIFY(found.complete);
        std::set<QByteArray> got;
        for (const ProductWay& way : found.ways)
            got.insert(QByteArray::fromStdString(shortForm(way) + ": " + printArray(way.result, on)));
        QCOMPARE(QByteArrayList(got.begin(), got.end()).join("\n"), [&] {
            std::set<QByteArray> sorted(expected.begin(), expected.end());
            return QByteArrayList(sorted.begin(), sorted.end()).join("\n");
        }());
        for (std::size_t i = 1; i < found.ways.size(); ++i)
            QVERIFY(found.ways[i - 1].price <= found.ways[i].price);
    }

    void questionFour()
    {
        // Question 4 of the book, X[B, D_X] . Y[D_X, F]: gathering both costs D F sent elements and 2 B D F FLOP on each device; local products
        // and an AllReduce 2 B F and 1/X of the FLOP. The second sends less while 2 B < D (both within (X - 1)/X).
        const Mesh on = mesh("X=4");
        const ProductWays all = ways("A[B, D] . W[D_X, F] -> C[B, F]", on, "B=512,D=8192,F=4096");
        QCOMPARE(all.ways.size(), std::size_t{2});
        QCOMPARE(shortForm(all.ways[0]), std::string("Slice A, Multiply, AllReduce C"));
        QCOMPARE(all.ways[0].price, 2.0 * 512 * 4096 * 3 / 4);
        QCOMPARE(all.ways[0].flop, 2.0 * 512 * 8192 * 4096 / 4);
        QCOMPARE(all.ways[1].price, 8192.0 * 4096 * 3 / 4);
        QCOMPARE(all.ways[1].flop, 2.0 * 512 * 8192 * 4096);
        // From 2 B > D on the gather is cheaper.
        QCOMPARE(shortForm(ways("A[B, D] . W[D_X, F] -> C[B, F]", on, "B=4097,D=8192,F=4096").ways[0]),
                 std::string("AllGather B, Multiply"));
    }

    void stepsAndTheirBytes_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArrayList>("steps");
        QTest::addColumn<double>("sent"); // elements
        const auto row = [](const char* text, const QByteArrayList& steps, double sent) {
            QTest::newRow(text) << QByteArray(text) << steps << sent;
        };
        // I = J = 24 on X 2, Y 3: 576 elements.
        row("A[I, J] -> A[I, J]", {}, 0);
        row("A[I, J] -> A[I_X, J_Y]", {"Slice", "Slice"}, 0);
        row("A[I, J] -> A[I_XY, J]", {"Slice"}, 0);
        row("A[I_X, J] -> A[I, J]", {"AllGather"}, 576 / 2.0);
        row("A[I_XY, J] -> A[I, J]", {"AllGather"}, 576 * 5 / 6.0);
        row("A[I_XY, J] -> A[I_X, J]", {"AllGather"}, 288 * 2 / 3.0);
        // Only the inner axis comes off alone: for the outer one both do, and the inner is cut again.
        row("A[I_X, J] -> A[I, J_X]", {"AllToAll"}, 288 / 2.0);
        row("A[I_XY, J] -> A[I, J_XY]", {"AllToAll"}, 96 * 5 / 6.0);
        row("A[I_XY, J] -> A[I, J_YX]", {"AllToAll"}, 96 * 5 / 6.0);
        row("A[I_XY, J] -> A[I_X, J_Y]", {"AllToAll"}, 96 * 2 / 3.0);
        // There and back over the other dimension is less than gathering all.
        row("A[I_XY, J] -> A[I_YX, J]", {"AllToAll", "AllToAll"}, 2 * 96 * 5 / 6.0);
        row("A[I, J] {U_X} -> A[I, J]", {"AllReduce"}, 2 * 576 / 2.0);
        row("A[I, J] {U_XY} -> A[I, J]", {"AllReduce"}, 2 * 576 * 5 / 6.0);
        row("A[I, J] {U_X} -> A[I_X, J]", {"ReduceScatter"}, 576 / 2.0);
        row("A[I, J] {U_XY} -> A[I_YX, J]", {"ReduceScatter"}, 576 * 5 / 6.0);
        row("A[I, J] {U_XY} -> A[I_X, J] {U_Y}", {"ReduceScatter"}, 576 / 2.0);
        // What is cut anyway is cut before it is sent.
        row("A[I_X, J] -> A[I, J_Y]", {"Slice", "AllGather"}, 192 / 2.0);
        row("A[I, J] {U_X} -> A[I, J_Y]", {"Slice", "AllReduce"}, 2 * 192 / 2.0);
    }
    void stepsAndTheirBytes()
    {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArrayList, steps);
        QFETCH(const double, sent);
        const Mesh on = mesh("X=2,Y=3");
        const ShardingExpression e = expression(text.constData(), on, "I=24,J=24");
        const std::vector<ShardStep> found = reshard(on, e.left, *e.result).value();
        QByteArrayList names;
        double sum = 0;
        for (const ShardStep& step : found) {
            names.append(QByteArray::fromStdString(std::string(nameOf(step.kind))));
            sum += sentElements(on, step);
        }
        QCOMPARE(names, steps);
        QVERIFY2(std::abs(sum - sent) < 1e-9, QByteArray::number(sum).constData());
    }

    void paddingTravels_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("step");
        QTest::addColumn<double>("payload"); // elements
        QTest::addColumn<double>("sent");
        const auto row = [](const char* text, const char* step, double payload, double sent) {
            QTest::newRow(text) << QByteArray(text) << QByteArray(step) << payload << sent;
        };
        // I = 9, J = 10 on X 8: pieces of two rows or two columns.
        row("A[I_X, J] -> A[I, J]", "AllGather", 8 * 20, 7 * 20);
        row("A[I, J] {U_X} -> A[I_X, J]", "ReduceScatter", 8 * 20, 7 * 20);
        row("A[I, J] {U_X} -> A[I, J_X]", "ReduceScatter", 8 * 18, 7 * 18);
        row("A[I_X, J] -> A[I, J_X]", "AllToAll", 8 * 4, 7 * 4);
        // 90 elements in eight pieces of twelve.
        row("A[I, J] {U_X} -> A[I, J]", "AllReduce", 90, 2 * 7 * 12);
    }
    void paddingTravels()
    {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArray, step);
        QFETCH(const double, payload);
        QFETCH(const double, sent);
        const Mesh on = mesh("X=8");
        const ShardingExpression e = expression(text.constData(), on, "I=9,J=10");
        const std::vector<ShardStep> found = reshard(on, e.left, *e.result).value();
        QCOMPARE(found.size(), std::size_t{1});
        QCOMPARE(QByteArray::fromStdString(std::string(nameOf(found[0].kind))), step);
        QCOMPARE(payloadElements(on, found[0]), payload);
        QCOMPARE(sentElements(on, found[0]), sent);
    }

    void impossibleIsASentence_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("sentence");
        const auto row = [](const char* text, const char* sentence) { QTest::newRow(text) << QByteArray(text) << QByteArray(sentence); };
        row("A[I_X, J] . B[J, K_X]", "A . B: X splits I of A and K of B, and C cannot be split over it twice: gather A or gather B");
        row("A[I, J_X] . B[J, K]", "A . B: only A has the contracted J split over X: gather A, or slice B (free) and leave C unreduced");
        row("A[I_X, J] . B[J_X, K]", "A . B: only B has the contracted J split over X: gather B; A has I on the same axis");
        row("A[I, J] {U_X} . B[J, K] {U_X}",
            "A . B: both operands are partial sums over X, and a product of sums is not the sum of products: reduce one of them");
        row("A[I, J] {U_X} . B[J, K_X]", "A . B: A is partial sums over X, which splits K of B: reduce or scatter A, or gather B");
        row("A[I, J_XY] . B[J_YX, K]", "A . B: J is not split over the same axes in the same order in A and B: gather or slice one");
        row("A[I, J, N_X] . B[J, K, N] -> C[I, K, N]", "A . B: only A has the batch dimension N split over X: slice B (free), or gather A");
        row("A[I, J] . B[J, K] -> C[I, M]", "C: found M; neither A nor B has this dimension");
        row("A[I, J] . B[J, K] -> C[I]", "C: found no K; a dimension that only one operand has is not summed; the result names it too");
    }
    void impossibleIsASentence()
    {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArray, sentence);
        const Mesh on = mesh("X=2,Y=2");
        const ShardingExpression e = allOfSize(4, text.constData(), on);
        const Result<ShardedArray> result = contract(on, productOf(e));
        QVERIFY(!result.ok());
        QCOMPARE(QByteArray::fromStdString(result.error().sentence()), sentence);
    }

    void wishesForPartialSums()
    {
        const Mesh on = mesh("X=2,Y=2");
        const ShardingExpression possible = expression("A[I, J] . B[J, K] -> C[I, K] {U_X}", on, "I=4,J=4,K=4");
        const ProductWays found = waysOf(on, productOf(possible), possible.result).value();
        QCOMPARE(shortForm(found.ways.front()), std::string("Slice A, Slice B, Multiply"));
        const ShardingExpression impossible = expression("A[I] . B[K] -> C[I, K] {U_X}", on, "I=4,K=4");
        QVERIFY(!waysOf(on, productOf(impossible), impossible.result).ok());
    }

    void piecesMakeTheWhole()
    {
        // Over 3,000 random meshes and arrays: pieces of all places along the axes are the array once, copies aside; local shapes
        // multiplied back are the global one where it divides, and at least that where not.
        Random random;
        int uneven = 0;
        for (int round = 0; round < 3000; ++round) {
            const Mesh on = random.mesh();
            const ShardedArray a = random.array(on, round % 2 == 0);
            QVERIFY(!problemOf(on, a));
            double stored = static_cast<double>(localElements(on, a)) * static_cast<double>(on.devices());
            stored /= static_cast<double>(copies(on, a)) * static_cast<double>(on.devicesAlong(a.unreduced));
            QCOMPARE(stored, static_cast<double>(globalElements(a)) * paddingFactor(on, a));
            for (const ShardedDim& dim : a.dims) {
                const std::int64_t local = localSize(on, dim);
                const std::int64_t parts = on.devicesAlong(dim.axes);
                if (round % 2 == 0)
                    QCOMPARE(local * parts, dim.size);
                QVERIFY(local * parts >= dim.size);
                uneven += local * parts > dim.size ? 1 : 0;
                std::vector<int> held(static_cast<std::size_t>(dim.size), 0);
                for (std::int64_t device = 0; device < on.devices(); ++device) {
                    const DimPiece piece = pieceOf(on, dim, device);
                    QVERIFY(piece.count >= 0 && piece.count <= local);
                    for (std::int64_t i = piece.begin; i < piece.begin + piece.count; ++i)
                        ++held[static_cast<std::size_t>(i)];
                }
                for (const int times : held)
                    QCOMPARE(std::int64_t{times}, on.devices() / parts);
            }
        }
        QVERIFY(uneven > 1000);
    }

    void reshardingKeepsItsPromises()
    {
        Random random;
        for (int round = 0; round < 2000; ++round) {
            const Mesh on = random.mesh();
            const ShardedArray from = random.array(on, round % 2 == 0);
            ShardedArray to = from;
            to.unreduced.clear();
            for (ShardedDim& dim : to.dims)
                dim.axes.clear();
            double plain = 0; // add up, gather everything, slice: always possible
            if (!from.unreduced.empty())
                plain += sentElements(StepKind::AllReduce, on.devicesAlong(from.unreduced), static_cast<double>(localElements(on, from)));
            ShardedArray gathered = from;
            for (ShardedDim& dim : gathered.dims) {
                const std::int64_t parts = on.devicesAlong(dim.axes);
                plain += sentElements(StepKind::AllGather, parts, static_cast<double>(localElements(on, gathered) * parts));
                dim.axes.clear();
            }
            const ShardedArray target = [&] {
                ShardedArray t = random.array(on, false);
                ShardedArray result = to;
                for (std::size_t i = 0; i < std::min(t.dims.size(), result.dims.size()); ++i)
                    result.dims[i].axes = t.dims[i].axes;
                return result;
            }();
            const std::vector<ShardStep> steps = reshard(on, from, target).value();
            ShardedArray at = from;
            double sent = 0;
            for (const ShardStep& step : steps) {
                QCOMPARE(step.before == at, true);
                const Result<ShardedArray> after = applyStep(on, at, step.kind, step.axes, step.fromDim, step.toDim);
                QVERIFY(after.ok() && after.value() == step.after);
                at = after.value();
                QVERIFY(!problemOf(on, at));
                sent += sentElements(on, step); // padding included, in whole blocks
                const double n = static_cast<double>(on.devicesAlong(step.axes));
                QCOMPARE(std::fmod(payloadElements(on, step), step.kind == StepKind::AllReduce ? 1.0 : n), 0.0);
            }
            QVERIFY(sameSharding(at, target));
            QVERIFY2(sent <= plain * (1 + 1e-12) + 1e-9, printArray(from, on).c_str());
            QVERIFY(reshard(on, target, target).value().empty());
        }
    }

    void renamingAxesChangesOnlyNames()
    {
        Random random;
        for (int round = 0; round < 60; ++round) {
            const Mesh on = random.mesh();
            std::vector<NamedAxis> axes = on.axes();
            for (std::size_t i = 0; i < axes.size(); ++i)
                axes[i].name = std::string(1, static_cast<char>('q' - static_cast<char>(i))) + "axis";
            const Mesh renamed = Mesh::make(axes).value();
            Product p{random.array(on, true), {}, "C", std::nullopt};
            p.right = p.left;
            p.right.name = "B";
            if (p.right.dims.size() > 1)
                p.right.dims.back().name = "P";
            for (ShardedDim& dim : p.right.dims)
                if (random.below(2) == 0)
                    dim.axes.clear();
            const ProductWays a = waysOf(on, p).value();
            const ProductWays b = waysOf(renamed, p).value();
            QCOMPARE(a.ways.size(), b.ways.size());
            for (std::size_t i = 0; i < a.ways.size(); ++i) {
                QVERIFY(a.ways[i].steps == b.ways[i].steps);
                QCOMPARE(a.ways[i].price, b.ways[i].price);
            }
        }
    }

    void manyAxesEndInTime()
    {
        // Twelve axes, twelve dimensions, everything against everything: an answer, marked as not complete, and no hours.
        const Mesh on = mesh("a=2,b=2,c=2,d=2,e=2,f=2,g=2,h=2,i=2,j=2,k=2,l=2");
        const ShardingExpression e =
            expression("A[M_abc, N_def, O_ghi, P_jkl] . B[O_abc, P_def, Q_ghi, R_jkl] -> C[M_ljh, N_bdf, Q_ace, R_gik]", on,
                       "M=64,N=64,O=64,P=64,Q=64,R=64");
        QElapsedTimer timer;
        timer.start();
        const Result<ProductWays> found = waysOf(on, productOf(e), e.result);
        QVERIFY(found.ok());
        QVERIFY(!found.value().complete);
        QVERIFY(!found.value().ways.empty());
        QVERIFY2(timer.elapsed() < 60'000, QByteArray::number(timer.elapsed()).constData());
    }
};

QTEST_APPLESS_MAIN(TestAlgebra)
#include "tst_algebra.moc"
