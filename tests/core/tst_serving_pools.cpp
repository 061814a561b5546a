// SPDX-License-Identifier: Apache-2.0
// Disaggregated pools by hand-made numbers; serving in scenarios: files, reports, price and energy.
#include "schema.h"
#include "servers.h"

#include "core/scenario/evaluate.h"
#include "core/scenario/explain.h"
#include "core/scenario/report_json.h"
#include "core/scenario/scenario_file.h"
#include "core/scenario/serve.h"
#include "core/serving/kvtransfer.h"
#include "core/serving/queueing.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <algorithm>
#include <cmath>

using namespace shardlens;
using namespace shardlens::testing;
using Json = nlohmann::json;

namespace {

bool near(double a, double b, double tolerance)
{
    return std::abs(a - b) <= tolerance * std::abs(b);
}

Scenario served(LoadKind kind)
{
    Scenario s = caseStudyScenario(builtinCatalog());
    s.serving.load.kind = kind;
    s.serving.load.concurrency = 24;
    s.serving.load.rate = 2;
    s.serving.engine = defaultsOf(Engine::Sglang);
    return s;
}

ScenarioFile fileOf(const Scenario& scenario)
{
    ScenarioFile file;
    file.scenario = scenario;
    return file;
}

} // namespace

class TestServingPools : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// One client meets nobody: its TTFT and TPOT are the prompt and the step alone. More clients add to both, and the inspector says how much.
    void whatOthersAddIsTheRest()
    {
        for (const int clients : {1, 24, 96}) {
            Scenario s = served(LoadKind::ClosedLoop);
            s.serving.load.concurrency = clients;
            s.serving.engine.overlap = false; // which makes even a lone request wait for a step
            const Report report = evaluate(s);
            QCOMPARE(report.serving.service.status, ServiceStatus::Served);
            const Undisturbed alone = undisturbedOf(s, report);
            QVERIFY(alone.prompt > 0 && alone.token > 0);
            if (clients == 1) {
                QVERIFY2(near(report.serving.ttft, alone.prompt, 0.02), qPrintable(QString::number(report.serving.ttft / alone.prompt)));
                QVERIFY2(near(report.serving.tpot, alone.token, 0.02), qPrintable(QString::number(report.serving.tpot / alone.token)));
            } else {
                QVERIFY(report.serving.ttft > 1.05 * alone.prompt);
                QVERIFY(report.serving.tpot > 1.05 * alone.token);
            }
            for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
                Subject time;
                time.kind = Subject::Kind::Time;
                time.phase = phase;
                const Explanation e = explain(s, report, time);
                const auto named = [&](std::string_view symbol) {
                    return std::any_of(e.inputs.begin(), e.inputs.end(), [&](const Explanation::Input& i) { return i.symbol == symbol; });
                };
                QVERIFY(named("alone"));
                QVERIFY(clients == 1 || named("others"));
            }
        }
    }

    /// The plan that is shown is one worker's: devices beside it are not idle, and the report says whose plan it is.
    void thePlanIsAWorkers()
    {
        const auto idle = [](const Scenario& scenario) {
            const Report report = evaluate(scenario);
            return std::any_of(report.warnings.begin(), report.warnings.end(),
                               [](const Finding& finding) { return finding.rule == Rule::IdleDevices; });
        };
        Scenario s = served(LoadKind::OpenLoop);
        s.plan = planOf(4);
        QVERIFY(!servedByPools(s));
        QVERIFY(idle(s));
        ServingSettings::Pools pools;
        pools.prefill.plan = planOf(2);
        pools.decode.plan = planOf(4);
        s.serving.pools = pools;
        QVERIFY(servedByPools(s));
        QVERIFY(!idle(s));
        QCOMPARE(shownWorker(s), std::string_view("decode worker"));
        s.plan = planOf(2);
        QCOMPARE(shownWorker(s), std::string_view("prefill worker"));
        s.plan = planOf(8);
        QCOMPARE(shownWorker(s), std::string_view("plan"));
        s.serving.load.kind = LoadKind::StaticBatch; // pools then serve nothing
        s.plan = planOf(4);
        QVERIFY(!servedByPools(s));
        QVERIFY(idle(s));
    }

    /// Rates of single workers, taken apart by hand, give the numbers of workers.
    void ratesMatch()
    {
        const Server prefill("llama-3-70b", 4, planOf(4));
        const Server decode("llama-3-70b", 8, planOf(8));
        DisaggregatedInput input{{prefill.step(), kUnlimitedTokens, defaultsOf(Engine::Generic), 0},
                                 {decode.step(), kUnlimitedTokens, defaultsOf(Engine::Generic), 0},
                                 2048,
                                 257,
                                 {},
                                 50e9,
                                 1e-5,
                                 kvTransferOf(prefill.step(), decode.step(), 2048).bytes};
        input.load.kind = LoadKind::OpenLoop;
        input.load.rate = 1;
        input.decode.engine.maxSequences = 32;
        QCOMPARE(input.transferBytes, 2048.0 * 163840); // 80 layers x 2 x 8 heads x 128 values of one byte
        const DisaggregatedFigures one = serveDisaggregated(input);
        QCOMPARE(one.prefillWorkers, 1);
        QCOMPARE(one.decodeWorkers, 1);
        QCOMPARE(one.devices(), 12);
        QVERIFY(near(one.transferTime, 1e-5 + 2048 * 163840 / 50e9, 1e-12));
        // 32 sequences of 256 decode steps each.
        PieceTimes times;
        decode.step().pieceTimes({32, 1, 2048 + 128, true, true}, times);
        const double step = 80 * times.layers[0] + times.embedding + times.head;
        QVERIFY2(near(one.decodeRate, 32 / (256 * step), 5e-3), qPrintable(QString::number(one.decodeRate * 256 * step / 32)));
        // Four prompts fill a step's 8,192 tokens.
        const StepTokens prompts{4, 2048, 0, false, true};
        prefill.step().mixedTimes({0, 1, 1, true, true}, {&prompts, 1}, times);
        QVERIFY(near(one.prefillRate, 4 / (80 * times.layers[0] + times.embedding + times.head), 5e-3));

        input.load.rate = 5.5 * one.prefillRate;
        const DisaggregatedFigures many = serveDisaggregated(input);
        QCOMPARE(many.prefillWorkers, static_cast<int>(std::ceil(5.5 / kPlannedUtilisation)));
        QCOMPARE(many.decodeWorkers, static_cast<int>(std::ceil(input.load.rate / (kPlannedUtilisation * one.decodeRate))));
        QVERIFY(many.prefillUtilisation <= kPlannedUtilisation && many.decodeUtilisation <= kPlannedUtilisation);
        QVERIFY(many.service.ttft.mean >= many.prefillTime + many.transferTime);
        QVERIFY(near(many.service.outputTokensPerSecond, input.load.rate * 257, 1e-12));
        // One worker fewer of either does not keep within the plan.
        input.prefill.workers = many.prefillWorkers - 1;
        QVERIFY(serveDisaggregated(input).prefillUtilisation > kPlannedUtilisation);
        input.prefill.workers = 5;
        QCOMPARE(serveDisaggregated(input).status, ServiceStatus::Saturated);
    }

    /// Copies cross as often as they are held; the device with most to move sets the time.
    void copiesOfTheCacheCross()
    {
        constexpr double kPrompt = 2048;
        constexpr double kToken = 80 * 2 * 8 * 128; // Llama-3-70B, one byte each
        const Server four("llama-3-70b", 4, planOf(4));
        const Server eight("llama-3-70b", 8, planOf(8));
        const Server wide("llama-3-70b", 64, planOf(64));
        const Server piped("llama-3-70b", 16, planOf(8, 2));
        const KvTransfer plain = kvTransferOf(four.step(), eight.step(), 2048);
        QCOMPARE(plain.values, kPrompt * kToken);
        QCOMPARE(plain.bytes, plain.values);
        QCOMPARE(plain.received, plain.values / 8);
        QCOMPARE(plain.sent, plain.values / 4);
        QVERIFY(plain.sendingBinds());
        QVERIFY(near(plain.bandwidth(), 4 * plain.sendBandwidth, 1e-12));
        // 64 ranks over 8 KV heads: 8 copies; eight devices must send them all.
        const KvTransfer copies = kvTransferOf(eight.step(), wide.step(), 2048);
        QCOMPARE(copies.values, plain.values);
        QCOMPARE(copies.bytes, 8 * plain.values);
        QCOMPARE(copies.received, plain.values / 8);
        QCOMPARE(copies.sent, plain.values);
        QVERIFY(copies.sendingBinds());
        QVERIFY(near(copies.bytes / copies.bandwidth(), plain.values / copies.sendBandwidth, 1e-12));
        // From 64 to 8: no copy crosses, and each of the eight gets its head.
        const KvTransfer back = kvTransferOf(wide.step(), eight.step(), 2048);
        QCOMPARE(back.bytes, plain.values);
        QCOMPARE(back.sent, plain.values / 64);
        QVERIFY(!back.sendingBinds());
        QVERIFY(near(back.bytes / back.bandwidth(), plain.values / 8 / back.receiveBandwidth, 1e-12));
        // Two stages hold half the layers each.
        const KvTransfer stages = kvTransferOf(piped.step(), piped.step(), 2048);
        QCOMPARE(stages.bytes, plain.values);
        QCOMPARE(stages.received, plain.values / 16);
        QCOMPARE(stages.sent, plain.values / 16);
        // One latent for all heads of MLA: each of 16 ranks holds all of it.
        const Server latent("deepseek-v3", 16, planOf(16, 1, 1, 16));
        const KvTransfer mla = kvTransferOf(latent.step(), latent.step(), 4096);
        QCOMPARE(mla.received, mla.values);
        QCOMPARE(mla.bytes, 16 * mla.values);
        QVERIFY(near(mla.bytes / mla.bandwidth(), mla.values / mla.receiveBandwidth, 1e-12));
        // With attention DP one rank of 16 gets a request.
        const Server ranks("deepseek-v3", 16, planOf(1, 1, 1, 16, 16));
        QCOMPARE(kvTransferOf(latent.step(), ranks.step(), 4096).bytes, mla.values);
    }

    void closedLoopOfPools()
    {
        const Server server("llama-3-70b", 8, planOf(8));
        DisaggregatedInput input{{server.step(), kUnlimitedTokens, defaultsOf(Engine::Generic), 1},
                                 {server.step(), kUnlimitedTokens, defaultsOf(Engine::Generic), 1},
                                 1024,
                                 1024,
                                 {},
                                 400e9,
                                 0,
                                 kvTransferOf(server.step(), server.step(), 1024).bytes};
        input.load.kind = LoadKind::ClosedLoop;
        double tpot = 0;
        double throughput = 0;
        for (const int clients : {1, 8, 64, 256}) {
            input.load.concurrency = clients;
            const DisaggregatedFigures f = serveDisaggregated(input);
            QVERIFY(f.service.tpot.mean >= tpot && f.service.outputTokensPerSecond > throughput);
            // Clients are everywhere in the loop: Little's law.
            QVERIFY(near(f.service.requestsPerSecond * f.service.endToEnd.mean, clients, 1e-9));
            const ServiceFigures together = serveAnalytic(server.closed(1024, 1024, clients));
            QVERIFY2(f.service.tpot.mean <= together.tpot.mean * 1.001, "decode without prompts is not slower");
            tpot = f.service.tpot.mean;
            throughput = f.service.outputTokensPerSecond;
        }
        input.decode.kvTokens = 2000; // not one request
        const DisaggregatedFigures tight = serveDisaggregated(input);
        QCOMPARE(tight.status, ServiceStatus::DoesNotFit);
        QCOMPARE(tight.lacking, DisaggregatedFigures::Lacking::Decode);
        QVERIFY(!tight.weightsDoNotFit);
        input.prefill.kvTokens = 0;
        const DisaggregatedFigures none = serveDisaggregated(input);
        QCOMPARE(none.lacking, DisaggregatedFigures::Lacking::Prefill);
        QVERIFY(none.weightsDoNotFit);
    }

    /// Where prefill limits, more requests than it can make change nothing for the decode pool; where decode limits, it is full.
    void decodePoolBeyondSaturation()
    {
        const Server prefill("llama-3-70b", 4, planOf(4));
        const Server decode("llama-3-70b", 8, planOf(8));
        for (const int prefillWorkers : {1, 64}) {
            DisaggregatedInput input{{prefill.step(), kUnlimitedTokens, defaultsOf(Engine::Generic), prefillWorkers},
                                     {decode.step(), kUnlimitedTokens, defaultsOf(Engine::Generic), 1},
                                     2048,
                                     256,
                                     {},
                                     400e9,
                                     0,
                                     kvTransferOf(prefill.step(), decode.step(), 2048).bytes};
            input.decode.engine.maxSequences = 256;
            input.load.kind = LoadKind::OpenLoop;
            input.load.rate = 1;
            const double most = serveDisaggregated(input).service.saturationRate;
            input.load.rate = 0.9999 * most;
            const DisaggregatedFigures below = serveDisaggregated(input);
            input.load.rate = 2 * most;
            const DisaggregatedFigures above = serveDisaggregated(input);
            QCOMPARE(below.status, ServiceStatus::Served);
            QCOMPARE(above.status, ServiceStatus::Saturated);
            QCOMPARE(above.service.requestsPerSecond, most);
            QVERIFY2(near(above.service.tpot.mean, below.service.tpot.mean, 1e-3),
                     qPrintable(QString::number(above.service.tpot.mean / below.service.tpot.mean)));
            QVERIFY(near(above.service.meanRunning, below.service.meanRunning, 1e-3));
            QVERIFY(near(above.decodeUtilisation, below.decodeUtilisation, 1e-3));
            QCOMPARE(above.decodeUtilisation > 0.99, prefillWorkers > 1);
            // Little's law; a request meets those that run and itself.
            const double residence = 255 * above.service.tpot.mean;
            QVERIFY(above.service.meanRunning <= most * residence * (1 + 1e-6) && above.service.meanRunning + 1 >= most * residence);
        }
    }

    void staticBatchIsAsBefore()
    {
        const Scenario scenario = caseStudyScenario(builtinCatalog());
        const Report report = evaluate(scenario);
        const ServingReport& s = report.serving;
        QCOMPARE(s.ttft, report.prefill.time);
        QCOMPARE(s.tpot, report.decode.time);
        QCOMPARE(s.service.ttft.p99, s.ttft);
        QCOMPARE(s.endToEnd, s.ttft + 255 * s.tpot);
        QCOMPARE(s.outputTokensPerSecond, 32 * 256 / s.endToEnd);
        // By hand: joules of eight devices at 700 W; 2 P FLOP for each token, and a little attention.
        QVERIFY(near(s.joulesPerToken, 8 * 700 / s.outputTokensPerSecond, 1e-12));
        const double tokens = 32 * (2048.0 + 255);
        QVERIFY(s.mfu > 0 && s.mfu < 1);
        QVERIFY2(near(s.mfu, 2 * 70.5e9 * tokens / (s.endToEnd * 8 * 989.4e12), 0.12), qPrintable(QString::number(s.mfu)));
        // Decode is bound by memory: nearly all of the bandwidth, in one microbatch of two stages each.
        QVERIFY2(s.mbu > 0.5 && s.mbu <= 1, qPrintable(QString::number(s.mbu)));
    }

    void loadsInReports()
    {
        for (const LoadKind kind : {LoadKind::ClosedLoop, LoadKind::OpenLoop}) {
            const Scenario scenario = served(kind);
            Report report = evaluate(scenario);
            QVERIFY(!report.serving.service.simulated);
            const ServiceFigures simulated = simulate(scenario);
            QVERIFY2(near(report.serving.tpot, simulated.tpot.mean, 0.1),
                     qPrintable(QString::number(report.serving.tpot / simulated.tpot.mean)));
            adopt(scenario, simulated, report);
            QCOMPARE(report.serving.tpot, simulated.tpot.mean);
            const std::string text = printReportJson(scenario, report);
            QCOMPARE(QString::fromStdString(schemaProblemsOfText("report.json", text)), QString());
            const Json json = Json::parse(text)["serving"];
            QCOMPARE(json["method"], "simulation");
            QCOMPARE(json["engine"], "sglang");
            QCOMPARE(json["ttft_s"]["p99"].get<double>(), simulated.ttft.p99);
            QCOMPARE(json["status"], "served");
            QCOMPARE(json["steady_state"], kind == LoadKind::ClosedLoop);
            QCOMPARE(json["requests_measured"].get<std::int64_t>(), simulated.requests);
            QCOMPARE(json["requests_left_out"].get<std::int64_t>(), simulated.discarded);
            QVERIFY(simulated.discarded >= (kind == LoadKind::ClosedLoop ? 24 : kOpenLoopRequests / 5));
            // What was left out is said where figures are read.
            const std::string measured = measuredText(scenario, simulated);
            QVERIFY2(measured.find("left out") != std::string::npos, measured.c_str());
            QVERIFY(printReportText(scenario, report).find("simulated; " + measured) != std::string::npos);
            Subject time;
            time.kind = Subject::Kind::Time;
            const Explanation e = explain(scenario, report, time);
            QVERIFY(std::any_of(e.notes.begin(), e.notes.end(),
                                [&](const std::string& note) { return note.find(measured) != std::string::npos; }));
            QVERIFY(json["mfu"].get<double>() > 0 && json["mfu"].get<double>() < 1);
            QVERIFY(json["mbu"].get<double>() > 0 && json["mbu"].get<double>() < 1);
            // 6.88 USD per device-hour.
            const double rate = json["output_tokens_per_s"].get<double>();
            QVERIFY(near(json["cost_usd_per_mtok"].get<double>(), 8 * 6.88 / 3600 / rate * 1e6, 1e-9));
        }
        Scenario over = served(LoadKind::OpenLoop);
        over.serving.load.rate = 1000;
        const std::string text = printReportJson(over, evaluate(over));
        QCOMPARE(QString::fromStdString(schemaProblemsOfText("report.json", text)), QString());
        const Json json = Json::parse(text)["serving"];
        QCOMPARE(json["status"], "saturated");
        QVERIFY(json["ttft_s"]["mean"].is_null());
        QVERIFY(json["saturation_requests_per_s"].get<double>() < 1000);
        // Simulated, what a request waited says how long the run was: it has no mean either, but TPOT has.
        Report report = evaluate(over);
        adopt(over, simulate(over), report);
        QCOMPARE(report.serving.service.status, ServiceStatus::Saturated);
        QVERIFY(report.serving.service.simulated && std::isinf(report.serving.ttft) && std::isinf(report.serving.endToEnd));
        QVERIFY(std::isfinite(report.serving.tpot) && report.serving.tpot > 0 && report.serving.outputTokensPerSecond > 0);
        const std::string saturated = printReportJson(over, report);
        QCOMPARE(QString::fromStdString(schemaProblemsOfText("report.json", saturated)), QString());
        QVERIFY(Json::parse(saturated)["serving"]["ttft_s"]["mean"].is_null());
    }

    void fileRoundTrip()
    {
        Scenario s = served(LoadKind::OpenLoop);
        s.serving.load.rate = 0.125;
        s.serving.load.inputLengths = {LengthSpread::Kind::Uniform, 0.8, 1, 0, 0, 0};
        s.serving.load.outputLengths = {LengthSpread::Kind::Percentiles, 1, 1, 100, 200, 900};
        s.serving.load.prefixHit = 0.25;
        s.serving.load.speculation = {2, 0.5, Speculation::Draft::Relative, 0.1};
        s.serving.load.requests = 77;
        s.serving.load.warmup = 7;
        s.serving.load.seed = 5;
        s.serving.engine = defaultsOf(Engine::TrtLlm);
        s.serving.engine.cutPrompts = true;
        s.serving.engine.tokenBudget = 4096;
        s.serving.engine.maxSequences = 64;
        s.serving.engine.admission = KvAdmission::Greedy;
        s.serving.engine.pollInterval = 10;
        s.serving.engine.overlap = false;
        s.serving.engine.requestOverhead = 0.003;
        s.serving.engine.policy = PrefillPolicy::First;
        s.serving.price = DevicePrice{1.5, "our contract, 2026-10"};
        ServingSettings::Pools pools;
        pools.prefill.plan = planOf(4);
        pools.prefill.workers = 3;
        pools.decode.plan = planOf(8);
        pools.decode.cluster = builtinCatalog().cluster("hgx-h200");
        s.serving.pools = pools;
        const std::string text = printScenario(fileOf(s), builtinCatalog());
        QCOMPARE(QString::fromStdString(schemaProblemsOfText("scenario.json", text)), QString());
        const Result<ScenarioFile> read = parseScenario(text, "a.shardlens", builtinCatalog());
        QVERIFY2(read.ok(), read.ok() ? "" : read.error().sentence().c_str());
        QVERIFY(read.value().scenario == s);
        QVERIFY(read.value().notices.empty());
        // What is as usual is not written.
        QVERIFY(printScenario(fileOf(caseStudyScenario(builtinCatalog())), builtinCatalog()).find("serving") == std::string::npos);
        const Report report = evaluate(s);
        QVERIFY(report.serving.pools.has_value());
        QCOMPARE(report.serving.pools->prefillWorkers, 3);
        const std::string json = printReportJson(s, report);
        QCOMPARE(QString::fromStdString(schemaProblemsOfText("report.json", json)), QString());
        QCOMPARE(Json::parse(json)["serving"]["price_source"], "our contract, 2026-10");
    }

    void badValuesAreNamed_data()
    {
        QTest::addColumn<QString>("serving");
        QTest::addColumn<QString>("path");
        const auto add = [](const char* serving, const char* path) { QTest::newRow(path) << serving << path; };
        add(R"({"load": {"kind": "busy"}})", "/serving/load/kind");
        add(R"({"load": {"kind": "closed"}})", "/serving/load/concurrency");
        add(R"({"load": {"kind": "open", "rate": 0}})", "/serving/load/rate");
        add(R"({"load": {"kind": "open", "rate": -1}})", "/serving/load/rate");
        add(R"({"load": {"kind": "static", "prefix_hit": 1.5}})", "/serving/load/prefix_hit");
        add(R"({"load": {"kind": "static", "input_lengths": {"kind": "uniform", "low": 1, "high": 0.5}}})",
            "/serving/load/input_lengths/high");
        add(R"({"load": {"kind": "static", "output_lengths": {"kind": "percentiles", "p50": 9, "p90": 8, "p99": 10}}})",
            "/serving/load/output_lengths/p90");
        add(R"({"load": {"kind": "static", "speculation": {"draft_tokens": 2}}})", "/serving/load/speculation/draft");
        add(R"({"engine": {"name": "tgi"}})", "/serving/engine/name");
        add(R"({"engine": {"token_budget": 0}})", "/serving/engine/token_budget");
        add(R"({"price": {"usd_per_device_hour": 2}})", "/serving/price/source");
        add(R"({"pools": {"prefill": {"plan": {"tensor": 1, "pipeline": 1, "data": 1}}}})", "/serving/pools/decode");
        add(R"({"load": {"kind": "closed", "concurrency": 4}, "pools": {"prefill": {"plan": {"tensor": 3, "pipeline": 1, "data": 1}},
               "decode": {"plan": {"tensor": 8, "pipeline": 1, "data": 1}}}})",
            "/serving/pools");
    }
    void badValuesAreNamed()
    {
        QFETCH(QString, serving);
        QFETCH(QString, path);
        Json json = Json::parse(printScenario(fileOf(caseStudyScenario(builtinCatalog())), builtinCatalog()));
        json["serving"] = Json::parse(serving.section(QLatin1Char('#'), 0, 0).toStdString());
        const Result<ScenarioFile> read = parseScenario(json.dump(), "a.shardlens", builtinCatalog());
        QVERIFY(!read.ok());
        QCOMPARE(QString::fromStdString(read.error().path), path);
        QVERIFY(!read.error().allowed.empty());
    }

    /// Useful FLOP of the requests served, over what the devices of both pools could do, by hand.
    void utilisationOfBothPools()
    {
        Scenario scenario = caseStudyScenario(builtinCatalog());
        scenario.plan = {};
        scenario.plan[PlanAxis::Tensor] = 8;
        scenario.serving.load.kind = LoadKind::OpenLoop;
        scenario.serving.load.rate = 4;
        ServingSettings::Pools pools;
        pools.prefill.plan[PlanAxis::Tensor] = 4;
        pools.decode.plan[PlanAxis::Tensor] = 8;
        scenario.serving.pools = pools;
        const Report report = evaluate(scenario);
        QVERIFY(report.serving.pools && report.serving.pools->devices() == 12);
        // MBU is a figure of decode steps: about the weights' bytes over a step's time, which is nearly TPOT at so few sequences.
        const double read = 70e9 * 2 / 8 + report.serving.service.meanBatch * (2048 + 128) * 80 * 2 * 128 * 2;
        const double expected = read / (report.serving.tpot * 3.35e12);
        QVERIFY2(near(report.serving.mbu, expected, 0.1), qPrintable(QString::number(report.serving.mbu / expected)));
        QVERIFY(report.serving.mbu < 1);
        QVERIFY(Json::parse(printReportJson(scenario, report))["serving"]["mbu"].get<double>() > 0);
        QVERIFY(printReportText(scenario, report).find("of the HBM bandwidth, by the decode pool's steps") != std::string::npos);
        QVERIFY2(near(report.serving.mfu, 4 * 2 * 70.5e9 * (2048.0 + 255) / (12 * 989.4e12), 0.12),
                 qPrintable(QString::number(report.serving.mfu)));
    }
};

QTEST_GUILESS_MAIN(TestServingPools)
#include "tst_serving_pools.moc"
