// SPDX-License-Identifier: Apache-2.0
// Each rule breaks, says so with its numbers, and names legal neighbours that really are legal; what merely costs is allowed.
#include "scenarios.h"

#include <QTest>

#include <limits>
#include <random>

using namespace shardlens;
using shardlens::test::scenarioOf;

namespace {

std::vector<Finding> violationsOf(const Scenario& s)
{
    std::vector<Finding> violations;
    std::vector<Finding> warnings;
    checkPlan(s.context(), s.plan, violations, warnings);
    return violations;
}

bool warns(const Scenario& s, Rule rule)
{
    std::vector<Finding> violations;
    std::vector<Finding> warnings;
    checkPlan(s.context(), s.plan, violations, warnings);
    return std::any_of(warnings.begin(), warnings.end(), [rule](const Finding& f) { return f.rule == rule; });
}

Scenario with(Scenario s, std::initializer_list<std::pair<PlanAxis, int>> values)
{
    for (const auto& [axis, value] : values)
        s.plan[axis] = value;
    return s;
}

} // namespace

class TestLegality : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void brokenRules_data()
    {
        QTest::addColumn<int>("axis");
        QTest::addColumn<int>("value");
        QTest::addColumn<int>("rule");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, PlanAxis axis, int value, Rule rule, const char* says) {
            QTest::newRow(name) << static_cast<int>(axis) << value << static_cast<int>(rule) << QString::fromUtf8(says);
        };
        row("tensor", PlanAxis::Tensor, 6, Rule::TensorHeads, "TP 6 does not divide 64 query heads; 4 or 8 do.");
        row("zero", PlanAxis::Data, 0, Rule::Range, "DP is 0; 1 to 65,536 is allowed.");
        row("stages", PlanAxis::Pipeline, 81, Rule::PipelineLayers, "PP 81 is more stages than the model's 80 layers; 8 works.");
        row("dense", PlanAxis::Expert, 2, Rule::ExpertDense, "EP 2 needs a mixture of experts, and Llama-3-70B is dense; EP 1 is allowed.");
        row("microbatches", PlanAxis::DecodeMicrobatches, 2, Rule::MicrobatchBatch,
            "2 decode microbatches are more than the 1 sequence of the batch; at most 1 is allowed.");
        row("devices", PlanAxis::Data, 16, Rule::Devices, "The plan needs 16 devices, but AWS p5.48xlarge (8 H100) has 8; DP 8 fits.");
        row("chunks", PlanAxis::Chunks, 4000, Rule::SequenceLength,
            "SP x chunks cuts the prompt into 4,000 pieces, but it has only 2,000 tokens; chunks 2000 works.");
        row("attention", PlanAxis::AttentionData, 2, Rule::AttentionDataBatch,
            "Attention DP 2 is more than the 1 sequence of the batch; 1 works.");
    }
    void brokenRules()
    {
        QFETCH(int, axis);
        QFETCH(int, value);
        QFETCH(int, rule);
        QFETCH(QString, says);
        const Scenario s = with(scenarioOf("llama-3-70b", "p5.48xlarge"), {{static_cast<PlanAxis>(axis), value}});
        const std::vector<Finding> violations = violationsOf(s);
        QVERIFY(!violations.empty());
        const auto found =
            std::find_if(violations.begin(), violations.end(), [rule](const Finding& f) { return static_cast<int>(f.rule) == rule; });
        QVERIFY(found != violations.end());
        QCOMPARE(QString::fromStdString(sentence(*found, s.context(), s.plan)), says);
        QVERIFY(!isLegal(s.context(), s.plan));
        for (const int nearest : nearestLegal(*found, s.context(), s.plan)) {
            Plan mended = s.plan;
            mended[found->axis] = nearest;
            QVERIFY(isLegal(s.context(), mended));
        }
    }

    void kvHeadsAndExperts()
    {
        Scenario phi = scenarioOf("phi-3-medium", "p5.48xlarge"); // 40 query heads, 10 KV heads
        QVERIFY(violationsOf(with(phi, {{PlanAxis::Tensor, 5}})).empty());
        const Scenario four = with(phi, {{PlanAxis::Tensor, 4}});
        QCOMPARE(violationsOf(four).front().rule, Rule::TensorKvHeads);
        QCOMPARE(sentence(violationsOf(four).front(), four.context(), four.plan),
                 std::string("TP 4 neither divides 10 KV heads nor is a multiple of them; 2 or 5 work."));
        Scenario moe = with(scenarioOf("mixtral-8x7b", "p5.48xlarge"), {{PlanAxis::Tensor, 4}});
        QVERIFY(violationsOf(with(moe, {{PlanAxis::Expert, 4}})).empty());
        QCOMPARE(violationsOf(with(moe, {{PlanAxis::Expert, 3}})).front().rule, Rule::ExpertGroup);
        const Scenario wide = with(moe, {{PlanAxis::Expert, 32}});
        const std::vector<Finding> findings = violationsOf(wide);
        const auto group =
            std::find_if(findings.begin(), findings.end(), [](const Finding& finding) { return finding.rule == Rule::ExpertGroup; });
        QVERIFY(group != findings.end());
        QVERIFY(
            sentence(*group, wide.context(), wide.plan).find("Attention DP, which is DP inside a replica, is how EP spans more devices.")
            != std::string::npos);
    }

    void computeFormat()
    {
        Scenario s = scenarioOf("llama-3-70b", "dgx-a100");
        s.formats.compute = ComputeFormat::Fp8;
        const std::vector<Finding> violations = violationsOf(s);
        QCOMPARE(violations.size(), std::size_t{1});
        QVERIFY(sentence(violations.front(), s.context(), s.plan).find("no fp8 arithmetic") != std::string::npos);
    }

    /// Axes of size 1 keep no copies and are not named.
    void weightCopiesNameTheAxesThatMakeThem()
    {
        const Scenario s = scenarioOf("llama-3-70b", "p5.48xlarge");
        const auto says = [&s](int copies, int sequence, int attention) {
            Finding finding;
            finding.rule = Rule::WeightCopies;
            finding.value = copies;
            finding.limit = sequence;
            finding.other = attention;
            return sentence(finding, s.context(), s.plan);
        };
        QCOMPARE(says(8, 1, 8), std::string("Attention DP 8 keeps 8 copies of all weights but routed experts."));
        const std::string repeats = " copies of all weights but routed experts, and in decode every SP rank repeats the projections.";
        QCOMPARE(says(4, 4, 1), "SP 4 keeps 4" + repeats);
        QCOMPARE(says(8, 4, 2), "SP 4 and attention DP 2 keep 8" + repeats);
    }

    void severalBrokenRulesEachNameAWayOut()
    {
        Scenario s =
            with(scenarioOf("llama-3-70b", "p5.48xlarge"), {{PlanAxis::PrefillMicrobatches, 64}, {PlanAxis::DecodeMicrobatches, 64}});
        s.workload.batch = 32;
        for (const Finding& f : violationsOf(s))
            QCOMPARE(nearestLegal(f, s.context(), s.plan), (std::vector<int>{32}));
        const Scenario two = with(scenarioOf("llama-3-70b", "p5.48xlarge"), {{PlanAxis::Tensor, 6}, {PlanAxis::Expert, 2}});
        const std::vector<Finding> found = violationsOf(two);
        QCOMPARE(found.size(), std::size_t{2});
        QCOMPARE(nearestLegal(found[0], two.context(), two.plan), (std::vector<int>{4, 8}));
        QCOMPARE(nearestLegal(found[1], two.context(), two.plan), (std::vector<int>{1}));
    }

    void options_data()
    {
        QTest::addColumn<QString>("says");
        QTest::addColumn<QString>("ruleId");
        const auto row = [](const char* name, const char* rule, const char* says) {
            QTest::newRow(name) << QString::fromUtf8(says) << QString::fromUtf8(rule);
        };
        row("virtual-range", "virtual_stages", "Virtual stages are 0; at least 1 is allowed.");
        row("virtual-layers", "virtual_stages",
            "PP 4 and 32 virtual stages cut the model into 128 blocks, but it has only 80 layers; at most 20 virtual stages work.");
        row("virtual-groups", "virtual_microbatches",
            "Virtual stages take the pieces of a prefill in groups of PP 4, which does not divide 6 microbatches; 4 or 8 prefill "
            "microbatches "
            "work.");
        row("layers-count", "stage_layers", "The layers by hand are 3 numbers, but PP 4 needs 4.");
        row("layers-empty", "stage_layers", "Stage 1 is given 0 layers by hand; at least 1 is allowed.");
        row("layers-sum", "stage_layers", "The layers by hand add up to 79, but the model has 80.");
        row("power", "routing_range", "The power law's exponent is -1; 0 to 10 is allowed.");
        row("capacity", "routing_range", "The capacity factor is nan; 0 to 65,536 is allowed.");
        row("overlap", "overlap_range", "The overlap is 1.5; 0 to 1 is allowed.");
        row("order", "axis_order", "The order of axes names TP, TP, attention DP, PP, DP; each axis is to occur once.");
    }
    void options()
    {
        QFETCH(QString, says);
        QFETCH(QString, ruleId);
        Scenario s = with(scenarioOf("llama-3-70b", "p5.48xlarge"), {{PlanAxis::Pipeline, 4}, {PlanAxis::PrefillMicrobatches, 4}});
        s.workload.batch = 16;
        PlanOptions& o = s.plan.options;
        const QByteArray tag = QTest::currentDataTag();
        if (tag == "virtual-range") {
            o.virtualStages = 0;
        } else if (tag == "virtual-layers") {
            o.virtualStages = 32;
        } else if (tag == "virtual-groups") {
            o.virtualStages = 2;
            s.plan[PlanAxis::PrefillMicrobatches] = 6;
        } else if (tag.startsWith("layers")) {
            o.layerSplit = LayerSplit::Manual;
            o.stageLayers = tag == "layers-count"   ? std::vector<int>{20, 20, 40}
                            : tag == "layers-empty" ? std::vector<int>{20, 0, 40, 20}
                                                    : std::vector<int>{20, 20, 20, 19};
        } else if (tag == "power") {
            s.workload.routing.powerLaw = -1;
        } else if (tag == "capacity") {
            s.workload.routing.capacityFactor = std::numeric_limits<double>::quiet_NaN();
        } else if (tag == "overlap") {
            o.overlap = 1.5;
        } else {
            o.order[1] = MeshAxis::Tensor;
        }
        const std::vector<Finding> violations = violationsOf(s);
        QCOMPARE(violations.size(), std::size_t{1});
        QCOMPARE(QString::fromStdString(std::string(idOf(violations.front().rule))), ruleId);
        QCOMPARE(QString::fromStdString(sentence(violations.front(), s.context(), s.plan)), says);
        QVERIFY(!isLegal(s.context(), s.plan));
        QCOMPARE(isLegalMap(s.context(), s.plan), tag == "virtual-groups");
        QCOMPARE(isLegalCut(s.workload, s.plan), tag != "virtual-groups");
    }

    void oneStageHasNothingToInterleave()
    {
        // Options that need PP or EP change nothing without them: turning the axis to 1 breaks no rule.
        Scenario s = scenarioOf("llama-3-70b", "p5.48xlarge");
        s.plan.options.virtualStages = 3;
        s.plan.options.layerSplit = LayerSplit::Manual;
        s.plan.options.stageLayers = {40, 40};
        QVERIFY(violationsOf(s).empty());
        Scenario plain = scenarioOf("llama-3-70b", "p5.48xlarge");
        QCOMPARE(evaluate(s).decode.time, evaluate(plain).decode.time);
        Scenario moe = scenarioOf("mixtral-8x7b", "p5.48xlarge");
        moe.plan.options.redundantExperts = 8;
        QVERIFY(violationsOf(moe).empty());
        QCOMPARE(evaluate(moe).decode.time, evaluate(scenarioOf("mixtral-8x7b", "p5.48xlarge")).decode.time);
    }

    void redundantExperts()
    {
        Scenario s = with(scenarioOf("mixtral-8x7b", "p5.48xlarge"), {{PlanAxis::Tensor, 2}, {PlanAxis::Expert, 2}});
        s.plan.options.redundantExperts = 8; // one copy of each on the other rank
        QVERIFY(violationsOf(s).empty());
        s.plan.options.redundantExperts = 9;
        QCOMPARE(violationsOf(s).front().rule, Rule::RedundantExperts);
        QCOMPARE(
            sentence(violationsOf(s).front(), s.context(), s.plan),
            std::string("9 redundant experts are more than EP 2 can hold beside the 8 experts, at most one copy per rank: 8; EP 1 works."));
        s.plan.options.redundantExperts = -1;
        QCOMPARE(sentence(violationsOf(s).front(), s.context(), s.plan), std::string("Redundant experts are -1; 0 to 8 is allowed."));
        s.plan.options.redundantExperts = 3;
        QVERIFY(warns(s, Rule::UnevenExperts));
        s.plan.options.redundantExperts = 2;
        QVERIFY(!warns(s, Rule::UnevenExperts));
    }

    void linearLayersSplitTheirValueHeads()
    {
        Scenario s = scenarioOf("llama-3-70b", "p5.48xlarge");
        Model hybrid = *s.model;
        LayerKind linear = hybrid.kinds.front();
        linear.attention = {};
        linear.attention.kind = AttentionKind::Linear;
        linear.attention.linear = {LinearKind::GatedDelta, 2, 128, 12, 128, 4, false, false};
        hybrid.kinds.push_back(linear);
        for (std::size_t i = 0; i < hybrid.layers.size(); i += 2)
            hybrid.layers[i] = 1;
        s.model = std::make_shared<const Model>(hybrid);
        QVERIFY(violationsOf(with(s, {{PlanAxis::Tensor, 2}})).empty());
        const Scenario eight = with(s, {{PlanAxis::Tensor, 8}});
        QCOMPARE(sentence(violationsOf(eight).front(), eight.context(), eight.plan),
                 std::string("TP 8 does not divide 12 value heads of the linear layers; 4 does."));
        QVERIFY(warns(with(s, {{PlanAxis::Tensor, 4}}), Rule::KeyReplication));
        QVERIFY(!warns(with(s, {{PlanAxis::Tensor, 2}}), Rule::KeyReplication));
        QVERIFY(violationsOf(with(s, {{PlanAxis::Sequence, 2}})).empty()); // the state is handed along
    }

    void interleavedPlansAreScheduled()
    {
        // The bubble of v visits, through the whole evaluation: sends and head make it a little more than (p - 1)/(v m + p - 1).
        Scenario s = with(scenarioOf("llama-3-70b", "p5.48xlarge"), {{PlanAxis::Pipeline, 8}, {PlanAxis::PrefillMicrobatches, 8}});
        s.workload.batch = 8;
        const Report plain = evaluate(s);
        s.plan.options.virtualStages = 5;
        const Report woven = evaluate(s);
        QVERIFY(woven.legal);
        QVERIFY(std::abs(woven.prefill.timeline.idleFraction - 7.0 / 47) < 0.03);
        QVERIFY(woven.prefill.time < plain.prefill.time);
        QVERIFY(woven.decode.time >= plain.decode.time);
        QCOMPARE(woven.prefill.costClasses, 5);
        QCOMPARE(woven.layout.layers(3, 1), (IndexRange{22, 24}));
        // Blocking sends cost time, and the parts still add up.
        s.plan.options.sends = SendMode::Synchronous;
        const Report blocking = evaluate(s);
        QVERIFY(blocking.prefill.time >= woven.prefill.time);
        for (const PhaseReport* phase : {&plain.prefill, &woven.prefill, &blocking.prefill, &blocking.decode})
            QVERIFY(std::abs(phase->breakdown.total() - phase->time) < 1e-12 * phase->time + 1e-15);
    }

    void capacityDropsAreFlagged()
    {
        Scenario s = with(scenarioOf("mixtral-8x7b", "p5.48xlarge"), {{PlanAxis::Tensor, 4}, {PlanAxis::Expert, 4}});
        s.workload.batch = 16;
        s.workload.routing.powerLaw = 1;
        s.workload.routing.capacityFactor = 1;
        const Report r = evaluate(s);
        QVERIFY(r.prefill.droppedPairs > 0.05 && r.prefill.droppedPairs < 0.6);
        const auto dropped =
            std::find_if(r.warnings.begin(), r.warnings.end(), [](const Finding& f) { return f.rule == Rule::DroppedTokens; });
        QVERIFY(dropped != r.warnings.end());
        Finding half = *dropped;
        half.value = 505'410; // millionths of the pairs
        QVERIFY(sentence(half, s.context(), s.plan).find(" drops 50.5 % of the token-expert pairs") != std::string::npos);
        s.workload.routing = {};
        QCOMPARE(evaluate(s).prefill.droppedPairs, 0.0);
    }

    void groupsThatCrossDomains()
    {
        Scenario s = scenarioOf("llama-3-70b", "p5.48xlarge");
        Result<Cluster> two = resized(*s.cluster, 16);
        QVERIFY(two.ok());
        s.cluster = std::make_shared<const Cluster>(std::move(two).value());
        s.workload.batch = 32;
        QVERIFY(!warns(with(s, {{PlanAxis::Tensor, 8}, {PlanAxis::Pipeline, 2}}), Rule::StraddledDomain));
        QVERIFY(!warns(with(s, {{PlanAxis::Tensor, 2}, {PlanAxis::AttentionData, 8}}), Rule::StraddledDomain));
        QVERIFY(warns(with(s, {{PlanAxis::Tensor, 4}, {PlanAxis::AttentionData, 3}}), Rule::StraddledDomain));
        Scenario odd = with(s, {{PlanAxis::Sequence, 3}, {PlanAxis::Tensor, 4}});
        QVERIFY(warns(odd, Rule::StraddledDomain));
    }

    void costlyPlansAreAllowedAndFlagged()
    {
        Scenario s = scenarioOf("llama-3-70b", "trn2.48xlarge");
        s.workload.batch = 10;
        QVERIFY(warns(with(s, {{PlanAxis::Tensor, 64}}), Rule::KvReplication));
        QVERIFY(!warns(with(s, {{PlanAxis::Tensor, 8}}), Rule::KvReplication));
        QVERIFY(warns(with(s, {{PlanAxis::Pipeline, 3}}), Rule::UnevenLayers));
        QVERIFY(warns(with(s, {{PlanAxis::Pipeline, 4}}), Rule::FewMicrobatches));
        QVERIFY(warns(with(s, {{PlanAxis::DecodeMicrobatches, 3}}), Rule::UnevenMicrobatches));
        QVERIFY(warns(with(s, {{PlanAxis::Tensor, 8}}), Rule::IdleDevices));
        QVERIFY(!warns(with(s, {{PlanAxis::Tensor, 64}}), Rule::IdleDevices)); // a plan that uses all devices is a plan
        Scenario deep = scenarioOf("deepseek-v3", "p5.48xlarge");
        QVERIFY(warns(with(deep, {{PlanAxis::Tensor, 8}}), Rule::LatentReplication));
        deep.workload.batch = 8;
        Scenario uneven = with(deep, {{PlanAxis::AttentionData, 6}, {PlanAxis::Expert, 6}});
        QVERIFY(warns(uneven, Rule::UnevenExperts));
        QVERIFY(evaluate(uneven).legal);
        // Two microbatches of 4 for 8 ranks: half of them have no sequence.
        const Scenario idle = with(
            deep,
            {{PlanAxis::AttentionData, 8}, {PlanAxis::Expert, 8}, {PlanAxis::PrefillMicrobatches, 2}, {PlanAxis::DecodeMicrobatches, 1}});
        const Report idling = evaluate(idle);
        QVERIFY(idling.legal);
        QVERIFY(std::any_of(idling.warnings.begin(), idling.warnings.end(), [&](const Finding& finding) {
            return sentence(finding, idle.context(), idle.plan)
                   == "A prefill microbatch of 4 sequences leaves 4 of 8 attention-DP ranks idle.";
        }));
        s.workload.input = 100'000;
        QVERIFY(warns(s, Rule::LongContext));
    }

    void choicesKeepWhatTheyPromise()
    {
        std::mt19937 random(3);
        const std::vector<std::string_view> models{"llama-3-70b", "mixtral-8x7b", "deepseek-v3", "phi-3-medium"};
        const std::vector<std::string_view> clusters{"p5.48xlarge", "trn2.48xlarge", "tpu-v5e-4x2"};
        int locked = 0;
        for (int round = 0; round < 300; ++round) {
            Scenario s = scenarioOf(models[random() % models.size()], clusters[random() % clusters.size()]);
            s.workload.batch = 1 + static_cast<int>(random() % 64);
            s.plan[PlanAxis::Tensor] = 1 << (random() % 3);
            s.plan[PlanAxis::Pipeline] = 1 << (random() % 2);
            if (!isLegal(s.context(), s.plan))
                continue;
            const AxisMove move{kPlanAxes[random() % kPlanAxes.size()], random() % 2 == 0, PlanAxis::Pipeline};
            const std::vector<AxisChoice> choices = axisChoices(s.context(), s.plan, move);
            QVERIFY(!choices.empty() && choices.size() <= 24);
            bool current = false;
            for (std::size_t i = 0; i < choices.size(); ++i) {
                const AxisChoice& c = choices[i];
                QVERIFY(i == 0 || choices[i - 1].value < c.value);
                const bool keeps = !move.devicesLocked || c.plan.devices() == s.plan.devices();
                QCOMPARE(c.legal, isLegal(s.context(), c.plan) && keeps);
                QCOMPARE(c.plan[move.axis], c.value);
                if (c.legal && move.devicesLocked) {
                    QCOMPARE(c.plan.devices(), s.plan.devices());
                    ++locked;
                }
                if (!c.legal)
                    QVERIFY(!sentence(c.reason, s.context(), c.plan).empty());
                current = current || c.value == s.plan[move.axis];
            }
            QVERIFY(current);
        }
        QVERIFY(locked > 100);
    }
};

QTEST_APPLESS_MAIN(TestLegality)
#include "tst_legality.moc"
