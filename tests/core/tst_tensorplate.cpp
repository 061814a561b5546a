// SPDX-License-Identifier: Apache-2.0
// Tensors under a plan: their tiles cover them, their bytes are memory's, their holders are the devices of the placement.
#include "core/cost/tensorplate.h"
#include "core/hardware/resize.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/scenario_file.h"
#include "randomscenario.h"
#include "scenarios.h"

#include <QTest>

#include <map>
#include <set>

using namespace shardlens;

namespace {

struct Sums {
    Bytes weights = 0;
    Bytes experts = 0;
    Bytes attention = 0;
    Bytes kv = 0;
};

Sums sumsOf(const TensorPlate& plate, int stage, bool fewest)
{
    Sums sums;
    for (const PlateTensor& tensor : plate.tensors) {
        const Bytes bytes = (fewest ? tensor.fewestBytes : tensor.deviceBytes) * tensor.layersOn(stage);
        const MemoryClass part = memoryClassOf(tensor.kind);
        if (part == MemoryClass::Weights)
            sums.weights += bytes;
        if (part == MemoryClass::Kv)
            sums.kv += bytes;
        if (tensor.kind == TensorKind::ExpertsUp || tensor.kind == TensorKind::ExpertsDown)
            sums.experts += bytes;
        const bool attention =
            tensor.kind < TensorKind::KvCache || tensor.kind == TensorKind::MixerOut || tensor.kind == TensorKind::Output;
        if (attention)
            sums.attention += bytes;
    }
    return sums;
}

const PlateTensor* named(const TensorPlate& plate, std::string_view name)
{
    for (const PlateTensor& tensor : plate.tensors)
        if (tensor.name == name)
            return &tensor;
    return nullptr;
}

TensorPlate plateOf(const Scenario& s)
{
    return tensorPlate(s.context(), s.plan, s.reserve);
}

/// Empty when the pieces of every dimension lie end to end over the whole of it, and tiles are every combination of them.
QString coverTrouble(const PlateTensor& tensor, const PlatePart& part)
{
    std::set<std::vector<std::int64_t>> tiles;
    std::vector<std::map<std::int64_t, std::int64_t>> pieces(part.array.dims.size());
    for (std::int64_t tile = 0; tile < tensor.tileCount(); ++tile) {
        std::vector<std::int64_t> begins;
        for (std::size_t dim = 0; dim < part.array.dims.size(); ++dim) {
            const DimPiece piece = tensor.piece(part, dim, tile);
            begins.push_back(piece.begin);
            if (piece.count == 0)
                break; // padding alone
            const auto [at, fresh] = pieces[dim].emplace(piece.begin, piece.count);
            if (!fresh && at->second != piece.count)
                return QStringLiteral("two pieces begin at %1").arg(piece.begin);
        }
        if (begins.size() == part.array.dims.size())
            tiles.insert(begins);
    }
    std::size_t combinations = 1;
    for (std::size_t dim = 0; dim < pieces.size(); ++dim) {
        std::int64_t end = 0;
        for (const auto& [begin, count] : pieces[dim]) {
            if (begin != end)
                return QStringLiteral("dimension %1: %2 follows %3").arg(dim).arg(begin).arg(end);
            end = begin + count;
        }
        if (end != part.array.dims[dim].size)
            return QStringLiteral("dimension %1 ends at %2").arg(dim).arg(end);
        combinations *= pieces[dim].size();
    }
    return tiles.size() >= combinations ? QString() : QStringLiteral("%1 tiles of %2").arg(tiles.size()).arg(combinations);
}

} // namespace

