// SPDX-License-Identifier: Apache-2.0
// `shardlens operators`: the same rows in every form, and refusals as sentences.
#include "app/cli/command_line.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/operatortable.h"
#include "tests/core/schema.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <sstream>

using namespace shardlens;

namespace {

cli::Answer run(const std::vector<std::string>& words)
{
    std::istringstream input;
    std::vector<std::string> all{"operators"};
    all.insert(all.end(), words.begin(), words.end());
    return std::get<cli::Answer>(cli::interpret(all, input));
}

std::size_t lines(const std::string& text)
{
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

class TestOperatorsCommand : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void textHasEveryOperatorAndTheSums()
    {
        const cli::Answer answer = run({"--tp", "8"});
        QCOMPARE(answer.status, cli::kAnswered);
        QVERIFY(answer.err.empty());
        for (const char* part : {"Llama-3-70B on", "Operator", "up/gate_proj", "lm_head", "prefill, 12 in all", "decode, 12 in all",
                                 "AllReduce", "rows at once to reach the bf16 roof"})
            QVERIFY2(answer.out.find(part) != std::string::npos, (std::string(part) + "\n" + answer.out).c_str());
    }

    void formsHoldTheSameRows()
    {
        const std::vector<std::string> asked{"--tp", "8", "--phase", "decode", "--filter", "proj bound:hbm", "--sort", "share"};
        const auto with = [&asked](const char* form) {
            std::vector<std::string> words = asked;
            words.emplace_back(form);
            return run(words);
        };
        const auto json = nlohmann::json::parse(with("--json").out);
        QCOMPARE(schemaProblemsOfText("operators.json", with("--json").out), std::string());
        QCOMPARE(json["rows"].size(), std::size_t{4});
        QCOMPARE(json["rows"][0]["name"].get<std::string>(), std::string("up/gate_proj"));
        QCOMPARE(lines(with("--csv").out), std::size_t{5});
        QCOMPARE(lines(with("--markdown").out), std::size_t{6});
        for (std::size_t i = 1; i < json["rows"].size(); ++i)
            QVERIFY(json["rows"][i - 1]["share"] >= json["rows"][i]["share"]);
        QVERIFY(run(asked).out.find("4 of 12 operators.") != std::string::npos);
        const std::string csv = with("--csv").out;
        QVERIFY2(csv.find("Time (s)") != std::string::npos && csv.find("\r\n") != std::string::npos, csv.c_str());
        // Sharding notation has commas: it is quoted.
        QVERIFY2(csv.find(",\"x[T, D] . W[D, F_TP8] -> h[T, F_TP8]\",") != std::string::npos, csv.c_str());
    }

    /// A draft step keeps to the schema: no share, no total, and no part in the sums; its time is said.
    void draftStepsFollow()
    {
        const std::vector<std::string> asked{"--model", "deepseek-v3", "--cluster", "hgx-h200", "--tp", "8", "--weights", "fp8-block"};
        const auto with = [&asked](std::initializer_list<const char*> more) {
            std::vector<std::string> words = asked;
            words.insert(words.end(), more.begin(), more.end());
            return run(words).out;
        };
        const std::string text = with({"--mtp", "load", "--json"});
        QCOMPARE(schemaProblemsOfText("operators.json", text), std::string());
        const auto json = nlohmann::json::parse(text);
        const auto plain = nlohmann::json::parse(with({"--json"}));
        int drafts = 0;
        for (const auto& row : json["rows"])
            if (row["kind"] == "draft") {
                QVERIFY(row["share"].is_null() && row["total_s"].is_null() && row["time_s"].is_number());
                ++drafts;
            }
        QVERIFY(drafts > 20);
        QCOMPARE(json["rows"].size(), plain["rows"].size() + static_cast<std::size_t>(drafts));
        QVERIFY(json["totals"] == plain["totals"]);
        QVERIFY(with({"--mtp", "load"}).find("A draft step of decode takes ") != std::string::npos);
        QVERIFY(with({}).find("A draft step") == std::string::npos);
    }

    void plansThatDoNotFitSaySo()
    {
        const std::string text = run({"--tp", "8", "--batch", "4096"}).out;
        QVERIFY2(text.find("Does not fit: needs ") != std::string::npos && text.find("; times as if it did.\n") != std::string::npos,
                 text.c_str());
        QVERIFY(run({"--tp", "8"}).out.find("Does not fit") == std::string::npos);
    }

    /// Stages are a column and a name of the sums where there is a pipeline, and what is beside the sums follows.
    void sumsNameTheirStage()
    {
        const std::vector<std::string> asked{"--tp", "1", "--pp", "8", "--batch", "64", "--microbatches", "8", "--phase", "decode"};
        const std::string text = run(asked).out;
        QVERIFY2(text.find("7 only") != std::string::npos && text.find("decode on stage ") != std::string::npos, text.c_str());
        QVERIFY2(text.find("operators of stage ") != std::string::npos, text.c_str());
        std::vector<std::string> words = asked;
        words.emplace_back("--json");
        const std::string printed = run(words).out;
        QCOMPARE(schemaProblemsOfText("operators.json", printed), std::string());
        const auto sums = nlohmann::json::parse(printed)["totals"]["decode"];
        const auto of = [&sums](const char* key) { return sums[key].get<double>(); };
        QVERIFY(std::abs((of("total_s") - of("uneven_pieces_s") + of("exposed_send_s") + of("bubble_s")) / of("phase_time_s") - 1) < 1e-8);
        QVERIFY(run({"--tp", "8"}).out.find("Stages") == std::string::npos);
    }

    void amountsMultiply()
    {
        const auto flop = [](const char* amounts) {
            const cli::Answer answer = run({"--tp", "8", "--phase", "decode", "--filter", "up/gate", "--amounts", amounts, "--json"});
            return nlohmann::json::parse(answer.out)["rows"][0]["flop"].get<double>();
        };
        QCOMPARE(flop("all"), 80 * flop("once"));
    }

    void refusalsAreSentences_data()
    {
        QTest::addColumn<QByteArray>("words");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("filter") << QByteArray("--filter bound:disk") << QByteArray("--filter: found disk");
        QTest::newRow("sort") << QByteArray("--sort speed") << QByteArray("--sort: found speed");
        QTest::newRow("forms") << QByteArray("--csv --json") << QByteArray("one of --csv, --markdown and --json");
        QTest::newRow("phase") << QByteArray("--phase both-of-them") << QByteArray("--phase");
        QTest::newRow("files") << QByteArray("a b") << QByteArray("at most one FILE");
        QTest::newRow("a flag of others") << QByteArray("--details") << QByteArray("--details");
    }

    void refusalsAreSentences()
    {
        QFETCH(const QByteArray, words);
        QFETCH(const QByteArray, says);
        std::vector<std::string> list;
        for (const QByteArray& word : words.split(' '))
            list.push_back(word.toStdString());
        const cli::Answer answer = run(list);
        QCOMPARE(answer.status, cli::kBadInput);
        QVERIFY(answer.out.empty());
        QVERIFY2(answer.err.find(says.constData()) != std::string::npos, answer.err.c_str());
        QCOMPARE(lines(answer.err), std::size_t{1});
    }

    void illegalPlansNameTheRule()
    {
        const cli::Answer answer = run({"--tp", "6"});
        QCOMPARE(answer.status, cli::kIllegalPlan);
        QVERIFY(answer.out.empty());
        QVERIFY(!answer.err.empty());
    }

    void helpListsItsFlags()
    {
        const cli::Answer answer = run({"--help"});
        QCOMPARE(answer.status, cli::kAnswered);
        for (const char* part : {"--csv", "--markdown", "--json", "--phase", "--filter", "--sort", "--amounts", "--model", "weight_bytes"})
            QVERIFY2(answer.out.find(part) != std::string::npos, part);
        // Every key that the help names is one.
        for (const OperatorColumnSpec& spec : operatorColumns())
            QVERIFY2(answer.out.find(spec.key) != std::string::npos, std::string(spec.key).c_str());
    }
};

QTEST_GUILESS_MAIN(TestOperatorsCommand)
#include "tst_operators_command.moc"
