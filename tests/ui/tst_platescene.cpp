// SPDX-License-Identifier: Apache-2.0
// The picture of the shard plate: words inside and apart, tiles where their indices are, colours and regions of the devices that hold them,
// and what belongs to a pinned device, tile or operator.
#include "core/cost/tensorplate.h"
#include "longstrings.h"
#include "picturecases.h"
#include "scenechecks.h"
#include "ui/scene/plateowners.h"
#include "ui/scene/platescene.h"

#include <QScopeGuard>
#include <QTest>

#include <cmath>
#include <set>

using namespace shardlens;

namespace {

const Theme& light()
{
    return Theme::of(ThemeId::Light);
}

struct Drawn {
    Scenario scenario;
    Report report;
    Scene scene;
};

std::unique_ptr<Drawn> draw(const pictures::Case& given, QSizeF size, const PlateOptions& options = {}, const Subject& pin = {})
{
    auto drawn = std::make_unique<Drawn>();
    drawn->scenario = pictures::scenarioOf(given);
    drawn->report = evaluate(drawn->scenario);
    ViewInput input{drawn->scenario, drawn->report, size, light()};
    input.pin = pin;
    buildPlate(input, options, drawn->scene);
    return drawn;
}

const pictures::Case& mla()
{
    return pictures::caseNamed("NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4");
}

} // namespace

