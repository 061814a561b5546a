// SPDX-License-Identifier: Apache-2.0
// `shardlens shard`: answers as text and JSON, refusals as sentences; the notation it reads, with hostile texts.
#include "app/cli/command_line.h"
#include "core/sharding/notation.h"
#include "tests/core/schema.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <random>
#include <sstream>

using namespace shardlens;

namespace {

cli::Answer run(const std::vector<std::string>& words)
{
    std::istringstream input;
    std::vector<std::string> all{"shard"};
    all.insert(all.end(), words.begin(), words.end());
    return std::get<cli::Answer>(cli::interpret(all, input));
}

const std::vector<std::string> kExample{"A[I_X,J].B[J,K_Y]", "--mesh", "X=4,Y=2", "--shape", "I=1024,J=8192,K=8192", "--format", "bf16"};

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more)
{
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

Mesh mesh(const char* text)
{
    return parseMesh(text).value();
}

} // namespace

class TestShard : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void answersInBytesAndOnACluster()
    {
        const cli::Answer plain = run(kExample);
        QCOMPARE(plain.status, cli::kAnswered);
        for (const char* part : {"A[I_X, J] . B[J, K_Y]\n", "mesh X=4, Y=2: 8 devices, bf16", "case 1: no contracted dimension is split",
                                 "256 x 8,192", "8,192 x 4,096", "Way 1 of 1: C[I_X, K_Y], sends 0 B"})
            QVERIFY2(plain.out.find(part) != std::string::npos, (std::string(part) + "\n" + plain.out).c_str());
        // 2 x 256 x 8192 x 4096 FLOP at 989 TFLOP/s: 17.4 us; it touches 4 + 64 + 2 MiB at 3.35 TB/s: 21.9 us. The longer counts.
        const cli::Answer onCluster = run(with(kExample, {"--cluster", "p5.48xlarge", "--json"}));
        const auto json = nlohmann::json::parse(onCluster.out);
        const double seconds = json["ways"][0]["time_s"];
        QVERIFY2(std::abs(seconds / (70.0 * 1024 * 1024 / 3.35e12) - 1) < 0.01, QByteArray::number(seconds).constData());
        QCOMPARE(json["ways"][0]["flop_per_device"].get<double>(), 2.0 * 256 * 8192 * 4096);
        QCOMPARE(json["ways"][0]["communication_s"].get<double>(), 0.0);
    }

    void jsonKeepsItsSchema_data()
    {
        QTest::addColumn<QByteArray>("text");
        for (const char* text : {"A[I_X,J].B[J,K_Y]", "A[I,J_X].B[J_X,K]", "A[I_X,J] * B[J,K_X]", "A[I_XY,J]->A[I,J_XY]",
                                 "A[I,J]{U_X} . B[J,K] -> C[I_X,K]", "A[I,J_Y] @ B[J_X,K]"})
            QTest::newRow(text) << QByteArray(text);
    }
    void jsonKeepsItsSchema()
    {
        QFETCH(const QByteArray, text);
        const std::string shape = text.contains('K') ? "I=100,J=64,K=32" : "I=100,J=64";
        for (const bool cluster : {false, true}) {
            std::vector<std::string> words{text.toStdString(), "--mesh", "X=4,Y=2", "--shape", shape, "--json"};
            if (cluster)
                words = with(words, {"--cluster", "tpu-v5e-4x2"});
            const cli::Answer answer = run(words);
            QVERIFY2(answer.status == cli::kAnswered, answer.err.c_str());
            const std::string problems = schemaProblemsOfText("shard.json", answer.out);
            QVERIFY2(problems.empty(), problems.c_str());
            const auto ways = nlohmann::json::parse(answer.out)["ways"];
            const char* order = cluster ? "time_s" : "sent_bytes";
            for (std::size_t i = 1; i < ways.size(); ++i)
                QVERIFY(ways[i - 1]["summed"] == ways[i]["summed"] ? ways[i - 1][order] <= ways[i][order]
                                                                   : ways[i - 1]["summed"].get<bool>());
        }
    }

    void collectivesCostWhatTheyCostElsewhere()
    {
        // 34 MB gathered over a ring of four, 9e10 B/s both ways: 377 us (JAX scaling book, chapter Sharding, the AllGather quiz). On a real
        // slice of eight chips the same bytes over X = 4 are the cost of that group in the mesh's order.
        const cli::Answer answer = run({"A[E_X, F] -> A[E, F]", "--mesh", "X=4", "--shape", "E=2048,F=8192", "--json"});
        const auto json = nlohmann::json::parse(answer.out);
        QCOMPARE(json["ways"][0]["steps"][0]["payload_bytes"].get<double>(), 33554432.0);
        QCOMPARE(json["ways"][0]["sent_bytes"].get<double>(), 33554432.0 * 3 / 4);
    }

    void paddingIsSentToo_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("mesh");
        QTest::addColumn<QByteArray>("shape");
        QTest::addColumn<QByteArray>("format");
        QTest::addColumn<double>("payload");
        QTest::addColumn<double>("sent");
        const auto row = [](const char* name, const char* text, const char* on, const char* shape, const char* format, double payload,
                            double sent) {
            QTest::newRow(name) << QByteArray(text) << QByteArray(on) << QByteArray(shape) << QByteArray(format) << payload << sent;
        };
        // Blocks of ceil(9 / 8) x 8 x 2 B = 32 B: to gather eight of them each device sends seven.
        // Columns too few to be split instead.
        row("gather", "A[I_X, J] -> A[I, J]", "X=8", "I=9,J=1", "bf16", 8 * 4, 7 * 4);
        row("scatter", "A[I, J]{U_X} -> A[I_X, J]", "X=8", "I=9,J=1", "bf16", 8 * 4, 7 * 4);
        row("gather of three", "A[I_X, J] -> A[I, J]", "X=3", "I=8,J=8", "bf16", 3 * 48, 2 * 48);
        // 2 x 9 elements in eight pieces of ceil(9 / 8) rows and ceil(9 / 8) columns.
        row("all to all", "A[I_X, J] -> A[I, J_X]", "X=8", "I=9,J=9", "bf16", 8 * 2 * 2 * 2, 7 * 2 * 2 * 2);
        // Five elements of half a byte take three bytes on each device, and their scale two.
        row("int4", "A[I_X] -> A[I]", "X=4", "I=20", "int4", 4 * 5, 3 * 5);
        // What is held is cut into pieces of ceil(20 B / 8) for the ring.
        row("all reduce", "A[I]{U_X} -> A[I]", "X=8", "I=10", "bf16", 20, 2 * 7 * 3);
    }
    void paddingIsSentToo()
    {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArray, mesh);
        QFETCH(const QByteArray, shape);
        QFETCH(const QByteArray, format);
        QFETCH(const double, payload);
        QFETCH(const double, sent);
        const cli::Answer answer = run(
            {text.toStdString(), "--mesh", mesh.toStdString(), "--shape", shape.toStdString(), "--format", format.toStdString(), "--json"});
        const auto json = nlohmann::json::parse(answer.out);
        QCOMPARE(json["ways"][0]["steps"].size(), std::size_t{1});
        QCOMPARE(json["ways"][0]["steps"][0]["payload_bytes"].get<double>(), payload);
        QCOMPARE(json["ways"][0]["sent_bytes"].get<double>(), sent);
    }

    void partialSumsAreMarked()
    {
        const std::vector<std::string> words{"A[I,J_X].B[J_X,K]", "--mesh", "X=4", "--shape", "I=64,J=64,K=64"};
        const std::string out = run(words).out;
        QVERIFY2(out.find("C[I, K] {U_X}, not yet summed, sends 0 B") != std::string::npos, out.c_str());
        const auto answer = nlohmann::json::parse(run(with(words, {"--json"})).out);
        for (const auto& way : answer["ways"])
            QCOMPARE(way["summed"].get<bool>(), way["result"]["unreduced"].empty());
        QVERIFY(answer["ways"].front()["summed"].get<bool>()); // cheaper, but no product yet: it comes last
        QVERIFY(!answer["ways"].back()["summed"].get<bool>());
    }

    void reshardingNeedsNoArithmetic()
    {
        // A V100 has no bf16 arithmetic, and moves such numbers all the same.
        const std::vector<std::string> words{"A[I_X, J] -> A[I, J]", "--mesh", "X=8", "--shape", "I=8,J=8", "--cluster", "dgx-1-v100"};
        const cli::Answer answer = run(words);
        QVERIFY2(answer.status == cli::kAnswered, answer.err.c_str());
        QVERIFY(answer.out.find("arithmetic") == std::string::npos);
        QVERIFY(nlohmann::json::parse(run(with(words, {"--json"})).out)["compute"].is_null());
    }

    void refusals_data()
    {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<QString>("sentence");
        const auto row = [](const char* name, const QStringList& words, const char* sentence) {
            QTest::newRow(name) << words << QString::fromUtf8(sentence);
        };
        const QString product = QStringLiteral("A[I_X,J].B[J,K]");
        const auto words = [](const QString& text, const char* on, const char* shape) {
            return QStringList{text, QStringLiteral("--mesh"), QString::fromLatin1(on), QStringLiteral("--shape"),
                               QString::fromLatin1(shape)};
        };
        row("nothing", {}, "shardlens shard: found 0 texts; takes one product, such as \"A[I_X,J].B[J,K_Y]\"");
        row("no mesh", {product}, "shardlens shard: needs --mesh, such as --mesh X=4,Y=2");
        row("no shape", {product, QStringLiteral("--mesh=X=4")}, "shardlens shard: needs --shape, such as --shape I=1024,J=8192,K=8192");
        row("no size", words(product, "X=4", "I=8,J=8"), "--shape: found no size of K; give every dimension a size, such as K=1024");
        row("size of nothing", words(product, "X=4", "I=8,J=8,K=8,L=8"), "--shape: found L; no array has this dimension");
        row("size 0", words(product, "X=4", "I=8,J=0,K=8"),
            "--shape: found J=0; allowed is NAME=SIZE, ..., such as I=1024,J=8192, with sizes from 1 to 1,099,511,627,776");
        row("mesh twice", words(product, "X=4,X=2", "I=8,J=8,K=8"), "--mesh: found X twice; give each size once");
        row("mesh too large", words(product, "X=4096,Y=4096", "I=8,J=8,K=8"),
            "--mesh: found Y=4096; allowed are sizes from 1 that multiply to at most 1,048,576 devices");
        row("unknown axis", words(product, "Y=4", "I=8,J=8,K=8"), "shardlens shard: column 5: found X; allowed is names of mesh axes: Y");
        row("axis twice", words(QStringLiteral("A[I_X,J_X].B[J,K]"), "X=4", "I=8,J=8,K=8"),
            "shardlens shard: column 9: found X; allowed is each mesh axis once in an array; X is used already");
        row("ambiguous", words(QStringLiteral("A[I_XY,J].B[J,K]"), "X=2,Y=2,XY=2", "I=8,J=8,K=8"),
            "shardlens shard: column 5: found XY; allowed is one of the readings {XY} and {X,Y}, in braces");
        row("no bracket", words(QStringLiteral("A(I)"), "X=4", "I=8"),
            "shardlens shard: column 2: found (; allowed is [ and the array's dimensions");
        row("cut off", words(QStringLiteral("A[I_X, J] ."), "X=4", "I=8,J=8"),
            "shardlens shard: column 12: found the end; allowed is an array such as A[I_X, J] (a letter, then letters and digits, at most "
            "32)");
        row("too much", words(product + QStringLiteral(" -> C[I,K] x"), "X=4", "I=8,J=8,K=8"),
            "shardlens shard: column 27: found x; allowed is nothing after the result");
        row("unknown cluster", words(product, "X=4", "I=8,J=8,K=8") + QStringList{QStringLiteral("--cluster"), QStringLiteral("zzzzzz")},
            "--cluster: found zzzzzz; allowed is a cluster of the catalog; see shardlens catalog clusters");
        row("larger than the cluster",
            words(product, "X=16", "I=8,J=8,K=8") + QStringList{QStringLiteral("--cluster"), QStringLiteral("p5.48xlarge")},
            "--mesh: found 16 devices; p5.48xlarge (8x H100) has 8");
        row("arithmetic alone", words(product, "X=4", "I=8,J=8,K=8") + QStringList{QStringLiteral("--compute"), QStringLiteral("fp8")},
            "--compute: says nothing without --cluster");
        row("arithmetic of a move",
            words(QStringLiteral("A[I_X,J] -> A[I,J]"), "X=4", "I=8,J=8")
                + QStringList{QStringLiteral("--cluster"), QStringLiteral("p5.48xlarge"), QStringLiteral("--compute"),
                              QStringLiteral("fp8")},
            "--compute: says nothing for one array that moves: only a product of two has arithmetic");
        row("no such arithmetic",
            words(product, "X=4", "I=8,J=8,K=8") + QStringList{QStringLiteral("--cluster"), QStringLiteral("dgx-1-v100")},
            "--compute: found bf16; NVIDIA V100 SXM2 32GB has fp32, fp16, int8; choose with --compute fp16");
    }
    void refusals()
    {
        QFETCH(const QStringList, words);
        QFETCH(const QString, sentence);
        std::vector<std::string> list;
        for (const QString& word : words)
            list.push_back(word.toStdString());
        const cli::Answer answer = run(list);
        QCOMPARE(answer.status, cli::kBadInput);
        QVERIFY(answer.out.empty());
        if (QByteArray(QTest::currentDataTag()) == "larger than the cluster")
            QVERIFY2(answer.err.starts_with("--mesh: found 16 devices; ") && answer.err.ends_with(" has 8\n"), answer.err.c_str());
        else
            QCOMPARE(QString::fromStdString(answer.err), sentence + QLatin1Char('\n'));
    }

    void readsLiberally_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("canonical");
        const auto row = [](const char* text, const char* canonical) { QTest::newRow(text) << QByteArray(text) << QByteArray(canonical); };
        const char* product = "A[I_X, J] . B[J_X, K] -> C[I, K] {U_X}";
        row("A[I_X,J].B[J_X,K]->C[I,K]{U_X}", product);
        row(" A [ I_X , J ]  *  B[J_X,K] \xe2\x86\x92 C[I,K] { U_X } ", product);
        row("A[I_X,J]\xc2\xb7"
            "B[J_X,K] -> C[I,K] {U_{X}}",
            product);
        row("A[I_X,J] @ B[J_{X},K] -> C[I,K] {U_X}", product);
        row("A[I_X4, J] \xe2\x8b\x85 B[J_X,K] -> C[I,K] {U_X}", product);
        row("A[I_XY, T'_TP]", "A[I_XY, T'_TP]");
        row("A[I_{X,Y}]", "A[I_XY]");
        row("A[I_{TP SP}]", "A[I_{TP,SP}]");
        row("A[I] {U_X, U_Y}", "A[I] {U_XY}");
        row("A[I] {U_YX}", "A[I] {U_XY}");
        row("A[]", "A[]");
    }
    void readsLiberally()
    {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArray, canonical);
        const Mesh on = mesh("X=4,Y=2,TP=8,SP=2");
        const Result<ShardingExpression> parsed = parseSharding(text.constData(), on);
        QVERIFY2(parsed.ok(), parsed.ok() ? "" : parsed.error().sentence().c_str());
        QCOMPARE(QByteArray::fromStdString(printSharding(parsed.value(), on)), canonical);
    }

    void printedIsReadBack()
    {
        // 5,000 random products on meshes whose names are easy and hard to tell apart; with and without sizes.
        std::mt19937_64 random(7);
        const auto below = [&random](int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); };
        const std::vector<std::vector<const char*>> names{
            {"X", "Y", "Z"}, {"TP", "SP", "ADP", "EP"}, {"X", "XY", "Y"}, {"a", "aa", "aaa", "b"}, {"X", "X1", "X12", "Y2"}};
        int braces = 0;
        for (int round = 0; round < 5000; ++round) {
            std::vector<NamedAxis> axes;
            for (const char* name : names[static_cast<std::size_t>(below(static_cast<int>(names.size())))])
                axes.push_back({name, 1 + below(12)});
            const Mesh on = Mesh::make(axes).value();
            const auto array = [&](const char* name) {
                ShardedArray a;
                a.name = name;
                for (int i = 0, n = below(4); i < n; ++i)
                    a.dims.push_back({std::string(1, static_cast<char>('I' + i)) + (below(3) == 0 ? "'" : ""), 0, {}});
                std::vector<int> order;
                for (int axis = 0; axis < on.axisCount(); ++axis)
                    order.push_back(axis);
                std::shuffle(order.begin(), order.end(), random);
                for (const int axis : order)
                    if (const int roll = below(4); roll == 0)
                        a.unreduced.push_back(axis);
                    else if (roll < 3 && !a.dims.empty())
                        a.dims[static_cast<std::size_t>(below(static_cast<int>(a.dims.size())))].axes.push_back(axis);
                std::sort(a.unreduced.begin(), a.unreduced.end());
                return a;
            };
            ShardingExpression e{array("A"), std::nullopt, std::nullopt};
            if (below(3) > 0)
                e.right = array("B2");
            if (below(2) == 0)
                e.result = array("C'");
            for (const AxisSizes sizes : {AxisSizes::Hidden, AxisSizes::Shown}) {
                const std::string text = printSharding(e, on, sizes);
                braces += text.find("_{") != std::string::npos ? 1 : 0;
                const Result<ShardingExpression> back = parseSharding(text, on);
                QVERIFY2(back.ok(), (text + ": " + (back.ok() ? "" : back.error().sentence())).c_str());
                QVERIFY2(back.value() == e, text.c_str());
                QCOMPARE(printSharding(back.value(), on, sizes), text);
            }
        }
        QVERIFY(braces > 500);
    }

    void hostileTextsAreRefused()
    {
        const Mesh on = mesh("X=4,Y=2");
        QVERIFY(!parseSharding(std::string(100'000, '['), on).ok());
        QVERIFY(!parseSharding("A[" + std::string(4000, 'I') + "]", on).ok());
        QVERIFY(!parseSharding("A[I_" + std::string(4000, 'X') + "]", on).ok());
        QVERIFY(!parseSharding("A[I_" + std::string(2000, '{'), on).ok());
        QVERIFY(!parseSharding(std::string("A[I\0J]", 6), on).ok());
        QVERIFY(!parseSharding("A[\xc3\x84]", on).ok());
        QVERIFY(!parseSharding("A[I]\xff\xfe", on).ok());
        QVERIFY(!parseSharding("", on).ok());
        QVERIFY(!parseMesh("X=99999999999999999999").ok());
        QVERIFY(!parseMesh("X=-4").ok());
        QVERIFY(!parseMesh("X=4,,Y=2").ok());
        QVERIFY(!parseMesh("X=4,").ok());
        QVERIFY(!parseMesh("=4").ok());
        QVERIFY(parseMesh("").value().devices() == 1);
        const Result<std::vector<NamedSize>> large = parseShape("I=1099511627776,J=1099511627776");
        QVERIFY(!withShape(parseSharding("A[I,J]", on).value(), large.value(), on).ok());
        // Random texts from the letters of the notation: an answer or a sentence with a column, never more.
        std::mt19937_64 random(8);
        static constexpr std::string_view kLetters = "ABIJKXYU_[]{},.->*@ 4\xc2\xb7'";
        int read = 0;
        for (int round = 0; round < 50'000; ++round) {
            std::string text = round % 2 == 0 ? "A[I_X,J].B[J,K_Y]->C[I,K]{U_X}" : "";
            for (std::uint64_t i = 0, n = 1 + random() % 6; i < n; ++i)
                text.insert(random() % (text.size() + 1), 1, kLetters[random() % kLetters.size()]);
            const Result<ShardingExpression> parsed = parseSharding(text, on);
            if (parsed.ok())
                ++read;
            else
                QVERIFY2(parsed.error().path.starts_with("column "), parsed.error().sentence().c_str());
        }
        QVERIFY(read > 100);
    }
};

QTEST_APPLESS_MAIN(TestShard)
#include "tst_shard.moc"
