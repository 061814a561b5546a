// SPDX-License-Identifier: Apache-2.0
// The operator table by section: groups lead their rows, add up to the totals, and are told apart in texts for others.
#include "core/scenario/catalog.h"
#include "core/scenario/operatortable.h"
#include "operatorcases.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <set>

using namespace shardlens;
using C = OperatorColumn;

class TestOperatorGroups : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void groupsAddUpToTheTotals_data()
    {
        QTest::addColumn<int>("which");
        QTest::newRow("dense, two stages") << 0;
        QTest::newRow("one stage") << 1;
        QTest::newRow("experts, shared and dense layers") << 2;
        QTest::newRow("filtered and sorted") << 3;
    }
    void groupsAddUpToTheTotals()
    {
        QFETCH(int, which);
        Scenario s = which == 1 ? test::caseStudy("p5.48xlarge", 8, 1, Bytes{80} << 30) : test::operatorScenario();
        if (which == 2) {
            s.model = builtinCatalog().model("deepseek-v3");
            s.plan = Plan();
            s.plan[PlanAxis::Tensor] = 8;
            s.plan[PlanAxis::Expert] = 8;
        }
        const Report report = evaluate(s);
        QVERIFY(report.legal);
        OperatorTableOptions options = which == 3 ? test::filtered("-norm time>1us") : OperatorTableOptions();
        if (which == 3)
            options.order = OperatorOrder{C::Share, true};
        const OperatorTable plain(s, report, options);
        options.grouped = true;
        const OperatorTable grouped(s, report, options);
        QCOMPARE(static_cast<std::size_t>(grouped.operators()), plain.rows().size());
        QVERIFY(grouped.rows().size() > plain.rows().size());
        QCOMPARE(grouped.all(), plain.all());
        for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
            QCOMPARE(grouped.count(phase), plain.count(phase));
            for (const OperatorColumnSpec& spec : operatorColumns()) {
                const C column = spec.column;
                QCOMPARE(grouped.total(phase, column).has_value(), plain.total(phase, column).has_value());
                if (!plain.total(phase, column))
                    continue;
                double sum = 0;
                double breakdown = 0;
                for (const OperatorRow& row : grouped.rows())
                    if (row.isGroup() && row.phase == phase) {
                        sum += grouped.number(row, column).value_or(0);
                        breakdown += grouped.breakdownOf(row).total();
                    }
                QVERIFY(std::abs(sum - *plain.total(phase, column)) <= 1e-9 * std::abs(sum));
                QVERIFY(column != C::Total || std::abs(breakdown - sum) <= 1e-9 * sum);
            }
        }
        // Each group leads its own rows, once, in the order asked for.
        OperatorRow group;
        std::set<std::pair<Phase, int>> seen;
        std::optional<double> before;
        for (const OperatorRow& row : grouped.rows()) {
            if (row.isGroup()) {
                QVERIFY(seen.insert({row.phase, row.op}).second);
                group = row;
                before.reset();
                continue;
            }
            QCOMPARE(grouped.sectionOf(row), grouped.sectionOf(group));
            QCOMPARE(row.phase, group.phase);
            const std::optional<double> share = grouped.number(row, C::Share);
            if (which == 3 && before && share)
                QVERIFY(*share <= *before);
            before = share;
        }
    }

    void groupsInTextsForOthers()
    {
        const Scenario s = test::operatorScenario();
        const Report report = evaluate(s);
        OperatorTableOptions options;
        options.grouped = true;
        const OperatorTable table(s, report, options);
        const std::vector<C> columns{C::Phase, C::Operator, C::Total};
        const std::string csv = printCsv(table, columns);
        QCOMPARE(std::count(csv.begin(), csv.end(), '\n'), table.operators() + 1); // no sums between the rows
        QVERIFY(csv.rfind("Group,Phase,Operator,", 0) == 0);
        QVERIFY(csv.find("\r\nattention,prefill,QKV_proj,") != std::string::npos);
        const std::string markdown = printMarkdown(table, columns);
        QVERIFY(markdown.find("| **prefill** | **attention** | **") != std::string::npos);
        QCOMPARE(static_cast<std::size_t>(std::count(markdown.begin(), markdown.end(), '\n')), table.rows().size() + 2);
    }
};

QTEST_MAIN(TestOperatorGroups)
#include "tst_operatorgroups.moc"
