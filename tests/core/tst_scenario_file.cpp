// SPDX-License-Identifier: Apache-2.0
// Scenario files: what is written, that reading it back is the identity, and what a bad file is told.
#include "core/hardware/resize.h"
#include "core/plan/optionnames.h"
#include "core/scenario/scenario_file.h"
#include "tests/core/schema.h"

#include <QtTest>

#include <sys/stat.h>
#include <unistd.h>

#include <random>

using namespace shardlens;

namespace {

const QByteArray kCaseStudy = R"({
  "format": "shardlens.scenario",
  "version": 1,
  "model": "llama-3-70b",
  "cluster": "p5.48xlarge",
  "devices": 8,
  "formats": {
    "weights": "bf16",
    "kv": "bf16",
    "compute": "bf16"
  },
  "workload": {
    "batch": 32,
    "input": 2048,
    "output": 256
  },
  "plan": {
    "tensor": 4,
    "pipeline": 2,
    "data": 1,
    "expert": 1,
    "sequence": 1,
    "attention_data": 1,
    "prefill_microbatches": 8,
    "decode_microbatches": 2,
    "chunks": 1
  },
  "mode": "roofline"
}
)";

QByteArray changed(QByteArray text, const char* from, const char* to)
{
    if (!text.contains(from))
        qFatal("nothing to replace: %s", from);
    return text.replace(from, to);
}

Result<ScenarioFile> parse(const QByteArray& text)
{
    return parseScenario(text.toStdString(), "x.shardlens", builtinCatalog());
}

ScenarioFile parsed(const QByteArray& text)
{
    Result<ScenarioFile> file = parse(text);
    if (!file.ok())
        qFatal("%s", file.error().sentence().c_str());
    return std::move(file).value();
}

QByteArray printed(const ScenarioFile& file)
{
    return QByteArray::fromStdString(printScenario(file, builtinCatalog()));
}

template <class T>
QString sentenceOf(const Result<T>& result)
{
    return result.ok() ? QString() : QString::fromStdString(result.error().sentence());
}

/// Scenarios anywhere in the range of what can be written, most of their plans illegal.
class RandomScenarios {
public:
    explicit RandomScenarios(unsigned seed) : m_random(seed) {}

