// SPDX-License-Identifier: Apache-2.0
// What `shardlens evaluate` prints, as JSON (a contract) and as text.
#include "core/base/format.h"
#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/report_json.h"
#include "core/scenario/scenario_file.h"
#include "tests/core/schema.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>
#include <limits>

using namespace shardlens;

namespace {

using Json = nlohmann::ordered_json;

Scenario caseStudy()
{
    return caseStudyScenario(builtinCatalog());
}

PhaseReport phase(double time)
{
    PhaseReport report;
    report.time = time;
    for (std::size_t i = 0; i < kCauseCount; ++i)
        report.breakdown.seconds[i] = time * static_cast<double>(i + 1) / 21;
    OperatorCost op;
    op.op = Op::QkvProjection;
    op.kind = 0;
    op.sharding = Sharding::Column;
    op.bound = Bound::Memory;
    op.stage = 1;
    op.stageLayers = 40;
    op.global = {128, 8192, 10240, 1};
    op.local = {128, 8192, 2560, 1};
    op.flop = 5368709120;
    op.weightBytes = 41943040;
    op.activationBytes = 2752512.5;
    op.time = 0.1 + 0.2; // needs all seventeen digits
    op.memoryTime = 1.0 / 3;
    report.operators.push_back(op);
    op.op = Op::MlpDown;
    op.sharding = Sharding::Row;
    op.collective = Collective::AllReduce;
    op.algorithm = CollectiveAlgorithm::Ring;
    op.bound = Bound::Network;
    op.payloadBytes = 2097152;
    op.communicationBytes = 3145728;
    op.time = 2;
    report.operators.push_back(op);
    report.busiestStage = 1;
    report.flop = 1e15;
    report.mfu = 0.5;
    report.timeline.stages = 2;
    report.timeline.microbatches = 8;
    report.timeline.duration = time;
    report.timeline.period = time;
    report.timeline.idleFraction = 0.125;
    report.timeline.cells = {{0, 0.5, 0, 0, 0, 0}, {0.5, 1, 1, 0, 0, 0}};
    return report;
}

/// A report with a number of its own in every place.
Report sample()
{
    Report report;
    report.legal = true;
    report.memory.fits = true;
    report.memory.capacity = 85520809984;
    report.memory.fullest = 1;
    report.memory.kvPerTokenPerDevice = 40960;
    report.memory.kvReplication = 1;
    report.memory.maxTokensPerReplica = 1666470;
    report.memory.maxBatchPerReplica = 666;
    for (int stage = 0; stage < 2; ++stage) {
        DeviceMemory memory;
        memory.stage = stage;
        memory.firstDevice = 4 * stage;
        memory.count = 4;
        memory.attentionWeights = 1;
        memory.mlpWeights = 20;
        memory.expertWeights = 300;
        memory.embeddingWeights = 4000;
        memory.headWeights = 50000;
        memory.normWeights = 600000 + stage;
        memory.kv = 12345678901;
        memory.activations = 23;
        memory.buffers = 29;
        memory.reserve = 2147483648 - 52;
        memory.kvReplicas = 31;
        report.memory.stages.push_back(memory);
    }
    report.prefill = phase(2.5);
    report.decode = phase(0.015);
    report.decode.timeline.idleFraction = 0.25;
    report.decode.timeline.microbatches = 2;
    report.serving = {2.5, 0.015, 6.325, 1295.25, 161.90625, 2133.5, 66.7, std::nullopt, 11.8};
    report.serving.service.ttft = {2.5, 2.5, 2.5, 2.5};
    report.serving.service.tpot = {0.015, 0.015, 0.015, 0.015};
    report.serving.service.endToEnd = {6.325, 6.325, 6.325, 6.325};
    return report;
}

QStringList linesOf(const std::string& text)
{
    return QString::fromStdString(text).split(QLatin1Char('\n'));
}

QString lineWith(const std::string& text, const char* start)
{
    for (const QString& line : linesOf(text))
        if (line.trimmed().startsWith(QString::fromUtf8(start)))
            return line;
    return {};
}

std::string schemaProblemsOf(const std::string& text)
{
    return schemaProblemsOfText("report.json", text);
}

} // namespace

