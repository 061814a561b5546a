// SPDX-License-Identifier: Apache-2.0
// config.json of many families: each becomes the model of the catalog, layer by layer, or a sentence that names the field.
#include "core/model/parameters.h"
#include "core/scenario/model_json.h"
#include "core/scenario/scenario_file.h"

#include <QtTest>

#include <algorithm>
#include <array>

using namespace shardlens;

namespace {

const QString kSource = QStringLiteral(SHARDLENS_SOURCE_DIR);

QByteArray bytesOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Result<ImportedModel> import(const QByteArray& json, const char* name = "config.json")
{
    return parseHuggingFaceConfig(json.toStdString(), name);
}

QString sentence(const Result<ImportedModel>& result)
{
    return result.ok() ? QString() : QString::fromStdString(result.error().sentence());
}

QString joined(const std::vector<std::string>& lines)
{
    QString text;
    for (const std::string& line : lines)
        text += QString::fromStdString(line) + QLatin1Char('\n');
    return text;
}

Model catalogModel(const QString& id)
{
    const Result<Model> model =
        parseModel(bytesOf(kSource + QStringLiteral("/resources/catalog/models/") + id + QStringLiteral(".json")).toStdString(), "catalog");
    return model.ok() ? model.value() : Model();
}

/// What a config.json can say of a model.
Model architectureOf(Model model)
{
    model.id.clear();
    model.name.clear();
    model.huggingFaceId.clear();
    model.formerHuggingFaceIds.clear();
    model.source = {};
    model.publishedParameters = 0;
    model.publishedExtras.clear();
    model.maxPositions = 0;
    return model;
}

/// Kind by kind in layer order, however the kinds are numbered.
std::vector<LayerKind> unrolled(const Model& model)
{
    std::vector<LayerKind> layers;
    for (const std::uint8_t kind : model.layers)
        layers.push_back(model.kinds[kind]);
    return layers;
}

const QByteArray kLlama = R"({"model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100, "tie_word_embeddings": false})";

/// kLlama with one more field, or with one field replaced.
QByteArray with(const QByteArray& base, const QByteArray& key, const QByteArray& value)
{
    const QByteArray quoted = '"' + key + "\": ";
    const qsizetype start = base.indexOf(quoted);
    if (start < 0)
        return base.left(base.lastIndexOf('}')) + ", " + quoted + value + "}";
    qsizetype end = start;
    while (base[end] != ',' && base[end] != '}')
        ++end;
    return base.left(start) + quoted + value + base.mid(end);
}

} // namespace

class TestHuggingFace : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void matchesTheCatalog_data();
    void matchesTheCatalog();
    void reports();
    void readsVariants_data();
    void readsVariants();
    void refuses_data();
    void refuses();
    void formats_data();
    void formats();
    void survivesTruncation();
    void namesTheModel_data();
    void namesTheModel();
    void readsFiles();
    void readsTheSharedConfigs();
};

void TestHuggingFace::matchesTheCatalog_data()
{
    QTest::addColumn<QString>("id");
    const QDir directory(kSource + QStringLiteral("/tests/data/huggingface"));
    const QStringList files = directory.entryList({QStringLiteral("*.json")}, QDir::Files);
    QVERIFY(files.size() >= 20);
    for (const QString& file : files)
        QTest::newRow(qPrintable(file)) << file.left(file.size() - 5);
}

void TestHuggingFace::matchesTheCatalog()
{
    QFETCH(QString, id);
    const Result<ImportedModel> imported =
        import(bytesOf(kSource + QStringLiteral("/tests/data/huggingface/") + id + QStringLiteral(".json")));
    QVERIFY2(imported.ok(), qPrintable(sentence(imported)));
    const Model& model = imported.value().model;
    Model expected = catalogModel(id);
    QVERIFY(expected.hidden > 0);
    if (!model.nativeFormats) // the test's config says nothing of them
        expected.nativeFormats.reset();
    QCOMPARE(qint64{countParameters(model).total}, qint64{countParameters(expected).total});
    QCOMPARE(qint64{countParameters(model).active}, qint64{countParameters(expected).active});
    QCOMPARE(qint64{countParameters(model).prediction}, qint64{countParameters(expected).prediction});
    QVERIFY(unrolled(model) == unrolled(expected));
    QCOMPARE(QString::fromStdString(printModel(architectureOf(model))), QString::fromStdString(printModel(architectureOf(expected))));
    if (model.maxPositions > 0)
        QCOMPARE(model.maxPositions, expected.maxPositions);
    // What is written can be read again.
    const Result<Model> again = parseModel(printModel(model), "again");
    QVERIFY2(again.ok(), again.ok() ? "" : again.error().sentence().c_str());
    QVERIFY(again.value() == model);
}

