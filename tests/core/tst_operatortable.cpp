// SPDX-License-Identifier: Apache-2.0
// The operator table: figures are the report's, filters and orders do what they say, and other programs can read what is printed.
#include "core/calibration/csv.h"
#include "core/scenario/operatortable.h"
#include "core/scenario/report_json.h"
#include "core/scenario/roofline.h"
#include "operatorcases.h"
#include "randomscenario.h"
#include "scenarios.h"
#include "schema.h"

#include <QTest>

#include <charconv>
#include <cmath>
#include <map>

using namespace shardlens;

namespace {

using C = OperatorColumn;

/// Rows of a CSV text with quotes and CR LF, read by the letter of RFC 4180.
std::vector<std::vector<std::string>> readCsv(const std::string& text)
{
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> row;
    std::string field;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '"' && i + 1 < text.size() && text[i + 1] == '"')
                field += text[++i];
            else if (c == '"')
                quoted = false;
            else
                field += c;
        } else if (c == '"' && field.empty()) {
            quoted = true;
        } else if (c == ',') {
            row.push_back(std::exchange(field, {}));
        } else if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
            ++i;
            row.push_back(std::exchange(field, {}));
            rows.push_back(std::exchange(row, {}));
        } else {
            field += c;
        }
    }
    return rows;
}

std::vector<C> allColumns()
{
    std::vector<C> columns;
    for (const OperatorColumnSpec& spec : operatorColumns())
        columns.push_back(spec.column);
    return columns;
}

} // namespace

