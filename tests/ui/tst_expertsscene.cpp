// SPDX-License-Identifier: Apache-2.0
// The expert view: its picture without pixels, and its controls through the real window.
#include "tests/ui/picturecases.h"
#include "tests/ui/scenechecks.h"
#include "tests/ui/windowfixture.h"
#include "ui/controls/linearslider.h"
#include "ui/controls/numberfield.h"
#include "ui/scene/expertsscene.h"
#include "ui/scene/expertstext.h"
#include "ui/scene/scenetext.h"
#include "ui/views/sceneview.h"
#include "ui/window/dockarea.h"
#include "ui/window/expertsbody.h"

#include <QSignalSpy>

#include <QScopeGuard>

#include <cmath>
#include <set>

using namespace shardlens;

namespace {

struct Mixture {
    const char* model;
    const char* cluster;
    int expert;
    int devices;
    int batch;
};

const std::vector<Mixture>& mixtures()
{
    static const std::vector<Mixture> all{
        {"mixtral-8x7b", "p5.48xlarge", 8, 0, 256},  {"mixtral-8x7b", "p5.48xlarge", 1, 0, 1},
        {"deepseek-v3", "gb200-nvl72", 64, 0, 2048}, {"qwen3-30b-a3b", "p5.48xlarge", 8, 0, 64},
        {"gpt-oss-120b", "p5.48xlarge", 4, 0, 32},   {"deepseek-v3", "p5.48xlarge", 256, 256, 4096},
    };
    return all;
}

Scenario scenarioOf(const Mixture& given)
{
    pictures::Case plain{"", given.cluster, given.devices, given.model, 1, 1, 1, given.expert, 1, given.expert, given.batch};
    return pictures::scenarioOf(plain);
}

Scenario shrunk(Scenario scenario, const Routing& routing, int redundant)
{
    scenario.workload.routing = routing;
    scenario.plan.options.redundantExperts = scenario.plan.expert() > 1 ? redundant : 0;
    return scenario;
}

ExpertsBody& bodyOf(WindowFixture& fixture)
{
    return raisedBody<ExpertsBody>(fixture, ViewKind::Experts);
}

void openMixture(WindowFixture& fixture)
{
    fixture.document.edit(scenarioOf(mixtures().front()), QStringLiteral("mixture"));
    fixture.document.endMerge();
}

} // namespace

class ExpertsSceneTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        failOnUnexpectedMessages();
        prepareAppearance();
    }

    void textsKeepTheirPlaces_data()
    {
        QTest::addColumn<double>("scale");
        QTest::newRow("text as it is") << 1.0;
        QTest::newRow("large text") << 1.5;
    }
    void textsKeepTheirPlaces()
    {
        QFETCH(double, scale);
        setTextScale(scale);
        const auto restore = qScopeGuard([] { setTextScale(1); });
        for (const Mixture& mixture : mixtures())
            for (const Routing& routing : {Routing{}, Routing{0.6, 0, true}, Routing{1.3, 1.25, true}, Routing{1.3, 1.25, false}})
                for (const int redundant : {0, 16})
                    for (const bool example : {false, true}) {
                        const Scenario scenario = shrunk(scenarioOf(mixture), routing, redundant);
                        const Report report = evaluate(scenario);
                        QVERIFY2(report.legal, mixture.model);
                        for (const QSizeF size : {QSizeF{330, 122}, QSizeF{330, 150}, QSizeF{420, 300}, QSizeF{600, 330}, QSizeF{900, 600},
                                                  QSizeF{1600, 900}}) {
                            Scene scene;
                            scene.clear(size);
                            buildExperts({scenario, report, size, Theme::of(ThemeId::Light)},
                                         {example ? Phase::Prefill : Phase::Decode, example, report.decode.time}, scene);
                            const QString where = QStringLiteral("%1 skew %2 redundant %3 at %4 x %5: ")
                                                      .arg(QLatin1String(mixture.model))
                                                      .arg(routing.powerLaw)
                                                      .arg(redundant)
                                                      .arg(size.width())
                                                      .arg(size.height());
                            QString trouble = check::textTrouble(scene);
                            QVERIFY2(trouble.isEmpty(), qPrintable(QString(where + trouble)));
                            trouble = check::regionTrouble(scene);
                            QVERIFY2(trouble.isEmpty(), qPrintable(QString(where + trouble)));
                            QVERIFY(!scene.items.empty());
                        }
                    }
    }

    /// Bars stand for the loads: their heights add up to the mean times the ranks.
    void barsAddUpToThePairs()
    {
        for (const Mixture& mixture : mixtures()) {
            const Scenario scenario = shrunk(scenarioOf(mixture), {0.8, 0, true}, 0);
            const Report report = evaluate(scenario);
            const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, Phase::Decode);
            QVERIFY(table);
            const QSizeF size(1600, 900);
            Scene scene;
            scene.clear(size);
            buildExperts({scenario, report, size, Theme::of(ThemeId::Light)}, {.example = false}, scene);
            const ExpertsLayout layout = expertsLayout(*table, size, 1);
            double sum = 0;
            double hottest = 0;
            for (const SceneItem& item : scene.items)
                if (item.kind == SceneItem::Kind::Fill && std::abs(item.rect.bottom() - layout.bars.bottom()) < 0.01
                    && item.rect.left() >= layout.bars.left() - 0.01 && item.rect.right() <= layout.bars.right() + 0.01) {
                    sum += item.rect.height();
                    hottest = std::max(hottest, item.rect.height());
                }
            if (layout.columnBins == layout.columns)
                QVERIFY2(std::abs(sum / hottest - table->ranks() / table->factor()) < 1e-6 * table->ranks(), mixture.model);
        }
    }

    /// Loads all alike are the middle of the scale: a map that is neither empty nor burning.
    void uniformLoadsAreTheMiddleOfTheScale()
    {
        const Scenario scenario = shrunk(scenarioOf(mixtures()[3]), {}, 0);
        const Report report = evaluate(scenario);
        const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, Phase::Decode);
        QVERIFY(table && !table->isSkewed());
        const QSizeF size(1200, 800);
        for (const ThemeId id : {ThemeId::Light, ThemeId::Dark, ThemeId::Print, ThemeId::Contrast}) {
            const Theme& theme = Theme::of(id);
            Scene scene;
            scene.clear(size);
            buildExperts({scenario, report, size, theme}, {}, scene);
            const ExpertsLayout layout = expertsLayout(*table, size, 1);
            const auto distance = [](const QColor& a, const QColor& b) {
                return std::abs(a.red() - b.red()) + std::abs(a.green() - b.green()) + std::abs(a.blue() - b.blue());
            };
            int cells = 0;
            for (const SceneItem& item : scene.items)
                if (item.kind == SceneItem::Kind::Fill && layout.grid.adjusted(-1, -1, 1, 1).contains(item.rect)
                    && item.rect.height() > 4) {
                    QVERIFY(distance(item.fill, loadColor(theme, 0)) > 60);
                    QVERIFY(distance(item.fill, loadColor(theme, 1)) > 60);
                    ++cells;
                }
            QVERIFY(cells > 0);
        }
    }

    /// The mean over all orders spreads the load thin: its map is still no empty sheet, and shows who is busier.
    void meanMapsAreNotPale()
    {
        for (const double skew : {0.4, 0.8, 1.5}) {
            const Scenario scenario = shrunk(scenarioOf(mixtures()[3]), {skew, 0, true}, 0);
            const Report report = evaluate(scenario);
            const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, Phase::Decode);
            QVERIFY(table && table->places() == ExpertLoadTable::Places::Orders);
            const QSizeF size(1200, 800);
            for (const ThemeId id : {ThemeId::Light, ThemeId::Dark}) {
                const Theme& theme = Theme::of(id);
                Scene scene;
                scene.clear(size);
                buildExperts({scenario, report, size, theme}, {.example = false}, scene);
                const ExpertsLayout layout = expertsLayout(*table, size, 1);
                const auto distance = [](const QColor& a, const QColor& b) {
                    return std::abs(a.red() - b.red()) + std::abs(a.green() - b.green()) + std::abs(a.blue() - b.blue());
                };
                const auto colourAt = [&](QPointF point) {
                    QColor found;
                    for (const SceneItem& item : scene.items)
                        if (item.kind == SceneItem::Kind::Fill && item.rect.contains(point))
                            found = item.fill;
                    return found;
                };
                const double x = layout.cell(layout.columnBins - 1, 0).center().x();
                const QColor first = colourAt({x, layout.cell(0, 0).center().y()});
                const QColor last = colourAt({x, layout.cell(0, layout.rowBins - 1).center().y()});
                QVERIFY(distance(last, theme.color(Ink::Surface)) > 60);
                QVERIFY(distance(first, last) > 30);
            }
        }
    }

    void copiesSayWhatTheyAreWorth()
    {
        Scenario scenario = shrunk(scenarioOf(mixtures()[3]), {0.8, 0, true}, 0);
        scenario.plan.options.redundantExperts = scenario.plan.expert();
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        Scenario without = scenario;
        without.plan.options.redundantExperts = 0;
        const double factor = expertTableOf(without, report, Phase::Decode)->factor();
        QVERIFY(factor > expertTableOf(scenario, report, Phase::Decode)->factor());
        ExpertsOptions options;
        options.factorWithoutCopies = factor;
        Scene scene;
        scene.clear({1600, 900});
        buildExperts({scenario, report, scene.size, Theme::of(ThemeId::Light)}, options, scene);
        QVERIFY(check::says(scene, ExpertsText::number(factor) + QStringLiteral(" × the mean")));
    }

    /// Under a capacity: what is processed is solid, what is over is hatched above it, and padded slots are all read.
    void capacityShowsWhatIsProcessed()
    {
        Scenario scenario = shrunk(scenarioOf(mixtures()[3]), {1, 1.25, true}, 0);
        const Report report = evaluate(scenario);
        const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, Phase::Decode);
        QVERIFY(table && table->excess() > 0);
        ExpertsOptions options;
        options.example = false;
        options.balancedTime = report.decode.time;
        options.unlimitedTime = report.decode.time / 1.25;
        Scene scene;
        scene.clear({1600, 900});
        buildExperts({scenario, report, scene.size, Theme::of(ThemeId::Light)}, options, scene);
        QVERIFY(check::says(scene, QStringLiteral("%1 of %1 (slots are padded)").arg(table->experts())));
        QVERIFY(check::says(scene, QStringLiteral("+25 %: slots are padded")));
        QVERIFY(
            check::says(scene, QStringLiteral("serves %1 of %2")
                                   .arg(ExpertsText::number(table->load().pairs), ExpertsText::number(table->ofRank(table->hottest())))));
        // Bars of ranks: solid to one scale, hatched above them to a scale of their own where much is over.
        int stacked = 0;
        double servedScale = 0;
        double overScale = 0;
        for (const SceneItem& over : scene.items) {
            const SceneItem* solid = nullptr;
            for (const SceneItem& item : scene.items)
                if (item.kind == SceneItem::Kind::Fill && item.rect.left() == over.rect.left() && item.rect.width() == over.rect.width()
                    && (!solid || item.rect.top() < solid->rect.top()))
                    solid = &item;
            if (over.kind != SceneItem::Kind::Hatch || over.hatch != Hatch::OverCapacity || !solid)
                continue;
            const double served = solid->rect.height() / table->servedOfRank(stacked);
            const double beyond = over.rect.height() / table->excessOfRank(stacked);
            QVERIFY(stacked == 0 || (std::abs(served / servedScale - 1) < 1e-6 && std::abs(beyond / overScale - 1) < 1e-6));
            QVERIFY(over.rect.bottom() <= solid->rect.top() + 1e-6);
            servedScale = served;
            overScale = beyond;
            ++stacked;
        }
        QVERIFY(overScale < servedScale);
        QVERIFY(check::says(scene, QStringLiteral("beyond ")));
        QCOMPARE(stacked, table->ranks());
        // The map's scale reaches what a slot takes, not what wants to go there.
        double most = 0;
        for (int expert = 0; expert < table->experts(); ++expert)
            most = std::max(most, table->servedAt(expert, 0));
        int ends = 0;
        for (const SceneItem& item : scene.items)
            if (item.kind == SceneItem::Kind::Text) {
                ends += check::textOf(scene, item) == ExpertsText::number(roundUp(most));
                QVERIFY(check::textOf(scene, item) != ExpertsText::number(roundUp(table->mostOfExpert())));
            }
        QVERIFY(ends > 0);
    }

    /// Numbers of copies are as readable as those of others, and stand beside the hatching.
    void copiesAreReadable()
    {
        Scenario scenario = shrunk(scenarioOf(mixtures()[3]), {1, 0, true}, 0);
        scenario.plan.options.redundantExperts = 4 * scenario.plan.expert();
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        for (const ThemeId id : {ThemeId::Light, ThemeId::Dark, ThemeId::Print, ThemeId::Contrast}) {
            Scene scene;
            scene.clear({1600, 1000});
            buildExperts({scenario, report, scene.size, Theme::of(id)}, {}, scene);
            int copies = 0;
            for (const SceneItem& text : scene.items) {
                if (text.kind != SceneItem::Kind::Text || !check::textOf(scene, text).endsWith(QChar(0x2032)))
                    continue;
                ++copies;
                QColor ground;
                for (const SceneItem& item : scene.items) {
                    ground = item.kind == SceneItem::Kind::Fill && item.rect.contains(text.rect.center()) ? item.fill : ground;
                    QVERIFY(item.kind != SceneItem::Kind::Hatch || !item.rect.adjusted(0, 0, -0.01, 0).intersects(text.rect));
                }
                QVERIFY2(contrastRatio(text.pen, ground) >= 4.5, qPrintable(nameOf(id) + QLatin1Char(' ') + check::textOf(scene, text)));
            }
            QVERIFY(copies > 0);
        }
    }

    /// Every slot says its expert or none does, the copies' longer names among them.
    void slotsAreNamedAllOrNone()
    {
        Scenario scenario = shrunk(scenarioOf(mixtures()[3]), {1, 0, true}, 0);
        scenario.plan.options.redundantExperts = scenario.plan.expert();
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        int all = 0;
        int none = 0;
        for (int width = 110; width <= 800; width += 5) {
            Scene scene;
            scene.clear({static_cast<double>(width), 700});
            buildExperts({scenario, report, scene.size, Theme::of(ThemeId::Light)}, {}, scene);
            std::ptrdiff_t named = 0;
            for (const SceneItem& item : scene.items)
                if (item.kind == SceneItem::Kind::Text && check::textOf(scene, item).endsWith(QChar(0x2032)))
                    ++named;
            QVERIFY2(named == 0 || named == scenario.plan.options.redundantExperts, qPrintable(QString::number(width)));
            all += named > 0;
            none += named == 0;
        }
        QVERIFY(all > 0 && none > 0);
    }

    void regionsInvertTheCells()
    {
        const Scenario scenario = shrunk(scenarioOf(mixtures()[3]), {0.8, 0, true}, 0);
        const Report report = evaluate(scenario);
        for (const bool example : {false, true}) {
            const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, Phase::Decode, example);
            QVERIFY(table);
            const QSizeF size(1200, 1000);
            Scene scene;
            scene.clear(size);
            buildExperts({scenario, report, size, Theme::of(ThemeId::Light)}, {Phase::Decode, example, {}}, scene);
            const ExpertsLayout layout = expertsLayout(*table, size, 1);
            QCOMPARE(layout.matrix, !example);
            for (int rank = 0; rank < layout.columns; ++rank)
                for (int row = 0; row < layout.rows; ++row) {
                    const Subject found = scene.subjectAt(layout.cell(rank, row).center());
                    QCOMPARE(found.kind, Subject::Kind::Expert);
                    QCOMPARE(found.rank, rank);
                    QCOMPARE(found.expert, example ? table->slotsOf(rank)[static_cast<std::size_t>(row)].expert : row);
                    QVERIFY(!expertsTooltip(scenario, report, found).isEmpty());
                }
        }
    }

    /// What a rank of the drawn order says of itself is of that order: in its picture, its tooltip and its arithmetic.
    void theDrawnOrderSpeaksForItself()
    {
        const Scenario scenario = shrunk(scenarioOf(mixtures()[3]), {0.8, 0, true}, 0);
        const Report report = evaluate(scenario);
        const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, Phase::Decode, true);
        QVERIFY(table && table->places() == ExpertLoadTable::Places::Example);
        const QSizeF size(1200, 800);
        Scene scene;
        scene.clear(size);
        buildExperts({scenario, report, size, Theme::of(ThemeId::Light)}, {}, scene);
        std::set<std::string> values;
        const ExpertsLayout layout = expertsLayout(*table, size, 1);
        for (int rank = 0; rank < table->ranks(); ++rank) {
            const Subject bar = scene.subjectAt({layout.cell(rank, 0).center().x(), layout.bars.bottom() - 2});
            QCOMPARE(bar.rank, rank);
            const QString pairs = ExpertsText::number(table->ofRank(rank));
            QVERIFY2(expertsTooltip(scenario, report, bar).contains(pairs + QStringLiteral(" token-expert pairs")), qPrintable(pairs));
            const Explanation arithmetic = explain(scenario, report, bar);
            QCOMPARE(QString::fromStdString(arithmetic.value), pairs);
            values.insert(arithmetic.value);
        }
        QVERIFY(values.size() > 2); // ranks differ, as the mean over all orders cannot show
        // The headline is what the times are made of; the drawn order comes after it.
        const std::vector<ExpertsFact> facts = expertsFacts({scenario, report, scene.size, Theme::of(ThemeId::Light)}, {}, *table);
        QVERIFY(facts.size() > 2);
        QCOMPARE(facts[0].name, QStringLiteral("Hottest rank, mean of all orders"));
        QVERIFY(facts[0].value.startsWith(ExpertsText::number(table->load().pairs)));
        QVERIFY(facts[0].value.contains(ExpertsText::number(table->load().pairs / table->mean())));
        QVERIFY(facts[1].name.startsWith(QStringLiteral("This order: rank")));
    }

    /// Far more tokens want the busiest experts than their capacity takes: what is served and what is not both keep half the picture.
    void overflowLeavesTheServedReadable()
    {
        Scenario scenario = shrunk(scenarioOf(mixtures()[2]), {1, 1.5, true}, 0);
        const Report report = evaluate(scenario);
        for (const QSizeF size : {QSizeF(620, 380), QSizeF(1200, 700)}) {
            const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, Phase::Decode, true);
            QVERIFY(table && table->excessOf(0) > 5 * table->limit());
            Scene scene;
            scene.clear(size);
            buildExperts({scenario, report, size, Theme::of(ThemeId::Light)}, {}, scene);
            QCOMPARE(pictures::textFault(scene), QString());
            double served = 0;
            double over = 0;
            QRectF profile;
            for (const HitRegion& hit : scene.hits)
                if (hit.subject.expert == 0 && hit.subject.rank < 0)
                    profile = hit.rect;
            QVERIFY(profile.width() > 80);
            for (const SceneItem& item : scene.items) {
                if (item.rect.left() < profile.left() - 0.5 || item.rect.right() > profile.right() + 0.5
                    || item.rect.top() < profile.top() - 0.5)
                    continue;
                if (item.kind == SceneItem::Kind::Fill)
                    served = std::max(served, item.rect.width());
                else if (item.kind == SceneItem::Kind::Hatch)
                    over = std::max(over, item.rect.width());
            }
            QVERIFY2(served > 0.3 * profile.width() && over > 0.3 * profile.width(),
                     qPrintable(QStringLiteral("%1 and %2 of %3").arg(served).arg(over).arg(profile.width())));
            QVERIFY(check::says(scene, QStringLiteral("+") + ExpertsText::number(table->excessOf(0))));
        }
    }

    void oneTokenIsSingular()
    {
        Scenario scenario = shrunk(scenarioOf(mixtures()[1]), {}, 0); // one H100, batch 1
        const Report report = evaluate(scenario);
        const QString text = describeExperts(scenario, report);
        QVERIFY2(text.contains(QStringLiteral("of 1 token ")) && !text.contains(QStringLiteral("1 tokens")), qPrintable(text));
        const QString tip = expertsTooltip(scenario, report, {.kind = Subject::Kind::Expert, .expert = 0});
        QVERIFY2(!tip.contains(QStringLiteral("of 1 tokens")), qPrintable(tip));
    }

    /// The fields beside the slider stand in line with its own.
    void fieldsStandInOneRow()
    {
        WindowFixture fixture;
        openMixture(fixture);
        ExpertsBody& body = bodyOf(fixture);
        body.resize(1000, 420);
        QCoreApplication::processEvents();
        const auto rowOf = [&body](const QWidget& field) { return std::pair(field.mapTo(&body, QPoint()).y(), field.height()); };
        QVERIFY(body.capacity().isVisible() && body.redundant().isVisible());
        QCOMPARE(rowOf(body.capacity()), rowOf(body.skew().field()));
        QCOMPARE(rowOf(body.redundant()), rowOf(body.skew().field()));
    }

    void everySubjectIsExplained()
    {
        const Scenario scenario = shrunk(scenarioOf(mixtures()[2]), {0.8, 1.5, true}, 0);
        const Report report = evaluate(scenario);
        Scene scene;
        scene.clear({900, 600});
        buildExperts({scenario, report, {900, 600}, Theme::of(ThemeId::Light)}, {}, scene);
        std::set<std::string> ids;
        for (const HitRegion& hit : scene.hits)
            ids.insert(explain(scenario, report, hit.subject).formulaId);
        QVERIFY(ids.count("expert.rank") == 1 && ids.count("expert.load") == 1);
        QCOMPARE(ids.size(), std::size_t{2});
        const Explanation hottest = explain(scenario, report, {.kind = Subject::Kind::Expert, .rank = 0});
        QVERIFY(!hottest.formula.empty() && !hottest.inputs.empty() && !hottest.value.empty());
    }

    void denseModelsAndBrokenPlansSaySo()
    {
        Scenario scenario = pictures::scenarioOf(pictures::cases().front());
        Report report = evaluate(scenario);
        Scene scene;
        scene.clear({500, 300});
        buildExperts({scenario, report, {500, 300}, Theme::of(ThemeId::Light)}, {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("has no experts")));
        QVERIFY(scene.hits.empty());
        scenario = scenarioOf(mixtures().front());
        scenario.plan[PlanAxis::Tensor] = 3;
        report = evaluate(scenario);
        scene.clear({500, 300});
        buildExperts({scenario, report, {500, 300}, Theme::of(ThemeId::Light)}, {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("not legal")));
    }

    void loadColoursGrowDarkerStepByStep()
    {
        for (const ThemeId id : {ThemeId::Light, ThemeId::Dark, ThemeId::Print, ThemeId::Contrast}) {
            const Theme& theme = Theme::of(id);
            const QColor ground = theme.color(Ink::Surface);
            double last = 1;
            for (int i = 0; i <= 10; ++i) {
                const double contrast = contrastRatio(loadColor(theme, i / 10.0), ground);
                QVERIFY2(contrast >= last - 0.02, qPrintable(QStringLiteral("%1 at %2").arg(nameOf(id)).arg(i)));
                last = contrast;
            }
            QVERIFY(last > 3);
        }
    }

    void skewDragIsOneStep()
    {
        WindowFixture fixture;
        openMixture(fixture);
        ExpertsBody& body = bodyOf(fixture);
        LinearSlider& skew = body.skew();
        QVERIFY(skew.isVisible());
        QUndoStack& undo = fixture.document.undoStack();
        const int before = undo.count();
        const auto at = [&skew](double share) { return skew.trackPoint(share).toPoint(); };
        QTest::mousePress(&skew, Qt::LeftButton, {}, at(0));
        for (int i = 1; i <= 10; ++i) {
            const QPointF to = skew.trackPoint(0.05 * i);
            QMouseEvent move(QEvent::MouseMove, to, skew.mapToGlobal(to), Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(&skew, &move);
        }
        QTest::mouseRelease(&skew, Qt::LeftButton, {}, at(0.5));
        QCOMPARE(fixture.document.scenario().workload.routing.powerLaw, 1.0);
        QCOMPARE(undo.count(), before + 1);
        undo.undo();
        QCOMPARE(fixture.document.scenario().workload.routing.powerLaw, 0.0);
        QCOMPARE(skew.value(), 0);
        skew.setFocus();
        QTest::keyClick(&skew, Qt::Key_Right);
        QVERIFY(std::abs(fixture.document.scenario().workload.routing.powerLaw - 0.05) < 1e-12);
        QTest::keyClick(&skew, Qt::Key_End);
        QCOMPARE(fixture.document.scenario().workload.routing.powerLaw, 2.0);
        skew.field().setFocus();
        skew.field().selectAll();
        QTest::keyClicks(&skew.field(), QStringLiteral("0.73"));
        QTest::keyClick(&skew.field(), Qt::Key_Return);
        QCOMPARE(fixture.document.scenario().workload.routing.powerLaw, 0.73);
    }

    void capacityAndCopiesEdit()
    {
        WindowFixture fixture;
        openMixture(fixture);
        ExpertsBody& body = bodyOf(fixture);
        Q_EMIT body.capacity().typed(125);
        QCOMPARE(fixture.document.scenario().workload.routing.capacityFactor, 1.25);
        Q_EMIT body.redundant().stepped(8);
        QCOMPARE(fixture.document.scenario().plan.options.redundantExperts, 8);
        Q_EMIT body.redundant().typed(60'000); // more than the other ranks can hold
        QCOMPARE(fixture.document.scenario().plan.options.redundantExperts, 8);
        QVERIFY(!body.redundant().complaint().isEmpty());
        fixture.document.undoStack().undo();
        fixture.document.undoStack().undo();
        QCOMPARE(fixture.document.scenario().workload.routing.capacityFactor, 0.0);
        QCOMPARE(body.capacity().value(), 0);
    }

    void choicesChangeThePicture()
    {
        WindowFixture fixture;
        Scenario scenario = scenarioOf(mixtures().front());
        scenario.workload.routing.powerLaw = 0.7;
        fixture.document.edit(scenario, QStringLiteral("mixture"));
        ExpertsBody& body = bodyOf(fixture);
        body.view().rebuild();
        QVERIFY(check::says(body.view().scene(), QStringLiteral("One order of the experts as an example")));
        QVERIFY(check::says(body.view().scene(), QStringLiteral("mean of all orders"))); // what times are made of
        body.setExample(false);
        body.view().rebuild();
        QVERIFY(check::says(body.view().scene(), QStringLiteral("of each order")));
        body.setExample(true);
        body.setPhase(Phase::Prefill);
        body.view().rebuild();
        QVERIFY(check::says(body.view().scene(), QStringLiteral("prefill piece")));
        const QPointF center = body.view().scene().hits.front().rect.center();
        QTest::mouseClick(&body.view(), Qt::LeftButton, {}, center.toPoint());
        QCOMPARE(fixture.document.selection().pin().kind, Subject::Kind::Expert);
        QTest::keyClick(&body.view(), Qt::Key_Escape);
        QCOMPARE(fixture.document.selection().pin().kind, Subject::Kind::None);
    }
};

QTEST_MAIN(ExpertsSceneTest)
#include "tst_expertsscene.moc"