class TestPlateScene : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void wordsStandApart_data()
    {
        QTest::addColumn<int>("index");
        for (std::size_t i = 0; i < pictures::cases().size(); ++i)
            QTest::newRow(pictures::cases()[i].name) << static_cast<int>(i);
    }
    void wordsStandApart()
    {
        QFETCH(int, index);
        const pictures::Case& given = pictures::cases()[static_cast<std::size_t>(index)];
        std::vector<QSizeF> sizes = pictures::sizes();
        sizes.push_back({330, 150});
        sizes.push_back({3840, 2100});
        for (const QSizeF& size : sizes) {
            const auto drawn = draw(given, size);
            QCOMPARE(pictures::textFault(drawn->scene), QString());
            QCOMPARE(check::regionTrouble(drawn->scene), QString());
            QVERIFY(drawn->scene.items.size() < 20'000);
            if (drawn->report.legal && size.height() >= 300)
                QVERIFY(pictures::hasText(drawn->scene, QStringLiteral("W_O")) || size.width() < 600);
        }
    }

    /// Text of one and a half times its size, as the settings allow.
    void largeTextStandsApart()
    {
        setTextScale(1.5);
        const auto reset = qScopeGuard([] { setTextScale(1); });
        for (const pictures::Case& given : pictures::cases()) {
            for (const QSizeF& size : {QSizeF(330, 150), QSizeF(600, 330), QSizeF(1600, 900)}) {
                const QString fault = pictures::textFault(draw(given, size)->scene);
                QVERIFY2(fault.isEmpty(), qPrintable(QString::fromUtf8(given.name) + u": " + fault));
            }
        }
    }

    /// Words 40 % longer, as German or Finnish would be, at ordinary and at large text.
    void longWordsStandApart()
    {
        const pictures::WithLongStrings strings(true);
        const auto reset = qScopeGuard([] { setTextScale(1); });
        bool seen = false;
        for (const double scale : {1.0, 1.5}) {
            setTextScale(scale);
            for (const pictures::Case& given : pictures::cases()) {
                for (const QSizeF& size : {QSizeF(330, 150), QSizeF(620, 380), QSizeF(1600, 900)}) {
                    const auto drawn = draw(given, size);
                    const QString fault = pictures::textFault(drawn->scene);
                    QVERIFY2(fault.isEmpty(), qPrintable(QString::fromUtf8(given.name) + u": " + fault));
                    seen = seen || pictures::hasText(drawn->scene, QStringLiteral(" und "));
                }
            }
        }
        QVERIFY(seen);
    }

    /// A wide view is used: a tensor that is long in one direction does not leave the room under all others empty.
    void wideViewsAreFilled()
    {
        for (const QSizeF& size : {QSizeF(1920, 620), QSizeF(1600, 900), QSizeF(3840, 1000)}) {
            const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
            const PlateLayout layout =
                plateLayout(tensorPlate(scenario.context(), scenario.plan, scenario.reserve), 0, size, 0, plateOwners(scenario, 0));
            double filled = 0;
            double right = 0;
            for (const PlateCell& cell : layout.cells) {
                right = std::max(right, cell.box.right());
                for (const QRectF& part : cell.parts)
                    filled += part.width() * part.height();
            }
            const double share = filled / (size.width() * size.height());
            QVERIFY2(share > 0.2, qPrintable(QString::number(share)));
        }
    }

    /// Every side has one scale: an area never says more of one tensor than of another.
    void sidesHaveOneScale()
    {
        for (const pictures::Case* given : {&mla(), &pictures::caseNamed("8 H100, TP 8"), &pictures::caseNamed("one H100")}) {
            const Scenario scenario = pictures::scenarioOf(*given);
            const TensorPlate plate = tensorPlate(scenario.context(), scenario.plan, scenario.reserve);
            for (const QSizeF& size : {QSizeF(1200, 640), QSizeF(1600, 900)}) {
                const PlateLayout layout = plateLayout(plate, 0, size, 0, plateOwners(scenario, 0));
                QVERIFY(layout.cells.size() > 8);
                QCOMPARE(layout.hidden, 0);
                int compared = 0;
                for (const PlateCell& cell : layout.cells) {
                    const PlateTensor& tensor = plate.tensors[static_cast<std::size_t>(cell.tensor)];
                    for (std::size_t part = 0; part < cell.parts.size(); ++part) {
                        double rows = 1;
                        double columns = 1;
                        for (std::size_t dim = 0; dim < tensor.parts[part].array.dims.size(); ++dim)
                            (dim < tensor.parts[part].rowDims ? rows : columns) *=
                                static_cast<double>(tensor.parts[part].array.dims[dim].size);
                        const auto side = [&](double n) { return layout.scale * std::pow(n, layout.exponent); };
                        const QRectF rect = cell.parts[part];
                        if (side(rows) > kPlateLeastSide && side(columns) > kPlateLeastSide) {
                            QVERIFY(std::abs(rect.height() - side(rows)) <= 1);
                            QVERIFY(std::abs(rect.width() - side(columns)) <= 1);
                            ++compared;
                        }
                    }
                    QVERIFY(cell.layersBytes <= layout.mostBytes);
                }
                QVERIFY(compared > 6);
            }
        }
    }

    /// A point in a tile names a device that holds it; the tile lies where its indices are.
    void regionsInvertTheDrawing()
    {
        const auto drawn = draw(pictures::caseNamed("8 H100, TP 8"), {1600, 900});
        const TensorPlate plate = tensorPlate(drawn->scenario.context(), drawn->scenario.plan, drawn->scenario.reserve);
        const PlateLayout layout = plateLayout(plate, 0, {1600, 900}, 0, plateOwners(drawn->scenario, 0));
        const Placement placement(drawn->scenario.plan.meshSizes());
        int tiles = 0;
        for (const PlateCell& cell : layout.cells) {
            const PlateTensor& tensor = plate.tensors[static_cast<std::size_t>(cell.tensor)];
            const PlatePart& part = tensor.parts.front();
            if (tensor.tileCount() != 8)
                continue;
            const PlateSide down(tensor, part, true);
            const PlateSide across(tensor, part, false);
            QCOMPARE(down.count() * across.count(), std::int64_t{8});
            for (std::int64_t row = 0; row < down.count(); ++row) {
                for (std::int64_t column = 0; column < across.count(); ++column) {
                    const QRectF frame = cell.parts.front();
                    const QPointF middle(frame.left() + frame.width() * (across.span(column).begin + across.span(column).end) / 2,
                                         frame.top() + frame.height() * (down.span(row).begin + down.span(row).end) / 2);
                    const Subject hit = drawn->scene.subjectAt(middle);
                    QVERIFY(hit.kind == Subject::Kind::Tensor);
                    QCOMPARE(hit.tensor, cell.tensor);
                    QCOMPARE(tileOf(tensor, placement, hit.device), down.tileOf(row) + across.tileOf(column));
                    ++tiles;
                }
            }
        }
        QVERIFY(tiles >= 8 * 6);
    }

    void copiesAreHatched()
    {
        const auto count = [](const Drawn& drawn) {
            return std::count_if(drawn.scene.items.begin(), drawn.scene.items.end(),
                                 [](const SceneItem& item) { return item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::Replica; });
        };
        const auto single = draw(pictures::caseNamed("one H100"), {1200, 700});
        QCOMPARE(count(*single), 0);
        const auto replicated = draw(pictures::caseNamed("8 H100, TP 2 x PP 2 x DP 2"), {1200, 700});
        QVERIFY(count(*replicated) > 8);
        QVERIFY(check::says(replicated->scene, QStringLiteral("2 copies")));
        // All devices that hold a tile are listed on it: DP 2 puts ranks 0 and 4 onto the first.
        QVERIFY(check::says(replicated->scene, QStringLiteral("0, 4")));
    }

    void notationAndBytesAreShown()
    {
        const auto drawn = draw(pictures::caseNamed("8 H100, TP 4 x PP 2"), {1600, 900});
        QVERIFY(check::says(drawn->scene, QStringLiteral("W_Q[D, N_TP4, H]")));
        QVERIFY(check::says(drawn->scene, QStringLiteral("× 40 layers")));
        QVERIFY(check::says(drawn->scene, QStringLiteral("32 MiB × 40"))); // 8,192 x 8,192 x 2 B / 4
        QVERIFY(!check::says(drawn->scene, QStringLiteral("W_head")));     // of the last stage
        PlateOptions last;
        last.stage = 1;
        const auto end = draw(pictures::caseNamed("8 H100, TP 4 x PP 2"), {1600, 900}, last);
        QVERIFY(check::says(end->scene, QStringLiteral("W_head")));
        QVERIFY(!check::says(end->scene, QStringLiteral("W_embed")));
    }

    /// In the smallest dock as in a wide view every matrix has its notation and who holds it.
    void everyMatrixSaysWhoHoldsIt()
    {
        for (const QSizeF& size : {QSizeF(330, 150), QSizeF(360, 280), QSizeF(620, 380), QSizeF(1200, 700)}) {
            const auto drawn = draw(pictures::caseNamed("8 H100, TP 8"), size);
            QCOMPARE(pictures::textFault(drawn->scene), QString());
            QVERIFY(check::says(drawn->scene, QStringLiteral("W_Q[D, N_TP")));
            const auto captions = [&](const QString& said) {
                return std::count_if(drawn->scene.items.begin(), drawn->scene.items.end(), [&](const SceneItem& item) {
                    return item.kind == SceneItem::Kind::Text && drawn->scene.texts[item.extra].endsWith(said);
                });
            };
            const TensorPlate plate = tensorPlate(drawn->scenario.context(), drawn->scenario.plan, drawn->scenario.reserve);
            const PlateLayout layout = plateLayout(plate, 0, size, 0, plateOwners(drawn->scenario, 0));
            QVERIFY(!layout.cells.empty());
            QCOMPARE(captions(QStringLiteral("1/8 each")) + captions(QStringLiteral("whole")),
                     static_cast<std::ptrdiff_t>(layout.cells.size()));
            if (size.width() > 1000)
                QVERIFY(captions(QStringLiteral("GPU 0–7: 1/8 each")) > 0);
        }
    }

    /// Ranks without a sequence of the microbatch hold nothing of it, and nobody holds a share of one.
    void idleRanksAreCounted()
    {
        Scenario scenario = pictures::scenarioOf(mla());
        scenario.plan[PlanAxis::Tensor] = 1;
        scenario.plan[PlanAxis::Data] = 1;
        scenario.plan[PlanAxis::Pipeline] = 2;
        scenario.plan[PlanAxis::Expert] = 32;
        scenario.plan[PlanAxis::AttentionData] = 32;
        scenario.plan[PlanAxis::PrefillMicrobatches] = 2;
        scenario.plan[PlanAxis::DecodeMicrobatches] = 2;
        scenario.workload.batch = 32;
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        for (const QSizeF& size : {QSizeF(620, 380), QSizeF(1200, 560), QSizeF(1920, 1080)}) {
            Scene scene;
            buildPlate({scenario, report, size, light()}, {}, scene);
            QCOMPARE(pictures::textFault(scene), QString());
            if (size.width() > 1000)
                QVERIFY(check::says(scene, QStringLiteral("GPU 0–31: 1/16, 16 idle")));
        }
        for (const PlateTensor& tensor : tensorPlate(scenario.context(), scenario.plan, scenario.reserve).tensors) {
            const bool stream = tensor.kind == TensorKind::Stream || tensor.kind == TensorKind::DecodeStream;
            QCOMPARE(plateCaption(QString(), tensor).contains(QStringLiteral("idle")), stream);
        }
        scenario.workload.batch = 96; // 48 sequences: two each, the last 8 ranks have none
        for (const PlateTensor& tensor : tensorPlate(scenario.context(), scenario.plan, scenario.reserve).tensors)
            if (tensor.kind == TensorKind::Stream)
                QCOMPARE(plateCaption(QString(), tensor), QStringLiteral("1/24, 8 idle"));
    }

    /// Words stand on every tile of a matrix or on none, whatever the sizes that rounding gives them; totals under all matrices or none.
    void labelsAreEven()
    {
        int labelled = 0;
        int sparse = 0;
        int bare = 0;
        for (const pictures::Case& given : pictures::cases()) {
            for (const QSizeF& size : {QSizeF(620, 380), QSizeF(1200, 700), QSizeF(1920, 1080)}) {
                const auto drawn = draw(given, size);
                if (!drawn->report.legal)
                    continue;
                const TensorPlate plate = tensorPlate(drawn->scenario.context(), drawn->scenario.plan, drawn->scenario.reserve);
                const PlateLayout layout = plateLayout(plate, 0, size, 0, plateOwners(drawn->scenario, 0));
                std::ptrdiff_t totals = 0;
                std::ptrdiff_t several = 0;
                for (const PlateCell& cell : layout.cells) {
                    std::set<std::pair<double, double>> tiles;
                    std::set<std::pair<double, double>> words;
                    for (const SceneItem& item : drawn->scene.items) {
                        const bool inside = std::any_of(cell.parts.begin(), cell.parts.end(), [&](const QRectF& part) {
                            return part.adjusted(-1, -1, 1, 1).contains(item.rect);
                        });
                        if (!inside)
                            continue;
                        if (item.kind == SceneItem::Kind::Text)
                            words.insert({item.rect.left(), item.rect.top()});
                        else if (item.kind == SceneItem::Kind::Fill)
                            tiles.insert({item.rect.left(), item.rect.top()});
                    }
                    // On none, on each, or on its ground like the numbers of an axis.
                    const bool all = words.size() == tiles.size();
                    QVERIFY2(words.empty() || all || words.size() >= 2, given.name);
                    if (!words.empty() && !all) {
                        ++sparse;
                        std::vector<double> at;
                        const bool across = words.begin()->first != words.rbegin()->first;
                        for (const auto& [left, top] : words)
                            at.push_back(across ? left : top);
                        for (std::size_t i = 3; i + 1 < at.size(); ++i) // the first and the last are moved inside
                            QVERIFY2(std::abs((at[i] - at[i - 1]) - (at[i - 1] - at[i - 2])) <= 2, given.name);
                    }
                    ++(words.empty() ? bare : labelled);
                    const PlateTensor& tensor = plate.tensors[static_cast<std::size_t>(cell.tensor)];
                    if (tensor.layersOn(0) <= 1 || layout.text == PlateText::Owners)
                        continue;
                    ++several;
                    totals += check::says(drawn->scene, plateBytes(tensor, 0, true)) ? 1 : 0;
                }
                QVERIFY2(totals == 0 || totals == several, given.name);
            }
        }
        QVERIFY(labelled > 50 && bare > 50 && sparse > 20);
    }

    void numbersOfAnAxisKeepApart()
    {
        for (int count = 2; count <= 130; ++count)
            for (const double length : {20.0, 40.0, 93.0, 400.0, 1500.0})
                for (const double room : {11.0, 14.0, 25.0}) {
                    std::vector<double> centres;
                    for (int i = 0; i < count; ++i)
                        centres.push_back((i + 0.5) / count * length);
                    const std::vector<TileNumber> numbers = everyNth(centres, room, length);
                    if (numbers.empty()) {
                        QVERIFY(length < 2 * room + 2);
                        continue;
                    }
                    QCOMPARE(numbers.front().index, std::size_t{0});
                    QCOMPARE(numbers.back().index, static_cast<std::size_t>(count - 1));
                    for (std::size_t i = 1; i < numbers.size(); ++i)
                        QVERIFY(numbers[i].at - numbers[i - 1].at >= room - 1e-9 && numbers[i].index > numbers[i - 1].index);
                    QVERIFY(numbers.front().at >= room / 2 && numbers.back().at <= length - room / 2);
                    for (std::size_t i = 2; i + 1 < numbers.size(); ++i)
                        QCOMPARE(numbers[i].index - numbers[i - 1].index, numbers[1].index - numbers[0].index);
                }
    }

    void aPinChoosesTheStage()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        const Subject second{.kind = Subject::Kind::Device, .device = 5};
        QCOMPARE(plateStage(scenario, report, second, {}), 1);
        QCOMPARE(plateStage(scenario, report, {}, {}), 0);
        PlateOptions beyond;
        beyond.stage = 9;
        QCOMPARE(plateStage(scenario, report, {}, beyond), 1);
    }

    void tooltipNamesTileAndHolders()
    {
        const auto drawn = draw(pictures::caseNamed("8 H100, TP 2 x PP 2 x DP 2"), {1600, 900});
        const TensorPlate plate = tensorPlate(drawn->scenario.context(), drawn->scenario.plan, drawn->scenario.reserve);
        bool found = false;
        for (const HitRegion& hit : drawn->scene.hits) {
            if (hit.subject.kind != Subject::Kind::Tensor || hit.subject.device != 1
                || plate.tensors[static_cast<std::size_t>(hit.subject.tensor)].kind != TensorKind::Query)
                continue;
            const QString tip = plateTooltip(drawn->scenario, drawn->report, hit.subject);
            QVERIFY2(tip.contains(QStringLiteral("tile 2 of 2")), qPrintable(tip));
            QVERIFY2(tip.contains(QStringLiteral("N 32–63")), qPrintable(tip));
            QVERIFY2(tip.contains(QStringLiteral("GPU 1, 5")), qPrintable(tip));
            QVERIFY2(tip.contains(QStringLiteral("64 MiB")), qPrintable(tip));
            found = true;
        }
        QVERIFY(found);
    }

    /// One selection: a device and its tiles, a tile and its devices, an operator and its weights.
    void selectionsRelate()
    {
        const auto drawn = draw(mla(), {1600, 900});
        const TensorPlate plate = tensorPlate(drawn->scenario.context(), drawn->scenario.plan, drawn->scenario.reserve);
        const Placement placement(drawn->scenario.plan.meshSizes());
        int tiles = 0;
        for (const HitRegion& hit : drawn->scene.hits) {
            if (hit.subject.device < 0)
                continue;
            const PlateTensor& tensor = plate.tensors[static_cast<std::size_t>(hit.subject.tensor)];
            for (const int device : {0, 3, 13, 31}) {
                const Subject selected{.kind = Subject::Kind::Device, .device = device};
                const bool holds = tileOf(tensor, placement, device) == tileOf(tensor, placement, hit.subject.device);
                QCOMPARE(belongs(hit.subject, selected, drawn->report), holds);
                QCOMPARE(belongs(selected, hit.subject, drawn->report), holds);
            }
            ++tiles;
        }
        QVERIFY(tiles > 50);
        const auto& operators = drawn->report.decode.operators;
        std::set<std::string> marked;
        for (std::size_t i = 0; i < operators.size(); ++i) {
            if (operators[i].op != Op::OutputProjection)
                continue;
            const Subject op{.kind = Subject::Kind::Operator, .phase = Phase::Decode, .op = static_cast<int>(i)};
            for (const HitRegion& hit : drawn->scene.hits)
                if (belongs(hit.subject, op, drawn->report))
                    marked.insert(plate.tensors[static_cast<std::size_t>(hit.subject.tensor)].name);
        }
        QCOMPARE(marked, std::set<std::string>{"W_O"});
        // An EP rank and its experts' weights.
        std::set<int> ranks;
        for (const HitRegion& hit : drawn->scene.hits)
            if (belongs(hit.subject, {.kind = Subject::Kind::Expert, .expert = 100, .rank = 3}, drawn->report))
                ranks.insert(placement.expertRank(hit.subject.device));
        QCOMPARE(ranks, std::set<int>{3});
    }

    void scrollingLeavesOutTheFirst()
    {
        PlateOptions options;
        options.firstTensor = 3;
        const auto drawn = draw(pictures::caseNamed("8 H100, TP 8"), {420, 300}, options);
        QVERIFY(!check::says(drawn->scene, QStringLiteral("W_Q")));
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        QVERIFY(plateTensorCount(scenario, evaluate(scenario), 0) > 8);
    }

    void illegalPlansSayWhy()
    {
        const auto drawn = draw(pictures::caseNamed("8 H100, TP 6: not legal"), {900, 600});
        QVERIFY(check::says(drawn->scene, QStringLiteral("TP 6")));
        QVERIFY(drawn->scene.hits.empty());
    }

    /// The inspector's figure is the bytes that the plate shows.
    void explanationsMatch()
    {
        const auto drawn = draw(mla(), {1600, 900});
        const TensorPlate plate = tensorPlate(drawn->scenario.context(), drawn->scenario.plan, drawn->scenario.reserve);
        for (std::size_t i = 0; i < plate.tensors.size(); ++i) {
            Subject subject{.kind = Subject::Kind::Tensor, .stage = 0, .tensor = static_cast<int>(i)};
            const Explanation out = explain(drawn->scenario, drawn->report, subject);
            QCOMPARE(out.formulaId, std::string("tensor.bytes"));
            QCOMPARE(out.title, plate.tensors[i].name);
            const double bytes = static_cast<double>(plate.tensors[i].deviceBytes * plate.tensors[i].layersOn(0));
            QCOMPARE(out.alternatives.front().amount, bytes);
            // The printed product is the printed result, where nothing is rounded up.
            if (plate.tensors[i].kind == TensorKind::Query || plate.tensors[i].kind == TensorKind::ExpertsUp)
                QVERIFY(std::none_of(out.notes.begin(), out.notes.end(),
                                     [](const std::string& note) { return note.find("plain product") != note.npos; }));
        }
    }
};

QTEST_MAIN(TestPlateScene)
#include "tst_platescene.moc"
