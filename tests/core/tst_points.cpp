// SPDX-License-Identifier: Apache-2.0
// Reading measured points: forms of CSV, columns, bad values of every kind, a million rows; published figures; statistics by hand.
#include "core/calibration/csv.h"
#include "core/calibration/points.h"
#include "core/calibration/statistics.h"

#include <QtTest>

#include <limits>

using namespace shardlens;

namespace {

using Records = std::vector<std::vector<std::string>>;

/// All records of a text; the last one is {"error", sentence} when there is one.
Records recordsOf(std::string text)
{
    CsvReader reader(text, "f.csv");
    Records records;
    std::vector<std::string_view> fields;
    while (reader.next(fields)) {
        records.emplace_back();
        for (const std::string_view field : fields)
            records.back().emplace_back(field);
    }
    if (reader.error())
        records.push_back({"error", reader.error()->sentence()});
    return records;
}

const std::string kHeader = "row,model,system,precision,backend,isl,osl,concurrency,gpus,attn_tp,ttft_ms,tpot_ms\n";

Result<MeasuredPoints> read(const std::string& text)
{
    return readPoints(text, "f.csv");
}

/// What the only row of a table with `value` in `column` is told; empty when it is good.
std::string told(const std::string& column, const std::string& value)
{
    std::string header = "model,system,isl,osl,concurrency,attn_tp";
    std::string row = "m,s,128,64,4,1";
    const std::vector<std::string> names{"model", "system", "isl", "osl", "concurrency", "attn_tp"};
    std::vector<std::string> values{"m", "s", "128", "64", "4", "1"};
    const auto place = std::find(names.begin(), names.end(), column);
    if (place != names.end()) {
        values[static_cast<std::size_t>(place - names.begin())] = value;
        row.clear();
        for (std::size_t i = 0; i < values.size(); ++i)
            row += (i == 0 ? "" : ",") + values[i];
    } else {
        header += "," + column;
        row += "," + value;
    }
    const Result<MeasuredPoints> points = read(header + "\n" + row + "\n");
    if (!points.ok())
        return points.error().sentence();
    return points.value().problems.empty() ? std::string() : points.value().problems.front().error.sentence();
}

} // namespace