class TestReportJson : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void contract()
    {
        const std::string text = printReportJson(caseStudy(), sample());
        QCOMPARE(QString::fromStdString(schemaProblemsOf(text)), QString());
        const Json json = Json::parse(text);
        QCOMPARE(json.begin().key(), std::string("schema"));
        QCOMPARE(json["schema"], "shardlens.report/1");
        QCOMPARE(json["mode"], "roofline");
        QCOMPARE(json["devices"], 8);
        QCOMPARE(json["plan"]["devices"], 8);
        QCOMPARE(json["plan"]["tensor"], 4);
        QCOMPARE(json["model"], "llama-3-70b");
        QCOMPARE(json["cluster"], "p5.48xlarge");
        QCOMPARE(json["legal"], true);

        const Json& memory = json["memory"];
        QCOMPARE(memory["capacity_bytes"], 85520809984);
        QCOMPARE(memory["max_tokens_per_replica"], 1666470);
        QCOMPARE(memory["max_batch_per_replica"], 666);
        QCOMPARE(memory["kv_bytes_per_token_per_device"], 40960);
        QCOMPARE(memory["devices"].size(), std::size_t{2});
        const Json& device = memory["devices"][1];
        QCOMPARE(device["device"], 4);
        QCOMPARE(device["stage"], 1);
        QCOMPARE(device["count"], 4);
        QCOMPARE(device["weights_bytes"], 654322);
        QCOMPARE(device["weights_by_class_bytes"]["experts"], 300);
        QCOMPARE(device["kv_bytes"], 12345678901);
        QCOMPARE(device["activation_bytes"], 23);
        QCOMPARE(device["buffer_bytes"], 29);
        QCOMPARE(device["reserve_bytes"], 2147483596);
        QCOMPARE(device["total_bytes"], 654322 + 12345678901 + 2147483648);
        QCOMPARE(memory["free_bytes"], 85520809984 - (654322 + 12345678901 + 2147483648));

        for (const char* name : {"prefill", "decode"}) {
            double sum = 0;
            for (const char* cause : {"weights", "kv", "compute", "communication", "bubble", "overhead"})
                sum += json[name]["breakdown_s"][cause].get<double>();
            QVERIFY(std::abs(sum - json[name]["time_s"].get<double>()) < 1e-12);
        }
        QCOMPARE(json["prefill"]["breakdown_s"]["kv"].get<double>(), 2.5 * 2 / 21);
        QCOMPARE(json["timeline"]["bubble_fraction"], 0.125);
        QCOMPARE(json["timeline"]["decode_idle_fraction"], 0.25);
        QCOMPARE(json["timeline"]["decode_microbatches"], 2);
        QCOMPARE(json["timeline"]["prefill_cells"][1]["stage"], 1);
        QCOMPARE(json["timeline"]["prefill_cells"][1]["start_s"], 0.5);
        for (const char* key : {"mean", "p50", "p90", "p99"}) {
            QCOMPARE(json["serving"]["ttft_s"][key], 2.5);
            QCOMPARE(json["serving"]["tpot_s"][key], 0.015);
            QCOMPARE(json["serving"]["e2e_s"][key], 6.325);
        }
        QCOMPARE(json["serving"]["method"], "static batch");
        QVERIFY(json["serving"]["interval_80"].is_null());
        QVERIFY(json["serving"]["provenance"].get<std::string>().starts_with("roofline"));
        QCOMPARE(json["serving"]["output_tokens_per_s"], 1295.25);
        QCOMPARE(json["serving"]["output_tokens_per_s_per_device"], 161.90625);
        QCOMPARE(json["serving"]["tokens_per_s_per_user"], 66.7);
        QCOMPARE(json["serving"]["cost_usd_per_mtok"], 11.8);
    }

    void operators()
    {
        const Json json = Json::parse(printReportJson(caseStudy(), sample()));
        const Json& op = json["decode"]["operators"][0];
        QCOMPARE(op["name"].get<std::string>(), std::string(nameOf(Op::QkvProjection)));
        QCOMPARE(op["stage_layers"], 40);
        QCOMPARE(op["shape"]["global"]["n"], 10240);
        QCOMPARE(op["shape"]["local"]["n"], 2560);
        QCOMPARE(op["sharding"], "column");
        QCOMPARE(op["notation"].get<std::string>(), notation(sample().decode.operators[0], caseStudy().plan));
        QCOMPARE(op["flop"].dump(), std::string("5368709120")); // whole numbers have no fraction
        QCOMPARE(op["weight_bytes"].dump(), std::string("41943040"));
        QCOMPARE(op["activation_bytes"].dump(), std::string("2752512.5"));
        QCOMPARE(op["time_s"].get<double>(), 0.1 + 0.2); // to the last bit
        QCOMPARE(op["memory_time_s"].get<double>(), 1.0 / 3);
        QVERIFY(op["collective"].is_null());
        QCOMPARE(op["bound"], "memory");
        const Json& down = json["decode"]["operators"][1];
        QCOMPARE(down["collective"].get<std::string>(), std::string(nameOf(Collective::AllReduce)));
        QCOMPARE(down["algorithm"].get<std::string>(), std::string(nameOf(CollectiveAlgorithm::Ring)));
        QCOMPARE(down["communication_bytes"], 3145728);
        QCOMPARE(down["bound"], "network");
        QCOMPARE(down["sharding"], "row");
    }

    /// What follows from the scenario: links of each axis, layers of each stage, options, and the algorithms of each collective.
    void structure()
    {
        Scenario scenario = caseStudy();
        scenario.plan.options.layerSplit = LayerSplit::Manual;
        scenario.plan.options.stageLayers = {50, 30};
        scenario.formats.own[static_cast<std::size_t>(WeightClass::Embedding)] = NumberFormat::Fp8;
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        const std::string text = printReportJson(scenario, report);
        QCOMPARE(QString::fromStdString(schemaProblemsOf(text)), QString());
        const Json json = Json::parse(text);
        QCOMPARE(json["formats"]["embedding"], "fp8");
        QCOMPARE(json["plan"]["options"].dump(), std::string(R"({"layer_split":"manual","stage_layers":[50,30]})"));
        QCOMPARE(json["stages"].size(), std::size_t{2});
        QCOMPARE(json["stages"][0]["layers"], 50);
        QCOMPARE(json["stages"][0]["embedding"], true);
        QCOMPARE(json["stages"][1]["visits"].dump(), std::string(R"([{"first_layer":50,"layers":30}])"));
        QCOMPARE(json["stages"][1]["head"], true);
        QVERIFY(json["routing"].is_null());
        QCOMPARE(json["axes"].size(), std::size_t{2});
        const Json& tensor = json["axes"][0];
        QCOMPARE(tensor["name"], "TP");
        QCOMPARE(tensor["first_group"].dump(), std::string("[0,1,2,3]"));
        QCOMPARE(tensor["links"][0]["bytes_per_s"].get<double>(), 450e9);
        QCOMPARE(json["axes"][1]["first_group"].dump(), std::string("[0,4]"));
        int collectives = 0;
        for (const char* phase : {"prefill", "decode"})
            for (const Json& op : json[phase]["operators"]) {
                const Json& choices = op["collective_alternatives"];
                if (op["collective"].is_null()) {
                    QVERIFY(choices.empty() && op["network_level"].is_null());
                    continue;
                }
                if (op["collective"].get<std::string>() == nameOf(Collective::Send)) {
                    QVERIFY(choices.empty()); // one way to send
                    continue;
                }
                ++collectives;
                QVERIFY(choices.size() > 1 && op["network_level"].is_string());
                QCOMPARE(choices[0]["algorithm"], op["algorithm"]);
                QCOMPARE(choices[0]["sent_bytes"].get<double>(), op["communication_bytes"].get<double>());
                for (std::size_t i = 1; i < choices.size(); ++i)
                    QVERIFY(choices[i]["time_s"].get<double>() >= choices[i - 1]["time_s"].get<double>());
            }
        QVERIFY(collectives >= 4); // attention output and MLP output, in both phases
        const Json& memory = json["memory"];
        QCOMPARE(memory["limiting_class"], "weights");
        QCOMPARE(memory["max_concurrency"].get<std::int64_t>(), memory["max_batch_per_replica"].get<std::int64_t>());
        QVERIFY(memory["max_context"].get<std::int64_t>() >= 2304);
        QCOMPARE(memory["model_context"], 8192);
        QCOMPARE(memory["limiting_device"], memory["devices"][memory["fullest_stage"].get<std::size_t>()]["device"]);

        QVERIFY(!memory["changes"].empty());
        QVERIFY(memory["changes"][0]["freed_bytes"].get<std::int64_t>() > 0);
        const double makespan = json["timeline"]["prefill_makespan_s"].get<double>();
        const Json& path = json["timeline"]["prefill_critical_path"];
        QCOMPARE(path["work_by_stage_s"].size(), std::size_t{2});
        QVERIFY(std::abs((path["work_s"].get<double>() + path["send_s"].get<double>()) / makespan - 1) < 1e-9);

        const std::string summary = printReportText(scenario, report);
        QVERIFY(lineWith(summary, "Options").contains(QStringLiteral("layers 50+30")));
        QVERIFY(lineWith(summary, "Formats").contains(QStringLiteral("weights bf16 (embedding fp8), KV bf16")));
        // The model's own limit is no secret where memory would hold more.
        const QString most = lineWith(summary, "Most sequences");
        QVERIFY2(most.contains(QStringLiteral("longest context at this batch 8,192, by the model; memory holds ")), qPrintable(most));
        const std::string details = printReportDetails(scenario, report);
        QVERIFY(lineWith(details, "TP").contains(QStringLiteral("NVSwitch, 4 members, 450 GB/s")));
        QVERIFY(!lineWith(details, "Prefill").isEmpty() && details.find("\nCritical path") != std::string::npos);
        QVERIFY(lineWith(details, "Stage 1").contains(QStringLiteral("50\u201379, head")));
        for (const OperatorCost& op : report.decode.operators)
            QVERIFY(details.find(notation(op, scenario.plan)) != std::string::npos);
        for (const QString& line : linesOf(details))
            QVERIFY2(!line.endsWith(QLatin1Char(' ')), qPrintable(line));
    }

    /// Loaded prediction layers: their weights by class, and a draft step beside the phases.
    void predictionLayers()
    {
        Scenario scenario = caseStudy();
        scenario.model = builtinCatalog().model("deepseek-v3");
        const auto jsonOf = [&scenario] {
            const std::string text = printReportJson(scenario, evaluate(scenario));
            return QString::fromStdString(schemaProblemsOf(text)).isEmpty() ? Json::parse(text) : Json();
        };
        const Json off = jsonOf();
        QVERIFY(!off["decode"].contains("prediction_step"));
        QCOMPARE(off["memory"]["devices"].back()["weights_by_class_bytes"]["prediction"], 0);
        scenario.plan.options.prediction = PredictionUse::Load;
        const Json on = jsonOf();
        QCOMPARE(on["plan"]["options"]["mtp"], "load");
        QCOMPARE(on["memory"]["devices"].back()["weights_by_class_bytes"]["prediction"], off["memory"]["prediction_weights_bytes"]);
        QCOMPARE(on["decode"]["time_s"].get<double>(), off["decode"]["time_s"].get<double>());
        for (const char* phase : {"prefill", "decode"}) {
            const Json& step = on[phase]["prediction_step"];
            double sum = 0;
            for (const Json& op : step["operators"])
                sum += op["time_s"].get<double>();
            QVERIFY(sum > 0 && std::abs(step["time_s"].get<double>() / sum - 1) < 1e-12);
        }
    }

    /// The hottest rank of a skewed router, and nothing of the kind in a dense model.
    void routing()
    {
        Scenario scenario = caseStudy();
        scenario.model = builtinCatalog().model("mixtral-8x7b");
        scenario.plan = Plan{};
        scenario.plan[PlanAxis::Tensor] = 8;
        scenario.plan[PlanAxis::Expert] = 8;
        const auto routingOf = [&scenario] {
            const std::string text = printReportJson(scenario, evaluate(scenario));
            return QString::fromStdString(schemaProblemsOf(text)).isEmpty() ? Json::parse(text)["routing"] : Json();
        };
        const Json even = routingOf();
        QCOMPARE(even.size(), std::size_t{1});
        QCOMPARE(even[0]["experts"], 8);
        QCOMPARE(even[0]["slots"], 8);
        QCOMPARE(even[0]["imbalance"].get<double>(), 1.0);
        QCOMPARE(even[0]["decode"]["tokens"], 32);
        QCOMPARE(even[0]["decode"]["hottest_rank_pairs"].get<double>(), 8.0); // 32 tokens x 2 of 8
        QCOMPARE(even[0]["decode"]["dropped_fraction"].get<double>(), 0.0);
        QCOMPARE(even[0]["ranks_per_token"].get<double>(), 2.0); // two experts on ranks of one
        scenario.workload.routing.powerLaw = 1;
        const Json skewed = routingOf();
        QVERIFY(skewed[0]["imbalance"].get<double>() > 2);
        QVERIFY(printReportText(scenario, evaluate(scenario)).find("\nToken-expert pairs of the hottest expert rank") != std::string::npos);
        // Pairs of pairs, not of tokens.
        const std::int64_t tokens = scenario.workload.batch;
        const int topK = scenario.model->kinds.back().feedForward.topK;
        QVERIFY(lineWith(printReportText(scenario, evaluate(scenario)), "Decode ")
                    .contains(QStringLiteral("of %1 pairs (%2 tokens x %3)")
                                  .arg(QString::fromStdString(formatCount(tokens * topK)), QString::fromStdString(formatCount(tokens)))
                                  .arg(topK)));
        scenario.workload.routing.capacityFactor = 1;
        const Json limited = routingOf();
        QCOMPARE(limited[0]["decode"]["hottest_rank_rows"].get<double>(), 8.0);
        QVERIFY(limited[0]["decode"]["dropped_fraction"].get<double>() > 0.1);
    }

    void illegalPlansHaveNoNumbers()
    {
        Scenario scenario = caseStudy();
        scenario.plan[PlanAxis::Tensor] = 6;
        const Report report = evaluate(scenario);
        QVERIFY(!report.legal && !report.violations.empty());
        const std::string text = printReportJson(scenario, report);
        QCOMPARE(QString::fromStdString(schemaProblemsOf(text)), QString());
        const Json json = Json::parse(text);
        QCOMPARE(json["legal"], false);
        for (const char* key : {"memory", "prefill", "decode", "timeline", "serving", "axes", "stages", "routing"})
            QVERIFY2(json.contains(key) && json[key].is_null(), key);
        QCOMPARE(json["violations"].size(), report.violations.size());
        const Finding& first = report.violations.front();
        QCOMPARE(json["violations"][0]["rule"].get<std::string>(), std::string(idOf(first.rule)));
        QCOMPARE(json["violations"][0]["message"].get<std::string>(), sentence(first, scenario.context(), scenario.plan));
        QCOMPARE(json["violations"][0]["nearest"].get<std::vector<int>>(), nearestLegal(first, scenario.context(), scenario.plan));
        QVERIFY(!json["violations"][0]["nearest"].empty());
        const std::string summary = printReportText(scenario, report);
        QVERIFY(summary.find("This plan is not legal:") != std::string::npos);
        QVERIFY(summary.find(sentence(first, scenario.context(), scenario.plan)) != std::string::npos);
        QVERIFY(summary.find("TTFT") == std::string::npos && summary.find("Memory") == std::string::npos);
    }

    /// A plan of billions of pieces is refused at once instead of drawn up.
    void endlessTimelinesAreRefused()
    {
        Scenario scenario = caseStudy();
        scenario.workload = {65536, 100'000, 1};
        scenario.plan[PlanAxis::PrefillMicrobatches] = 65536;
        scenario.plan[PlanAxis::Chunks] = 65536;
        const Report report = evaluate(scenario);
        QVERIFY(!report.legal);
        const Json json = Json::parse(printReportJson(scenario, report));
        QCOMPARE(json["violations"][0]["rule"], "range");
        scenario.plan[PlanAxis::Chunks] = 1;
        QVERIFY(evaluate(scenario).legal);
    }

    void warningsAreSentences()
    {
        Report report = sample();
        const Scenario scenario = caseStudy();
        report.warnings.push_back({Rule::IdleDevices, PlanAxis::Data, 4, 8, 0});
        const Json json = Json::parse(printReportJson(scenario, report));
        QCOMPARE(json["warnings"].size(), std::size_t{1});
        QCOMPARE(json["warnings"][0]["rule"].get<std::string>(), std::string(idOf(Rule::IdleDevices)));
        const std::string message = sentence(report.warnings[0], scenario.context(), scenario.plan);
        QCOMPARE(json["warnings"][0]["message"].get<std::string>(), message);
        QVERIFY(printReportText(scenario, report).find("\nWarnings\n  " + message) != std::string::npos);
    }

    void whatIsNotANumberIsNull()
    {
        Report report = sample();
        report.prefill.mfu = std::numeric_limits<double>::quiet_NaN();
        report.decode.mfu = std::numeric_limits<double>::infinity();
        Scenario scenario = caseStudy();
        Cluster free = *scenario.cluster;
        free.pricePerDeviceHour = 0;
        scenario.cluster = std::make_shared<const Cluster>(free);
        const std::string text = printReportJson(scenario, report);
        QCOMPARE(QString::fromStdString(schemaProblemsOf(text)), QString());
        const Json json = Json::parse(text);
        QVERIFY(json["prefill"]["mfu"].is_null() && json["decode"]["mfu"].is_null());
        QVERIFY(json["serving"]["cost_usd_per_mtok"].is_null());
    }

    void manyCellsAreOnlyCounted()
    {
        Report report = sample();
        report.prefill.timeline.cells.assign(10'001, TimelineCell{});
        const Json json = Json::parse(printReportJson(caseStudy(), report));
        QCOMPARE(json["timeline"]["prefill_cell_count"], 10'001);
        QVERIFY(json["timeline"]["prefill_cells"].is_null());
        QVERIFY(json["timeline"]["decode_cells"].is_array());
    }

    void text()
    {
        const std::string text = printReportText(caseStudy(), sample());
        QVERIFY(text.find("Llama-3-70B on AWS p5.48xlarge (8 H100)\n") == 0);
        QVERIFY(lineWith(text, "Plan").endsWith(QStringLiteral("TP 4, PP 2, DP 1, 8 prefill microbatches, 2 decode microbatches")));
        QVERIFY(lineWith(text, "Devices").endsWith(QStringLiteral("8 of 8 used")));
        QVERIFY(
            lineWith(text, "Fits: ").contains(QStringLiteral("GiB free on the fullest device (stage 1); largest batch per replica 666.")));
        QVERIFY(lineWith(text, "KV cache").contains(QStringLiteral("11.5 GiB")));
        QVERIFY(lineWith(text, "KV cache").contains(QStringLiteral("14.4 %")));
        QVERIFY(lineWith(text, "TTFT").contains(QStringLiteral("2.50 s")) || lineWith(text, "TTFT").contains(QStringLiteral("2.5 s")));
        QVERIFY(lineWith(text, "TPOT").contains(QStringLiteral("15 ms")) || lineWith(text, "TPOT").contains(QStringLiteral("15.0 ms")));
        QVERIFY(lineWith(text, "Output tokens/s").contains(QStringLiteral("per device")));
        QVERIFY(lineWith(text, "USD per million tokens").contains(QStringLiteral("11.8")));
        // The largest operator first: 40 x 2 s before 40 x 0.3 s.
        QVERIFY(text.find(std::string(nameOf(Op::MlpDown))) < text.find(std::string(nameOf(Op::QkvProjection))));
    }

    void textDoesNotFit()
    {
        Report report = sample();
        report.memory.fits = false;
        report.memory.capacity = Bytes{1} << 30;
        report.memory.maxBatchPerReplica = 0;
        const std::string text = printReportText(caseStudy(), report);
        QVERIFY(lineWith(text, "Does not fit:").contains(QStringLiteral("GiB; no batch of these lengths fits.")));
        QVERIFY(text.find("Fits:") == std::string::npos);
        QVERIFY(text.find("TTFT") != std::string::npos);
    }

    void evaluated_data()
    {
        QTest::addColumn<QByteArray>("model");
        QTest::addColumn<QByteArray>("cluster");
        QTest::addColumn<QVector<int>>("plan"); // TP, PP, DP, EP
        const auto row = [](const char* model, const char* cluster, const QVector<int>& plan) {
            QTest::addRow("%s on %s", model, cluster) << QByteArray(model) << QByteArray(cluster) << plan;
        };
        row("llama-3-70b", "p5.48xlarge", {4, 2, 1, 1});
        row("llama-3-70b", "trn2.48xlarge", {64, 1, 1, 1});
        row("mixtral-8x7b", "tpu-v5e-4x2", {8, 1, 1, 8});
        row("deepseek-v3", "gb200-nvl72", {8, 1, 1, 8});
        row("llama-3.1-405b", "a-machine-of-one", {1, 1, 1, 1});
    }
    /// The printed report of an evaluated scenario keeps the schema and says what the report says.
    void evaluated()
    {
        QFETCH(QByteArray, model);
        QFETCH(QByteArray, cluster);
        QFETCH(QVector<int>, plan);
        Scenario scenario = caseStudy();
        scenario.model = builtinCatalog().model(model.toStdString());
        QVERIFY(scenario.model);
        if (const auto known = builtinCatalog().cluster(cluster.toStdString()))
            scenario.cluster = known;
        else
            scenario.cluster = std::make_shared<const Cluster>(resized(*builtinCatalog().cluster("p5.48xlarge"), 1).value());
        scenario.plan = Plan{};
        for (std::size_t i = 0; i < 4; ++i)
            scenario.plan.values[i] = plan[static_cast<qsizetype>(i)];
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        const std::string text = printReportJson(scenario, report);
        QCOMPARE(QString::fromStdString(schemaProblemsOf(text)), QString());
        const Json json = Json::parse(text);
        QCOMPARE(json["serving"]["tpot_s"]["mean"].get<double>(), report.serving.tpot);
        QCOMPARE(json["serving"]["ttft_s"]["mean"].get<double>(), report.serving.ttft);
        QCOMPARE(json["memory"]["fits"].get<bool>(), report.memory.fits);
        QCOMPARE(json["decode"]["operators"].size(), report.decode.operators.size());
        QVERIFY(json["decode"]["operators"].size() > 5);

        const QStringList lines = linesOf(printReportText(scenario, report));
        QVERIFY2(lines.size() <= 60, "the summary is one screen");
        for (const QString& line : lines) {
            QVERIFY2(!line.contains(QStringLiteral("nan")) && !line.contains(QStringLiteral("undefined")), qPrintable(line));
            QVERIFY2(!line.endsWith(QLatin1Char(' ')), qPrintable(line));
        }
        QVERIFY(lines[0].startsWith(QString::fromStdString(scenario.model->name)));
    }
};

QTEST_GUILESS_MAIN(TestReportJson)
#include "tst_report_json.moc"
