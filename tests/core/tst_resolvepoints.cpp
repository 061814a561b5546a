// SPDX-License-Identifier: Apache-2.0
// Names, formats, plans and settings of measured points; predictions that depend on nothing measured, and on no number of threads.
#include "core/scenario/catalog_check.h"
#include "core/scenario/resolve_points.h"
#include "core/scenario/resolve_points_formats.h"
#include "core/scenario/scenario_file.h"
#include "core/scenario/validate_points.h"

#include <QtTest>

using namespace shardlens;

namespace {

/// A point that resolves; tests change what they are about.
MeasuredPoint plainPoint()
{
    MeasuredPoint p;
    p.model = "llama-3.1-70b";
    p.system = "h100_sxm";
    p.precision = "fp8";
    p.backend = "vllm";
    p.input = p.meanInput = 1024;
    p.output = p.meanOutput = 256;
    p.concurrency = 16;
    p.devices = 8;
    p.attentionTensor = 8;
    return p;
}

Result<ResolvedPoint> resolved(const MeasuredPoint& point, PointKind kind = PointKind::Aggregated)
{
    return PointResolver(builtinCatalog()).resolve(point, kind);
}

std::string modelOf(const char* name)
{
    const auto model = builtinCatalog().modelNamed(name);
    return model ? model->id : "none";
}

std::string systemOf(const char* name)
{
    const auto cluster = builtinCatalog().systemNamed(name);
    return cluster ? cluster->id : "none";
}

/// "weights/attention/mlp/experts/embedding/kv/compute".
std::string formatsOf(const char* model, const char* system, std::string_view weights, std::string_view precision, std::string_view kv,
                      const char* engine = "vllm")
{
    MeasuredPoint p = plainPoint();
    p.model = model;
    p.system = system;
    p.weights = weights;
    p.precision = precision;
    p.kvFormat = kv;
    p.backend = engine;
    const Result<ResolvedPoint> point = resolved(p);
    if (!point.ok())
        return point.error().sentence();
    const Formats& f = point.value().formats;
    std::string text;
    for (const WeightClass each : {WeightClass::Attention, WeightClass::Mlp, WeightClass::Experts, WeightClass::Embedding})
        text += std::string(nameOf(f.of(each))) + "/";
    return text + std::string(nameOf(f.kv)) + "/" + std::string(nameOf(f.compute));
}

} // namespace

