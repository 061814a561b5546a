// SPDX-License-Identifier: Apache-2.0
// `shardlens validate`: its three forms of answer, groups, refusals, and that what was measured is never used to predict.
#include "app/cli/command_line.h"
#include "tests/core/schema.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <sstream>

using namespace shardlens;

namespace {

const std::string kTable =
    "row,model,system,precision,backend,isl,osl,concurrency,gpus,attn_tp,ttft_ms,tpot_ms,out_tok_s_gpu,ttft_flag,mine\n"
    "A,llama-3.1-8b,h100_sxm,bf16,vllm,1024,128,8,1,1,100,10,90.5,ok,1\n"
    "B,llama-3.1-70b,h200_sxm,fp8,trtllm,1024,128,16,4,4,150,12,80,queued,2\n"
    "\"C,3\",nobody,h100_sxm,bf16,vllm,1024,128,8,1,1,100,10,90,ok,3\n"
    "D,deepseek-r1,b200_sxm,fp4,sglang,8192,1024,64,8,8,,20,,,4\n";

cli::Answer run(const std::vector<std::string>& words, const std::string& text = kTable)
{
    std::istringstream input(text);
    std::vector<std::string> all{"validate"};
    all.insert(all.end(), words.begin(), words.end());
    return std::get<cli::Answer>(cli::interpret(all, input));
}

std::vector<std::string> linesOf(const std::string& text)
{
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

QList<QByteArray> fields(const std::string& line)
{
    return QByteArray::fromStdString(line).split(',');
}

} // namespace

class TestValidate : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void csvHasALineForEachRow()
    {
        const cli::Answer answer = run({"-", "--csv", "--mode", "roofline"});
        QCOMPARE(answer.status, cli::kAnswered);
        const std::vector<std::string> lines = linesOf(answer.out);
        QCOMPARE(lines.size(), std::size_t{5});
        QCOMPARE(lines[0], std::string("row,status,pred_ttft_ms,pred_ttft_lo,pred_ttft_hi,pred_tpot_ms,pred_tpot_lo,pred_tpot_hi,"
                                       "pred_out_tok_s_gpu,pred_out_lo,pred_out_hi"));
        for (const std::size_t i : {1, 2, 4}) {
            const QList<QByteArray> values = fields(lines[i]);
            QCOMPARE(values.size(), 11);
            QCOMPARE(values[1], QByteArray("ok"));
            const double ttft = values[2].toDouble() / 1e3;
            const double tpot = values[5].toDouble() / 1e3;
            QVERIFY(ttft > 0 && tpot > 0);
            if (i == 1)
                QVERIFY(std::abs(values[8].toDouble() / (8 * 128 / (ttft + tpot * 127)) - 1) < 1e-6);
        }
        QVERIFY2(lines[3].rfind("\"C,3\",unknown model 'nobody'", 0) == 0 && lines[3].ends_with(",,,,,,,,,"), lines[3].c_str());
        QVERIFY2(answer.err.find("unknown model 'nobody'") != std::string::npos && answer.err.find("(1 row)") != std::string::npos,
                 answer.err.c_str());
    }
    void whatWasMeasuredPlaysNoPart()
    {
        // Other outcomes, or no such columns at all: the same predictions, byte by byte.
        std::string other = kTable;
        for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
                 {",100,10,90.5,ok", ",1,1,1,queued"}, {",150,12,80,queued", ",9e4,77,5e4,ok"}, {",,20,,,4", ",5,9,3,ok,4"}}) {
            QVERIFY(other.find(from) != std::string::npos);
            other.replace(other.find(from), from.size(), to);
        }
        const std::string without = "row,model,system,precision,backend,isl,osl,concurrency,gpus,attn_tp\n"
                                    "A,llama-3.1-8b,h100_sxm,bf16,vllm,1024,128,8,1,1\n"
                                    "B,llama-3.1-70b,h200_sxm,fp8,trtllm,1024,128,16,4,4\n"
                                    "\"C,3\",nobody,h100_sxm,bf16,vllm,1024,128,8,1,1\n"
                                    "D,deepseek-r1,b200_sxm,fp4,sglang,8192,1024,64,8,8\n";
        const std::string out = run({"-", "--csv"}).out;
        QCOMPARE(run({"-", "--csv"}, other).out, out);
        QCOMPARE(run({"-", "--csv"}, without).out, out);
    }
    void jsonFitsItsSchema()
    {
        for (const std::vector<std::string>& words :
             std::vector<std::vector<std::string>>{{"-", "--json"}, {"-", "--json", "--by", "model,engine"}}) {
            const cli::Answer answer = run(words);
            QCOMPARE(answer.status, cli::kAnswered);
            const std::string problems = schemaProblemsOfText("validation.json", answer.out);
            QVERIFY2(problems.empty(), (problems + answer.out).c_str());
        }
        const auto json = nlohmann::json::parse(run({"-", "--json", "--by", "model,engine"}).out);
        QCOMPARE(json["kind"].get<std::string>(), std::string("aggregated"));
        QCOMPARE(json["all"]["rows"].get<int>(), 4);
        QCOMPARE(json["all"]["predicted"].get<int>(), 3);
        QCOMPARE(json["all"]["ttft"]["count"].get<int>(), 1); // B is queued, C unknown, D not measured
        QCOMPARE(json["all"]["tpot"]["count"].get<int>(), 3);
        QCOMPARE(json["groups"].size(), std::size_t{4});
        QCOMPARE(json["groups"][0]["group"]["model"].get<std::string>(), std::string("deepseek-r1"));
        QCOMPARE(json["groups"][0]["group"]["engine"].get<std::string>(), std::string("sglang"));
        QCOMPARE(json["not_predicted"][0]["rows"].get<int>(), 1);
        QCOMPARE(json["ignored_columns"], nlohmann::json::array({"mine"}));
        // By hand from the lines of --csv: the mean of |predicted / measured - 1| of TPOT.
        const std::vector<std::string> lines = linesOf(run({"-", "--csv"}).out);
        double sum = 0;
        for (const auto& [line, measured] : {std::pair{1, 10.0}, {2, 12.0}, {4, 20.0}})
            sum += std::abs(fields(lines[static_cast<std::size_t>(line)])[5].toDouble() / measured - 1);
        QVERIFY(std::abs(json["all"]["tpot"]["mean_absolute_error"].get<double>() - sum / 3) < 1e-6);
    }
    void textSumsUp()
    {
        const cli::Answer answer = run({"-", "--by", "system"});
        for (const char* part :
             {"group", "hgx-h100", "hgx-b200", "TPOT", "mean error", "bias", "in 80 % interval", "Columns not read: mine"})
            QVERIFY2(answer.out.find(part) != std::string::npos, (std::string(part) + "\n" + answer.out).c_str());
    }
    void refusals()
    {
        const auto told = [](const std::vector<std::string>& words, const std::string& text = kTable) {
            const cli::Answer answer = run(words, text);
            return (answer.status == cli::kBadInput && answer.out.empty() ? "" : "not refused: ") + answer.err;
        };
        QVERIFY(told({}).rfind("shardlens validate: ", 0) == 0);
        QVERIFY(told({"a.csv", "b.csv"}).rfind("shardlens validate: found 2 files", 0) == 0);
        QVERIFY(told({"-", "--csv", "--json"}).find("found --json and --csv") != std::string::npos);
        QVERIFY(told({"-", "--by", "colour"}).rfind("--by: found colour; allowed are model, system, engine", 0) == 0);
        QVERIFY(told({"-", "--by", "model,model"}).rfind("--by: found model; each is allowed once", 0) == 0);
        QVERIFY(told({"-", "--by", ""}).rfind("--by", 0) == 0);
        QVERIFY(told({"/nowhere/x.csv"}).rfind("/nowhere/x.csv: ", 0) == 0);
        QVERIFY(told({"-"}, "").rfind("standard input: found no line", 0) == 0);
        QVERIFY(told({"-"}, "a,b\n1,2\n").find("columns model, system, isl, osl, concurrency") != std::string::npos);
        QVERIFY(told({"-", "--mode", "magic"}).rfind("--mode", 0) == 0);
    }
    void badRowsAreSaidAndTheRestPredicted()
    {
        const cli::Answer answer = run(
            {"-", "--csv"}, "model,system,isl,osl,concurrency,attn_tp\nllama-3.1-8b,h100,1024,128,8,1\nllama-3.1-8b,h100,NaN,128,8,1\n");
        QCOMPARE(answer.status, cli::kBadInput);
        const std::vector<std::string> lines = linesOf(answer.out);
        QVERIFY(lines[1].rfind("2,ok,", 0) == 0); // without a column of rows the line is its name
        QVERIFY2(lines[2].rfind("3,\"standard input: line 3, isl: found \"\"NaN\"\"", 0) == 0, lines[2].c_str());
        QVERIFY(answer.err.find("line 3, isl: found \"NaN\"; allowed is a whole number from 1 to 10,000,000") != std::string::npos);
    }
    void manyReasonsAreCounted()
    {
        std::string text = "model,system,isl,osl,concurrency,attn_tp\n";
        for (int i = 0; i < 50; ++i)
            text += "unknown" + std::to_string(i) + ",h100,1024,128,8,1\n";
        const cli::Answer answer = run({"-"}, text);
        QCOMPARE(answer.status, cli::kAnswered);
        QCOMPARE(linesOf(answer.err).size(), std::size_t{21});
        QVERIFY(answer.err.find("and 30 further reasons") != std::string::npos);
        QVERIFY(answer.out.find("TPOT") != std::string::npos);
    }
    void pools()
    {
        const std::string text =
            "model,system,precision,backend,isl,osl,concurrency,prefill_workers,prefill_gpus_per_worker,prefill_attn_dp,"
            "prefill_moe_ep,decode_workers,decode_gpus_per_worker,decode_attn_dp,decode_moe_ep,ttft_ms,tpot_ms\n"
            "deepseek-r1,gb200,fp4,trtllm,1024,1024,256,1,4,4,4,1,8,8,8,500,12\n";
        const auto json = nlohmann::json::parse(run({"-", "--json"}, text).out);
        QCOMPARE(json["kind"].get<std::string>(), std::string("disaggregated"));
        QCOMPARE(json["all"]["predicted"].get<int>(), 1);
    }
};

QTEST_APPLESS_MAIN(TestValidate)
#include "tst_validate.moc"
