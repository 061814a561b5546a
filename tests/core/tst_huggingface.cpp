// SPDX-License-Identifier: Apache-2.0
// config.json of many families: each becomes the model of the catalog, layer by layer, or a sentence that names the field.
#include "core/model/parameters.h"
#include "core/scenario/model_json.h"
#include "core/scenario/scenario_file.h"

#include <QtTest>

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
    const Model expected = catalogModel(id);
    QVERIFY(expected.hidden > 0);
    QCOMPARE(qint64{countParameters(model).total}, qint64{countParameters(expected).total});
    QCOMPARE(qint64{countParameters(model).active}, qint64{countParameters(expected).active});
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
    QVERIFY(joined(deepSeek.value().ignored).contains(QStringLiteral("num_nextn_predict_layers = 1: multi-token")));
    QVERIFY(joined(deepSeek.value().ignored).contains(QStringLiteral("num_key_value_heads = 128: latent attention")));

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
    int read = 0;
    int compared = 0;
    int refused = 0;
    QDirIterator files(directory, {QStringLiteral("*__*.json")}, QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        const QString path = files.next();
        const auto imported = readHuggingFaceConfig(path.toStdString());
        if (!imported.ok()) {
            ++refused;
            QVERIFY2(sentence(imported).contains(QStringLiteral("model_type"))
                         || sentence(imported).contains(QStringLiteral("not valid JSON")),
                     qPrintable(sentence(imported)));
            continue;
        }
        ++read;
        const auto place = catalog.constFind(files.fileInfo().completeBaseName());
        if (place == catalog.cend())
            continue;
        ++compared;
        QCOMPARE(qint64{countParameters(imported.value().model).total}, qint64{countParameters(*place).total});
        QVERIFY2(unrolled(imported.value().model) == unrolled(*place), qPrintable(path));
    }
    qInfo("%d configs read, %d of them equal to the catalog, %d refused", read, compared, refused);
    QVERIFY(read >= 70);
    QVERIFY(compared >= 45);
}

QTEST_APPLESS_MAIN(TestHuggingFace)
#include "tst_huggingface.moc"