void TestHuggingFace::reports()
{
    const Result<ImportedModel> llama = import(bytesOf(kSource + QStringLiteral("/tests/data/huggingface/llama-3-70b.json")));
    QVERIFY(llama.ok());
    QVERIFY(joined(llama.value().read).contains(QStringLiteral("hidden_size = 8192\n")));
    QVERIFY(joined(llama.value().derived).contains(QStringLiteral("head_dim = hidden size / query heads = 128\n")));
    QVERIFY(joined(llama.value().defaulted).contains(QStringLiteral("tie_word_embeddings absent: false")));
    QVERIFY(joined(llama.value().defaulted).contains(QStringLiteral("attention_bias absent: false")));
    QVERIFY(joined(llama.value().ignored).contains(QStringLiteral("rope_theta = 500000: ")));

    const Result<ImportedModel> deepSeek = import(bytesOf(kSource + QStringLiteral("/tests/data/huggingface/deepseek-v3.json")));
    QVERIFY(deepSeek.ok());
    QVERIFY(joined(deepSeek.value().read).contains(QStringLiteral("quantization_config (fp8): the model is the same")));
    QVERIFY(joined(deepSeek.value().ignored).contains(QStringLiteral("num_key_value_heads = 128: latent")));
    QVERIFY(joined(deepSeek.value().read).contains(QStringLiteral("num_nextn_predict_layers = 1\n")));
    QVERIFY(joined(deepSeek.value().derived).contains(QStringLiteral("1 prediction layer, like the last layer; counted apart")));
    QVERIFY(joined(deepSeek.value().derived).contains(QStringLiteral("stored as fp8-block, embedding and head bf16\n")));
    QVERIFY(joined(deepSeek.value().derived).contains(QStringLiteral("parameters = 671,026,419,200, of which a token visits ")));
    // Under its own name the config meets the published count, part by part.
    const Result<ImportedModel> named =
        import(bytesOf(kSource + QStringLiteral("/tests/data/huggingface/deepseek-v3.json")), "deepseek-ai__DeepSeek-V3.json");
    QVERIFY(named.ok());
    QCOMPARE(QString::fromStdString(named.value().model.huggingFaceId), QStringLiteral("deepseek-ai/DeepSeek-V3"));
    QVERIFY2(joined(named.value().derived)
                 .contains(QStringLiteral("published weights of deepseek-ai/DeepSeek-V3: 684,531,386,000 parameters; 1 multi-token "
                                          "prediction layer 11,610,068,224; copies of embedding and head for it 1,853,358,080; scales of "
                                          "fp8-block weights 41,540,496; nothing remains\n")),
             qPrintable(joined(named.value().derived)));
    // The name that a repository had before leads to the same counts.
    const QByteArray llama31 = R"({"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": false})";
    for (const char* file : {"meta-llama__Llama-3.1-8B.json", "meta-llama__Meta-Llama-3.1-8B.json"}) {
        const Result<ImportedModel> renamed = import(llama31, file);
        QVERIFY(renamed.ok());
        QCOMPARE(renamed.value().model.publishedParameters, std::int64_t{8'030'261'248});
        QVERIFY2(joined(renamed.value().derived)
                     .contains(QStringLiteral("published weights of meta-llama/Llama-3.1-8B: 8,030,261,248 parameters, the same\n")),
                 qPrintable(joined(renamed.value().derived)));
    }
    for (const char* size : {"70B", "405B"})
        QVERIFY(builtinCatalog().model(std::string("meta-llama/Meta-Llama-3.1-") + size));
    // Another model under that name is not given its count.
    const Result<ImportedModel> other = import(kLlama, "/x/deepseek-ai/DeepSeek-V3/config.json");
    QVERIFY(other.ok());
    QCOMPARE(other.value().model.publishedParameters, std::int64_t{0});
    QVERIFY(joined(other.value().derived).contains(QStringLiteral("this config describes another model")));
    QVERIFY(joined(deepSeek.value().ignored).contains(QStringLiteral("num_key_value_heads = 128: latent attention caches")));

    const Result<ImportedModel> kimi = import(bytesOf(kSource + QStringLiteral("/tests/data/huggingface/kimi-k2.5.json")));
    QVERIFY(kimi.ok());
    QVERIFY(joined(kimi.value().derived).contains(QStringLiteral("read from text_config")));
    QVERIFY(joined(kimi.value().ignored).contains(QStringLiteral("vision_config: only the language model is read")));
}

void TestHuggingFace::readsVariants_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<qint64>("total");
    // Of kLlama: embedding and head 2 x 6,400, per layer q 4,096, k and v 2 x 2,048, o 4,096, mlp 3 x 6,144, norms 128; final norm 64.
    const qint64 layer = 4096 + 4096 + 4096 + 18432 + 128;
    const qint64 plain = 2 * 6400 + 3 * layer + 64;
    QTest::newRow("plain") << kLlama << plain;
    QTest::newRow("null is absent") << with(kLlama, "head_dim", "null") << plain;
    QTest::newRow("whole float") << with(kLlama, "hidden_size", "64.0") << plain;
    QTest::newRow("unknown but empty") << with(kLlama, "moe_layers_of_the_future", "[]") << plain;
    QTest::newRow("unknown but harmless") << with(kLlama, "unsloth_version", "\"2025.1\"") << plain;
    QTest::newRow("tied") << with(kLlama, "tie_word_embeddings", "true") << plain - 6400;
    QTest::newRow("KV heads as many as query heads") << with(kLlama, "num_key_value_heads", "null") << plain + 3 * 4096;
    QTest::newRow("head size of its own") << with(kLlama, "head_dim", "32") << plain + 3 * (4096 + 4096 + 4096);
    QTest::newRow("attention bias") << with(kLlama, "attention_bias", "true") << plain + 3 * (64 + 32 + 32 + 64);
    QTest::newRow("MLP bias") << with(kLlama, "mlp_bias", "true") << plain + 3 * (96 + 96 + 64);
    QTest::newRow("layer types, all full") << with(kLlama, "layer_types", R"(["full_attention", "full_attention", "full_attention"])")
                                           << plain;
    QTest::newRow("qwen2: bias on q, k, v") << with(kLlama, "model_type", "\"qwen2\"") << plain + 3 * 128;
    QTest::newRow("olmo2: full norms") << with(kLlama, "model_type", "\"olmo2\"") << plain + 3 * (64 + 32);
    QTest::newRow("nemotron: two matrices, norms with biases")
        << with(kLlama, "model_type", "\"nemotron\"") << plain - 3 * 6144 + 3 * 128 + 64;

    // Qwen2-MoE: layer 1 dense, 0 and 2 with 4 experts of 8 and a gated shared expert of 16.
    const QByteArray qwen =
        with(with(with(with(with(with(kLlama, "model_type", "\"qwen2_moe\""), "num_experts", "4"), "num_experts_per_tok", "2"),
                       "moe_intermediate_size", "8"),
                  "shared_expert_intermediate_size", "16"),
             "mlp_only_layers", "[1]");
    QTest::newRow("qwen2_moe") << qwen << plain + 3 * 128 + 2 * (-18432 + 4 * 3 * 64 * 8 + 64 * 4 + 3 * 64 * 16 + 64);

    // Linear layers 0 and 1 of 3 (each third is full): 2 key and 4 value heads of 8, 4 taps: in 64 x (2 x 16 + 2 x 32 + 2 x 4), convolution
    // 64 x 4, 2 x 4 decays, norm 8, out 32 x 64. The full layer: gated queries 64 x 128, norms of q and k 2 x 16.
    const QByteArray hybrid =
        R"({"model_type": "qwen3_5_text", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 100, "tie_word_embeddings": false, "full_attention_interval": 3,
        "linear_num_key_heads": 2, "linear_key_head_dim": 8, "linear_num_value_heads": 4, "linear_value_head_dim": 8,
        "linear_conv_kernel_dim": 4})";
    const qint64 mixer = 64 * (32 + 64 + 8) + 64 * 4 + 8 + 8 + 32 * 64;
    QTest::newRow("qwen3_5: gated delta") << hybrid << 2 * 6400 + 2 * (mixer + 18432 + 128) + (layer + 4096 + 32) + 64;
    QTest::newRow("qwen3_5: without gate") << with(hybrid, "attn_output_gate", "false")
                                           << 2 * 6400 + 2 * (mixer + 18432 + 128) + (layer + 32) + 64;
    QTest::newRow("qwen3_5: layer types") << with(hybrid, "layer_types", R"(["full_attention", "full_attention", "linear_attention"])")
                                          << 2 * 6400 + (mixer + 18432 + 128) + 2 * (layer + 4096 + 32) + 64;

    // Kimi Linear: layers 1 and 2 KDA (2 heads of 8, H 32): q, k, v 3 x 32 x 16, b 32 x 2, decay 32 x 8 + 8 x 16, gate the same, taps 48 x 4,
    // A 2, dt 16, norm 8, out 16 x 32. Layer 3 MLA: q 32 x 2 x 12, kv 32 x 20 + 16 + 16 x 2 x 16, out 16 x 32. MLP 3 x 32 x 40, then 4
    // experts of 6 and one shared, router 128 + 4.
    const QByteArray kimi =
        R"({"model_type": "kimi_linear", "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 3, "num_attention_heads": 2,
        "q_lora_rank": null, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8, "vocab_size": 50,
        "tie_word_embeddings": false, "first_k_dense_replace": 1, "num_experts": 4, "num_experts_per_token": 2, "moe_intermediate_size": 6,
        "num_shared_experts": 1, "num_expert_group": 1, "topk_group": 1, "mla_use_nope": true,
        "linear_attn_config": {"kda_layers": [1, 2], "full_attn_layers": [3], "num_heads": 2, "head_dim": 8, "short_conv_kernel_size": 4}})";
    const qint64 kda = 3 * 512 + 64 + 2 * (256 + 128) + 192 + 2 + 16 + 8 + 512;
    const qint64 mla = 768 + 640 + 16 + 512 + 512;
    const qint64 experts = 5 * 3 * 32 * 6 + 132;
    QTest::newRow("kimi_linear") << kimi << 2 * 1600 + 32 + 2 * kda + mla + 3840 + 2 * experts + 3 * 64;

    // DeepSeek sparse attention: 2 index heads of 8 from a query latent of 10; the second layer shares the choice of the first.
    const QByteArray sparse =
        R"({"model_type": "glm_moe_dsa", "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 2,
        "q_lora_rank": 10, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8, "vocab_size": 50,
        "tie_word_embeddings": false, "first_k_dense_replace": 2, "n_routed_experts": 4, "num_experts_per_tok": 2,
        "moe_intermediate_size": 6, "n_shared_experts": 1, "index_n_heads": 2, "index_head_dim": 8, "index_topk": 64})";
    const qint64 latent = 320 + 10 + 240 + 640 + 16 + 512 + 512 + 3840 + 64;
    const qint64 indexer = 160 + 256 + 16 + 64;
    QTest::newRow("glm_moe_dsa") << sparse << 2 * 1600 + 32 + 2 * (latent + indexer);
    QTest::newRow("glm_moe_dsa: shared index") << with(sparse, "indexer_types", R"(["full", "shared"])")
                                               << 2 * 1600 + 32 + 2 * latent + indexer;

    // Nemotron-H: one norm per layer; 4 state-space heads of 8 in 2 groups of state 16: in 32 x (2 x 32 + 2 x 32 + 4), taps 96 x 4 + 96, 3 x 4,
    // norm 32, out 32 x 32. Experts work in 12 of 32.
    const QByteArray mamba =
        R"({"model_type": "nemotron_h", "hidden_size": 32, "intermediate_size": 40, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 8, "vocab_size": 50, "tie_word_embeddings": false, "hybrid_override_pattern": "M*-E", "mamba_num_heads": 4,
        "mamba_head_dim": 8, "n_groups": 2, "ssm_state_size": 16, "conv_kernel": 4, "use_conv_bias": true, "n_routed_experts": 6,
        "num_experts_per_tok": 2, "moe_intermediate_size": 10, "n_shared_experts": 1, "moe_shared_expert_intermediate_size": 20,
        "moe_latent_size": 12, "time_step_limit": [0, Infinity]})";
    const qint64 parts = (32 * 132 + 96 * 5 + 12 + 32 + 1024) + (1024 + 1024 + 1024) + 2 * 32 * 40
                         + (6 * 2 * 12 * 10 + 2 * 32 * 12 + 2 * 32 * 20 + 32 * 6 + 6);
    QTest::newRow("nemotron_h") << mamba << 2 * 1600 + 32 + parts + 4 * 32;

    const QByteArray nas =
        R"({"model_type": "nemotron-nas", "hidden_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100,
        "tie_word_embeddings": false, "block_configs": [
        {"attention": {"n_heads_in_group": 2}, "ffn": {"ffn_mult": 1.5}}, {"attention": {"no_op": true}, "ffn": {"ffn_mult": 1.6}}]})";
    QTest::newRow("nemotron-nas: a layer without attention has one norm")
        << nas << qint64{2 * 25600 + 256 + (65536 + 65536 + 65536 + 3 * 256 * 256 + 512) + (3 * 256 * 512 + 256)};

    const QByteArray falcon =
        R"({"model_type": "falcon", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100,
        "multi_query": true, "parallel_attn": true, "bias": false})";
    QTest::newRow("falcon-7b: one KV head, one norm")
        << falcon << qint64{2 * 6400 + 2 * (4096 + 2 * 64 * 16 + 4096 + 2 * 64 * 256 + 128) + 128};

    const QByteArray gpt2 =
        R"({"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024, "n_ctx": 1024, "vocab_size": 50257})";
    QTest::newRow("gpt2") << gpt2 << qint64{124'439'808}; // OpenAI's "124M"

    const QByteArray olmoe =
        R"({"model_type": "olmoe", "hidden_size": 2048, "intermediate_size": 1024, "num_hidden_layers": 16, "num_attention_heads": 16,
        "num_key_value_heads": 16, "num_experts": 64, "num_experts_per_tok": 8, "vocab_size": 50304, "tie_word_embeddings": false})";
    QTest::newRow("OLMoE-1B-7B") << olmoe << qint64{6'919'161'856};
}