class TestResolvePoints : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void namesOfModels()
    {
        for (const auto& [name, id] :
             std::vector<std::pair<const char*, const char*>>{{"llama-3.1-70b", "llama-3.1-70b"},
                                                              {"LLaMA v3.1 70B", "llama-3.1-70b"},
                                                              {"LLAMA3.1_70B", "llama-3.1-70b"},
                                                              {"Meta-Llama-3.1-70B-Instruct", "llama-3.1-70b"},
                                                              {"nvidia/Llama-3.3-70B-Instruct-FP4", "llama-3.3-70b"},
                                                              {"meta-llama/Llama-3.1-405B-Instruct-FP8", "llama-3.1-405b"},
                                                              {"deepseek_r1", "deepseek-r1"},
                                                              {"deepseek-ai/DeepSeek-R1-0528", "deepseek-r1"},
                                                              {"DEEPSEEK_V3", "deepseek-v3"},
                                                              {"deepseek-v3.1", "deepseek-v3"},
                                                              {"deepseek-ai/DeepSeek-V3.2-Exp", "deepseek-v3.2"},
                                                              {"nvidia/DeepSeek-R1-0528-NVFP4-v2", "deepseek-r1"},
                                                              {"kimi-k2", "kimi-k2"},
                                                              {"moonshotai/Kimi-K2-Instruct-0905", "kimi-k2"},
                                                              {"KIMI_K2.5", "kimi-k2.5"},
                                                              {"Kimi-K2-Thinking", "kimi-k2.5"},
                                                              {"qwen3-235b", "qwen3-235b-a22b"},
                                                              {"Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "qwen3-235b-a22b"},
                                                              {"QWEN3_480B", "qwen3-coder-480b-a35b"},
                                                              {"qwen3-30b-a3b", "qwen3-30b-a3b"},
                                                              {"qwen3.5-397b", "qwen3.5-397b-a17b"},
                                                              {"Qwen/Qwen3.5-397B-A17B-FP8", "qwen3.5-397b-a17b"},
                                                              {"Qwen3-32B-FP8", "qwen3-32b"},
                                                              {"glm-4.6", "glm-4.5"},
                                                              {"zai-org/GLM-4.5-FP8", "glm-4.5"},
                                                              {"GLM-5", "glm-5"},
                                                              {"zai-org/GLM-5-FP8", "glm-5"},
                                                              {"MiniMaxAI/MiniMax-M2.5", "minimax-m2.5"},
                                                              {"minimax-m2", "minimax-m2"},
                                                              {"openai/gpt-oss-120b", "gpt-oss-120b"},
                                                              {"GPT_OSS_20B", "gpt-oss-20b"},
                                                              {"gptoss", "gpt-oss-120b"},
                                                              {"MOE_Mixtral8x7B", "mixtral-8x7b"},
                                                              {"mistralai/Mixtral-8x22B-Instruct-v0.1", "mixtral-8x22b"},
                                                              {"Llama-4-Maverick-17B-128E-Instruct-FP8", "llama-4-maverick"},
                                                              {"Llama 4 Scout", "llama-4-scout"},
                                                              {"Nemotron_super_v1.1", "llama-3.3-nemotron-super-49b"},
                                                              {"glm-4.5-air", "none"}, // another model: no ending of the same one
                                                              {"gpt-j 6b", "none"},
                                                              {"llama", "none"},
                                                              {"", "none"},
                                                              {"///", "none"}})
            QVERIFY2(modelOf(name) == id, (std::string(name) + " -> " + modelOf(name)).c_str());
    }
    void namesOfSystems()
    {
        for (const auto& [name, id] : std::vector<std::pair<const char*, const char*>>{{"h100_sxm", "hgx-h100"},
                                                                                       {"H100 80GB HBM3", "hgx-h100"},
                                                                                       {"NVIDIA H100", "hgx-h100"},
                                                                                       {"h200_sxm", "hgx-h200"},
                                                                                       {"H200 141GB HBM3", "hgx-h200"},
                                                                                       {"8xH200", "hgx-h200"},
                                                                                       {"b200_sxm", "hgx-b200"},
                                                                                       {"b200-nv", "hgx-b200"},
                                                                                       {"8xB200", "hgx-b200"},
                                                                                       {"b300_sxm", "hgx-b300"},
                                                                                       {"gb200", "gb200-nvl72"},
                                                                                       {"gb200_nvl72", "gb200-nvl72"},
                                                                                       {"gb200-tray", "gb200-tray"},
                                                                                       {"gb300", "gb300-nvl72"},
                                                                                       {"a100_sxm", "dgx-a100"},
                                                                                       {"A100-SXM4-80GB", "dgx-a100"},
                                                                                       {"a100_80gb", "dgx-a100"},
                                                                                       {"A100-SXM4-40GB", "p4d.24xlarge"},
                                                                                       {"l40s", "g6e.48xlarge"},
                                                                                       {"h20", "hgx-h20"},
                                                                                       {"h800_sxm", "hgx-h800"},
                                                                                       {"GH200 480GB", "gh200"},
                                                                                       {"mi300x", "mi300x-platform"},
                                                                                       {"mi325x-amd", "mi325x-platform"},
                                                                                       {"MI355X", "mi355x-platform"},
                                                                                       {"tpu-v6e", "tpu-v6e-4x2"},
                                                                                       {"gaudi3", "gaudi3-hls"},
                                                                                       {"p5.48xlarge", "p5.48xlarge"},
                                                                                       {"h300", "none"},
                                                                                       {"", "none"}})
            QVERIFY2(systemOf(name) == id, (std::string(name) + " -> " + systemOf(name)).c_str());
    }
    void everyAliasLeadsSomewhere()
    {
        const Catalog& catalog = builtinCatalog();
        QVERIFY(catalog.aliases.models.size() > 80 && catalog.aliases.systems.size() > 80);
        for (const auto& [name, id] : catalog.aliases.models)
            QVERIFY2(catalog.model(id) && catalog.modelNamed(name) == catalog.model(id), (name + " -> " + id).c_str());
        for (const auto& [name, id] : catalog.aliases.systems)
            QVERIFY2(catalog.cluster(id) && catalog.systemNamed(name) == catalog.cluster(id), (name + " -> " + id).c_str());
    }
    void badAliasFiles()
    {
        const auto sentence = [](const char* text) {
            const Result<Aliases> read = readAliases(text, "a.json");
            return read.ok() ? std::string() : read.error().sentence();
        };
        QCOMPARE(sentence(R"({"source": "s", "models": {"x": ["y"]}})"), std::string());
        QVERIFY(sentence(R"({"models": {}})").find("/source") != std::string::npos);
        QVERIFY(sentence(R"({"source": "s", "models": {"x": ["y"], "z": ["Y"]}})").find("it is a name of x already") != std::string::npos);
        QVERIFY(sentence(R"({"source": "s", "models": {"x": ["--"]}})").find("/models/x/0") != std::string::npos);
        QVERIFY(sentence(R"({"source": "s", "models": {"x": "y"}})").find("/models/x") != std::string::npos);
        QVERIFY(sentence(R"({"source": "s", "fp8_checkpoints": {"x": "int4"}})").find("/fp8_checkpoints/x") != std::string::npos);
        QVERIFY(sentence(R"({"source": "s", "clusters": {}})").find("/clusters") != std::string::npos);
        QVERIFY(!sentence("[]").empty() && !sentence("").empty());
    }
    void namesOfOnesOwn()
    {
        const QTemporaryDir folder;
        const auto write = [&folder](const char* text) {
            QFile file(folder.filePath(QStringLiteral("aliases.json")));
            return file.open(QIODevice::WriteOnly) && file.write(text) > 0;
        };
        const std::filesystem::path path = folder.path().toStdString();
        QVERIFY(write(R"({"source": "of this test", "models": {"llama-3.3-70b": ["chat prod"]}, "systems": {"hgx-h200": ["h100_sxm"]}})"));
        const UsersCatalog own = withUserEntries(builtinCatalog(), path);
        QVERIFY(own.notices.empty());
        QCOMPARE(own.catalog.modelNamed("Chat-Prod")->id, std::string("llama-3.3-70b"));
        QCOMPARE(own.catalog.systemNamed("H100_SXM")->id, std::string("hgx-h200")); // takes the shipped name's place
        QCOMPARE(own.catalog.modelNamed("kimi-k2-thinking")->id, std::string("kimi-k2.5"));
        QVERIFY(checkCatalog(path, builtinCatalog()).problems.empty());

        QVERIFY(write(R"({"source": "of this test", "models": {"llama-99": ["x"]}, "fp8_checkpoints": {"llama-98": "fp8"}})"));
        const CatalogCheck check = checkCatalog(path, builtinCatalog());
        QCOMPARE(check.problems.size(), std::size_t{2});
        QVERIFY(check.problems[0].find("/models/llama-99: no entry has this id") != std::string::npos);
        QVERIFY(check.problems[1].find("/fp8_checkpoints/llama-98: no entry has this id") != std::string::npos);
        QVERIFY(!withUserEntries(builtinCatalog(), path).catalog.modelNamed("x"));

        QVERIFY(write("{"));
        const UsersCatalog bad = withUserEntries(builtinCatalog(), path);
        QCOMPARE(bad.notices.size(), std::size_t{1});
        QVERIFY(bad.notices[0].ends_with("these names are left out"));
        QCOMPARE(bad.catalog.modelNamed("dsr1")->id, std::string("deepseek-r1"));
    }
    void formatsOfEveryKind()
    {
        // attention/mlp/experts/embedding/kv/arithmetic
        QCOMPARE(formatsOf("llama-3.1-70b", "h100", "bf16", "bf16", "bf16"), std::string("bf16/bf16/bf16/bf16/bf16/bf16"));
        QCOMPARE(formatsOf("llama-3.1-70b", "a100", "", "fp16", ""), std::string("fp16/fp16/fp16/fp16/fp16/fp16"));
        QCOMPARE(formatsOf("llama-3.1-70b", "h200", "fp8 per-tensor", "fp8", "fp8"), std::string("fp8/fp8/fp8/bf16/fp8/fp8"));
        QCOMPARE(formatsOf("deepseek-r1", "h200", "fp8 block128", "fp8", "fp8"), std::string("fp8-block/fp8-block/fp8-block/bf16/fp8/fp8"));
        QCOMPARE(formatsOf("llama-3.1-70b", "b200", "nvfp4 w4a4", "fp4", "fp8"), std::string("nvfp4/nvfp4/nvfp4/bf16/fp8/fp4"));
        QCOMPARE(formatsOf("deepseek-r1", "b200", "nvfp4 w4a4", "fp4", "fp8"), std::string("bf16/nvfp4/nvfp4/bf16/fp8/fp4"));
        QCOMPARE(formatsOf("gpt-oss-120b", "b200", "moe:mxfp4 w4a8(mxfp8)", "fp4", "fp8"), std::string("bf16/bf16/mxfp4/bf16/fp8/fp8"));
        QCOMPARE(formatsOf("gpt-oss-120b", "h100", "moe:mxfp4 w4a16", "fp4", "bf16"), std::string("bf16/bf16/mxfp4/bf16/bf16/bf16"));
        QCOMPARE(formatsOf("llama-3.1-8b", "a100", "int4 w4a16", "int4", "bf16"), std::string("int4/int4/int4/bf16/bf16/bf16"));
        QCOMPARE(formatsOf("llama-3.1-8b", "a100", "int8_wo", "int8", ""), std::string("int8/int8/int8/bf16/bf16/bf16"));
        QCOMPARE(formatsOf("llama-3.1-8b", "a100", "int8 w8a8", "int8", ""), std::string("int8/int8/int8/bf16/bf16/int8"));
        QCOMPARE(formatsOf("llama-3.1-70b", "h100", "fp8", "fp8", "fp16"), std::string("fp8/fp8/fp8/bf16/fp16/fp8"));
        QCOMPARE(formatsOf("deepseek-r1", "h200", "w4afp8 int4", "int4", "fp8"), std::string("int4/int4/int4/bf16/fp8/fp8"));
    }
    void formatsThatAreNotSaid()
    {
        // The model's own fp8 file: by blocks for DeepSeek, Qwen3-235B and GLM-5, by tensor for Llama and the dense Qwen3.
        QCOMPARE(formatsOf("deepseek-v3", "h200", "", "fp8", "bf16"), std::string("fp8-block/fp8-block/fp8-block/bf16/bf16/fp8"));
        QCOMPARE(formatsOf("qwen3-235b-a22b", "h200", "", "FP8", "bf16"), std::string("fp8-block/fp8-block/fp8-block/bf16/bf16/fp8"));
        QCOMPARE(formatsOf("glm-5", "h200", "", "fp8", "bf16"), std::string("fp8-block/fp8-block/fp8-block/bf16/bf16/fp8"));
        QCOMPARE(formatsOf("qwen3-32b", "h200", "", "fp8", "bf16"), std::string("fp8/fp8/fp8/bf16/bf16/fp8"));
        // fp4: mxfp4 of the experts for gpt-oss, with what the device can multiply; nvfp4 on NVIDIA, mxfp4 on AMD.
        QCOMPARE(formatsOf("gpt-oss-120b", "b200", "", "fp4", "bf16"), std::string("bf16/bf16/mxfp4/bf16/bf16/fp8"));
        QCOMPARE(formatsOf("gpt-oss-20b", "h100", "", "fp4", "bf16"), std::string("bf16/bf16/mxfp4/bf16/bf16/bf16"));
        QCOMPARE(formatsOf("llama-3.1-70b", "gb200", "", "fp4", "fp8"), std::string("nvfp4/nvfp4/nvfp4/bf16/fp8/fp4"));
        QCOMPARE(formatsOf("llama-3.1-70b", "mi355x", "", "fp4", "fp8"), std::string("mxfp4/mxfp4/mxfp4/bf16/fp8/fp4"));
        QCOMPARE(formatsOf("llama-3.1-70b", "h100", "", "nvfp4", "bf16"), std::string("nvfp4/nvfp4/nvfp4/bf16/bf16/bf16")); // weights alone
        QCOMPARE(formatsOf("kimi-k2.5", "h200", "", "int4", "bf16"), std::string("bf16/bf16/int4-g32/bf16/bf16/bf16"));
        // Nothing at all: the published weights.
        QCOMPARE(formatsOf("gpt-oss-120b", "b200", "", "", "bf16"), std::string("bf16/bf16/mxfp4/bf16/bf16/fp8"));
        QCOMPARE(formatsOf("llama-3.1-70b", "b200", "", "", "bf16"), std::string("bf16/bf16/bf16/bf16/bf16/bf16"));
        // The cache: 8 bits beside quantized weights on TensorRT-LLM and on devices with fp4.
        QVERIFY(formatsOf("llama-3.1-70b", "h100", "", "fp8", "", "trtllm").ends_with("/fp8/fp8"));
        QVERIFY(formatsOf("llama-3.1-70b", "h100", "", "fp8", "", "vllm").ends_with("/bf16/fp8"));
        QVERIFY(formatsOf("llama-3.1-70b", "b200", "", "fp8", "", "vllm").ends_with("/fp8/fp8"));
        QVERIFY(formatsOf("llama-3.1-70b", "h100", "", "bf16", "", "trtllm").ends_with("/bf16/bf16"));
        QVERIFY(formatsOf("deepseek-r1", "b200", "", "FP4, FP16 KV", "", "trtllm").ends_with("/fp16/fp4"));
        // Arithmetic that a device lacks.
        QVERIFY(formatsOf("llama-3.1-70b", "a100", "fp8", "fp8", "bf16").ends_with("/bf16"));
        // Words that say nothing.
        QVERIFY(formatsOf("llama-3.1-70b", "h100", "float7", "fp8", "").rfind("unknown format: weights: found float7", 0) == 0);
        QVERIFY(formatsOf("llama-3.1-70b", "h100", "", "quick", "").rfind("unknown format: precision", 0) == 0);
        QVERIFY(formatsOf("llama-3.1-70b", "h100", "", "fp8", "tiny").rfind("unknown format: kv_dtype", 0) == 0);
        QVERIFY(formatsOf("llama-3.1-70b", "h100", "moe:mxfp4 w4a16", "", "").find("the model has no experts") != std::string::npos);
    }
    void plans()
    {
        MeasuredPoint p = plainPoint();
        ResolvedPoint r = resolved(p).value();
        QCOMPARE(r.server.plan.tensor(), 8);
        QCOMPARE(r.server.cluster->devices(), 8);
        QCOMPARE(r.server.workers, 1);
        QCOMPARE(r.devices, 8);
        QCOMPARE(r.concurrencyPerReplica(), 16);
        // Devices beyond the plan are replicas; an attn_tp that is not said is all devices.
        p.attentionTensor = 2;
        r = resolved(p).value();
        QCOMPARE(r.server.workers, 4);
        QCOMPARE(r.server.cluster->devices(), 2);
        QCOMPARE(r.concurrencyPerReplica(), 4);
        p.attentionTensor = 0;
        QCOMPARE(resolved(p).value().server.plan.tensor(), 8);
        // A batch of one of 32 replicas.
        p.attentionTensor = p.devices = 1;
        p.concurrency = 128;
        p.batchPerRank = 4;
        r = resolved(p).value();
        QCOMPARE(r.server.workers, 32);
        QCOMPARE(r.concurrencyPerReplica(), 4);
        QVERIFY(r.notes.size() > 0);
        // Attention DP and EP.
        p = plainPoint();
        p.model = "deepseek-r1";
        p.attentionTensor = 1;
        p.attentionData = 8;
        p.expert = 8;
        p.expertTensor = 1;
        r = resolved(p).value();
        QCOMPARE(r.server.plan.attentionData(), 8);
        QCOMPARE(r.server.plan.expert(), 8);
        p.attentionData = 0; // not said, but the experts' group says how many there are
        QCOMPARE(resolved(p).value().server.plan.attentionData(), 8);
        // EP that does not divide the devices is lowered, and said.
        p.attentionData = 8;
        p.expert = 6;
        r = resolved(p).value();
        QCOMPARE(r.server.plan.expert(), 4);
        QVERIFY(
            std::any_of(r.notes.begin(), r.notes.end(), [](const std::string& note) { return note.find("EP 4") != std::string::npos; }));
        p.expert = 4096;
        QCOMPARE(resolved(p).value().server.plan.expert(), 8);
        // A dense model has no EP.
        p = plainPoint();
        p.expert = 8;
        QCOMPARE(resolved(p).value().server.plan.expert(), 1);
        // TP that no engine runs.
        p.devices = p.attentionTensor = 3;
        QVERIFY(resolved(p).error().sentence().rfind("plan illegal: TP 3 does not divide", 0) == 0);
    }
    void pools()
    {
        MeasuredPoint p = plainPoint();
        p.model = "deepseek-r1";
        p.system = "gb200";
        p.prefill = {4, 4, 4, 4};
        p.decode = {1, 32, 32, 1};
        p.devices = 48;
        const ResolvedPoint r = resolved(p, PointKind::Disaggregated).value();
        QVERIFY(r.disaggregated);
        QCOMPARE(r.prefill.workers, 4);
        QCOMPARE(r.prefill.plan.attentionData(), 4);
        QCOMPARE(r.prefill.plan.expert(), 4);
        QCOMPARE(r.decode.cluster->devices(), 32);
        QCOMPARE(r.decode.plan.tensor(), 1);
        // 2,048 columns of an expert over 32 devices are 64: narrower than any kernel's block, so the table has lost its EP.
        QCOMPARE(r.decode.plan.expert(), 32);
        QCOMPARE(r.devices, 48);
        QVERIFY(predictPoint(r).ok());
        p.devices = 0;
        QCOMPARE(resolved(p, PointKind::Disaggregated).value().devices, 48);
        p.prefill = {1, 1, 1, 1};
        const Result<PointPrediction> one = predictPoint(resolved(p, PointKind::Disaggregated).value());
        QVERIFY(!one.ok());
        QVERIFY2(one.error().sentence().rfind("does not fit: prefill: ", 0) == 0, one.error().sentence().c_str());
    }
    void settingsAndLoad()
    {
        MeasuredPoint p = plainPoint();
        p.meanInput = 921.6;
        p.backend = "dynamo-SGLang";
        p.maxBatchedTokens = 16384;
        p.maxSequences = 64;
        p.receiveInterval = 30;
        p.warmup = Warmup::Yes;
        p.date = "2026-02-01";
        const ResolvedPoint r = resolved(p).value();
        QVERIFY(r.engine.engine == Engine::Sglang);
        QCOMPARE(r.engine.tokenBudget, 16384);
        QCOMPARE(r.engine.maxSequences, 64);
        QCOMPARE(r.engine.pollInterval, 30);
        QVERIFY(r.warmup == Warmup::Yes);
        QCOMPARE(r.date, std::string("2026-02-01"));
        QVERIFY(r.inputLengths.kind == LengthSpread::Kind::Uniform);
        QVERIFY(std::abs(r.inputLengths.low - 0.8) < 1e-12 && r.inputLengths.high == 1);
        QVERIFY(r.outputLengths.kind == LengthSpread::Kind::Fixed);
        // TensorRT-LLM never cuts a prompt, so its steps hold one beside the batch; if they are said to be too small, prompts are cut.
        p.backend = "trtllm";
        p.input = p.meanInput = 15000;
        p.maxBatchedTokens = 0;
        QVERIFY(resolved(p).value().engine.tokenBudget >= 15000 + 16);
        p.maxBatchedTokens = 8192;
        QVERIFY(resolved(p).value().engine.cutPrompts);
        p.backend = "mystery";
        const ResolvedPoint generic = resolved(p).value();
        QVERIFY(generic.engine.engine == Engine::Generic);
        QVERIFY(generic.notes.front().find("mystery") != std::string::npos);
        QVERIFY(engineNamed("TensorRT-LLM") == Engine::TrtLlm && engineNamed("trt") == Engine::TrtLlm && !engineNamed(""));
    }
    void whatIsNotStatedIsAssumed()
    {
        // Equal lengths would keep requests in step: spread, unless SGLang runs them or the table says how the server was set up.
        MeasuredPoint p = plainPoint();
        QCOMPARE(resolved(p).value().outputLengths.kind, LengthSpread::Kind::Uniform);
        p.maxSequences = 64;
        QCOMPARE(resolved(p).value().outputLengths.kind, LengthSpread::Kind::Fixed);
        p = plainPoint();
        p.backend = "sglang";
        QCOMPARE(resolved(p).value().outputLengths.kind, LengthSpread::Kind::Fixed);
        // TensorRT-LLM with 16-bit weights: one slot fewer than requests.
        p = plainPoint();
        p.backend = "trtllm";
        QCOMPARE(resolved(p).value().engine.maxSequences, defaultsOf(Engine::TrtLlm).maxSequences);
        p.precision = "bf16";
        QCOMPARE(resolved(p).value().engine.maxSequences, 15);
        // Balanced attention DP looks for requests now and then.
        p.attentionTensor = 1;
        p.attentionData = 8;
        QCOMPARE(resolved(p).value().engine.pollInterval, 50);
        p.receiveInterval = 10;
        QCOMPARE(resolved(p).value().engine.pollInterval, 10);
        // The source of a published figure names the engine.
        p = plainPoint();
        p.backend = {};
        QCOMPARE(resolved(p).value().engine.engine, Engine::Generic);
        p.origin = "NVIDIA/TensorRT-LLM docs, performance.md";
        QCOMPARE(resolved(p).value().engine.engine, Engine::TrtLlm);
    }
    void unknownNamesAreSaid()
    {
        MeasuredPoint p = plainPoint();
        p.model = "llama-3.9-70b";
        QVERIFY2(resolved(p).error().sentence().rfind("unknown model 'llama-3.9-70b', did you mean ", 0) == 0,
                 resolved(p).error().sentence().c_str());
        p = plainPoint();
        p.system = "z\x01"
                   "900";
        QCOMPARE(resolved(p).error().sentence().rfind("unknown system 'z?900'", 0), std::size_t{0});
    }
    void predictsAndRepeats()
    {
        const std::string text = "row,model,system,precision,backend,isl,osl,concurrency,gpus,attn_tp,ttft_ms,tpot_ms\n"
                                 "A,llama-3.1-8b,h100_sxm,bf16,vllm,1024,128,8,1,1,100,10\n"
                                 "B,llama-3.1-8b,h100_sxm,bf16,vllm,1024,128,8,1,1,200,20\n"
                                 "C,nobody,h100_sxm,bf16,vllm,1024,128,8,1,1,200,20\n"
                                 "D,llama-3.1-405b,h100_sxm,bf16,vllm,1024,128,8,1,1,200,20\n"
                                 "E,qwen3-32b,h200_sxm,fp8,sglang,2048,512,64,2,2,200,20\n"
                                 "F,gpt-oss-120b,b200_sxm,fp4,trtllm,x,512,64,2,2,200,20\n";
        const MeasuredPoints points = readPoints(text, "f").value();
        const auto roofline = [](const ResolvedPoint&) { return PointConstants{}; };
        const auto one = predictPoints(points, builtinCatalog(), roofline, 1);
        const auto four = predictPoints(points, builtinCatalog(), roofline, 4);
        QCOMPARE(one.size(), std::size_t{6});
        for (std::size_t i = 0; i < one.size(); ++i) {
            QCOMPARE(one[i].status, four[i].status);
            QVERIFY(one[i].prediction == four[i].prediction);
        }
        QVERIFY(one[0].ok() && one[1].ok() && one[4].ok());
        QVERIFY(one[0].prediction == one[1].prediction); // what was measured plays no part
        QVERIFY(one[2].status.rfind("unknown model 'nobody'", 0) == 0);
        QVERIFY(one[3].status.rfind("does not fit: ", 0) == 0);
        QVERIFY(one[5].status.find("line 7, isl: found \"x\"") != std::string::npos);
        const PointPrediction& p = one[0].prediction;
        QVERIFY(std::abs(p.outputPerDevice.value - closedLoopOutput(8, 128, p.ttft.value, p.tpot.value, 1)) < 1e-9);
        // A step reads 8.03e9 weights of 2 bytes less the embedding's: 4.5 ms at 3.35 TB/s.
        QVERIFY2(p.tpot.value > 0.0044 && p.tpot.value < 0.0075, QByteArray::number(p.tpot.value).constData());
        QVERIFY(!p.tpot.hasInterval());

        const ValidationGroup all = summaryOf(points, one);
        QCOMPARE(all.rows, std::size_t{6});
        QCOMPARE(all.predicted, std::size_t{3});
        QCOMPARE(all.tpot.count, std::size_t{3});
        const std::array keys{GroupKey::Engine, GroupKey::Model};
        const auto groups = groupsOf(points, one, keys);
        QCOMPARE(groups.size(), std::size_t{5});
        QCOMPARE(groups.front().values, (std::vector<std::string>{"sglang", "qwen3-32b"}));
        std::size_t rows = 0;
        for (const ValidationGroup& group : groups)
            rows += group.rows;
        QCOMPARE(rows, all.rows);
    }
    void intervalsAreScaled()
    {
        const ResolvedPoint point = resolved(plainPoint()).value();
        PointConstants constants;
        constants.tpot = {0.9, 1.2};
        const PointPrediction p = predictPoint(point, constants).value();
        QVERIFY(p.tpot.hasInterval() && !p.ttft.hasInterval());
        QCOMPARE(p.tpot.low, p.tpot.value * 0.9);
        QCOMPARE(p.tpot.high, p.tpot.value * 1.2);
    }
    void publishedFiguresPinned()
    {
        // Forty published figures, the roofline beside them. It is an ideal: throughput above, latencies below. Pinned so that a change of
        // the simulation or of the step times is seen.
        const Result<std::string> text = readTextFile(SHARDLENS_SOURCE_DIR "/tests/data/measured/published.csv", 1 << 20);
        const MeasuredPoints points = readPoints(text.value(), "published.csv").value();
        const auto rows = predictPoints(points, builtinCatalog(), [](const ResolvedPoint&) { return PointConstants{}; });
        const ValidationGroup all = summaryOf(points, rows);
        QCOMPARE(all.rows, std::size_t{40});
        QCOMPARE(all.predicted, std::size_t{40});
        QCOMPARE(all.outputPerDevice.count, std::size_t{29});
        QVERIFY2(std::abs(all.outputPerDevice.bias - 1.49) < 0.15, QByteArray::number(all.outputPerDevice.bias).constData());
        QVERIFY2(std::abs(all.outputPerDevice.medianError - 1.20) < 0.15, QByteArray::number(all.outputPerDevice.medianError).constData());
        QVERIFY2(std::abs(all.tpot.bias + 0.474) < 0.05, QByteArray::number(all.tpot.bias).constData());
        QVERIFY2(std::abs(all.ttft.bias + 0.576) < 0.06, QByteArray::number(all.ttft.bias).constData());
    }
    void sharedTablesResolve()
    {
        const std::string folder = SHARDLENS_SOURCE_DIR "/../shared/data/";
        bool found = false;
        for (const auto& [name, rows, fitting] :
             std::vector<std::tuple<const char*, std::size_t, std::size_t>>{{"dev_agg.csv", 1114, 1114}, {"dev_disagg.csv", 206, 179}}) {
            const Result<std::string> text = readTextFile(folder + name, std::size_t{1} << 30);
            if (!text.ok())
                continue;
            found = true;
            const MeasuredPoints points = readPoints(text.value(), name).value();
            QCOMPARE(points.points.size(), rows);
            QCOMPARE(points.problems.size(), std::size_t{0});
            PointResolver resolver(builtinCatalog());
            for (const MeasuredPoint& point : points.points) {
                const Result<ResolvedPoint> r = resolver.resolve(point, points.kind);
                QVERIFY2(r.ok(), r.ok() ? "" : r.error().sentence().c_str());
            }
            // Of the pools 27 rows say one device for a worker of 370 to 630 GiB.
            const auto predicted = predictPoints(points, builtinCatalog(), [](const ResolvedPoint&) { return PointConstants{}; });
            QCOMPARE(summaryOf(points, predicted).predicted, fitting);
        }
        if (!found)
            QSKIP("no measured tables in ../shared/data");
    }
};

QTEST_APPLESS_MAIN(TestResolvePoints)
#include "tst_resolvepoints.moc"
