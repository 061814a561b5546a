// SPDX-License-Identifier: Apache-2.0
// Which plan a command line without FILE means, and how flags override.
#include "app/cli/scenario_source.h"

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

    void flagsOverrideAFileAndNothingElse()
    {
        ScenarioFile file{caseStudyScenario(builtinCatalog()), {}, {}};
        const std::string text = printScenario(file, builtinCatalog());
        const auto source = fromFlags("--pp 1 --kv fp8 --reserve 0 --input 100", "-", text);
        QVERIFY2(source.ok(), source.ok() ? "" : source.error().sentence().c_str());
        Scenario expected = file.scenario;
        expected.plan[PlanAxis::Pipeline] = 1;
        expected.formats.kv = NumberFormat::Fp8;
        expected.reserve = 0;
        expected.workload.input = 100;
        QVERIFY(source.value().scenario == expected);
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
        QTest::newRow("calibrated") << QByteArray("--mode calibrated") << QByteArray("--mode: found calibrated; allowed is roofline");
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