    Scenario next()
    {
        const Catalog& catalog = builtinCatalog();
        Scenario scenario;
        scenario.model = pick(catalog.models);
        Cluster cluster = *pick(catalog.clusters);
        if (below(3) == 0)
            cluster = changedCluster(cluster);
        const Result<Cluster> sized = resized(cluster, pick(deviceChoices(cluster)));
        scenario.cluster = std::make_shared<const Cluster>(sized.value());
        if (below(3) == 0)
            scenario.model = std::make_shared<const Model>(changedModel(*scenario.model));
        scenario.formats = {pick(kNumberFormats), pick(kNumberFormats), pick(kComputeFormats)};
        for (auto& own : scenario.formats.own)
            if (below(4) == 0)
                own = pick(kNumberFormats);
        scenario.workload = {1 + below(kMaxBatch), 1 + below(kMaxTokens), 1 + below(kMaxTokens), randomRouting()};
        for (int& value : scenario.plan.values)
            value = below(2) == 0 ? 1 : 1 + below(kMaxDevices);
        if (below(3) != 0)
            scenario.plan.options = randomOptions();
        if (below(2) == 0)
            scenario.reserve = below(2) == 0 ? 0 : Bytes{1} << below(50);
        return scenario;
    }

private:
    int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(m_random); }
    template <class Container>
    typename Container::value_type pick(const Container& values)
    {
        return values[static_cast<std::size_t>(below(static_cast<int>(values.size())))];
    }
    double fraction() { return std::uniform_real_distribution<double>(0, 1)(m_random); }
    Routing randomRouting()
    {
        Routing routing;
        routing.powerLaw = below(2) == 0 ? 0 : kMaxPowerLaw * fraction();
        routing.capacityFactor = below(2) == 0 ? 0 : below(3);
        routing.dropOverflow = below(2) == 0;
        return routing;
    }
    PlanOptions randomOptions()
    {
        PlanOptions options;
        options.fusedAttention = below(2) == 0;
        options.sequenceExchange = static_cast<SequenceExchange>(below(2));
        options.shardedNorms = below(2) == 0;
        options.expertExchange = static_cast<ExpertExchange>(below(3));
        options.sharedExperts = static_cast<SharedExpertPlace>(below(2));
        options.redundantExperts = below(2) == 0 ? 0 : below(kMaxRedundantExperts + 1);
        options.sends = static_cast<SendMode>(below(2));
        options.overlap = below(3) == 0 ? fraction() : below(2);
        options.virtualStages = below(2) == 0 ? 1 : 1 + below(kMaxVirtualStages);
        options.layerSplit = static_cast<LayerSplit>(below(3));
        if (options.layerSplit == LayerSplit::Manual || below(4) == 0)
            for (int left = 1 + below(9); left > 0; --left)
                options.stageLayers.push_back(1 + below(kMaxStageLayers));
        if (below(2) == 0)
            std::shuffle(options.order.begin(), options.order.end(), m_random);
        return options;
    }
    Cluster changedCluster(Cluster cluster)
    {
        cluster.name += below(2) == 0 ? " \"mine\"\n\t\\ \xC3\xA9" : "";
        cluster.pricePerDeviceHour = 0.1 * (1 + below(100)) / 3;
        cluster.priceSource = "list";
        cluster.levels.front().bandwidth /= 3; // not a whole number: digits must survive
        for (double& link : cluster.levels.front().axisBandwidth)
            link /= 3;
        cluster.levels.back().latency = 1e-9 * below(1000) / 7;
        for (double& peak : cluster.accelerator.peak)
            peak /= 7;
        cluster.accelerator.powerWatts = below(2) == 0 ? 0 : 123.25;
        if (below(2) == 0)
            cluster.id = "mine";
        return cluster;
    }
    Model changedModel(Model model)
    {
        model.hidden *= 2;
        model.tiedEmbedding = !model.tiedEmbedding;
        if (below(2) == 0)
            model.id = "mine";
        return model;
    }

    std::mt19937 m_random;
};

} // namespace