class TestOperatorTable : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rowsAreTheReports()
    {
        const Scenario s = test::operatorScenario();
        const Report report = evaluate(s);
        const OperatorTable both(s, report);
        QCOMPARE(both.rows().size(), report.prefill.operators.size() + report.decode.operators.size());
        QCOMPARE(both.rows().front(), (OperatorRow{Phase::Prefill, 0}));
        QCOMPARE(both.rows().back(), (OperatorRow{Phase::Decode, static_cast<int>(report.decode.operators.size()) - 1}));
        OperatorTableOptions options;
        options.phases = PhaseChoice::Decode;
        const OperatorTable decode(s, report, options);
        QCOMPARE(decode.rows().size(), report.decode.operators.size());
        QCOMPARE(decode.count(Phase::Prefill), 0);
        for (const OperatorRow& row : decode.rows()) {
            const OperatorCost& op = report.decode.operators[static_cast<std::size_t>(row.op)];
            QCOMPARE(*decode.number(row, C::Flop), op.flop);
            QCOMPARE(*decode.number(row, C::AllBytes), op.weightBytes + op.kvBytes + op.activationBytes);
            QCOMPARE(*decode.number(row, C::Time), op.time);
            QCOMPARE(*decode.number(row, C::Total), op.time * op.stageLayers * 2);
            QCOMPARE(decode.text(row, C::Sharding), notation(op, s.plan));
        }
    }

    void totalsAddUpToThePhase()
    {
        // One stage, equal pieces: the operators are all there is, so their shares are the whole.
        Scenario s = test::caseStudy("p5.48xlarge", 8, 1, Bytes{80} << 30);
        s.workload.batch = 16;
        const Report report = evaluate(s);
        const OperatorTable table(s, report);
        for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
            const PhaseReport& p = phase == Phase::Prefill ? report.prefill : report.decode;
            QVERIFY(std::abs(*table.total(phase, C::Total) / p.time - 1) < 1e-9);
            QVERIFY(std::abs(*table.total(phase, C::Share) - 1) < 1e-9);
            QVERIFY(std::abs(*table.total(phase, C::NetworkTime) / p.breakdown[Cause::Communication] - 1) < 1e-9);
            QVERIFY(!table.total(phase, C::Intensity));
            QVERIFY(!table.total(phase, C::Time));
        }
        // A filter sums what it shows.
        const OperatorTable some(s, report, test::filtered("collective:allreduce phase:decode"));
        QCOMPARE(some.count(Phase::Prefill), 0);
        double sum = 0;
        for (const OperatorRow& row : some.rows())
            sum += *some.number(row, C::Total);
        QVERIFY(sum > 0 && std::abs(*some.total(Phase::Decode, C::Total) / sum - 1) < 1e-12);
    }

    /// Where prediction layers are loaded a draft step's operators follow, explained like the others, and are in no sum.
    void draftStepsAreListedBesideTheSums()
    {
        Scenario s = test::scenarioOf("deepseek-v3", "hgx-h200");
        s.plan[PlanAxis::Tensor] = 8;
        s.workload.batch = 32;
        const Report off = evaluate(s);
        s.plan.options.prediction = PredictionUse::Load;
        const Report report = evaluate(s);
        QVERIFY(report.legal && !report.decode.predictionOperators.empty());
        const OperatorTable without(s, off);
        const OperatorTable table(s, report);
        const std::size_t drafts = report.prefill.predictionOperators.size() + report.decode.predictionOperators.size();
        QCOMPARE(table.rows().size(), without.rows().size() + drafts);
        double time = 0;
        std::size_t found = 0;
        for (const OperatorRow& row : table.rows()) {
            if (!table.isDraft(row))
                continue;
            ++found;
            QCOMPARE(table.text(row, C::Kind), std::string("draft"));
            QVERIFY(!table.number(row, C::Total) && !table.number(row, C::Share));
            time += row.phase == Phase::Decode ? *table.number(row, C::Time) : 0;
            Subject subject;
            subject.kind = Subject::Kind::Operator;
            subject.phase = row.phase;
            subject.op = row.op;
            const Explanation e = explain(s, report, subject);
            QCOMPARE(e.title, table.text(row, C::Operator));
            QVERIFY(e.share.find("a draft step") != std::string::npos);
        }
        QCOMPARE(found, drafts);
        QVERIFY(std::abs(time / report.decode.predictionTime - 1) < 1e-9);
        for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
            QCOMPARE(table.count(phase), without.count(phase));
            QVERIFY(std::abs(*table.total(phase, C::Total) / *without.total(phase, C::Total) - 1) < 1e-12);
            QVERIFY(std::abs(*table.total(phase, C::Share) - 1) < 1e-9);
        }
        QCOMPARE(OperatorTable(s, report, test::filtered("kind:draft")).rows().size(), drafts);
    }

    void sendsBesideTheNextPieceAreInNoSum()
    {
        Scenario s = test::operatorScenario();
        for (const SendMode mode : {SendMode::Overlapped, SendMode::Synchronous}) {
            s.plan.options.sends = mode;
            const Report report = evaluate(s);
            const OperatorTable send(s, report, test::filtered("send"));
            QCOMPARE(send.rows().size(), std::size_t{2});
            QVERIFY(*send.number(send.rows()[1], C::Total) > 0);
            QCOMPARE(*send.total(Phase::Decode, C::Total), 0.0);
            QCOMPARE(report.decode.exposedSend() > 0, mode == SendMode::Synchronous);
            QVERIFY(*send.total(Phase::Decode, C::SentBytes) > 0);
        }
    }

    /// Of a long pipeline the embedding is on the first stage and the head on the last: no device runs both, and no sum has both.
    void sumsAreOfOneStage()
    {
        Scenario s = test::caseStudy("p5.48xlarge", 8, 1, Bytes{80} << 30);
        s.plan[PlanAxis::Pipeline] = 8;
        s.plan[PlanAxis::PrefillMicrobatches] = s.plan[PlanAxis::DecodeMicrobatches] = 8;
        s.plan[PlanAxis::Tensor] = 1;
        s.workload.batch = 64;
        const Report report = evaluate(s);
        QVERIFY(report.legal);
        const OperatorTable table(s, report);
        QVERIFY(*table.total(Phase::Decode, C::Total) <= report.decode.time * (1 + 1e-9));
        int elsewhere = 0;
        for (const OperatorRow& row : table.rows()) {
            const Op name = table.cost(row).op;
            const bool first = name == Op::Embedding;
            const bool last = name == Op::FinalNorm || name == Op::LmHead || name == Op::Sampling;
            const int busiest = table.phaseOf(row).busiestStage;
            QCOMPARE(table.isElsewhere(row), (first && busiest != 0) || (last && busiest != 7));
            QCOMPARE(table.text(row, C::Stages), std::string(first ? "0 only" : last ? "7 only" : "all"));
            elsewhere += table.isElsewhere(row) && row.phase == Phase::Decode ? 1 : 0;
        }
        QVERIFY(elsewhere > 0);
        QCOMPARE(table.count(Phase::Decode) + elsewhere, static_cast<int>(report.decode.operators.size()));
        QVERIFY(table.complete(Phase::Decode) && !OperatorTable(s, report, test::filtered("proj")).complete(Phase::Decode));
        // The report's largest operators are of that stage too.
        const std::string text = printReportText(s, report);
        const std::size_t at =
            text.find("Largest operators of a decode piece on the busiest stage, stage " + std::to_string(report.decode.busiestStage));
        QVERIFY(at != std::string::npos);
        QCOMPARE(text.substr(at, text.find("\n\n", at) - at).find("lm_head") != std::string::npos, report.decode.busiestStage == 7);
    }

    /// operators - what other pieces take less + waiting for sends + bubble is the phase, and each part is the report's.
    void nothingOfAPhaseIsLeftOut()
    {
        test::Random random(11);
        int pipelines = 0;
        int uneven = 0;
        int sends = 0;
        for (int round = 0; round < 300; ++round) {
            const Scenario s = random.scenario();
            const Report report = evaluate(s);
            if (!report.legal)
                continue;
            const OperatorTable table(s, report);
            for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
                const PhaseReport& p = phase == Phase::Prefill ? report.prefill : report.decode;
                const PhaseAccount a = accountOf(p, phase);
                QVERIFY(std::abs(*table.total(phase, C::Total) - a.operators) <= 1e-9 * p.time);
                QVERIFY2(std::abs(a.operators - a.uneven + a.send + a.bubble - p.time) <= 1e-8 * p.time,
                         qPrintable(QString::number((a.operators - a.uneven + a.send + a.bubble) / p.time)));
                double work = 0; // of the breakdown, sends apart
                for (std::size_t i = 0; i < kCauseCount; ++i)
                    work += static_cast<Cause>(i) == Cause::Bubble ? 0 : p.breakdown.seconds[i];
                QVERIFY(std::abs(a.operators - a.uneven + a.send - work) <= 1e-8 * p.time);
                // Where all pieces are alike the sums are exact.
                if (p.pieces.size() == 1)
                    QCOMPARE(a.uneven, 0.0);
                pipelines += s.plan.pipeline() > 1;
                uneven += a.uneven != 0;
                sends += a.send > 0;
            }
        }
        QVERIFY2(pipelines > 20 && uneven > 5 && sends > 5, qPrintable(QStringLiteral("%1 %2 %3").arg(pipelines).arg(uneven).arg(sends)));
    }

    void amountsOfAllRuns()
    {
        const Scenario s = test::operatorScenario();
        const Report report = evaluate(s);
        OperatorTableOptions options;
        options.amount = OperatorAmount::All;
        const OperatorTable all(s, report, options);
        const OperatorTable once(s, report);
        std::map<Phase, double> flop;
        for (const OperatorRow& row : all.rows()) {
            const double runs = runsOf(all.phaseOf(row), row.phase, all.cost(row));
            QCOMPARE(*all.number(row, C::Flop), *once.number(row, C::Flop) * runs);
            QCOMPARE(*all.number(row, C::Share), *once.number(row, C::Share));
            QCOMPARE(*all.number(row, C::Time), *once.number(row, C::Time));
            flop[row.phase] += all.isElsewhere(row) ? 0 : *all.number(row, C::Flop);
        }
        QCOMPARE(*all.total(Phase::Decode, C::Flop), flop[Phase::Decode]);
        QCOMPARE(*once.total(Phase::Prefill, C::Flop), flop[Phase::Prefill]);
    }

    void filtersKeepWhatTheySay_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("kept"); // of the decode rows
        QTest::newRow("nothing") << QByteArray("") << 13;
        QTest::newRow("name") << QByteArray("proj") << 4;
        QTest::newRow("name, other case") << QByteArray("PROJ") << 4;
        QTest::newRow("not the name") << QByteArray("-proj") << 9;
        QTest::newRow("two words") << QByteArray("  up/gate   proj ") << 1;
        QTest::newRow("collective") << QByteArray("collective:allreduce") << 3;
        QTest::newRow("neither bound: norms are fused") << QByteArray("-bound:network -bound:hbm") << 3;
        QTest::newRow("fused") << QByteArray("bound:fused") << 3;
        QTest::newRow("memory is HBM") << QByteArray("proj bound:memory") << 4;
        QTest::newRow("bytes with a unit") << QByteArray("weight_bytes>=112MiB") << 3;
        QTest::newRow("an alias") << QByteArray("weights>223.9MiB") << 2;
        QTest::newRow("share") << QByteArray("share>20%") << 2;
        QTest::newRow("time") << QByteArray("time>30us time<100µs") << 2;
        QTest::newRow("equal") << QByteArray("layers=1") << 5;
        QTest::newRow("no figure, no row") << QByteArray("intensity<1e9") << 8;
    }

    void filtersKeepWhatTheySay()
    {
        QFETCH(const QByteArray, text);
        QFETCH(const int, kept);
        const Scenario s = test::operatorScenario();
        const Report report = evaluate(s);
        OperatorTableOptions options = test::filtered(text.constData());
        options.phases = PhaseChoice::Decode;
        const OperatorTable table(s, report, options);
        QCOMPARE(table.all(), 13);
        QCOMPARE(static_cast<int>(table.rows().size()), kept);
    }

    void kindsAreNamedAndNormsAreFused()
    {
        Scenario s = test::scenarioOf("deepseek-v3", "p5en.48xlarge");
        s.plan[PlanAxis::Tensor] = 8;
        const Report report = evaluate(s);
        QVERIFY(report.legal);
        OperatorTableOptions options = test::filtered("kind:moe");
        const OperatorTable moe(s, report, options);
        QVERIFY(!moe.rows().empty());
        for (const OperatorRow& row : moe.rows()) {
            QCOMPARE(moe.text(row, OperatorColumn::Kind), std::string("MoE"));
            QCOMPARE(moe.exact(row, OperatorColumn::Kind), std::string("1"));
        }
        QCOMPARE(OperatorTable(s, report, test::filtered("kind:1")).rows(), moe.rows());
        const OperatorTable norms(s, report, test::filtered("norm"));
        for (const OperatorRow& row : norms.rows()) {
            QCOMPARE(norms.text(row, OperatorColumn::Bound), std::string("fused"));
            QVERIFY(!norms.number(row, OperatorColumn::Intensity));
        }
    }

    void filtersThatCannotBeReadSayWhy_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("no such key") << QByteArray("speed>1") << QByteArray("speed");
        QTest::newRow("no such bound") << QByteArray("bound:disk") << QByteArray("bound:compute, bound:hbm or bound:network");
        QTest::newRow("no such phase") << QByteArray("phase:both") << QByteArray("phase:prefill or phase:decode");
        QTest::newRow("no number") << QByteArray("time>fast") << QByteArray("time>1ms");
        QTest::newRow("wrong unit") << QByteArray("time>1GiB") << QByteArray("time>1ms");
        QTest::newRow("nothing after") << QByteArray("time>") << QByteArray("time>1ms");
        QTest::newRow("not finite") << QByteArray("flop<inf") << QByteArray("flop>2G");
        QTest::newRow("a word compared") << QByteArray("bound>hbm") << QByteArray("bound:WORD");
        QTest::newRow("no word") << QByteArray("bound:") << QByteArray("missing");
    }

    void filtersThatCannotBeReadSayWhy()
    {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArray, says);
        const Result<OperatorFilter> filter = OperatorFilter::parse(text.constData());
        QVERIFY(!filter.ok());
        const std::string sentence = filter.error().sentence();
        QVERIFY2(sentence.find(says.constData()) != std::string::npos, sentence.c_str());
        QVERIFY(sentence.find('\n') == std::string::npos);
    }

    void hostileFiltersAreReadOrRefused()
    {
        test::Random random(3);
        const std::string letters = "abtime:<>=-1%.eGMKiBµ \t\"'|\x01\xff";
        int read = 0;
        for (int round = 0; round < 20'000; ++round) {
            std::string text;
            for (int i = random.below(14); i > 0; --i)
                text += letters[static_cast<std::size_t>(random.below(static_cast<int>(letters.size())))];
            read += OperatorFilter::parse(text).ok();
        }
        QVERIFY(read > 100 && read < 20'000);
    }

    void ordersGoBothWaysAndBack()
    {
        const Scenario s = test::operatorScenario();
        const Report report = evaluate(s);
        for (const OperatorColumnSpec& spec : operatorColumns()) {
            OperatorTableOptions options;
            options.order = nextOrder({}, spec.column);
            QCOMPARE(options.order->descending, spec.number);
            const OperatorTable first(s, report, options);
            options.order = nextOrder(options.order, spec.column);
            QCOMPARE(options.order->descending, !spec.number);
            const OperatorTable second(s, report, options);
            QVERIFY(!nextOrder(options.order, spec.column));
            QCOMPARE(first.rows().size(), second.rows().size());
            const auto value = [&](const OperatorTable& table, std::size_t i) { return table.number(table.rows()[i], spec.column); };
            for (std::size_t i = 1; i < first.rows().size() && spec.number; ++i) {
                // Rows without a figure are last, both ways.
                QVERIFY(value(first, i - 1) || !value(first, i));
                QVERIFY(value(second, i - 1) || !value(second, i));
                if (value(first, i))
                    QVERIFY(*value(first, i - 1) >= *value(first, i));
                if (value(second, i))
                    QVERIFY(*value(second, i - 1) <= *value(second, i));
            }
        }
        QCOMPARE(nextOrder(OperatorOrder{C::Share, true}, C::Time), std::optional(OperatorOrder{C::Time, true}));
    }

    void ordersAreRead()
    {
        QCOMPARE(parseOperatorOrder("share").value(), (OperatorOrder{C::Share, true}));
        QCOMPARE(parseOperatorOrder("name").value(), (OperatorOrder{C::Operator, false}));
        QCOMPARE(parseOperatorOrder("TIME:asc").value(), (OperatorOrder{C::Time, false}));
        QVERIFY(!parseOperatorOrder("").ok());
        QVERIFY(!parseOperatorOrder("time:up").ok());
        QVERIFY(parseOperatorOrder("tim").error().sentence().find("weight_bytes") != std::string::npos);
    }

    void csvReadsBackToTheLastDigit()
    {
        test::Random random(5);
        for (int round = 0; round < 40; ++round) {
            const Scenario s = random.scenario();
            const Report report = evaluate(s);
            const OperatorTable table(s, report);
            const std::vector<C> columns = allColumns();
            const auto rows = readCsv(printCsv(table, columns));
            QCOMPARE(rows.size(), table.rows().size() + 1);
            for (std::size_t r = 1; r < rows.size(); ++r) {
                QCOMPARE(rows[r].size(), columns.size());
                for (std::size_t c = 0; c < columns.size(); ++c) {
                    if (!specOf(columns[c]).number) {
                        QCOMPARE(rows[r][c], table.exact(table.rows()[r - 1], columns[c]));
                        continue;
                    }
                    const std::optional<double> value = table.number(table.rows()[r - 1], columns[c]);
                    QCOMPARE(rows[r][c].empty(), !value.has_value());
                    double read = 0;
                    if (value) {
                        const auto end = std::from_chars(rows[r][c].data(), rows[r][c].data() + rows[r][c].size(), read);
                        QVERIFY(end.ptr == rows[r][c].data() + rows[r][c].size());
                        QCOMPARE(read, *value);
                    }
                }
            }
        }
    }

    void headingsCarryUnits()
    {
        QCOMPARE(exactTitle(C::Time), std::string("Time (s)"));
        QCOMPARE(exactTitle(C::WeightBytes), std::string("Weights (B)"));
        QCOMPARE(exactTitle(C::Flop), std::string("FLOP"));
        QCOMPARE(exactTitle(C::Operator), std::string("Operator"));
    }

    void spreadsheetsRunNothing()
    {
        QCOMPARE(spreadsheetField("=1+1"), std::string("'=1+1"));
        QCOMPARE(spreadsheetField("+a"), std::string("'+a"));
        QCOMPARE(spreadsheetField("-a"), std::string("'-a"));
        QCOMPARE(spreadsheetField("@a"), std::string("'@a"));
        QCOMPARE(spreadsheetField("\ta"), std::string("'\ta"));
        QCOMPARE(spreadsheetField("=HYPERLINK(\"x\",\"y\")"), std::string("\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""));
        QCOMPARE(spreadsheetField("a,b"), std::string("\"a,b\""));
        QCOMPARE(spreadsheetField("a\nb"), std::string("\"a\nb\""));
        QCOMPARE(spreadsheetField(""), std::string());
        QCOMPARE(spreadsheetField("a=b"), std::string("a=b"));
    }

    void markdownHasOneCellPerColumn()
    {
        const Scenario s = test::operatorScenario();
        const Report report = evaluate(s);
        const OperatorTable table(s, report, test::filtered("proj"));
        const std::vector<C> columns{C::Operator, C::Sharding, C::Flop, C::Share};
        const std::string text = printMarkdown(table, columns);
        QVERIFY2(text.starts_with("| Operator | Sharding | FLOP | Share |\n| --- | --- | ---: | ---: |\n"), text.c_str());
        std::size_t lines = 0;
        std::size_t bars = 0;
        for (const char c : text) {
            lines += c == '\n';
            bars += c == '|';
        }
        QCOMPARE(lines, table.rows().size() + 2);
        QCOMPARE(bars, lines * 5);
        QVERIFY2(text.find("`x[T, D] . W[D, F_TP4] -> h[T, F_TP4]`") != std::string::npos, text.c_str());
    }

    void jsonKeepsItsSchema()
    {
        test::Random random(9);
        for (int round = 0; round < 40; ++round) {
            const Scenario s = random.scenario();
            const Report report = evaluate(s);
            const std::string problems = schemaProblemsOfText("operators.json", printOperatorsJson(OperatorTable(s, report), s, report));
            QVERIFY2(problems.empty(), problems.c_str());
        }
    }

    void illegalPlansHaveNoRows()
    {
        Scenario s = test::operatorScenario();
        s.plan[PlanAxis::Tensor] = 6;
        const Report report = evaluate(s);
        QVERIFY(!report.legal);
        const OperatorTable table(s, report);
        QVERIFY(table.rows().empty());
        QCOMPARE(table.all(), 0);
        QVERIFY(!table.usefulColumns().empty());
    }

    void usefulColumnsLeaveOutWhatIsEmpty()
    {
        Scenario s = test::scenarioOf("llama-3.1-8b", "p5.48xlarge");
        const Report one = evaluate(s);
        const auto has = [&](const Report& report, C column) {
            const std::vector<C> columns = OperatorTable(s, report).usefulColumns();
            return std::find(columns.begin(), columns.end(), column) != columns.end();
        };
        QVERIFY(!has(one, C::Collective) && !has(one, C::SentBytes) && !has(one, C::Kind) && !has(one, C::Roof));
        QVERIFY(has(one, C::Phase) && has(one, C::Operator) && has(one, C::Share));
        s = test::scenarioOf("deepseek-v3", "gb200-nvl72");
        s.plan[PlanAxis::Tensor] = 8;
        s.plan[PlanAxis::Expert] = 8;
        const Report experts = evaluate(s);
        QVERIFY(experts.legal && has(experts, C::Collective) && has(experts, C::Kind));
    }
};

QTEST_MAIN(TestOperatorTable)
#include "tst_operatortable.moc"