void TestHuggingFace::readsVariants()
{
    QFETCH(QByteArray, json);
    QFETCH(qint64, total);
    const Result<ImportedModel> imported = import(json);
    QVERIFY2(imported.ok(), qPrintable(sentence(imported)));
    QCOMPARE(qint64{countParameters(imported.value().model).total}, total);
}

void TestHuggingFace::refuses_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("mentions");
    const auto row = [](const char* key, const char* value, const char* mentions) {
        QTest::addRow("%s = %s", key, value) << with(kLlama, key, value) << QString::fromLatin1(mentions);
    };
    row("num_hidden_layers", "-3", "/num_hidden_layers: found -3; a whole number from 1 to 1,024");
    row("num_hidden_layers", "1000000000", "/num_hidden_layers: found 1000000000");
    row("num_hidden_layers", "1e30", "/num_hidden_layers: found 1e+30");
    row("num_hidden_layers", "\"three\"", "/num_hidden_layers: found \"three\"");
    row("num_hidden_layers", "[3]", "/num_hidden_layers: found an array of 1");
    row("num_hidden_layers", "null", "/num_hidden_layers: this field is needed and missing");
    row("hidden_size", "0", "/hidden_size: found 0");
    row("hidden_size", "64.5", "/hidden_size: found 64.5");
    row("hidden_size", "9223372036854775807", "/hidden_size: found 9223372036854775807");
    row("n_embd", "128", "/n_embd: found 128; the same as hidden_size, 64, is expected");
    row("num_attention_heads", "5", "num_key_value_heads");
    row("num_attention_heads", "0", "/num_attention_heads: found 0");
    row("num_key_value_heads", "3", "a divisor of the 4 query heads");
    row("intermediate_size", "true", "/intermediate_size: found true");
    row("vocab_size", "1e12", "/vocab_size: found ");
    row("tie_word_embeddings", "\"no\"", "/tie_word_embeddings: found \"no\"; true or false");
    row("layer_types", "[\"full_attention\"]", "/layer_types: found an array of 1; an array of exactly 3");
    row("layer_types", "{}", "/layer_types: found an object");
    row("layer_types", R"(["full_attention", "linear_attention", "full_attention"])", "/layer_types/1: found \"linear_attention\"");
    row("layer_types", R"(["full_attention", "sliding_attention", "full_attention"])", "/layer_types/1: found \"sliding_attention\"");
    row("sliding_window", "128", "/sliding_window: found 128; this field is not understood for llama");
    row("num_local_experts", "8", "/num_local_experts: found 8; this field is not understood for llama");
    row("index_topk", "2048", "/index_topk: found 2048; this field is not understood");
    row("linear_attn_config", R"({"x": 1})", "/linear_attn_config: found an object; this field is not understood");
    row("ssm_state_size", "128", "/ssm_state_size: found 128; this field is not understood");
    row("num_nextn_predict_layers", "65", "/num_nextn_predict_layers: found 65");
    row("attn_output_gate", "true", "/attn_output_gate: found true; this field is not understood");
    row("model_type", "\"mamba9\"", "/model_type: found \"mamba9\"; this architecture is not understood");
    row("model_type", "7", "/model_type: found 7");
    row("model_type", "\"mixtral\"", "/num_local_experts: this field is needed and missing (also known as num_experts");
    row("model_type", "\"qwen3\"", "/head_dim: this field is needed and missing");
    row("model_type", "\"deepseek_v3\"", "/kv_lora_rank: this field is needed and missing");
    row("text_config", "[]", "/text_config: found an array of 0; an object is expected");
    row("text_config", "{}", "/text_config/model_type: this field is needed and missing");
    row("quantization_config", R"({"quant_method": "fp8"}, "quantization_config": {})", "the same key twice");

    QTest::newRow("empty") << QByteArray() << QStringLiteral("an empty file");
    QTest::newRow("array") << QByteArray("[]") << QStringLiteral("an object is expected");
    QTest::newRow("no model_type") << QByteArray("{\"hidden_size\": 64}")
                                   << QStringLiteral("/model_type: this field is needed and missing");
    QTest::newRow("deep") << QByteArray("{\"a\":").repeated(100) << QStringLiteral("at most 64 nested");
    QTest::newRow("nested deep in text_config")
        << with(kLlama, "text_config", QByteArray("{\"text_config\": ").repeated(70)) << QStringLiteral("at most 64 nested");
    QTest::newRow("linear attention of an unknown family") << with(with(kLlama, "model_type", "\"new\""), "linear_num_value_heads", "32")
                                                           << QStringLiteral("linear attention (linear_num_value_heads)");
    const auto refused = [](const char* name, const QByteArray& json, const char* mentions) {
        QTest::newRow(name) << json << QString::fromLatin1(mentions);
    };
    const QByteArray hybrid =
        R"({"model_type": "qwen3_5_text", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 100, "linear_num_key_heads": 2, "linear_key_head_dim": 8,
        "linear_num_value_heads": 4, "linear_value_head_dim": 8, "linear_conv_kernel_dim": 4})";
    refused("linear layers without taps", with(hybrid, "linear_conv_kernel_dim", "null"), "/linear_conv_kernel_dim: this field is needed");
    refused("value heads not shared evenly", with(hybrid, "linear_num_key_heads", "3"),
            "/linear_num_key_heads: found 3; a divisor of the 4");
    refused("a layer type that is neither", with(hybrid, "layer_types", R"(["linear_attention", "sliding_attention"])"),
            "/layer_types/1: found \"sliding_attention\"");
    refused("pattern of unknown letters",
            R"({"model_type": "nemotron_h", "hidden_size": 32, "vocab_size": 50, "hybrid_override_pattern": "MQ"})",
            "/hybrid_override_pattern: found \"MQ\"");
    refused("no pattern", R"({"model_type": "nemotron_h", "hidden_size": 32, "vocab_size": 50})", "/hybrid_override_pattern: this field");
    refused("blocks missing",
            R"({"model_type": "nemotron-nas", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 50})",
            "/block_configs: this field is needed");
    refused("a block that is not one",
            R"({"model_type": "nemotron-nas", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "vocab_size": 50,
            "block_configs": [{"attention": {"n_heads_in_group": 3}, "ffn": {"ffn_mult": 1}}]})",
            "/block_configs/0/attention/n_heads_in_group: found 3; a divisor of the 4");
    refused("compressed attention", with(with(kLlama, "model_type", "\"deepseek_v4\""), "compress_ratios", "[4, 128]"),
            "compressed attention (compress_ratios)");
    refused(
        "groups that do not divide",
        with(with(with(with(kLlama, "model_type", "\"mixtral\""), "num_local_experts", "8"), "num_experts_per_tok", "2"), "n_group", "3"),
        "/n_group: found 3; a divisor of the 8 experts");

    const QByteArray qwen = with(kLlama, "model_type", "\"qwen2\"");
    QTest::newRow("window switched on without a size")
        << with(qwen, "use_sliding_window", "true") << QStringLiteral("/sliding_window: this field is needed");
    const QByteArray opt =
        R"({"model_type": "opt", "hidden_size": 64, "ffn_dim": 96, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 100)";
    QTest::newRow("opt without positions") << opt + "}" << QStringLiteral("/max_position_embeddings: this field is needed");
    QTest::newRow("opt with projected embeddings")
        << opt + R"(, "max_position_embeddings": 64, "word_embed_proj_dim": 32})" << QStringLiteral("/word_embed_proj_dim: found 32");
    QTest::newRow("opt normed after") << opt + R"(, "max_position_embeddings": 64, "do_layer_norm_before": false})"
                                      << QStringLiteral("/do_layer_norm_before: found false");
}