class TestScenarioFile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void caseStudy()
    {
        const Scenario scenario = caseStudyScenario(builtinCatalog());
        QCOMPARE(printed({scenario, {}, {}}), kCaseStudy);
        const ScenarioFile file = parsed(kCaseStudy);
        QVERIFY(file.scenario == scenario);
        QVERIFY(file.unknownFields.empty() && file.notices.empty());
        QCOMPARE(file.scenario.cluster->devices(), 8);
        QVERIFY(!file.scenario.reserve);
        // A catalog without them still gives the case study.
        QVERIFY(caseStudyScenario(Catalog{}) == scenario);
    }

    void equality()
    {
        const Scenario scenario = caseStudyScenario(builtinCatalog());
        Scenario other = scenario;
        other.model = std::make_shared<const Model>(*scenario.model);
        other.cluster = std::make_shared<const Cluster>(*scenario.cluster);
        QVERIFY(other == scenario);
        Model model = *scenario.model;
        model.hidden += 1;
        other.model = std::make_shared<const Model>(model);
        QVERIFY(!(other == scenario));
        other = scenario;
        other.reserve = 0;
        QVERIFY(!(other == scenario));
        other = scenario;
        other.plan[PlanAxis::Chunks] = 2;
        QVERIFY(!(other == scenario));
    }

    void identity()
    {
        RandomScenarios random(7);
        int full = 0;
        for (int i = 0; i < 400; ++i) {
            const Scenario scenario = random.next();
            const QByteArray text = printed({scenario, {}, {}});
            const Result<ScenarioFile> read = parse(text);
            QVERIFY2(read.ok(), qPrintable(sentenceOf(read) + QLatin1Char('\n') + QString::fromUtf8(text)));
            QVERIFY2(read.value().scenario == scenario, text.constData());
            QVERIFY2(read.value().unknownFields.empty(), read.value().unknownFields.c_str());
            QCOMPARE(printed(read.value()), text);
            const std::string problems = schemaProblemsOfText("scenario.json", text.toStdString());
            QVERIFY2(problems.empty(), problems.c_str());
            full += text.contains("\"dense_flop_per_s\"") && text.contains("\"kinds\"") ? 1 : 0;
        }
        QVERIFY(full > 10); // both written in full
    }

    /// A cluster of one's own that is cut to few devices stays the whole machine in the file.
    void cutClustersKeepTheirMachine()
    {
        Cluster mine = *builtinCatalog().cluster("trn2.48xlarge");
        mine.id = "mine";
        Scenario scenario = caseStudyScenario(builtinCatalog());
        scenario.cluster = std::make_shared<const Cluster>(resized(mine, 8).value());
        const ScenarioFile file = parsed(printed({scenario, {}, {}}));
        QCOMPARE(file.scenario.cluster->devices(), 8);
        QVERIFY(resized(*file.scenario.cluster, 64).value() == mine);
    }

    /// What is as usual is not written, and a file from before these fields existed reads as it did.
    void onlyWhatDiffersIsWritten()
    {
        ScenarioFile file{caseStudyScenario(builtinCatalog()), {}, {}};
        for (const char* key : {"options", "routing", "attention\"", "axis_order"})
            QVERIFY2(!printed(file).contains(key), key);
        Scenario& scenario = file.scenario;
        scenario.plan.options.sends = SendMode::Synchronous;
        scenario.plan.options.overlap = 0.25;
        scenario.plan.options.order = {MeshAxis::Pipeline, MeshAxis::Tensor, MeshAxis::Sequence, MeshAxis::AttentionData, MeshAxis::Data};
        scenario.workload.routing.capacityFactor = 1.25;
        scenario.formats.own[static_cast<std::size_t>(WeightClass::Experts)] = NumberFormat::Mxfp4;
        const QByteArray text = printed(file);
        const QByteArray flat = QByteArray(text).replace("\n", "").replace(" ", "");
        QVERIFY2(flat.contains("\"options\":{\"sends\":\"synchronous\",\"overlap\":0.25,"
                               "\"axis_order\":[\"pp\",\"tp\",\"sp\",\"attention-dp\",\"dp\"]}"),
                 text.constData());
        QVERIFY2(flat.contains("\"routing\":{\"capacity_factor\":1.25}"), text.constData());
        QVERIFY2(flat.contains("\"compute\":\"bf16\",\"experts\":\"mxfp4\"}"), text.constData());
        QVERIFY(text.contains("\"version\": 1,"));
        QVERIFY(parsed(text).scenario == scenario);
    }

    /// Unknown fields inside an object that is written only when it is needed.
    void unknownOptionsSurvive()
    {
        QByteArray text = changed(kCaseStudy, "\"chunks\": 1", "\"chunks\": 1, \"options\": {\"speculation\": {\"tokens\": 3}}");
        text = changed(text, "\"output\": 256", "\"output\": 256, \"routing\": {\"trace\": [1, 2]}");
        ScenarioFile file = parsed(text);
        QVERIFY(file.scenario == caseStudyScenario(builtinCatalog()));
        QVERIFY(printed(file).contains("\"speculation\": {") && printed(file).contains("\"trace\": ["));
        QCOMPARE(printed(parsed(printed(file))), printed(file));
        file.scenario.plan.options.virtualStages = 2;
        QVERIFY(printed(file).contains("\"virtual_stages\": 2,\n      \"speculation\""));
    }

    /// Earlier versions had one 4-bit floating-point format and counted no scales for it.
    void formerFp4IsReadAsMxfp4()
    {
        const ScenarioFile file = parsed(changed(kCaseStudy, "\"weights\": \"bf16\"", "\"weights\": \"fp4\""));
        QCOMPARE(file.scenario.formats.weights, NumberFormat::Mxfp4);
        QCOMPARE(file.notices.size(), std::size_t{1});
        const QString notice = QString::fromStdString(file.notices.front());
        for (const char* part : {"/formats/weights", "fp4", "mxfp4", "nvfp4"})
            QVERIFY2(notice.contains(QLatin1String(part)), qPrintable(notice));
        QVERIFY(printed(file).contains("\"weights\": \"mxfp4\""));
        QVERIFY(parsed(changed(kCaseStudy, "\"compute\": \"bf16\"", "\"compute\": \"fp4\"")).notices.empty());
    }

    void optionalFields()
    {
        QByteArray text = kCaseStudy;
        for (const char* line :
             {"    \"expert\": 1,\n", "    \"sequence\": 1,\n", "    \"attention_data\": 1,\n", "    \"decode_microbatches\": 2,\n"})
            text = changed(text, line, "");
        text = changed(text, ",\n    \"chunks\": 1", "");
        const ScenarioFile file = parsed(changed(text, "\"roofline\"", "\"roofline\", \"reserve_bytes\": 0"));
        QCOMPARE(file.scenario.plan.decodeMicrobatches(), 1);
        QCOMPARE(file.scenario.plan.prefillMicrobatches(), 8);
        QCOMPARE(file.scenario.reserve, std::optional<Bytes>(0));
        QVERIFY(printed(file).contains("\"reserve_bytes\": 0"));
        // A Hugging Face id names the model as well.
        const ScenarioFile byHubId = parsed(changed(kCaseStudy, "llama-3-70b", "meta-llama/Meta-Llama-3-70B"));
        QCOMPARE(printed(byHubId), kCaseStudy);
    }

    /// Legality is data: the plan is read whatever the model says to it.
    void illegalPlansAreReadable()
    {
        const ScenarioFile file = parsed(changed(kCaseStudy, "\"tensor\": 4", "\"tensor\": 6"));
        QCOMPARE(file.scenario.plan.tensor(), 6);
        QCOMPARE(parsed(changed(kCaseStudy, "\"devices\": 8", "\"devices\": 1")).scenario.cluster->devices(), 1);
    }

    void unknownFieldsSurvive()
    {
        Scenario scenario = caseStudyScenario(builtinCatalog());
        Model model = *scenario.model;
        model.id = "mine";
        scenario.model = std::make_shared<const Model>(model);
        Cluster cluster = *scenario.cluster;
        cluster.id = "mine";
        scenario.cluster = std::make_shared<const Cluster>(cluster);
        QByteArray text = printed({scenario, {}, {}});
        text = changed(text, "\"batch\": 32", "\"arrivals\": {\"rate\": 1.5, \"seeds\": [1, null, \"x\"]}, \"batch\": 32");
        text = changed(text, "\"data\": 1,", "\"data\": 1, \"a/b~c\": true,");
        text = changed(text, "\"extents\": [\n          8\n        ],", "\"extents\": [8], \"colour\": \"red\",");
        text = changed(text, "\"query_heads\"", "\"flavour\": 3, \"query_heads\"");
        text = changed(text, "\"mode\"", "\"notes\": \"\xC3\xA9\", \"mode\"");
        const ScenarioFile file = parsed(text);
        QVERIFY(file.scenario == scenario);
        QCOMPARE(file.notices.size(), std::size_t{1});
        QVERIFY2(file.notices.front().find("/notes") != std::string::npos, file.notices.front().c_str());
        const QByteArray again = printed(file);
        for (const char* part :
             {"\"arrivals\": {", "\"rate\": 1.5", "\"a/b~c\": true", "\"colour\": \"red\"", "\"flavour\": 3", "\"notes\": \"\xC3\xA9\""})
            QVERIFY2(again.contains(part), part);
        const ScenarioFile second = parsed(again);
        QVERIFY(second.scenario == scenario);
        QCOMPARE(QByteArray::fromStdString(second.unknownFields).size(), QByteArray::fromStdString(file.unknownFields).size());
        QCOMPARE(printed(second), again);

        // An edit keeps them; where the object is gone, so are its fields.
        ScenarioFile edited = file;
        edited.scenario.plan[PlanAxis::Tensor] = 8;
        edited.scenario.model = builtinCatalog().model("llama-3-70b");
        const QByteArray after = printed(edited);
        QVERIFY(after.contains("\"tensor\": 8") && after.contains("\"a/b~c\": true") && after.contains("\"colour\": \"red\""));
        QVERIFY(!after.contains("flavour"));
        QVERIFY(parse(after).ok());
    }

    void newerVersions()
    {
        const ScenarioFile file =
            parsed(changed(changed(kCaseStudy, "\"version\": 1", "\"version\": 7"), "\"mode\"", "\"future\": [1], \"mode\""));
        QVERIFY(file.scenario == caseStudyScenario(builtinCatalog()));
        QCOMPARE(file.notices.size(), std::size_t{2});
        QVERIFY2(file.notices[0].find("version 7") != std::string::npos, file.notices[0].c_str());
        const QByteArray again = printed(file);
        QVERIFY(again.contains("\"version\": 7") && again.contains("\"future\""));
        QVERIFY(again.startsWith("{\n  \"format\": \"shardlens.scenario\",\n  \"version\": 7,"));
        QCOMPARE(printed(parsed(again)), again);
    }

    void foreignUnknownTextIsHarmless()
    {
        ScenarioFile file{caseStudyScenario(builtinCatalog()), {}, {}};
        for (const char* text : {"not JSON", "[1]", "{\"no pointer\": 1}", "{\"\": 1}", "{\"/plan/tensor\": 99}", "{\"/model/x\": 1}",
                                 "{\"/a/b\": 1}", "{\"/plan/tensor/x\": 1}", "{\"/~3\": 1}"}) {
            file.unknownFields = text;
            QCOMPARE(printed(file), kCaseStudy);
        }
    }

    void refusals_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("parts"); // of the sentence, between bars
        const auto row = [](const char* name, const char* from, const char* to, const char* parts) {
            QTest::newRow(name) << changed(kCaseStudy, from, to) << QString::fromUtf8(parts);
        };
        const auto whole = [](const char* name, const QByteArray& text, const char* parts) {
            QTest::newRow(name) << text << QString::fromUtf8(parts);
        };
        row("another format", "shardlens.scenario", "other", "/format|other|\"shardlens.scenario\"");
        row("no format", "\"format\": \"shardlens.scenario\",", "", "format");
        row("no version", "\"version\": 1,", "", "version");
        row("version 0", "\"version\": 1", "\"version\": 0", "/version|0|1");
        row("version negative", "\"version\": 1", "\"version\": -3", "/version|-3");
        row("version text", "\"version\": 1", "\"version\": \"1\"", "/version|\"1\"|whole number");
        row("version fraction", "\"version\": 1", "\"version\": 1.5", "/version|1.5");
        row("version null", "\"version\": 1", "\"version\": null", "/version|null");
        row("unknown model", "llama-3-70b", "lama-3-70b", "/model|lama-3-70b|did you mean llama-3-70b");
        row("model number", "\"llama-3-70b\"", "70", "/model|70");
        row("model empty object", "\"llama-3-70b\"", "{}", "/model");
        row("model null", "\"llama-3-70b\"", "null", "/model|null");
        row("no model", "\"model\": \"llama-3-70b\",", "", "model");
        row("unknown cluster", "p5.48xlarge", "p5.48xlarg", "/cluster|p5.48xlarg|did you mean p5.48xlarge");
        row("cluster array", "\"p5.48xlarge\"", "[]", "/cluster|array");
        row("no cluster", "\"cluster\": \"p5.48xlarge\",", "", "cluster");
        row("no devices", "\"devices\": 8,", "", "devices");
        row("devices 0", "\"devices\": 8", "\"devices\": 0", "/devices|0|65,536");
        row("devices 12", "\"devices\": 8", "\"devices\": 12", "/devices|12|8 or 16");
        row("devices 1e30", "\"devices\": 8", "\"devices\": 1e30", "/devices|65,536");
        row("devices 10^30 in digits", "\"devices\": 8", "\"devices\": 1000000000000000000000000000000", "/devices|65,536");
        row("number beyond doubles", "\"devices\": 8", "\"devices\": 1e400", "x.shardlens|1e400");
        row("NaN", "\"devices\": 8", "\"devices\": NaN", "x.shardlens");
        row("format unknown", "\"weights\": \"bf16\"", "\"weights\": \"bf17\"",
            "/formats/weights|bf17|fp32, bf16, fp16, fp8, fp8-block, int8, int4, int4-g32, mxfp4 or nvfp4");
        row("format missing", ",\n    \"compute\": \"bf16\"", "", "/formats|compute");
        row("formats null", "{\n    \"weights\": \"bf16\",\n    \"kv\": \"bf16\",\n    \"compute\": \"bf16\"\n  }", "null",
            "/formats|null");
        row("batch 0", "\"batch\": 32", "\"batch\": 0", "/workload/batch|0|65,536");
        row("batch negative", "\"batch\": 32", "\"batch\": -32", "/workload/batch|-32");
        row("batch huge", "\"batch\": 32", "\"batch\": 65537", "/workload/batch|65537");
        row("batch fraction", "\"batch\": 32", "\"batch\": 32.5", "/workload/batch|32.5|whole");
        row("batch true", "\"batch\": 32", "\"batch\": true", "/workload/batch|true");
        row("input missing", "\"input\": 2048,", "", "/workload|input");
        row("output huge", "\"output\": 256", "\"output\": 10000001", "/workload/output|10000001");
        row("tensor missing", "\"tensor\": 4,", "", "/plan|tensor");
        row("pipeline missing", "\"pipeline\": 2,", "", "/plan|pipeline");
        row("data missing", "\"data\": 1,", "", "/plan|data");
        row("tensor 0", "\"tensor\": 4", "\"tensor\": 0", "/plan/tensor|0");
        row("tensor huge", "\"tensor\": 4", "\"tensor\": 65537", "/plan/tensor|65537|65,536");
        row("chunks negative", "\"chunks\": 1", "\"chunks\": -1", "/plan/chunks|-1");
        const auto option = [](const char* name, const char* options, const char* parts) {
            QTest::newRow(name) << changed(kCaseStudy, "\"chunks\": 1", "\"chunks\": 1, \"options\": OPTIONS").replace("OPTIONS", options)
                                << QString::fromUtf8(parts);
        };
        option("options null", "null", "/plan/options|null");
        option("options array", "[]", "/plan/options|array");
        option("attention", R"({"attention": "flash"})", "/plan/options/attention|flash|fused or unfused");
        option("attention true", R"({"attention": true})", "/plan/options/attention|true");
        option("exchange", R"({"sequence_exchange": "allgather"})", "/plan/options/sequence_exchange|allgather|all-gather or ring");
        option("norms", R"({"norms": "tp"})", "/plan/options/norms|tp|replicated or sharded");
        option("expert exchange", R"({"expert_exchange": "a2a"})", "/plan/options/expert_exchange|a2a|auto, reduce or all-to-all");
        option("shared", R"({"shared_experts": 1})", "/plan/options/shared_experts|1");
        option("redundant", R"({"redundant_experts": -1})", "/plan/options/redundant_experts|-1|65,536");
        option("sends", R"({"sends": "async"})", "/plan/options/sends|async|overlapped or synchronous");
        option("overlap", R"({"overlap": 1.5})", "/plan/options/overlap|1.5");
        option("overlap negative", R"({"overlap": -0.1})", "/plan/options/overlap|-0.1");
        option("virtual stages", R"({"virtual_stages": 0})", "/plan/options/virtual_stages|0|1,024");
        option("split", R"({"layer_split": "odd"})", "/plan/options/layer_split|odd|even, balanced or manual");
        option("manual without a list", R"({"layer_split": "manual"})", "/plan/options/stage_layers|manual split");
        option("empty list", R"({"stage_layers": []})", "/plan/options/stage_layers");
        option("no layers", R"({"stage_layers": [40, 0]})", "/plan/options/stage_layers/1|0");
        option("layers null", R"({"stage_layers": [40, null]})", "/plan/options/stage_layers/1|null");
        option("order short", R"({"axis_order": ["tp", "pp"]})", "/plan/options/axis_order|5");
        option("order twice", R"({"axis_order": ["tp", "sp", "attention-dp", "pp", "tp"]})", "/plan/options/axis_order/4|tp|once");
        option("order unknown", R"({"axis_order": ["tp", "sp", "attention-dp", "pp", "ep"]})", "/plan/options/axis_order/4|ep");
        option("order text", R"({"axis_order": "tp,pp"})", "/plan/options/axis_order|tp,pp");
        row("power law", "\"output\": 256", "\"output\": 256, \"routing\": {\"power_law\": 11}", "/workload/routing/power_law|11|10");
        row("power law text", "\"output\": 256", "\"output\": 256, \"routing\": {\"power_law\": \"0.5\"}", "/workload/routing/power_law");
        row("capacity", "\"output\": 256", "\"output\": 256, \"routing\": {\"capacity_factor\": -1}",
            "/workload/routing/capacity_factor|-1");
        row("beyond capacity", "\"output\": 256", "\"output\": 256, \"routing\": {\"beyond_capacity\": true}",
            "/workload/routing/beyond_capacity|true");
        row("routing number", "\"output\": 256", "\"output\": 256, \"routing\": 1", "/workload/routing|1");
        row("class format", "\"kv\": \"bf16\"", "\"kv\": \"bf16\", \"experts\": \"fp5\"", "/formats/experts|fp5|mxfp4 or nvfp4");
        row("class format null", "\"kv\": \"bf16\"", "\"kv\": \"bf16\", \"mlp\": null", "/formats/mlp|null");
        row("mode measured", "roofline", "measured", "/mode|measured|roofline");
        row("mode missing", ",\n  \"mode\": \"roofline\"", "", "mode");
        row("reserve negative", "\"roofline\"", "\"roofline\", \"reserve_bytes\": -1", "/reserve_bytes|-1");
        row("reserve null", "\"roofline\"", "\"roofline\", \"reserve_bytes\": null", "/reserve_bytes|null");
        row("key twice", "\"devices\": 8", "\"devices\": 8, \"devices\": 16", "devices");
        whole("empty", "", "x.shardlens");
        whole("blank", " \n ", "x.shardlens");
        whole("not an object", "[1, 2]", "x.shardlens");
        whole("two values", kCaseStudy + kCaseStudy, "x.shardlens");
        whole("binary",
              QByteArray("\x7f"
                         "ELF\0\0\x01\xff\xfe",
                         10),
              "x.shardlens");
        whole("not UTF-8", changed(kCaseStudy, "llama-3-70b", "llama\xff"), "x.shardlens");
        whole("UTF-16", QByteArray("\xff\xfe{\0}\0", 6), "x.shardlens");
        whole("a hundred thousand brackets", QByteArray(100'000, '['), "x.shardlens");
        whole("a million objects deep", QByteArray("{\"a\":").repeated(500'000), "x.shardlens");
        whole("larger than the limit", kCaseStudy + QByteArray(5 << 20, ' '), "x.shardlens");
    }
    void refusals()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, parts);
        const Result<ScenarioFile> file = parse(text);
        QVERIFY(!file.ok());
        const QString sentence = sentenceOf(file);
        QVERIFY2(sentence.startsWith(QStringLiteral("x.shardlens: ")), qPrintable(sentence));
        QVERIFY2(!sentence.contains(QLatin1Char('\n')) && sentence.size() < 500, qPrintable(sentence));
        for (const QString& part : parts.split(QLatin1Char('|')))
            QVERIFY2(sentence.contains(part), qPrintable(sentence));
    }

    void everyTruncationIsASentence()
    {
        for (qsizetype length = 0; length < kCaseStudy.size() - 2; ++length) { // the last two: "}" and a line end
            const Result<ScenarioFile> file = parse(kCaseStudy.left(length));
            QVERIFY2(!file.ok(), QByteArray::number(length).constData());
            QVERIFY(sentenceOf(file).startsWith(QStringLiteral("x.shardlens: ")));
        }
    }

    /// Bytes changed at random: a sentence, or a scenario that can be saved and read again.
    void survivesDamage()
    {
        std::mt19937 random(11);
        RandomScenarios scenarios(12);
        int read = 0;
        for (int i = 0; i < 3000; ++i) {
            QByteArray text = i % 2 == 0 ? kCaseStudy : printed({scenarios.next(), {}, {}});
            const int edits = 1 + static_cast<int>(random() % 3);
            for (int edit = 0; edit < edits; ++edit) {
                const auto at = static_cast<qsizetype>(random() % static_cast<unsigned>(text.size()));
                if (random() % 2 == 0)
                    text[at] = static_cast<char>(random() % 256);
                else
                    text.remove(at, static_cast<qsizetype>(1 + random() % 8));
            }
            const Result<ScenarioFile> file = parse(text);
            if (!file.ok()) {
                QVERIFY(!sentenceOf(file).contains(QLatin1Char('\n')));
                continue;
            }
            ++read;
            const QByteArray saved = printed(file.value());
            const Result<ScenarioFile> again = parse(saved);
            QVERIFY2(again.ok(), qPrintable(sentenceOf(again) + QString::fromUtf8(text)));
            QVERIFY2(again.value().scenario == file.value().scenario, text.constData());
            QCOMPARE(printed(again.value()), saved);
        }
        QVERIFY(read > 50); // the loop has seen both
    }

    void filesThatAreNone()
    {
        const QTemporaryDir directory;
        const auto path = [&directory](const char* name) { return directory.filePath(QLatin1String(name)).toStdString(); };
        const auto sentence = [](const std::string& file, std::size_t limit = 100) { return sentenceOf(readTextFile(file, limit)); };

        QVERIFY2(sentence(path("missing")).endsWith(QStringLiteral("missing: there is no such file")),
                 qPrintable(sentence(path("missing"))));
        QVERIFY(sentence(directory.path().toStdString()).endsWith(QStringLiteral("found a directory; a regular file is needed")));
        QVERIFY(sentence("/dev/zero").contains(QStringLiteral("found a device")));
        QVERIFY(sentence("").contains(QStringLiteral("there is no such file")));
        QVERIFY(sentence(path("missing") + "/below").contains(QStringLiteral("there is no such file")));
        QVERIFY(!sentence(std::string(5000, 'x')).isEmpty());

        // A pipe nobody writes to: opening it the ordinary way would wait for ever.
        QCOMPARE(mkfifo(path("pipe").c_str(), 0600), 0);
        QVERIFY(sentence(path("pipe")).contains(QStringLiteral("found a named pipe")));
        QVERIFY(sentenceOf(readScenario(path("pipe"), builtinCatalog())).contains(QStringLiteral("found a named pipe")));

        const auto write = [&](const char* name, const QByteArray& text) {
            QFile file(QString::fromStdString(path(name)));
            QVERIFY(file.open(QIODevice::WriteOnly));
            QCOMPARE(file.write(text), text.size());
        };
        write("exact", QByteArray(100, 'x'));
        QCOMPARE(readTextFile(path("exact"), 100).value().size(), std::size_t{100});
        QVERIFY(sentence(path("exact"), 99).contains(QStringLiteral("at most 99 B are read")));
        write("empty", "");
        QCOMPARE(readTextFile(path("empty"), 100).value(), std::string());
        write("big", QByteArray(5 << 20, ' '));
        QVERIFY(sentenceOf(readScenario(path("big"), builtinCatalog())).contains(QStringLiteral("at most 4 MiB")));
        write("good", kCaseStudy);
        QVERIFY(readScenario(path("good"), builtinCatalog()).ok());

        // Regular to stat() and without a size, but not readable like a file.
        QVERIFY(sentence("/proc/self/mem").contains(QStringLiteral("it cannot be read: ")));
        QVERIFY(readTextFile("/proc/self/status", 1 << 20).value().find("VmSize") != std::string::npos);
        QVERIFY(sentence("/proc/self/status", 10).contains(QStringLiteral("at most 10 B")));

        if (geteuid() != 0) { // root may read everything
            QCOMPARE(chmod(path("good").c_str(), 0), 0);
            QVERIFY(sentence(path("good")).contains(QStringLiteral("no permission")));
        }
    }
};

QTEST_GUILESS_MAIN(TestScenarioFile)
#include "tst_scenario_file.moc"
