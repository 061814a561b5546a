// SPDX-License-Identifier: Apache-2.0
// Flags of loads, engines and pools.
#include "app/cli/command_line.h"
#include "app/cli/scenario_source.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <sstream>

using namespace shardlens;
using namespace shardlens::cli;

namespace {

std::vector<std::string> wordsOf(const QByteArray& flags)
{
    std::vector<std::string> words{"evaluate"};
    std::istringstream stream{flags.toStdString()};
    for (std::string word; stream >> word;)
        words.push_back(word);
    return words;
}

Result<ScenarioSource> fromFlags(const QByteArray& flags)
{
    const auto arguments = parseArguments(wordsOf(flags));
    if (!arguments.ok())
        return arguments.error();
    std::istringstream none;
    return scenarioFrom(arguments.value(), {}, builtinCatalog(), none);
}

Answer answerOf(const QByteArray& flags)
{
    std::istringstream none;
    return std::get<Answer>(interpret(wordsOf(flags), none));
}

} // namespace

class TestServingFlags : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void targets()
    {
        const Scenario s = fromFlags("--target-ttft 2.5s --target-tpot 20ms").value().scenario;
        QCOMPARE(*s.targets.ttft, 2.5);
        QCOMPARE(*s.targets.tpot, 0.02);
        QVERIFY(!fromFlags("--tp 8").value().scenario.targets.tpot);
        for (const char* const flags :
             {"--target-tpot 0", "--target-tpot -3ms", "--target-ttft soon", "--target-ttft 2h", "--target-ttft nan"})
            QVERIFY2(!fromFlags(flags).ok(), flags);
        QVERIFY(fromFlags("--target-tpot 20min").error().sentence().find("20ms") != std::string::npos);

        // Met or missed, in words and as JSON, by the very figure of the report.
        const auto report = [](const QByteArray& flags) { return nlohmann::json::parse(answerOf(flags + " --json").out); };
        const double tpot = report("--tp 8")["serving"]["tpot_s"]["mean"];
        const QByteArray above = "--tp 8 --target-tpot " + QByteArray::number(tpot * 1.1, 'g', 12);
        const QByteArray below = "--tp 8 --target-tpot " + QByteArray::number(tpot * 0.9, 'g', 12);
        QVERIFY(report("--tp 8")["targets"].empty());
        QCOMPARE(report(above)["targets"]["tpot_s"]["meets"].get<bool>(), true);
        QCOMPARE(report(below)["targets"]["tpot_s"]["meets"].get<bool>(), false);
        QCOMPARE(report(below)["targets"]["tpot_s"]["value"].get<double>(), tpot);
        QVERIFY(!report(below)["targets"].contains("ttft_s"));
        QVERIFY(answerOf(above).out.find("met, 9.1 % below") != std::string::npos);
        QVERIFY(answerOf(below).out.find("missed by 11 %") != std::string::npos);
        // A load that grows without end reaches no target, however late.
        const auto saturated = report("--tp 8 --rate 1000 --target-ttft 1000000");
        QCOMPARE(saturated["targets"]["ttft_s"]["meets"].get<bool>(), false);
        QVERIFY(saturated["targets"]["ttft_s"]["value"].is_null());
        QVERIFY(report("--tp 6 --target-ttft 1")["targets"]["ttft_s"]["meets"].is_null());
    }

    void load()
    {
        const Result<ScenarioSource> source = fromFlags(
            "--tp 8 --concurrency 48 --engine sglang --poll-interval 30 --token-budget 16384 --length-spread 0.8 --prefix-hit 0.5 "
            "--draft-tokens 3 --acceptance 0.6 --draft-cost 0.1 --price 2.5 --seed 9 --requests 100");
        QVERIFY2(source.ok(), source.ok() ? "" : source.error().sentence().c_str());
        const Scenario& s = source.value().scenario;
        QCOMPARE(s.serving.load.kind, LoadKind::ClosedLoop);
        QCOMPARE(s.serving.load.concurrency, 48);
        QCOMPARE(s.workload.batch, 48); // the step shown
        QCOMPARE(s.serving.engine.policy, PrefillPolicy::First);
        QCOMPARE(s.serving.engine.pollInterval, 30);
        QCOMPARE(s.serving.engine.tokenBudget, 16384);
        QCOMPARE(s.serving.engine.overlap, true);
        QCOMPARE(s.serving.load.inputLengths.low, 0.8);
        QCOMPARE(s.serving.load.outputLengths.kind, LengthSpread::Kind::Uniform);
        QCOMPARE(s.serving.load.prefixHit, 0.5);
        QCOMPARE(s.serving.load.speculation.draftTokens, 3);
        QCOMPARE(s.serving.load.speculation.draft, Speculation::Draft::Relative);
        QCOMPARE(s.serving.price->usdPerHour, 2.5);
        QCOMPARE(s.serving.load.seed, 9U);
        QCOMPARE(s.serving.load.requests, 100);
        QVERIFY(source.value().notices.empty());
        QCOMPARE(fromFlags("--tp 8 --concurrency 48 --batch 7").value().scenario.workload.batch, 7);
        QCOMPARE(fromFlags("--rate 2.5").value().scenario.serving.load.rate, 2.5);
        QCOMPARE(fromFlags("--rate 1 --input-percentiles 100,500,2000").value().scenario.serving.load.inputLengths.p90, 500.0);
    }

    void pools()
    {
        const Result<ScenarioSource> source = fromFlags("--rate 4 --prefill-plan tp=4,workers=2 --decode-plan tp=2,pp=2,dp=2:hgx-h200");
        QVERIFY2(source.ok(), source.ok() ? "" : source.error().sentence().c_str());
        const Scenario& s = source.value().scenario;
        QVERIFY(s.serving.pools.has_value());
        QCOMPARE(s.serving.pools->prefill.plan.tensor(), 4);
        QCOMPARE(s.serving.pools->prefill.workers, 2);
        // The decode pool is shown, so its cluster is the scenario's; the prefill pool stays where it was.
        QVERIFY(s.serving.pools->prefill.cluster);
        QCOMPARE(s.serving.pools->prefill.cluster->id, std::string("p5.48xlarge"));
        QCOMPARE(s.serving.pools->decode.plan.devices(), 8);
        QCOMPARE(s.cluster->id, std::string("hgx-h200"));
        QCOMPARE(s.plan.pipeline(), 2);
        const Scenario planned = fromFlags("--tp 8 --rate 4 --prefill-plan tp=4 --decode-plan tp=2").value().scenario;
        QCOMPARE(planned.plan.tensor(), 8);
        QVERIFY(!planned.serving.pools->prefill.cluster && !planned.serving.pools->decode.cluster);
    }

    void refusals_data()
    {
        QTest::addColumn<QByteArray>("flags");
        QTest::addColumn<QByteArray>("flag");
        const auto row = [](const char* flags, const char* flag) { QTest::newRow(flags) << QByteArray(flags) << QByteArray(flag); };
        row("--concurrency 4 --rate 2", "--rate");
        row("--concurrency 0", "--concurrency");
        row("--rate 0", "--rate");
        row("--concurrency 4 --engine tgi", "--engine");
        row("--concurrency 4 --draft-tokens 2", "--draft");
        row("--concurrency 4 --input-percentiles 5,4,9", "--input-percentiles");
        row("--concurrency 4 --prefill-plan tp=4", "--decode-plan");
        row("--prefill-plan tp=4 --decode-plan tp=4", "--prefill-plan");
        row("--concurrency 4 --prefill-plan tp=x --decode-plan tp=4", "--prefill-plan");
        row("--concurrency 4 --prefill-plan tp=4 --decode-plan zp=4", "--decode-plan");
        row("--concurrency 4 --prefill-plan tp=4:nowhere --decode-plan tp=4", "--prefill-plan");
        row("--concurrency 4 --prefill-plan tp=3 --decode-plan tp=4", "--prefill-plan");
        row("--simulate", "--simulate");
    }
    void refusals()
    {
        QFETCH(QByteArray, flags);
        QFETCH(QByteArray, flag);
        const Answer answer = answerOf(flags);
        QCOMPARE(answer.status, kBadInput);
        QVERIFY2(answer.err.find(flag.toStdString()) != std::string::npos, answer.err.c_str());
        QVERIFY(answer.out.empty());
    }

    void idleFlagsAreSaid()
    {
        const Result<ScenarioSource> source = fromFlags("--engine vllm");
        QVERIFY(source.ok());
        QCOMPARE(source.value().notices.size(), std::size_t{1});
        QVERIFY(source.value().notices.front().starts_with("--engine: no effect"));
    }

    void answers()
    {
        const Answer analytic = answerOf("--tp 8 --concurrency 16 --engine vllm");
        QCOMPARE(analytic.status, kAnswered);
        QVERIFY(analytic.out.find("Service of 16 clients on vLLM, analytic") != std::string::npos);
        const Answer simulated = answerOf("--tp 8 --concurrency 16 --engine vllm --simulate");
        QVERIFY(simulated.out.find("Service of 16 clients on vLLM, simulated") != std::string::npos);
        QCOMPARE(simulated.out, answerOf("--tp 8 --concurrency 16 --engine vllm --simulate").out);
        const Answer over = answerOf("--tp 8 --rate 1000");
        QCOMPARE(over.status, kAnswered);
        QVERIFY(over.out.find("Saturated") != std::string::npos);
        const Answer pools = answerOf("--rate 4 --prefill-plan tp=4 --decode-plan tp=8");
        QVERIFY(pools.out.find("Prefill pool") != std::string::npos && pools.out.find("Decode pool") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestServingFlags)
#include "tst_serving_flags.moc"