void TestHuggingFace::refuses()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, mentions);
    const Result<ImportedModel> imported = import(json);
    QVERIFY(!imported.ok());
    QVERIFY2(sentence(imported).contains(mentions), qPrintable(sentence(imported)));
    QVERIFY(sentence(imported).startsWith(QLatin1String("config.json: ")));
    QVERIFY(!sentence(imported).contains(QLatin1Char('\n')));
}

void TestHuggingFace::formats_data()
{
    QTest::addColumn<QByteArray>("quantization");
    QTest::addColumn<QString>("stored"); // "weights attention mlp experts embedding kv"
    const auto row = [](const char* name, const char* quantization, const char* stored) {
        QTest::newRow(name) << QByteArray(quantization) << QString::fromLatin1(stored);
    };
    row("fp8 blocks", R"({"quant_method": "fp8", "weight_block_size": [128, 128]})", "fp8-block - - - bf16 -");
    row("fp8", R"({"quant_method": "fp8", "weight_block_size": null, "modules_to_not_convert": ["lm_head"]})", "fp8 - - - bf16 -");
    row("fp8 but attention", R"({"quant_method": "fp8", "modules_to_not_convert": ["model.layers.0.self_attn", "model.layers.1.self_attn",
        "model.layers.2.self_attn", "model.layers.0.mlp.gate", "model.layers.0.input_layernorm"]})",
        "fp8 bf16 - - bf16 -");
    row("blocks of another size", R"({"quant_method": "fp8", "weight_block_size": [64, 64]})", "nothing");
    row("gpt-oss", R"({"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn"]})", "bf16 - - mxfp4 - -");
    row("int4 of the experts",
        R"({"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {"group_0": {"weights":
        {"num_bits": 4, "type": "int", "group_size": 32}}}, "ignore": ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*",
        "re:.*mlp\\.(gate|up|gate_up|down)_proj.*"]})",
        "bf16 - - int4-g32 - -");
    row("nvfp4 with an fp8 cache", R"({"quant_algo": "NVFP4", "config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "float",
        "group_size": 16}}}, "ignore": ["*.self_attn*"], "kv_cache_scheme": {"num_bits": 8, "type": "float"}})",
        "nvfp4 bf16 - - bf16 fp8");
    row("mixed precision",
        R"({"quant_algo": "MIXED_PRECISION", "quantized_layers": {"model.layers.0.self_attn.q_proj": {"quant_algo": "FP8"},
        "model.layers.1.self_attn.q_proj": {"quant_algo": "FP8"}, "model.layers.0.mlp.experts": {"quant_algo": "W4A16_NVFP4"}}})",
        "bf16 fp8 - nvfp4 - -");
    row("a format that is not known", R"({"quant_algo": "MIXED_PRECISION", "quantized_layers": {"model.layers.0.self_attn.q_proj":
        {"quant_algo": "MXFP8"}}})",
        "nothing");
    row("awq", R"({"quant_method": "awq", "bits": 4, "group_size": 128})", "int4 - - - bf16 -");
    row("awq of another group", R"({"quant_method": "awq", "bits": 4, "group_size": 64})", "nothing");
    row("not an object", "7", "bf16 - - - - -");
    row("of wrong types", R"({"quant_method": 4, "ignore": {"a": 1}, "config_groups": [1], "weight_block_size": "x"})", "nothing");
    row("hostile", R"({"quant_method": "fp8", "modules_to_not_convert": [1, null, ["model.layers.99999999999999999999.self_attn"], ""]})",
        "fp8 - - - bf16 -");
}