class TestTensorPlate : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void bytesAreThoseOfMemory()
    {
        test::Random random(5);
        int uneven = 0;
        int loaded = 0;
        for (int round = 0; round < 2500; ++round) {
            Scenario s = random.scenario();
            if (s.plan.expert() > 1 && round % 2 == 0) { // ranks with one expert more than others
                const int before = s.plan.options.redundantExperts;
                s.plan.options.redundantExperts = 1;
                if (!isLegal(s.context(), s.plan))
                    s.plan.options.redundantExperts = before;
            }
            const MemoryReport memory = memoryOf(s.context(), s.plan, s.reserve);
            if (memory.limiting().total() >= kMostBytes / 4)
                continue; // sums saturate
            const TensorPlate plate = plateOf(s);
            QCOMPARE(plate.stages, static_cast<int>(memory.stages.size()));
            std::set<int> seen;
            for (const DeviceMemory& group : memory.groups) {
                const bool fewest = !seen.insert(group.stage).second;
                uneven += fewest ? 1 : 0;
                loaded += group.predictionWeights > 0 ? 1 : 0;
                const Sums sums = sumsOf(plate, group.stage, fewest);
                QCOMPARE(sums.weights, group.weights());
                QCOMPARE(sums.experts, group.expertWeights);
                QCOMPARE(sums.attention, group.attentionWeights);
                QCOMPARE(sums.kv, group.kv);
            }
        }
        QVERIFY(uneven > 5);
        QVERIFY(loaded > 5);
    }

    void tilesCoverTheTensor()
    {
        test::Random random(6);
        int split = 0;
        for (int round = 0; round < 600; ++round) {
            const Scenario s = random.scenario();
            for (const PlateTensor& tensor : plateOf(s).tensors) {
                if (tensor.parts.empty() || tensor.tileCount() > 2000)
                    continue;
                for (const PlatePart& part : tensor.parts) {
                    // A part that not every axis of the tensor splits repeats over the others: pieces are compared by their beginnings.
                    const QString trouble = coverTrouble(tensor, part);
                    QVERIFY2(trouble.isEmpty(), qPrintable(QString::fromStdString(tensor.notation()) + u": " + trouble));
                }
                split += tensor.tileCount() > 1 ? 1 : 0;
            }
        }
        QVERIFY(split > 1000);
    }

    /// Gate and up are two matrices, each with the bytes that its notation says.
    void gateAndUpStandApart()
    {
        Scenario s = caseStudyScenario(builtinCatalog());
        const auto named = [&s](std::string_view name) -> std::optional<PlateTensor> {
            for (PlateTensor& tensor : plateOf(s).tensors)
                if (tensor.name == name)
                    return std::move(tensor);
            return std::nullopt;
        };
        const std::int64_t bytes = 2 * std::int64_t{s.model->hidden} * s.model->kinds.front().feedForward.intermediate;
        for (const char* name : {"W_gate", "W_up", "W_down"}) {
            const std::optional<PlateTensor> tensor = named(name);
            QVERIFY2(tensor, name);
            QCOMPARE(tensor->wholeBytes, bytes);
            QCOMPARE(tensor->deviceBytes, bytes / s.plan.tensor());
        }
        QVERIFY(named("W_gate")->kind == named("W_up")->kind); // one operator reads both
        QVERIFY(!named("E_gate"));
    }

    /// What a device stores of a matrix without scales is its piece of every part, as memory counts it.
    void piecesAreWhatIsStored()
    {
        test::Random random(7);
        int compared = 0;
        for (int round = 0; round < 800; ++round) {
            Scenario s = random.scenario();
            s.formats.weights = s.formats.kv = NumberFormat::Bf16;
            s.formats.own = {};
            s.reserve = 0; // no rounding to blocks of the cache
            for (const PlateTensor& tensor : plateOf(s).tensors) {
                if (tensor.parts.empty() || tensor.kind == TensorKind::State || tensor.kind == TensorKind::IndexCache)
                    continue;
                std::int64_t elements = 0;
                for (const PlatePart& part : tensor.parts)
                    elements += localElements(tensor.mesh, part.array);
                QVERIFY2(tensor.deviceBytes == 2 * elements, tensor.notation().c_str());
                std::int64_t whole = 0;
                for (const PlatePart& part : tensor.parts)
                    whole += globalElements(part.array);
                const bool redundant = tensor.kind == TensorKind::ExpertsUp || tensor.kind == TensorKind::ExpertsDown;
                if (!redundant || s.plan.redundantExperts() == 0)
                    QVERIFY2(tensor.wholeBytes == 2 * whole, tensor.notation().c_str());
                ++compared;
            }
        }
        QVERIFY(compared > 5000);
    }

    void everyDeviceHoldsOneTile()
    {
        test::Random random(8);
        for (int round = 0; round < 300; ++round) {
            const Scenario s = random.scenario();
            const Placement placement(s.plan.meshSizes());
            const TensorPlate plate = plateOf(s);
            const int stage = plate.stages - 1;
            for (const PlateTensor& tensor : plate.tensors) {
                if (tensor.parts.empty() || s.plan.devices() > 512)
                    continue;
                std::set<int> devices;
                const int code = holdersCode(tensor);
                for (std::int64_t tile = 0; tile < tensor.tileCount(); ++tile) {
                    const int first = holderOf(tensor, placement, stage, tile, 0);
                    for (std::int64_t copy = 0; copy < tensor.holderCount(); ++copy) {
                        const int device = holderOf(tensor, placement, stage, tile, copy);
                        QVERIFY(devices.insert(device).second);
                        QCOMPARE(tileOf(tensor, placement, device), tile);
                        QCOMPARE(placement.coordinate(device, MeshAxis::Pipeline), stage);
                        QVERIFY(holdSame(s.plan.meshSizes(), code, first, device));
                    }
                    if (tile > 0)
                        QVERIFY(!holdSame(s.plan.meshSizes(), code, holderOf(tensor, placement, stage, 0, 0), first));
                }
                QCOMPARE(static_cast<std::int64_t>(devices.size()), s.plan.stageDevices() * s.plan.data());
            }
        }
    }

    /// Heads of TP ranks as the placement deals them.
    void headsAreThoseOfThePlacement()
    {
        Scenario s = test::scenarioOf("llama-3-70b", "p5.48xlarge");
        s.plan[PlanAxis::Tensor] = 16;
        Result<Cluster> more = resized(*s.cluster, 16);
        QVERIFY(more.ok());
        s.cluster = std::make_shared<const Cluster>(more.value());
        const TensorPlate plate = plateOf(s);
        const Placement placement(s.plan.meshSizes());
        const PlateTensor* keys = named(plate, "W_K");
        QVERIFY(keys != nullptr);
        QCOMPARE(keys->notation(), std::string("W_K[D, K_TPk8, H]"));
        QCOMPARE(keys->copies, std::int64_t{2});
        for (int device = 0; device < 16; ++device) {
            const DimPiece piece = keys->piece(keys->parts.front(), 1, tileOf(*keys, placement, device));
            const IndexRange expected = kvHeadsOf(8, 16, device);
            QCOMPARE(piece.begin, std::int64_t{expected.begin});
            QCOMPARE(piece.count, std::int64_t{expected.count()});
        }
        // Llama-3-70B in bf16: 8,192 x 64 heads x 128 x 2 B over 16 ranks.
        const PlateTensor* queries = named(plate, "W_Q");
        QCOMPARE(queries->notation(), std::string("W_Q[D, N_TP16, H]"));
        QCOMPARE(queries->deviceBytes, Bytes{8192} * 64 * 128 * 2 / 16);
        QCOMPARE(queries->layersOn(0), std::int64_t{80});
    }

    void operatorsKnowTheirWeights()
    {
        // Every weight that is multiplied with is some operator's.
        test::Random random(9);
        for (int round = 0; round < 300; ++round) {
            const Scenario s = random.scenario();
            const Report report = evaluate(s);
            for (const PlateTensor& tensor : plateOf(s).tensors) {
                const bool weight = tensor.kind < TensorKind::Stream && tensor.kind != TensorKind::Positions;
                if (!weight)
                    continue;
                bool found = false;
                for (const PhaseReport* phase : {&report.prefill, &report.decode})
                    for (const OperatorCost& op : phase->operators)
                        found = found || uses(op.op, tensor.kind);
                QVERIFY2(found, tensor.name.c_str());
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestTensorPlate)
#include "tst_tensorplate.moc"