class TestPoints : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void formsOfCsv()
    {
        QCOMPARE(recordsOf("a,b\n1,2\n"), (Records{{"a", "b"}, {"1", "2"}}));
        QCOMPARE(recordsOf("a,b\r\n1,2\r\n"), (Records{{"a", "b"}, {"1", "2"}}));
        QCOMPARE(recordsOf("a,b\r1,2"), (Records{{"a", "b"}, {"1", "2"}}));
        QCOMPARE(recordsOf("\xEF\xBB\xBF"
                           "a,b\n1,2"),
                 (Records{{"a", "b"}, {"1", "2"}}));
        QCOMPARE(recordsOf("\"a,1\",\"say \"\"x\"\"\",\"two\nlines\"\n"), (Records{{"a,1", "say \"x\"", "two\nlines"}}));
        QCOMPARE(recordsOf("\"\",\n"), (Records{{"", ""}}));
        QCOMPARE(recordsOf("\n \n\na\n\n"), (Records{{"a"}}));
        QCOMPARE(recordsOf(""), Records{});
        QCOMPARE(recordsOf("a,,\n"), (Records{{"a", "", ""}}));
        for (const char* text : {"plain", "with,comma", "with \"quotes\"", "two\nlines", ""}) {
            const Records once = recordsOf(csvField(text) + ",x\n");
            QCOMPARE(once, (Records{{text, "x"}}));
        }
    }
    void brokenForms()
    {
        const auto sentence = [](std::string text) {
            const Records records = recordsOf(std::move(text));
            return records.empty() || records.back().front() != "error" ? std::string() : records.back()[1];
        };
        QCOMPARE(sentence("a,b\n1,\"2\n3"),
                 std::string("f.csv: line 2: found a quote that is not closed; a quoted field is allowed to end only with a quote"));
        QVERIFY(sentence("a\nb\"c\n").find("line 2: found a quote inside a field") != std::string::npos);
        QVERIFY(sentence("\"a\"b,c\n").find("line 1: found text after a closing quote") != std::string::npos);
        QVERIFY(sentence(std::string("a\n1\0002\n", 6)).find("line 2: found a byte of zero") != std::string::npos);
        QVERIFY(sentence(std::string("\xFF\xFE"
                                     "a\0",
                                     4))
                    .find("UTF-16")
                != std::string::npos);
        QVERIFY(sentence(std::string(10000, ',')).find("more than 4096 columns") != std::string::npos);
    }
    void readsEveryColumn()
    {
        // Any order, other case, a column that nobody knows.
        const Result<MeasuredPoints> read =
            readPoints("TPOT_ms,curve,row,Model,system,precision,weights,kv_dtype,backend,version,date,isl,osl,isl_mean,"
                       "osl_mean,concurrency,gpus,attn_tp,attn_dp,moe_tp,moe_ep,batch_per_dp,max_batched_tokens,"
                       "max_num_seqs,sched_recv_interval,warmup,ttft_ms,out_tok_s_gpu,ttft_flag,origin\n"
                       "9.5,x,A1,\"org/model, big\",b200_sxm,fp4,nvfp4 w4a4,fp8,sglang,0.5,2025-11-10,1024,2048,921.6,"
                       "1843.2,4,8,4,2,4,2,2.0,16384,256.0,10.0,no,387.25,105.5,queued,inferencex\n",
                       "f.csv");
        QVERIFY2(read.ok(), read.ok() ? "" : read.error().sentence().c_str());
        const MeasuredPoints& points = read.value();
        QCOMPARE(points.kind, PointKind::Aggregated);
        QCOMPARE(points.problems.size(), std::size_t{0});
        QCOMPARE(points.ignored, std::vector<std::string>{"curve"});
        const MeasuredPoint& p = points.points.at(0);
        QCOMPARE(p.row, std::string_view("A1"));
        QCOMPARE(p.model, std::string_view("org/model, big"));
        QCOMPARE(p.weights, std::string_view("nvfp4 w4a4"));
        QCOMPARE(p.kvFormat, std::string_view("fp8"));
        QCOMPARE(p.backend, std::string_view("sglang"));
        QCOMPARE(p.date, std::string_view("2025-11-10"));
        QCOMPARE(p.origin, std::string_view("inferencex"));
        QCOMPARE(p.input, 1024.0);
        QCOMPARE(p.meanInput, 921.6);
        QCOMPARE(p.meanOutput, 1843.2);
        QCOMPARE(p.concurrency, 4.0);
        QCOMPARE(p.devices, 8);
        QCOMPARE(p.attentionTensor, 4);
        QCOMPARE(p.attentionData, 2);
        QCOMPARE(p.expertTensor, 4);
        QCOMPARE(p.expert, 2);
        QCOMPARE(p.batchPerRank, 2.0);
        QCOMPARE(p.maxBatchedTokens, 16384);
        QCOMPARE(p.maxSequences, 256);
        QCOMPARE(p.receiveInterval, 10);
        QVERIFY(p.warmup == Warmup::No);
        const MeasuredOutcome& o = points.outcomes.at(0);
        QCOMPARE(*o.ttftMs, 387.25);
        QCOMPARE(*o.tpotMs, 9.5);
        QCOMPARE(*o.outputPerDevice, 105.5);
        QVERIFY(!o.ttftScored);
    }
    void meansThatAreNotSaid()
    {
        const MeasuredPoints plain = read(kHeader + "A,m,s,,,1000,100,1,1,1,,\n").value();
        QCOMPARE(plain.points[0].meanInput, 1000.0);
        QVERIFY(!plain.outcomes[0].ttftMs && plain.outcomes[0].ttftScored);
        const MeasuredPoints drawn = read("model,system,isl,osl,concurrency,attn_tp,origin\nm,s,1000,100,1,1,inferencex\n").value();
        QCOMPARE(drawn.points[0].meanInput, 900.0);
        QCOMPARE(drawn.points[0].meanOutput, 90.0);
    }
    void readsPools()
    {
        const MeasuredPoints points =
            read("model,system,isl,osl,concurrency,prefill_workers,prefill_gpus_per_worker,prefill_attn_dp,prefill_moe_ep,"
                 "decode_workers,decode_gpus_per_worker,decode_attn_dp,decode_moe_ep,total_gpus,out_tok_s_gpu_est\n"
                 "m,s,1024,1024,16.0,1.0,4.0,4.0,4.0,5.0,8.0,1.0,8.0,44.0,35.3\n")
                .value();
        QCOMPARE(points.kind, PointKind::Disaggregated);
        QCOMPARE(points.points[0].prefill, (PointPool{1, 4, 4, 4}));
        QCOMPARE(points.points[0].decode, (PointPool{5, 8, 1, 8}));
        QCOMPARE(points.points[0].devices, 44);
        QCOMPARE(points.points[0].meanInput, 0.9 * 1024);
        QCOMPARE(*points.outcomes[0].outputPerDevice, 35.3);
    }
    void readsPublished()
    {
        const std::string header = "id,source,model,hardware,parallelism,precision,batch_or_load,isl,osl,metric,value,unit\n";
        const MeasuredPoints points = read(header
                                           + "P1,doc,m,h,TP4,FP8,batch 64,2k,~128,output throughput,1000,tok/s/GPU\n"
                                             "P2,doc,m,h,TP4,FP8,open loop 8 req/s (achieved 7 req/s),467,256,mean TTFT,31,ms\n"
                                             "P3,doc,m,h,DEP8,FP8,saturated,467,256,total,8000,tok/s\n"
                                             "P4,doc,m,h,\"TP8 attention, EP/TP MoE\",FP4,concurrency 1,1k,2k,speed,250,tok/s/user\n"
                                             "P5,doc,m,h,DP4 attention EP2,FP4,open loop INF req/s,1,2,mean ITL,7,ms\n"
                                             "P6,doc,m,h,TP8 EP2,FP4,\"concurrency 1, MTP3\",1,2,mean ITL,7,ms\n"
                                             "P7,doc,m,h,PP8,FP4,saturated,1,2,mean ITL,7,ms\n"
                                             "P8,doc,m,h,TP8,FP4,when asked,1,2,mean ITL,7,ms\n"
                                             "P9,doc,m,h,TP8,FP4,saturated,1,2,mean ITL,7,s\n")
                                          .value();
        QCOMPARE(points.kind, PointKind::Published);
        const auto& p = points.points;
        const auto& o = points.outcomes;
        QVERIFY(p[0].load == PointLoad::StaticBatch && p[0].concurrency == 64 && p[0].input == 2000 && p[0].output == 128);
        QCOMPARE(*o[0].outputPerDevice, 1000.0);
        QVERIFY(p[1].load == PointLoad::OpenLoop && p[1].rate == 8);
        QCOMPARE(*o[1].ttftMs, 31.0);
        QVERIFY(p[2].load == PointLoad::Saturated && p[2].attentionData == 8 && p[2].attentionTensor == 1 && p[2].expert == 8);
        QCOMPARE(*o[2].outputPerDevice, 1000.0); // of eight devices
        QVERIFY(p[3].load == PointLoad::ClosedLoop && p[3].attentionTensor == 8 && p[3].expert == 8);
        QCOMPARE(*o[3].tpotMs, 4.0);
        QVERIFY(p[4].load == PointLoad::Saturated && p[4].attentionData == 4 && p[4].expert == 2 && p[4].devices == 4);
        for (std::size_t i = 0; i < 5; ++i)
            QCOMPARE(p[i].problem, -1);
        QCOMPARE(points.problems.size(), std::size_t{4});
        for (const auto& [index, part] : {std::pair{0, "speculative decoding"},
                                          {1, "parallelism: found \"PP8\""},
                                          {2, "batch_or_load: found \"when asked\""},
                                          {3, "unit: found \"s\""}}) {
            QVERIFY2(points.problems[static_cast<std::size_t>(index)].error.sentence().find(part) != std::string::npos, part);
            QVERIFY(!points.problems[static_cast<std::size_t>(index)].malformed);
        }
    }
    void missingAndDoubledColumns()
    {
        const auto sentence = [](const std::string& text) { return read(text).ok() ? std::string() : read(text).error().sentence(); };
        QCOMPARE(sentence(""), std::string("f.csv: found no line; a line with the names of columns is needed"));
        QVERIFY(sentence("model,system\nm,s\n").find("the columns isl, osl, concurrency, attn_tp (or gpus) are missing")
                != std::string::npos);
        QVERIFY(sentence("model,isl,osl,concurrency,gpus\n").find("the column system is missing") != std::string::npos);
        QVERIFY(sentence("model,MODEL,system,isl,osl,concurrency,gpus\n").find("found the column model twice") != std::string::npos);
        QVERIFY(sentence("model;system;isl\nm;s;1\n").find("separated by commas only") != std::string::npos);
        QVERIFY(sentence("prefill_workers,model,system,isl,osl,concurrency\n").find("decode_workers") != std::string::npos);
        QVERIFY(read("model,system,isl,osl,concurrency,gpus\n").ok()); // no rows is a table too
    }
    void badValues_data()
    {
        QTest::addColumn<QString>("column");
        QTest::addColumn<QString>("value");
        const std::vector<std::pair<const char*, std::vector<const char*>>> bad{
            {"isl", {"", "nan", "NaN", "inf", "-1", "0", "1.5", "abc", "12 tokens", "1e99", "0x10", "1,024\"", "10000001", "++1"}},
            {"osl", {"", "nan", "-128"}},
            {"concurrency", {"", "0", "1e7", "4.5", "nan"}},
            {"model", {""}},
            {"system", {""}},
            {"gpus", {"0", "65537", "2.5", "eight"}},
            {"attn_tp", {"0", "-2", "nan"}},
            {"isl_mean", {"nan", "0", "129", "63"}},
            {"osl_mean", {"65", "1e9", "-1"}},
            {"ttft_ms", {"nan", "0", "-5", "12ms", "1e30", "inf"}},
            {"tpot_ms", {"nan", "0", "3 ms"}},
            {"out_tok_s_gpu", {"nan", "-1", "fast"}},
            {"max_batched_tokens", {"none", "0", "1.5"}},
            {"warmup", {"perhaps"}},
            {"moe_ep", {"-1"}},
        };
        for (const auto& [column, values] : bad)
            for (const char* value : values)
                if (std::string_view(value).find('"') == std::string_view::npos)
                    QTest::newRow((std::string(column) + " " + value).c_str()) << QString::fromLatin1(column) << QString::fromLatin1(value);
    }
    void badValues()
    {
        QFETCH(QString, column);
        QFETCH(QString, value);
        const std::string sentence = told(column.toStdString(), value.toStdString());
        const std::string begin = "f.csv: line 2, " + column.toStdString() + ": found ";
        QVERIFY2(sentence.rfind(begin, 0) == 0, sentence.c_str());
        QVERIFY2(sentence.find("; a") != std::string::npos, sentence.c_str());
        QVERIFY(sentence.find('\n') == std::string::npos);
    }
    void goodValues()
    {
        for (const auto& [column, value] : std::vector<std::pair<const char*, const char*>>{{"isl", "128.0"},
                                                                                            {"concurrency", "1048576"},
                                                                                            {"max_batched_tokens", "default"},
                                                                                            {"max_num_seqs", ""},
                                                                                            {"ttft_ms", "1.5e3"},
                                                                                            {"ttft_ms", ""},
                                                                                            {"warmup", "unknown"},
                                                                                            {"isl_mean", "64"},
                                                                                            {"attn_dp", ""},
                                                                                            {"somebody's own", "anything"}})
            QCOMPARE(told(column, value), std::string());
    }
    void aBadRowIsOneRow()
    {
        const MeasuredPoints points =
            read(kHeader + "A,m,s,,,10,10,1,1,1,5,5\nB,m,s,,,x,10,1,1,1,5,5\nC,m,s\nD,m,s,,,10,10,1,1,1,5,5\n").value();
        QCOMPARE(points.points.size(), std::size_t{4});
        QCOMPARE(points.problems.size(), std::size_t{2});
        QCOMPARE(points.points[0].problem, -1);
        QCOMPARE(points.points[1].problem, 0);
        QCOMPARE(points.points[2].problem, 1);
        QCOMPARE(points.points[3].problem, -1);
        QCOMPARE(points.problems[1].error.sentence(),
                 std::string("f.csv: line 4: found 3 values; as many are needed as there are columns, 12"));
        QVERIFY(points.problems[0].malformed);
    }
    void sentencesAreShortAndPlain()
    {
        const std::string sentence = told("isl", std::string(5000, 'x'));
        QVERIFY2(sentence.size() < 300, sentence.c_str());
        const std::string bell = told("isl", "1\a2");
        QVERIFY(bell.find('\a') == std::string::npos && bell.find("\"1?2\"") != std::string::npos);
        QVERIFY(told("model", std::string(5000, 'm')).find("5,000 bytes of text") != std::string::npos);
    }
    void gaveUpOnWhatIsNoTable()
    {
        std::string text = kHeader;
        for (int i = 0; i < 5000; ++i)
            text += "A,m,s,,,x,10,1,1,1,5,5\n";
        const Result<MeasuredPoints> points = read(text);
        QVERIFY(!points.ok());
        QVERIFY(points.error().sentence().find("more than 1,000 rows that cannot be used") != std::string::npos);
    }
    void aMillionRows()
    {
        std::string text = kHeader;
        text.reserve(80'000'000);
        for (int i = 0; i < 1'000'000; ++i)
            text += std::to_string(i) + ",llama-3.1-70b,h100_sxm,fp8,vllm,1024,1024," + std::to_string(1 + i % 512) + ",8,8,123.25,12.5\n";
        QElapsedTimer timer;
        timer.start();
        const Result<MeasuredPoints> points = readPoints(std::move(text), "f.csv");
        const qint64 elapsed = timer.elapsed();
        QVERIFY(points.ok());
        QCOMPARE(points.value().points.size(), std::size_t{1'000'000});
        QCOMPARE(points.value().points.back().row, std::string_view("999999"));
        QCOMPARE(points.value().points.back().concurrency, 1.0 + 999'999 % 512);
        // About a second where it was written; a sanitizer's build is an order slower.
        QVERIFY2(elapsed < 30'000, QByteArray::number(elapsed).constData());
    }
    void statisticsByHand()
    {
        // Errors +10 %, -20 %, +50 %, 0: mean of |e| 20 %, median (10 + 20) / 2 = 15 %, 90th percentile 50 %, bias +10 %.
        std::vector<PredictedPair> pairs{{100, 110, 90, 120}, {10, 8, 7, 9}, {2, 3, 1.9, 4}, {5, 5, 0, 0}};
        ErrorStatistics s = statisticsOf(pairs);
        QCOMPARE(s.count, std::size_t{4});
        QVERIFY(std::abs(s.meanError - 0.2) < 1e-12);
        QVERIFY(std::abs(s.medianError - 0.15) < 1e-12);
        QVERIFY(std::abs(s.p90Error - 0.5) < 1e-12);
        QVERIFY(std::abs(s.bias - 0.1) < 1e-12);
        QCOMPARE(s.intervals, std::size_t{3}); // 10 lies outside 7..9, the last has none
        QCOMPARE(s.covered, std::size_t{2});
        QVERIFY(std::abs(s.coverage() - 2.0 / 3) < 1e-12);
        pairs.pop_back();
        s = statisticsOf(pairs);
        QVERIFY(std::abs(s.medianError - 0.2) < 1e-12);
        QCOMPARE(statisticsOf({}), ErrorStatistics{});
        QCOMPARE(statisticsOf({}).coverage(), 0.0);
        QVERIFY(std::abs(statisticsOf({{4, 5, 0, 0}}).medianError - 0.25) < 1e-12);
    }
    void columnsAreDocumented()
    {
        QFile file(QStringLiteral(SHARDLENS_SOURCE_DIR "/resources/help/validation.md"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray text = file.readAll();
        for (const PointKind kind : {PointKind::Aggregated, PointKind::Disaggregated, PointKind::Published})
            for (const PointColumn& column : pointColumns(kind)) {
                const QByteArray name = '`' + QByteArray(column.name.data(), static_cast<qsizetype>(column.name.size())) + '`';
                QVERIFY2(text.contains(name), name.constData());
            }
    }
};

QTEST_APPLESS_MAIN(TestPoints)
#include "tst_points.moc"