void TestHuggingFace::formats()
{
    QFETCH(QByteArray, quantization);
    QFETCH(QString, stored);
    // A mixture of 4 experts in 3 layers, with a shared MLP.
    const QByteArray base =
        with(with(with(with(with(with(kLlama, "model_type", "\"qwen2_moe\""), "num_experts", "4"), "num_experts_per_tok", "2"),
                       "moe_intermediate_size", "8"),
                  "shared_expert_intermediate_size", "16"),
             "torch_dtype", "\"bfloat16\"");
    const Result<ImportedModel> imported = import(with(base, "quantization_config", quantization));
    QVERIFY2(imported.ok(), qPrintable(sentence(imported)));
    const std::optional<StoredFormats>& formats = imported.value().model.nativeFormats;
    const auto name = [](const std::optional<NumberFormat>& format) {
        return format ? QString::fromUtf8(nameOf(*format).data(), static_cast<qsizetype>(nameOf(*format).size())) : QStringLiteral("-");
    };
    QString text = QStringLiteral("nothing");
    if (formats) {
        text = name(formats->weights);
        for (const std::optional<NumberFormat>& own : formats->own)
            text += QLatin1Char(' ') + name(own);
        text += QLatin1Char(' ') + name(formats->kv);
    } else {
        QVERIFY(joined(imported.value().ignored).contains(QStringLiteral("choose the weight format in the scenario")));
    }
    QCOMPARE(text, stored);
}

