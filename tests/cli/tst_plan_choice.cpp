// SPDX-License-Identifier: Apache-2.0
// Which plan a command line without FILE means, and how flags override.
#include "app/cli/scenario_source.h"
#include "core/plan/optionnames.h"

#include <QtTest>

#include <sstream>

using namespace shardlens;
using namespace shardlens::cli;

namespace {

Result<ScenarioSource> fromFlags(const char* flags, const std::string& file = {}, const std::string& input = {})
{
    std::vector<std::string> words{"evaluate"};
    std::istringstream stream{std::string(flags)};
    for (std::string word; stream >> word;)
        words.push_back(word);
    const auto arguments = parseArguments(words);
    if (!arguments.ok())
        return arguments.error();
    std::istringstream standardInput(input);
    return scenarioFrom(arguments.value(), file, builtinCatalog(), standardInput);
}

QByteArray textOf(const Plan& plan)
{
    QByteArray text;
    for (const PlanAxis axis : kPlanAxes)
        text += (text.isEmpty() ? "" : " ") + QByteArray::number(plan[axis]);
    return text;
}

} // namespace

class TestPlanChoice : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void plans_data()
    {
        QTest::addColumn<QByteArray>("flags");
        QTest::addColumn<QByteArray>("plan"); ///< TP PP DP EP SP attention-DP prefill decode chunks
        const auto row = [](const char* name, const char* flags, const char* plan) {
            QTest::newRow(name) << QByteArray(flags) << QByteArray(plan);
        };
        row("no plan, machine: TP of the domain", "--model llama-3-70b --cluster p5.48xlarge", "8 1 1 1 1 1 1 1 1");
        row("TP only", "--tp 8", "8 1 1 1 1 1 1 1 1");
        row("unspecified are one", "--pp 4", "1 4 1 1 1 1 4 4 1");
        row("microbatches follow PP", "--tp 2 --pp 4 --batch 64", "2 4 1 1 1 1 4 4 1");
        row("microbatches within the batch", "--tp 2 --pp 4 --batch 3", "2 4 1 1 1 1 3 3 1");
        row("microbatches given", "--tp 2 --pp 4 --microbatches 16", "2 4 1 1 1 1 16 16 1");
        row("chunks", "--tp 4 --pp 2 --chunks 4", "4 2 1 1 1 1 2 2 4");
        row("all axes", "--tp 1 --pp 2 --dp 3 --ep 4 --sp 5 --attention-dp 6", "1 2 3 4 5 6 2 2 1");
        row("cut machine", "--cluster p5.48xlarge --devices 4", "4 1 1 1 1 1 1 1 1");
        row("grown machine stays in the domain", "--cluster p5.48xlarge --devices 32", "8 1 1 1 1 1 1 1 1");
        row("TP that heads allow", "--model llama-2-13b --cluster trn2.48xlarge", "40 1 1 1 1 1 1 1 1");
    }
    void plans()
    {
        QFETCH(const QByteArray, flags);
        QFETCH(const QByteArray, plan);
        const auto source = fromFlags(flags.constData());
        QVERIFY2(source.ok(), source.ok() ? "" : source.error().sentence().c_str());
        QCOMPARE(textOf(source.value().scenario.plan), plan);
    }

    void withoutFlagsItIsTheCaseStudy()
    {
        const auto source = fromFlags("");
        QVERIFY(source.ok());
        QVERIFY(source.value().scenario == caseStudyScenario(builtinCatalog()));
    }

    void smallerBatchOfTheCaseStudyIsLegal()
    {
        const auto source = fromFlags("--batch 1");
        QVERIFY(source.ok());
        const Scenario& scenario = source.value().scenario;
        QCOMPARE(scenario.plan.tensor(), caseStudyScenario(builtinCatalog()).plan.tensor());
        QVERIFY(isLegal(scenario.context(), scenario.plan));
    }

    /// V100 has no bf16: without --compute the next format that it has, and a word about it; with --compute what was asked for.
    void arithmeticThatTheClusterHas()
    {
        const auto source = fromFlags("--model llama-2-7b --cluster dgx-1-v100 --weights fp16");
        QVERIFY(source.ok());
        const Scenario& scenario = source.value().scenario;
        QCOMPARE(nameOf(scenario.formats.compute), std::string_view("fp16"));
        QVERIFY(isLegal(scenario.context(), scenario.plan));
        QVERIFY(scenario.plan.tensor() > 1);
        QCOMPARE(source.value().notices.size(), std::size_t{1});
        QVERIFY(source.value().notices.front().ends_with("has no bf16 arithmetic: evaluated with --compute fp16"));
        const auto asked = fromFlags("--model llama-2-7b --cluster dgx-1-v100 --compute bf16");
        QVERIFY(asked.ok() && asked.value().notices.empty());
        const PlanContext context = asked.value().scenario.context();
        std::vector<Finding> violations;
        std::vector<Finding> warnings;
        checkPlan(context, asked.value().scenario.plan, violations, warnings);
        QCOMPARE(violations.size(), std::size_t{1});
        const std::string text = sentence(violations.front(), context, asked.value().scenario.plan);
        QVERIFY2(text.ends_with("it has fp32, fp16, int8. Choose one with --compute or Precision > Math."), text.c_str());
    }

    /// The formats of the model's file; a format of a class given beside it holds.
    void nativeWeights()
    {
        const auto source = fromFlags("--model gpt-oss-120b --weights native");
        QVERIFY2(source.ok(), source.ok() ? "" : source.error().sentence().c_str());
        const Formats& formats = source.value().scenario.formats;
        QCOMPARE(nameOf(formats.of(WeightClass::Experts)), std::string_view("mxfp4"));
        QCOMPARE(nameOf(formats.of(WeightClass::Attention)), std::string_view("bf16"));
        const auto own = fromFlags("--model gpt-oss-120b --weights native --expert-format int8");
        QVERIFY(own.ok() && own.value().scenario.formats.of(WeightClass::Experts) == NumberFormat::Int8);
    }

    void flagsOverrideAFileAndNothingElse()
    {
        ScenarioFile file{caseStudyScenario(builtinCatalog()), {}, {}};
        const std::string text = printScenario(file, builtinCatalog());
        const auto source = fromFlags("--pp 1 --kv fp8 --reserve 0 --input 100", "-", text);
        QVERIFY2(source.ok(), source.ok() ? "" : source.error().sentence().c_str());
        Scenario expected = file.scenario;
        expected.plan[PlanAxis::Pipeline] = 1;
        followStages(expected.plan, file.scenario.plan.pipeline(), expected.workload.batch);
        QCOMPARE(expected.plan.decodeMicrobatches(), 1);
        expected.formats.kv = NumberFormat::Fp8;
        expected.reserve = 0;
        expected.workload.input = 100;
        QVERIFY(source.value().scenario == expected);
        const auto cut = fromFlags("--pp 1 --microbatches 8", "-", text); // unless they are given
        QVERIFY(cut.ok() && cut.value().scenario.plan.decodeMicrobatches() == 8);
    }

    /// A model published quantized comes so, unless a format is given.
    void weightsOfAModel()
    {
        const auto formats = [](const char* flags) { return fromFlags(flags).value().scenario.formats; };
        QCOMPARE(formats("--model deepseek-v3").weights, NumberFormat::Fp8Block);
        QCOMPARE(formats("--model deepseek-v3 --weights bf16").weights, NumberFormat::Bf16);
        QCOMPARE(formats("--model llama-3.1-8b").weights, NumberFormat::Bf16);
    }

    /// Every word of every option, as the file writes it too: a file made with the flag reads as the same scenario.
    void options_data()
    {
        QTest::addColumn<QByteArray>("flags");
        QTest::addColumn<QByteArray>("json"); ///< in the file, blanks removed; empty: the case study with nothing added
        const auto row = [](const char* flags, const char* json) { QTest::newRow(flags) << QByteArray(flags) << QByteArray(json); };
        row("--attention fused --norms replicated --sends overlapped --layer-split even --overlap 0 --virtual-stages 1", "");
        row("--sequence-exchange all-gather --expert-exchange auto --shared-experts tensor --redundant-experts 0", "");
        row("--routing-skew 0 --capacity-factor 0 --beyond-capacity drop --expert-format as-weights", "");
        row("--mtp off", "");
        row("--axis-order tp,sp,attention-dp,pp,dp", "");
        row("--attention unfused", R"("options":{"attention":"unfused"})");
        row("--sequence-exchange ring", R"("options":{"sequence_exchange":"ring"})");
        row("--norms sharded", R"("options":{"norms":"sharded"})");
        row("--expert-exchange reduce", R"("options":{"expert_exchange":"reduce"})");
        row("--expert-exchange all-to-all", R"("options":{"expert_exchange":"all-to-all"})");
        row("--shared-experts replicated", R"("options":{"shared_experts":"replicated"})");
        row("--redundant-experts 32", R"("options":{"redundant_experts":32})");
        row("--mtp load", R"("options":{"mtp":"load"})");
        row("--sends synchronous", R"("options":{"sends":"synchronous"})");
        row("--overlap 0.5", R"("options":{"overlap":0.5})");
        row("--virtual-stages 4", R"("options":{"virtual_stages":4})");
        row("--layer-split balanced", R"("options":{"layer_split":"balanced"})");
        row("--layers-per-stage 41,39", R"("options":{"layer_split":"manual","stage_layers":[41,39]})");
        row("--axis-order pp,tp,sp,attention-dp,dp", R"("options":{"axis_order":["pp","tp","sp","attention-dp","dp"]})");
        row("--routing-skew 0.5", R"("routing":{"power_law":0.5})");
        row("--capacity-factor 1.25 --beyond-capacity overflow", R"("routing":{"capacity_factor":1.25,"beyond_capacity":"overflow"})");
        row("--attention-format fp8-block", R"("attention":"fp8-block")");
        row("--mlp-format int4-g32", R"("mlp":"int4-g32")");
        row("--expert-format mxfp4", R"("experts":"mxfp4")");
        row("--embedding-format fp16", R"("embedding":"fp16")");
    }
    void options()
    {
        QFETCH(const QByteArray, flags);
        QFETCH(const QByteArray, json);
        const auto source = fromFlags(flags.constData());
        QVERIFY2(source.ok(), source.ok() ? "" : source.error().sentence().c_str());
        const std::string file = printScenario({source.value().scenario, {}, {}}, builtinCatalog());
        QCOMPARE(source.value().scenario == caseStudyScenario(builtinCatalog()), json.isEmpty());
        QVERIFY2(QByteArray::fromStdString(file).replace("\n", "").replace(" ", "").contains(json), file.c_str());
        const auto again = fromFlags("", "-", file);
        QVERIFY(again.ok() && again.value().scenario == source.value().scenario);
    }

    /// The words of the flags are those of the files, in the same order.
    void wordsAgree()
    {
        const auto argument = [](Flag flag) { return std::string(specOf(flag).argument); };
        const auto joined = [](const auto& words, char separator) {
            std::string text;
            for (const std::string_view word : words)
                text += (text.empty() ? "" : std::string(1, separator)) + std::string(word);
            return text;
        };
        QCOMPARE(argument(Flag::Attention), joined(kAttentionWords, '|'));
        QCOMPARE(argument(Flag::SequenceExchange), joined(kSequenceExchangeWords, '|'));
        QCOMPARE(argument(Flag::Norms), joined(kNormWords, '|'));
        QCOMPARE(argument(Flag::ExpertExchange), joined(kExpertExchangeWords, '|'));
        QCOMPARE(argument(Flag::SharedExperts), joined(kSharedExpertWords, '|'));
        QCOMPARE(argument(Flag::BeyondCapacity), joined(kOverflowWords, '|'));
        QCOMPARE(argument(Flag::Sends), joined(kSendWords, '|'));
        QCOMPARE(argument(Flag::Prediction), joined(kPredictionWords, '|'));
        QCOMPARE(argument(Flag::LayerSplit) + "|manual", joined(kLayerSplitWords, '|'));
        QCOMPARE(argument(Flag::AxisOrder), joined(kMeshAxisWords, ','));
        for (const NumberFormat format : kNumberFormats)
            for (const Flag flag :
                 {Flag::Weights, Flag::Kv, Flag::AttentionFormat, Flag::MlpFormat, Flag::ExpertFormat, Flag::EmbeddingFormat})
                QVERIFY(("|" + argument(flag) + "|").find("|" + std::string(nameOf(format)) + "|") != std::string::npos);
    }

    void optionsOfAFileCanBeTakenBack()
    {
        Scenario scenario = caseStudyScenario(builtinCatalog());
        scenario.plan.options.fusedAttention = false;
        scenario.plan.options.layerSplit = LayerSplit::Manual;
        scenario.plan.options.stageLayers = {30, 50};
        scenario.formats.own[0] = NumberFormat::Int8;
        const std::string file = printScenario({scenario, {}, {}}, builtinCatalog());
        const auto kept = fromFlags("--batch 32", "-", file);
        QVERIFY(kept.ok() && kept.value().scenario == scenario);
        const auto back = fromFlags("--attention fused --layer-split even --attention-format as-weights", "-", file);
        QVERIFY(back.ok() && back.value().scenario == caseStudyScenario(builtinCatalog()));
    }

    /// A flag that changes nothing for this model or plan is said so, and the rest is not.
    void flagsWithoutEffectAreSaid()
    {
        const auto notices = [](const char* flags) {
            QStringList lines;
            const auto source = fromFlags(flags);
            for (const std::string& notice : source.value().notices)
                lines << QString::fromStdString(notice);
            return lines.join(QLatin1Char('\n'));
        };
        QCOMPARE(notices("--expert-exchange reduce"), QStringLiteral("--expert-exchange: no effect: Llama-3-70B has no experts."));
        QCOMPARE(notices("--model mixtral-8x7b --shared-experts replicated"),
                 QStringLiteral("--shared-experts: no effect: Mixtral-8x7B has no shared experts."));
        QCOMPARE(notices("--tp 8 --virtual-stages 2"), QStringLiteral("--virtual-stages: no effect while PP is 1."));
        QCOMPARE(notices("--tp 8 --sequence-exchange ring"), QStringLiteral("--sequence-exchange: no effect while SP is 1."));
        QCOMPARE(notices("--tp 8 --axis-order pp,tp,sp,attention-dp,dp"),
                 QStringLiteral("--axis-order: no effect while fewer than two axes are above 1."));
        QCOMPARE(notices("--tp 4 --pp 2 --virtual-stages 2 --norms sharded --overlap 0.5 --sends synchronous --attention unfused"),
                 QString());
        QCOMPARE(notices("--model deepseek-v3 --cluster gb200-nvl72 --tp 4 --ep 4 --expert-exchange reduce --shared-experts replicated "
                         "--redundant-experts 4 --routing-skew 0.4 --capacity-factor 2 --expert-format nvfp4 --mlp-format fp8"),
                 QString());
    }

    void modelsByEveryName()
    {
        QCOMPARE(fromFlags("--model meta-llama/Meta-Llama-3-70B").value().scenario.model->id, std::string("llama-3-70b"));
        QCOMPARE(fromFlags("--model LLAMA-3-70B").value().scenario.model->id, std::string("llama-3-70b"));
    }

    void refusals_data()
    {
        QTest::addColumn<QByteArray>("flags");
        QTest::addColumn<QByteArray>("part");
        QTest::newRow("model") << QByteArray("--model llama-3-70") << QByteArray("--model: found llama-3-70; allowed is");
        QTest::newRow("similar models") << QByteArray("--model llama-3-70") << QByteArray("llama-3-70b");
        QTest::newRow("config") << QByteArray("--model /nowhere/config.json") << QByteArray("/nowhere/config.json: ");
        QTest::newRow("cluster") << QByteArray("--cluster p5.48") << QByteArray("--cluster: found p5.48; allowed is");
        QTest::newRow("similar clusters") << QByteArray("--cluster p5.48xlarg") << QByteArray("p5.48xlarge");
        QTest::newRow("devices") << QByteArray("--devices 11") << QByteArray("--devices: ");
        QTest::newRow("layers twice") << QByteArray("--layer-split balanced --layers-per-stage 40,40")
                                      << QByteArray("--layers-per-stage: found --layer-split as well; give one of the two");
    }
    void refusals()
    {
        QFETCH(const QByteArray, flags);
        QFETCH(const QByteArray, part);
        const auto source = fromFlags(flags.constData());
        QVERIFY(!source.ok());
        const std::string sentence = source.error().sentence();
        QVERIFY2(sentence.find(part.constData()) != std::string::npos, sentence.c_str());
    }

    void inputIsBounded()
    {
        const auto source = fromFlags("", "-", std::string((std::size_t{4} << 20) + 1, ' '));
        QVERIFY(!source.ok());
        QCOMPARE(source.error().sentence(), std::string("standard input: found more than 4 MiB; a scenario has at most 4 MiB"));
    }
};

QTEST_APPLESS_MAIN(TestPlanChoice)
#include "tst_plan_choice.moc"
