// SPDX-License-Identifier: Apache-2.0
// Every model of the catalog against counts made elsewhere, and the formulas against tensors counted by hand.
#include "core/model/parameters.h"
#include "core/scenario/model_json.h"

#include <QtTest>

#include <set>

using namespace shardlens;

namespace {

struct Expected {
    const char* id;
    std::int64_t total;
    std::int64_t active;
    bool published; ///< the published safetensors metadata count exactly `total`
};

// Totals: the safetensors metadata on Hugging Face where `published`; elsewhere the sum of the tensor shapes of the reference
// implementation, made independently of this program. Active: total less the routed experts a token does not visit.
// clang-format off
constexpr Expected kExpected[] = {
    {"llama-2-7b", 6'738'415'616, 6'738'415'616, false},
    {"llama-2-13b", 13'015'864'320, 13'015'864'320, false},
    {"llama-2-70b", 68'976'648'192, 68'976'648'192, false},
    {"llama-3-8b", 8'030'261'248, 8'030'261'248, true},
    {"llama-3-70b", 70'553'706'496, 70'553'706'496, true},
    {"llama-3.1-8b", 8'030'261'248, 8'030'261'248, true},
    {"llama-3.1-70b", 70'553'706'496, 70'553'706'496, true},
    {"llama-3.1-405b", 405'853'388'800, 405'853'388'800, true},
    {"llama-3.2-1b", 1'235'814'400, 1'235'814'400, true},
    {"llama-3.2-3b", 3'212'749'824, 3'212'749'824, true},
    {"llama-3.3-70b", 70'553'706'496, 70'553'706'496, true},
    {"llama-4-scout", 107'769'861'120, 17'172'894'720, false},
    {"llama-4-maverick", 400'711'848'960, 17'184'691'200, false},
    {"mistral-7b-v0.1", 7'241'732'096, 7'241'732'096, true},
    {"mistral-7b", 7'248'023'552, 7'248'023'552, true},
    {"mistral-large", 122'610'069'504, 122'610'069'504, false},
    {"mixtral-8x7b", 46'702'792'704, 12'879'925'248, true},
    {"mixtral-8x22b", 140'620'634'112, 39'152'031'744, false},
    {"qwen2.5-7b", 7'615'616'512, 7'615'616'512, true},
    {"qwen2.5-32b", 32'763'876'352, 32'763'876'352, true},
    {"qwen2.5-72b", 72'706'203'648, 72'706'203'648, true},
    {"qwen3-8b", 8'190'735'360, 8'190'735'360, true},
    {"qwen3-14b", 14'768'307'200, 14'768'307'200, true},
    {"qwen3-32b", 32'762'123'264, 32'762'123'264, false},
    {"qwen3-30b-a3b", 30'532'122'624, 3'353'032'704, true},
    {"qwen3-235b-a22b", 235'093'634'560, 22'190'763'520, true},
    {"deepseek-v2-lite", 15'706'484'224, 2'661'150'208, true},
    {"deepseek-v2", 235'741'434'880, 21'375'800'320, false},
    {"deepseek-v3", 671'026'419'200, 37'552'297'472, false},
    {"deepseek-r1", 671'026'419'200, 37'552'297'472, false},
    {"kimi-k2", 1'026'408'232'448, 32'861'500'928, false},
    {"kimi-k2.5", 1'026'408'232'448, 32'861'500'928, false},
    {"glm-4.5", 352'797'829'024, 33'632'266'144, false},
    {"gpt-oss-20b", 20'914'757'184, 4'187'440'704, false},
    {"gpt-oss-120b", 116'829'156'672, 5'711'982'912, false},
    {"minimax-m2", 228'689'764'864, 11'030'553'088, false},
    {"minimax-m2.5", 228'689'764'864, 11'030'553'088, false},
    {"gemma-2-27b", 27'227'128'320, 27'227'128'320, true},
    {"gemma-3-27b", 27'009'346'304, 27'009'346'304, false},
    {"phi-3-mini", 3'821'079'552, 3'821'079'552, true},
    {"phi-3-medium", 13'960'238'080, 13'960'238'080, true},
    {"phi-4", 14'659'507'200, 14'659'507'200, false},
    {"falcon-40b", 41'835'970'560, 41'835'970'560, true},
    {"falcon-180b", 179'522'565'120, 179'522'565'120, true},
    {"gpt-3", 174'604'259'328, 174'604'259'328, false},
    {"opt-66b", 65'719'701'504, 65'719'701'504, false},
    {"opt-175b", 174'604'468'224, 174'604'468'224, false},
    {"bloom", 176'247'271'424, 176'247'271'424, true},
    {"palm-8b", 8'632'012'800, 8'632'012'800, false},
    {"palm-62b", 62'495'662'080, 62'495'662'080, false},
    {"palm-540b", 540'356'474'880, 540'356'474'880, false},
    {"palm-540b-64-heads", 558'173'878'272, 558'173'878'272, false},
    {"mt-nlg-530b", 529'600'819'200, 529'600'819'200, false},
    {"command-r-plus", 103'810'674'688, 103'810'674'688, false},
    {"dbrx", 131'596'523'520, 36'469'708'800, false},
    {"grok-1", 315'684'820'992, 83'756'587'008, false},
    {"nemotron-4-340b", 341'029'195'776, 341'029'195'776, false},
    {"qwen3-next-80b-a3b", 79'674'391'296, 3'874'929'408, false},
    {"qwen3.5-397b-a17b", 396'346'350'336, 17'349'040'896, false},
    {"deepseek-v3.2", 671'877'944'064, 38'403'822'336, false},
    {"glm-5", 743'911'218'432, 41'784'728'832, false},
};

/// Published counts that hold more than the model: what the structure and the formats explain, and what is left.
struct Reconciled {
    const char* id;
    std::int64_t published; ///< safetensors metadata of the published weights
    std::int64_t prediction;
    std::int64_t copies; ///< of embedding and head
    std::int64_t scales;
    std::int64_t rest;
};
constexpr Reconciled kReconciled[] = {
    {"llama-2-7b", 6'738'417'664, 0, 0, 0, 2'048},
    {"mixtral-8x22b", 140'630'071'296, 0, 0, 0, 9'437'184},
    {"gpt-oss-20b", 21'511'953'984, 0, 0, 597'196'800, 0},
    {"gpt-oss-120b", 120'412'337'472, 0, 0, 3'583'180'800, 0},
    {"qwen3-next-80b-a3b", 81'324'862'720, 1'650'471'424, 0, 0, 0},
    {"qwen3.5-397b-a17b", 403'397'928'944, 6'595'568'128, 0, 0, 456'010'480},
    {"glm-5", 753'864'139'008, 9'952'920'576, 0, 0, 0},
    {"glm-4.5", 358'337'791'296, 3'988'069'792, 1'551'892'480, 0, 0},
    {"deepseek-v3", 684'531'386'000, 11'610'068'224, 1'853'358'080, 41'540'496, 0},
    {"deepseek-r1", 684'531'386'000, 11'610'068'224, 1'853'358'080, 41'540'496, 0},
    {"deepseek-v3.2", 685'396'921'376, 11'624'027'648, 1'853'358'080, 41'591'584, 0},
    {"kimi-k2", 1'026'470'731'056, 0, 0, 62'495'192, 3'416},
    {"kimi-k2.5", 1'058'589'420'528, 0, 0, 31'708'938'240, 472'249'840},
    {"minimax-m2", 228'703'644'928, 0, 0, 13'880'064, 0},
    {"minimax-m2.5", 228'703'644'928, 0, 0, 13'880'064, 0},
    {"gemma-3-27b", 27'432'406'640, 0, 0, 0, 423'060'336},
    {"llama-4-maverick", 401'583'781'376, 0, 0, 0, 871'932'416},
};
// clang-format on

QDir modelsDirectory()
{
    return QDir(QStringLiteral(SHARDLENS_SOURCE_DIR "/resources/catalog/models"));
}

std::string fileText(const QString& name)
{
    QFile file(modelsDirectory().filePath(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
}

Result<Model> catalogModel(const QString& id)
{
    const QString name = id + QStringLiteral(".json");
    return parseModel(fileText(name), name.toStdString());
}

QString sentence(const Result<Model>& result)
{
    return result.ok() ? QString() : QString::fromStdString(result.error().sentence());
}

} // namespace

class TestParameters : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void counts_data();
    void counts();
    void catalogFiles_data();
    void catalogFiles();
    void catalogIsWhole();
    void reconciles_data();
    void reconciles();
    void smallTensors();
    void bytesOfTheCaseStudy();
    void refusesBrokenModel_data();
    void refusesBrokenModel();
    void largestModelDoesNotOverflow();
    void comparesWithTheSharedTable();
};

void TestParameters::counts_data()
{
    QTest::addColumn<QString>("id");
    QTest::addColumn<qint64>("total");
    QTest::addColumn<qint64>("active");
    QTest::addColumn<bool>("published");
    for (const Expected& row : kExpected)
        QTest::newRow(row.id) << QString::fromLatin1(row.id) << qint64{row.total} << qint64{row.active} << row.published;
}

void TestParameters::counts()
{
    QFETCH(QString, id);
    QFETCH(qint64, total);
    QFETCH(qint64, active);
    QFETCH(bool, published);
    const Result<Model> model = catalogModel(id);
    QVERIFY2(model.ok(), qPrintable(sentence(model)));
    const ParameterCount count = countParameters(model.value());
    QCOMPARE(qint64{count.total}, total);
    QCOMPARE(qint64{count.active}, active);
    QCOMPARE(qint64{count.embedding + count.head + count.finalNorm + count.layers}, total);
    if (published) {
        QCOMPARE(qint64{model.value().publishedParameters}, total);
        QVERIFY(model.value().publishedExtras.empty());
    }
}

void TestParameters::catalogFiles_data()
{
    QTest::addColumn<QString>("file");
    for (const QString& file : modelsDirectory().entryList({QStringLiteral("*.json")}, QDir::Files))
        QTest::newRow(qPrintable(file)) << file;
}

void TestParameters::catalogFiles()
{
    QFETCH(QString, file);
    const std::string text = fileText(file);
    const Result<Model> read = parseModel(text, file.toStdString());
    QVERIFY2(read.ok(), qPrintable(sentence(read)));
    const Model& model = read.value();
    QCOMPARE(QString::fromStdString(model.id) + QStringLiteral(".json"), file);
    QCOMPARE(QString::fromStdString(model.id), QString::fromStdString(model.id).toLower());
    QVERIFY(model.source.text.size() > 20);
    // Reading and writing is the identity, and the files are written as the program writes them.
    QCOMPARE(QString::fromStdString(printModel(model)), QString::fromStdString(text));
    // A published count is explained to the unit, or the file says what the rest is.
    std::int64_t rest = model.publishedParameters;
    if (rest > 0) {
        rest -= countParameters(model).total;
        for (const PublishedExtra& extra : publishedExtras(model))
            rest -= extra.parameters;
        QVERIFY(rest >= 0);
    }
    QCOMPARE(rest != 0, !model.publishedExtras.empty());
}

void TestParameters::catalogIsWhole()
{
    std::set<QString> ids;
    std::set<std::string> huggingFaceIds;
    const QStringList files = modelsDirectory().entryList({QStringLiteral("*.json")}, QDir::Files);
    for (const QString& file : files) {
        const Result<Model> model = parseModel(fileText(file), file.toStdString());
        QVERIFY2(model.ok(), qPrintable(sentence(model)));
        QVERIFY(ids.insert(QString::fromStdString(model.value().id)).second);
        const std::string& huggingFaceId = model.value().huggingFaceId;
        if (!huggingFaceId.empty())
            QVERIFY2(huggingFaceIds.insert(huggingFaceId).second, huggingFaceId.c_str());
        for (const std::string& former : model.value().formerHuggingFaceIds)
            QVERIFY2(huggingFaceIds.insert(former).second, former.c_str());
    }
    for (const Expected& row : kExpected)
        QVERIFY2(ids.count(QString::fromLatin1(row.id)) == 1, row.id);
    QVERIFY(files.size() >= 80);
}

void TestParameters::reconciles_data()
{
    QTest::addColumn<int>("row");
    for (std::size_t i = 0; i < std::size(kReconciled); ++i)
        QTest::newRow(kReconciled[i].id) << static_cast<int>(i);
}

void TestParameters::reconciles()
{
    QFETCH(int, row);
    const Reconciled& expected = kReconciled[row];
    const Result<Model> read = catalogModel(QString::fromLatin1(expected.id));
    QVERIFY2(read.ok(), qPrintable(sentence(read)));
    const Model& model = read.value();
    QCOMPARE(qint64{model.publishedParameters}, qint64{expected.published});
    qint64 prediction = 0;
    qint64 copies = 0;
    qint64 scales = 0;
    for (const PublishedExtra& extra : publishedExtras(model)) {
        const QString name = QString::fromStdString(extra.name);
        (name.contains(QStringLiteral("prediction")) ? prediction
         : name.contains(QStringLiteral("copies"))   ? copies
                                                     : scales) += extra.parameters;
    }
    QCOMPARE(prediction, qint64{expected.prediction});
    QCOMPARE(prediction, qint64{countParameters(model).prediction});
    QCOMPARE(copies, qint64{expected.copies});
    QCOMPARE(scales, qint64{expected.scales});
    QCOMPARE(qint64{model.publishedParameters - countParameters(model).total} - prediction - copies - scales, qint64{expected.rest});
}

void TestParameters::smallTensors()
{
    Model model;
    model.hidden = 16;
    model.vocabulary = 100;
    model.normsPerLayer = 2;
    LayerKind kind;
    kind.attention.queryHeads = 4;
    kind.attention.kvHeads = 2;
    kind.attention.headDim = 8; // not hidden / heads
    kind.feedForward.matrices = 2;
    kind.feedForward.intermediate = 40;
    model.kinds = {kind};
    model.layers = {0, 0, 0};
    // q 16*32, kv 2*16*16, o 32*16, mlp 2*16*40, norms 2*16
    const std::int64_t plain = 512 + 512 + 512 + 1280 + 32;
    QCOMPARE(qint64{layerParameters(model, kind).total()}, qint64{plain});
    QCOMPARE(qint64{countParameters(model).total}, qint64{3 * plain + 2 * 1600 + 16});

    const auto added = [&model, &kind](auto change) {
        LayerKind changed = kind;
        change(changed);
        return qint64{layerParameters(model, changed).total() - layerParameters(model, kind).total()};
    };
    QCOMPARE(added([](LayerKind& k) { k.attention.qkvBias = true; }), qint64{32 + 16 + 16});
    QCOMPARE(added([](LayerKind& k) { k.attention.outputBias = true; }), qint64{16});
    QCOMPARE(added([](LayerKind& k) { k.attention.sinks = true; }), qint64{4});
    QCOMPARE(added([](LayerKind& k) { k.attention.queryKeyNorm = QueryKeyNorm::PerHead; }), qint64{16});
    QCOMPARE(added([](LayerKind& k) { k.attention.queryKeyNorm = QueryKeyNorm::Full; }), qint64{48});
    QCOMPARE(added([](LayerKind& k) { k.attention.window = 128; }), qint64{0});
    QCOMPARE(added([](LayerKind& k) { k.feedForward.bias = true; }), qint64{40 + 16});
    QCOMPARE(added([](LayerKind& k) { k.feedForward.matrices = 3; }), qint64{640});

    const auto addedToModel = [&model](auto change) {
        Model changed = model;
        change(changed);
        return qint64{countParameters(changed).total - countParameters(model).total};
    };
    QCOMPARE(addedToModel([](Model& m) { m.tiedEmbedding = true; }), qint64{-1600});
    QCOMPARE(addedToModel([](Model& m) { m.headBias = true; }), qint64{100});
    QCOMPARE(addedToModel([](Model& m) { m.learnedPositions = 50; }), qint64{800});
    QCOMPARE(addedToModel([](Model& m) { m.embeddingNorm = true; }), qint64{16});
    QCOMPARE(addedToModel([](Model& m) { m.norm = NormKind::Layer; }), qint64{16 * (3 * 2 + 1)});
    QCOMPARE(addedToModel([](Model& m) { m.norm = NormKind::LayerNoBias; }), qint64{0});
    QCOMPARE(addedToModel([](Model& m) { m.normsPerLayer = 4; }), qint64{16 * 3 * 2});

    // Experts: 5 of width 6, 2 per token, shared width 7 with a gate.
    Model sparse = model;
    FeedForward& f = sparse.kinds[0].feedForward;
    f = {.matrices = 3, .experts = 5, .topK = 2, .expertIntermediate = 6, .sharedIntermediate = 7, .sharedExpertGate = true};
    const LayerParameters layer = layerParameters(sparse, sparse.kinds[0]);
    QCOMPARE(qint64{layer.routed}, qint64{5 * 3 * 16 * 6});
    QCOMPARE(qint64{layer.shared}, qint64{3 * 16 * 7});
    QCOMPARE(qint64{layer.router}, qint64{16 * 5});
    QCOMPARE(qint64{layer.feedForwardSmall}, qint64{16});
    const ParameterCount count = countParameters(sparse);
    QCOMPARE(qint64{count.total - count.active}, qint64{3 * 3 * (3 * 16 * 6)});
}

void TestParameters::bytesOfTheCaseStudy()
{
    const Result<Model> model = catalogModel(QStringLiteral("llama-3-70b"));
    QVERIFY2(model.ok(), qPrintable(sentence(model)));
    QCOMPARE(qint64{countParameters(model.value()).total * 2}, qint64{141'107'412'992});
}

void TestParameters::refusesBrokenModel_data()
{
    QTest::addColumn<QByteArray>("replace");
    QTest::addColumn<QByteArray>("with");
    QTest::addColumn<QString>("mentions");
    const auto row = [](const char* replace, const char* with, const char* mentions) {
        QTest::newRow(with) << QByteArray(replace) << QByteArray(with) << QString::fromLatin1(mentions);
    };
    row("\"hidden\": 8192", "\"hidden\": -8192", "/hidden: found -8192");
    row("\"hidden\": 8192", "\"hidden\": 1e30", "/hidden: found 1e+30");
    row("\"hidden\": 8192,", "", "/hidden: this key is missing");
    row("\"hidden\": 8192", "\"hidden\": [8192]", "/hidden: found an array of 1");
    row("\"kv_heads\": 8", "\"kv_heads\": 7", "a divisor of the 64 query heads");
    row("\"kv_heads\": 8", "\"kv_heads\": 0", "/kinds/0/attention/kv_heads: found 0");
    row("\"kind\": \"grouped\"", "\"kind\": \"recurrent\"", "one of grouped, latent, linear or none");
    row("\"kind\": \"grouped\"", "\"kind\": \"linear\"", "/kinds/0/attention/mixer: this key is missing");
    row("\"kind\": \"grouped\"", "\"kind\": \"none\"", "/kinds/0/attention/");
    row("\"head_dim\": 128", "\"head_dim\": 128, \"value_head_dim\": -1", "/value_head_dim: found -1");
    row("\"head_dim\": 128", "\"head_dim\": 128, \"value_head_dim\": 64, \"key_is_value\": true", "where keys are values");
    row("\"head_dim\": 128", "\"head_dim\": 128, \"index\": {\"heads\": 2, \"head_dim\": 8}", "/index/top_k: this key is missing");
    row("\"head_dim\": 128", "\"head_dim\": 128, \"index\": {\"heads\": 0, \"head_dim\": 8, \"top_k\": 4}", "/index/heads: found 0");
    row("\"layers\": [", "\"prediction\": {\"layers\": 1, \"kind\": 1}, \"layers\": [", "/prediction/kind: found 1");
    row("\"layers\": [", "\"prediction\": {\"layers\": 65, \"kind\": 0}, \"layers\": [", "/prediction/layers: found 65");
    row("\"weights\": \"bf16\"", "\"weights\": \"int3\"", "/native_formats/weights: found \"int3\"");
    row("\"weights\": \"bf16\"", "\"kv\": \"fp8\"", "/native_formats/weights: this key is missing");
    row("\"matrices\": 3", "\"matrices\": 3, \"experts\": 8, \"top_k\": 4, \"expert_intermediate\": 1, \"groups\": 3",
        "a divisor of the 8 experts");
    row("\"matrices\": 3", "\"matrices\": 3, \"experts\": 8, \"top_k\": 4, \"expert_intermediate\": 1, \"groups\": 4, \"top_groups\": 1",
        "groups enough for the 4 experts");
    row("\"count\": 80", "\"count\": 1000000000", "/layers/0/count: found 1000000000");
    row("\"count\": 80", "\"count\": 1024}, {\"kind\": 0, \"count\": 1024", "at most 1,024 layers");
    row("\"kind\": 0", "\"kind\": 1", "/layers/0/kind: found 1");
    row("\"kind\": 0", "\"pattern\": []", "/layers/0/pattern: found an array of 0");
    row("\"matrices\": 3", "\"matrices\": 4", "/kinds/0/feed_forward/matrices: found 4");
    row("\"matrices\": 3", "\"matrices\": 3, \"experts\": 8, \"top_k\": 9, \"expert_intermediate\": 1", "top_k: found 9");
    row("\"matrices\": 3", "\"matrices\": 3, \"top_k\": 2", "top_k: found an unknown key");
    row("\"norm\": \"rms\"", "\"norm\": \"batch\"", "one of rms, layer or layer-no-bias");
    row("\"norm\": \"rms\"", "\"norm\": \"rms\", \"color\": 1", "/color: found an unknown key");
    row("\"head_dim\": 128", "\"head_dim\": 128, \"chunked\": true", "a window is needed");
    row("\"norm\": \"rms\"", "\"norm\": \"rms\", \"former_hugging_face_ids\": [1]", "/former_hugging_face_ids/0: found 1");
    row("\"id\": \"llama-3-70b\"", "\"id\": \"\"", "/id: found \"\"");
    row("\"name\": \"Llama-3-70B\"", "\"name\": \"\"", "/name: found \"\"");
    row("\"tied_embedding\": false", "\"tied_embedding\": 0", "true or false");
}

void TestParameters::refusesBrokenModel()
{
    QFETCH(QByteArray, replace);
    QFETCH(QByteArray, with);
    QFETCH(QString, mentions);
    QByteArray text = QByteArray::fromStdString(fileText(QStringLiteral("llama-3-70b.json")));
    QVERIFY2(text.contains(replace), replace.constData());
    text.replace(replace, with);
    const Result<Model> model = parseModel(text.toStdString(), "broken.json");
    QVERIFY(!model.ok());
    QVERIFY2(sentence(model).contains(mentions), qPrintable(sentence(model)));
    QVERIFY(sentence(model).startsWith(QLatin1String("broken.json: /")));
}

void TestParameters::largestModelDoesNotOverflow()
{
    using Limits = ModelLimits;
    Model model;
    model.hidden = Limits::hidden;
    model.vocabulary = Limits::vocabulary;
    model.normsPerLayer = Limits::normsPerLayer;
    LayerKind kind;
    kind.attention.queryHeads = Limits::heads;
    kind.attention.kvHeads = Limits::heads;
    kind.attention.headDim = Limits::headDim;
    kind.feedForward = {.matrices = 3,
                        .intermediate = Limits::intermediate,
                        .bias = true,
                        .experts = Limits::experts,
                        .topK = 1,
                        .expertIntermediate = Limits::expertIntermediate,
                        .sharedIntermediate = Limits::intermediate};
    model.prediction = {Limits::predictionLayers, 0, true};
    model.nativeFormats = StoredFormats{.weights = NumberFormat::Nvfp4, .own = {}, .kv = {}};
    model.kinds = {kind};
    model.layers.assign(Limits::layers, 0);
    const double routed = 1024.0 * 2048 * (3.0 * 65536 * 131072 + 2.0 * 131072 + 65536);
    const auto total = static_cast<double>(countParameters(model).total);
    QVERIFY(total > routed);
    QVERIFY(total < routed * 1.02);
    QVERIFY(total * 64 < 9.2e18); // bits of a 64-bit format still fit 64 bits
}

void TestParameters::comparesWithTheSharedTable()
{
    QFile table(QStringLiteral(SHARDLENS_SOURCE_DIR "/../shared/data/models.csv"));
    if (!table.open(QIODevice::ReadOnly))
        QSKIP("../shared/data/models.csv is not here: its rows were not compared");
    QHash<QString, qint64> totals;
    for (const QString& file : modelsDirectory().entryList({QStringLiteral("*.json")}, QDir::Files)) {
        const Result<Model> model = parseModel(fileText(file), file.toStdString());
        QVERIFY2(model.ok(), qPrintable(sentence(model)));
        totals.insert(QString::fromStdString(model.value().id), countParameters(model.value()).total);
        if (!model.value().huggingFaceId.empty())
            totals.insert(QString::fromStdString(model.value().huggingFaceId), countParameters(model.value()).total);
    }
    // Models that were never on Hugging Face.
    const QHash<QString, QString> catalogIds{
        {QStringLiteral("openai/gpt-3-175b"), QStringLiteral("gpt-3")},
        {QStringLiteral("facebook/opt-175b"), QStringLiteral("opt-175b")},
        {QStringLiteral("google/palm-8b"), QStringLiteral("palm-8b")},
        {QStringLiteral("google/palm-62b"), QStringLiteral("palm-62b")},
        {QStringLiteral("google/palm-540b"), QStringLiteral("palm-540b")},
        {QStringLiteral("google/palm-540b-64heads"), QStringLiteral("palm-540b-64-heads")},
        {QStringLiteral("nvidia/megatron-turing-nlg-530b"), QStringLiteral("mt-nlg-530b")},
    };
    int compared = 0;
    const QList<QByteArray> lines = table.readAll().split('\n');
    for (const QByteArray& line : lines.mid(1)) {
        const QString id = QString::fromUtf8(line.left(line.indexOf(',')));
        const auto place = totals.constFind(catalogIds.value(id, id));
        if (place == totals.cend())
            continue;
        QVERIFY2(line.contains(QByteArray(',' + QByteArray::number(*place) + ',')), qPrintable(id));
        ++compared;
    }
    QVERIFY2(compared >= 61, qPrintable(QString::number(compared)));
}

QTEST_APPLESS_MAIN(TestParameters)
#include "tst_parameters.moc"