void TestHuggingFace::survivesTruncation()
{
    const QByteArray whole = bytesOf(kSource + QStringLiteral("/tests/data/huggingface/gpt-oss-20b.json"));
    const qsizetype end = whole.lastIndexOf('}');
    for (qsizetype length = 0; length <= end; ++length)
        QVERIFY2(!import(whole.left(length)).ok(), qPrintable(QString::number(length)));
    // Any one field taken away leaves a readable model or a sentence about a field.
    const QList<QByteArray> lines = whole.split('\n');
    for (qsizetype i = 1; i + 2 < lines.size(); ++i) {
        if (!lines[i].startsWith("  \""))
            continue;
        QList<QByteArray> fewer = lines;
        fewer.removeAt(i);
        const Result<ImportedModel> imported = import(fewer.join('\n'));
        QVERIFY(imported.ok() || sentence(imported).contains(QLatin1Char(':')));
    }
}

void TestHuggingFace::namesTheModel_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("id");
    QTest::newRow("directory") << "/models/My Model_7B/config.json" << kLlama << "My Model_7B"
                               << "my-model-7b";
    QTest::newRow("file") << "org__Model-1.5.json" << kLlama << "org__Model-1.5"
                          << "org-model-1.5";
    QTest::newRow("own name") << "config.json" << with(kLlama, "_name_or_path", "\"org/Tiny-1B\"") << "Tiny-1B"
                              << "tiny-1b";
    QTest::newRow("family") << "./config.json" << kLlama << "llama"
                            << "llama";
    QTest::newRow("nothing usable") << QStringLiteral("\u6a21\u578b.json") << kLlama << QStringLiteral("\u6a21\u578b") << "imported";
}

void TestHuggingFace::namesTheModel()
{
    QFETCH(QString, file);
    QFETCH(QByteArray, json);
    QFETCH(QString, name);
    QFETCH(QString, id);
    const Result<ImportedModel> imported = parseHuggingFaceConfig(json.toStdString(), file.toStdString());
    QVERIFY2(imported.ok(), qPrintable(sentence(imported)));
    QCOMPARE(QString::fromStdString(imported.value().model.name), name);
    QCOMPARE(QString::fromStdString(imported.value().model.id), id);
    QVERIFY(QString::fromStdString(imported.value().model.source.text).contains(file));
}

void TestHuggingFace::readsFiles()
{
    const std::filesystem::path directory(SHARDLENS_SOURCE_DIR "/tests/data/huggingface");
    const auto good = readHuggingFaceConfig(directory / "bloom.json");
    QVERIFY2(good.ok(), qPrintable(sentence(good)));
    QCOMPARE(qint64{countParameters(good.value().model).total}, qint64{176'247'271'424});
    QVERIFY(!readHuggingFaceConfig(directory).ok());
    QVERIFY(!readHuggingFaceConfig(directory / "absent.json").ok());
}

void TestHuggingFace::readsTheSharedConfigs()
{
    const QString directory = kSource + QStringLiteral("/../shared/data/hf_configs");
    if (!QDir(directory).exists())
        QSKIP("../shared/data/hf_configs is not here: real configs were not read");
    QHash<QString, Model> catalog;
    const QDir models(kSource + QStringLiteral("/resources/catalog/models"));
    for (const QString& file : models.entryList({QStringLiteral("*.json")}, QDir::Files)) {
        const Model model = catalogModel(file.left(file.size() - 5));
        catalog.insert(QString::fromStdString(model.huggingFaceId).replace(QLatin1Char('/'), QLatin1String("__")), model);
    }
    const std::array kBeyond{"compress_ratios", "sparse_attention_config", "blocksparse_block_size", "attn_res_block_size"};
    // Every import says how many parameters there are.
    const auto unexplained = [](const ImportedModel& imported) {
        return joined(imported.derived).contains(QStringLiteral("parameters = ")) ? QString() : QStringLiteral("no count");
    };
    int read = 0;
    int compared = 0;
    int refused = 0;
    QDirIterator files(directory, {QStringLiteral("*__*.json")}, QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        const QString path = files.next();
        const auto imported = readHuggingFaceConfig(path.toStdString());
        if (!imported.ok()) {
            ++refused;
            // Only what no field of a layer expresses, and by the name of the field that says so.
            const QString text = sentence(imported);
            const bool named =
                std::any_of(kBeyond.begin(), kBeyond.end(), [&text](const char* field) { return text.contains(QLatin1String(field)); });
            QVERIFY2(named, qPrintable(text));
            continue;
        }
        QVERIFY2(unexplained(imported.value()).isEmpty(), qPrintable(path));
        const Result<Model> again = parseModel(printModel(imported.value().model), "again");
        QVERIFY2(again.ok() && again.value() == imported.value().model, qPrintable(path));
        ++read;
        const auto place = catalog.constFind(files.fileInfo().completeBaseName());
        if (place == catalog.cend())
            continue;
        ++compared;
        QCOMPARE(qint64{countParameters(imported.value().model).total}, qint64{countParameters(*place).total});
        QVERIFY2(unrolled(imported.value().model) == unrolled(*place), qPrintable(path));
    }
    qInfo("%d configs read, %d of them equal to the catalog, %d refused", read, compared, refused);
    QVERIFY(read >= 121);
    QVERIFY(compared >= 70);
}

QTEST_APPLESS_MAIN(TestHuggingFace)
#include "tst_huggingface.moc"
