// SPDX-License-Identifier: Apache-2.0
// The arithmetic of the inspector can be worked out from its rows: collectives level by level, the constants of calibrated operators, an
// expert's load, EP as an axis.
#include "core/base/format.h"
#include "core/scenario/calibrate.h"
#include "core/scenario/collectivearithmetic.h"
#include "core/scenario/explain_parts.h"
#include "core/scenario/stagecollectives.h"
#include "core/scenario/subjectname.h"
#include "scenarios.h"

#include <QtTest>

#include <algorithm>
#include <cmath>

using namespace shardlens;
using namespace shardlens::test;

namespace {

Scenario on(std::string_view model, std::string_view cluster, int devices, std::initializer_list<std::pair<PlanAxis, int>> plan)
{
    Scenario s = scenarioOf(model, cluster);
    s.cluster = std::make_shared<Cluster>(resized(*s.cluster, devices).value());
    s.workload = {256, 2000, 500};
    for (const auto& [axis, size] : plan)
        s.plan[axis] = size;
    return s;
}

Scenario experts()
{
    return on("deepseek-v3", "p5en.48xlarge", 32, {{PlanAxis::Tensor, 4}, {PlanAxis::Expert, 32}, {PlanAxis::AttentionData, 8}});
}

Scenario calibrated(Scenario s)
{
    s.mode = Mode::Calibrated;
    s.serving.engine = defaultsOf(Engine::Vllm);
    calibrate(s, builtinCatalog().calibration);
    return s;
}

std::vector<Scenario> manyScenarios()
{
    using P = PlanAxis;
    std::vector<Scenario> all{
        experts(),
        on("llama-3-70b", "p5.48xlarge", 32, {{P::Tensor, 16}, {P::Pipeline, 2}}),
        on("llama-3-70b", "trn2.48xlarge", 64, {{P::Tensor, 64}}),
        on("llama-3-70b", "tpu-v5e-4x2", 8, {{P::Tensor, 8}}),
        on("llama-3-70b", "tpu-v6e-4x2", 8, {{P::Tensor, 2}, {P::Sequence, 4}}),
        on("mixtral-8x7b", "dgx-a100", 16, {{P::Tensor, 2}, {P::Expert, 8}, {P::AttentionData, 8}}),
        on("deepseek-v3", "gb200-nvl72", 144, {{P::Tensor, 8}, {P::Expert, 16}, {P::AttentionData, 2}, {P::Pipeline, 9}}),
    };
    const std::size_t count = all.size();
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(calibrated(all[i]));
    return all;
}

bool has(const Explanation& what, const std::string& text)
{
    return std::any_of(what.formula.begin(), what.formula.end(),
                       [&](const Explanation::Line& line) { return line.numerator.find(text) != std::string::npos; });
}

const Explanation::Input* row(const Explanation& what, std::string_view symbol)
{
    const auto found =
        std::find_if(what.inputs.begin(), what.inputs.end(), [&](const Explanation::Input& i) { return i.symbol == symbol; });
    return found == what.inputs.end() ? nullptr : &*found;
}

Explanation named(const Scenario& scenario, const std::string& name)
{
    const Report report = evaluate(scenario);
    const Result<Subject> subject = subjectNamed(name, scenario, report);
    return subject.ok() ? explain(scenario, report, subject.value()) : Explanation{};
}

/// "1,024.5", of which there is nothing else; NaN for symbols.
double numberOf(std::string text)
{
    text.erase(std::remove(text.begin(), text.end(), ','), text.end());
    if (text.empty() || text.find_first_not_of("0123456789.e-+") != std::string::npos || text.find_first_of("0123456789") != 0)
        return std::nan("");
    return std::stod(text);
}

/// "70.3 µs" in seconds; NaN for no time.
double secondsOf(const std::string& text)
{
    const std::size_t space = text.find(' ');
    if (space == std::string::npos)
        return std::nan("");
    const std::string unit = text.substr(space + 1);
    for (const auto& [name, scale] : {std::pair{"s", 1.0}, {"ms", 1e-3}, {"µs", 1e-6}, {"ns", 1e-9}})
        if (unit == name)
            return numberOf(text.substr(0, space)) * scale;
    return std::nan("");
}

/// "40 × 70.3 µs_{up/gate_proj} + 1.2 ms" added up; `indexed`: terms that have a name.
double sumOf(std::string text, int* indexed = nullptr)
{
    double sum = 0;
    while (!text.empty()) {
        std::size_t end = text.find(" + ");
        const std::size_t brace = text.find("_{");
        if (brace != std::string::npos && brace < end)
            end = text.find(" + ", text.find('}'));
        std::string term = text.substr(0, end);
        text = end == std::string::npos ? std::string() : text.substr(end + 3);
        if (const std::size_t index = term.find("_{"); index != std::string::npos) {
            term.resize(index);
            if (indexed)
                ++*indexed;
        }
        const std::size_t times = term.find(" × ");
        const double runs = times == std::string::npos ? 1 : numberOf(term.substr(0, times));
        sum += runs * secondsOf(times == std::string::npos ? term : term.substr(times + 4));
    }
    return sum;
}

Subject headline(Subject::Kind kind, Phase phase)
{
    Subject subject{kind};
    subject.phase = phase;
    subject.cause = kind == Subject::Kind::CauseOfTime ? static_cast<int>(Cause::Communication) : -1;
    return subject;
}

} // namespace

class TestExplain : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Steps x latency and bytes / bandwidth of the levels, with what was fitted, are the operator's time; in both modes, on every fabric.
    void collectivesAddUp()
    {
        int nested = 0;
        int fitted = 0;
        int once = 0;
        for (const Scenario& scenario : manyScenarios()) {
            const Report report = evaluate(scenario);
            QVERIFY2(report.legal, scenario.model->id.c_str());
            const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing,
                                 StepDetail::Rows, scenario.constants());
            for (const PlanCollective& c : planCollectives(scenario, report)) {
                const CollectiveArithmetic a = arithmeticOf(step, c);
                const std::string where = scenario.cluster->id + " " + c.id + " " + nameOf(c.kind, c.cost);
                QVERIFY2(!a.terms.empty(), where.c_str());
                double seconds = a.added;
                for (const LevelTerm& term : a.terms) {
                    QCOMPARE(term.steps, std::round(term.steps));
                    seconds += term.steps * term.latency + term.bytes / (term.bandwidth * a.share);
                }
                QVERIFY2(std::abs(seconds - c.cost.time) <= 1e-9 * c.cost.time, where.c_str());
                QCOMPARE(a.time(), seconds);
                const OperatorCost& op = phaseOf(report, c.phase).operators[static_cast<std::size_t>(c.op)];
                QVERIFY2(std::abs(seconds - op.communicationTime) <= 1e-9 * seconds, where.c_str());
                nested += a.terms.size() > 1 ? 1 : 0;
                fitted += a.share < 1 ? 1 : 0;
                once += c.cost.algorithm == CollectiveAlgorithm::OncePerNode ? 1 : 0;
                // Every level's figures are rows.
                const Explanation what = explain(scenario, report, Subject{.kind = Subject::Kind::Operator, .phase = c.phase, .op = c.op});
                for (std::size_t i = 0; i < a.terms.size(); ++i) {
                    const std::string index = a.terms.size() > 1 ? "_" + std::to_string(i + 1) : "";
                    for (const char* symbol : {"steps", "α"})
                        QVERIFY2(a.terms[i].steps <= 0 || row(what, symbol + index), (where + symbol + index).c_str());
                    for (const char* symbol : {"sent", "β"})
                        QVERIFY2(a.terms[i].bytes <= 0 || row(what, symbol + index), (where + symbol + index).c_str());
                }
                QVERIFY2(a.share >= 1 || row(what, "η_β"), where.c_str());
                QVERIFY(what.alternativesTitle.find("longer side sets") == std::string::npos);
            }
        }
        QVERIFY(nested > 5);
        QVERIFY(fitted > 5);
        QVERIFY(once > 0);
    }

    void aDispatchIsWorkedOutLevelByLevel()
    {
        const Explanation what = named(experts(), "decode/dispatch");
        QVERIFY(has(what, "Σ_{levels} (steps × α + sent / β)"));
        QVERIFY(row(what, "β_1") && row(what, "β_1")->value == "450 GB/s");
        QVERIFY(row(what, "β_2") && row(what, "β_2")->value == "50 GB/s");
        QVERIFY(row(what, "steps_1")->value == "1" && row(what, "steps_2")->value == "1");
        QVERIFY(has(what,
                    "1 × 1 µs + " + row(what, "sent_1")->value + " / 450 GB/s + 1 × 10 µs + " + row(what, "sent_2")->value + " / 50 GB/s"));
        QVERIFY(what.alternatives.size() > 1); // the other algorithms
    }

    void calibratedOperatorsPutTheirConstantsIn()
    {
        const Scenario scenario = calibrated(on("llama-3-70b", "p5.48xlarge", 8, {{PlanAxis::Tensor, 8}}));
        QVERIFY(scenario.calibration);
        const Explanation product = named(scenario, "decode/qkv_proj");
        for (const char* symbol : {"η_F", "η_BW", "launch"}) {
            const Explanation::Input* constant = row(product, symbol);
            QVERIFY2(constant, symbol);
            QVERIFY2(has(product, constant->value), (std::string(symbol) + " " + constant->value).c_str());
            QVERIFY(constant->provenance != Provenance::Exact && !constant->note.empty());
        }
        if (const Explanation::Input* spill = row(product, "spill"))
            QVERIFY2(has(product, spill->value + " × "), spill->value.c_str());
        const Explanation sampling = named(scenario, "decode/sampling");
        QVERIFY(row(sampling, "sequence") && has(sampling, "256 × " + row(sampling, "sequence")->value));
        const Explanation embedding = named(scenario, "decode/embedding");
        QVERIFY(row(embedding, "step") && has(embedding, row(embedding, "step")->value));
        const Explanation sum = named(scenario, "decode/output_proj");
        QVERIFY(row(sum, "η_β") && has(sum, row(sum, "η_β")->value));
    }

    /// Nothing spills from a norm, so nothing is put in for it; what it moves was fitted.
    void aNormHasNoResidue()
    {
        const Scenario scenario = calibrated(on("llama-3-70b", "p5.48xlarge", 8, {{PlanAxis::Tensor, 8}}));
        const Explanation norm = named(scenario, "prefill/attention_norm");
        QVERIFY(!norm.formula.empty());
        for (const Explanation::Line& line : norm.formula) {
            QVERIFY2(line.numerator.find("e−") == std::string::npos && line.numerator.find("e-") == std::string::npos,
                     line.numerator.c_str());
            QVERIFY(line.numerator.find("spill") == std::string::npos);
        }
        QVERIFY(row(norm, "activations"));
        QVERIFY(row(norm, "activations")->provenance != Provenance::Exact);
        QVERIFY(row(norm, "small"));
    }

    void anExpertsLoadIsSolvedFirst()
    {
        Scenario scenario = experts();
        scenario.workload.routing.powerLaw = 0.5;
        const Explanation what = named(scenario, "expert:12");
        QVERIFY(row(what, "c"));
        const auto line = [&](const char* left) {
            return std::find_if(what.formula.begin(), what.formula.end(), [&](const Explanation::Line& l) { return l.left == left; });
        };
        QCOMPARE(line("p")->numerator, std::string("c × i^{−a}"));
        QVERIFY(line("p") < line("load"));
        QVERIFY(has(what, row(what, "c")->value + " × 13^{−0.5}"));
        // 1 - (1 - p)^256 is not certain.
        const std::string read = (line("P(read)") + 2)->numerator;
        QVERIFY2(read.starts_with("99.9") && read != "100 %", read.c_str());
    }

    void expertParallelismIsAnAxis()
    {
        const Scenario scenario = experts();
        const Explanation what = named(scenario, "axis:ep");
        QCOMPARE(what.title, std::string("EP 32"));
        QVERIFY(row(what, "experts") && row(what, "experts")->value == "8");
        QVERIFY(what.shareFraction > 0 && what.shareFraction < 1);
        QVERIFY(!what.alternatives.empty());
        for (const Explanation::Alternative& each : what.alternatives)
            QVERIFY(each.name.find("dispatch") != std::string::npos || each.name.find("combine") != std::string::npos);
        QVERIFY(std::any_of(what.notes.begin(), what.notes.end(),
                            [](const std::string& note) { return note.starts_with("Also considered for the "); }));
        const Scenario dense = on("llama-3-70b", "p5.48xlarge", 8, {{PlanAxis::Tensor, 8}});
        QVERIFY(!subjectNamed("axis:ep", dense, evaluate(dense)).ok());
    }

    void theSumOfAStepNamesItsParts()
    {
        const Scenario scenario = on("llama-3-70b", "p5.48xlarge", 8, {{PlanAxis::Tensor, 8}});
        const Explanation tpot = named(scenario, "tpot");
        QVERIFY(has(tpot, " others}"));
        QVERIFY(has(tpot, "m × t_stage"));
        QVERIFY(!has(tpot, "t_head"));
    }

    /// Each line of times is what the next one says, to the digits shown, up to the figure in large type; each term is named and opens.
    void theSumsOfHeadlinesAddUp()
    {
        int sums = 0;
        for (const Scenario& scenario : manyScenarios()) {
            const Report report = evaluate(scenario);
            for (const Phase phase : {Phase::Prefill, Phase::Decode})
                for (const Subject::Kind kind : {Subject::Kind::Time, Subject::Kind::CauseOfTime}) {
                    const Explanation what = explain(scenario, report, headline(kind, phase));
                    const std::string where = scenario.cluster->id + " " + what.title;
                    for (std::size_t i = 0; i + 1 < what.formula.size(); ++i) {
                        const std::string& put = what.formula[i].numerator;
                        int named = 0;
                        const double sum = sumOf(put, &named);
                        if (std::isnan(sum) || !what.formula[i + 1].left.empty() || !what.formula[i].left.empty())
                            continue; // symbols, bytes over rates
                        const double result = secondsOf(what.formula[i + 1].numerator);
                        QVERIFY2(std::abs(sum - result) <= 1e-3 * result + 1e-12,
                                 (where + ": " + put + " is not " + what.formula[i + 1].numerator).c_str());
                        if (named > 0)
                            QVERIFY2(std::size_t(named) <= what.links.size() + 1, (where + ": " + put).c_str());
                        ++sums;
                    }
                    QVERIFY2(!what.links.empty(), where.c_str());
                    for (const Explanation::Link& link : what.links)
                        QCOMPARE(explain(scenario, report, link.subject).formulaId.substr(0, 9), std::string("operator."));
                    QVERIFY(what.formula.back().result);
                    const double shown = secondsOf(what.formula.back().numerator);
                    const double figure = secondsOf(what.value + " " + what.unit.substr(0, what.unit.find(' ')));
                    QVERIFY2(std::abs(shown - figure) <= 5.1e-3 * shown, (where + what.value + what.unit).c_str());
                }
        }
        QVERIFY(sums > 60);
    }

    /// What is listed as an input stands in the formula or in a note about it.
    void inputsOfHeadlinesOccur()
    {
        for (const Scenario& scenario : manyScenarios()) {
            const Report report = evaluate(scenario);
            for (const Phase phase : {Phase::Prefill, Phase::Decode})
                for (const Subject::Kind kind : {Subject::Kind::Time, Subject::Kind::CauseOfTime}) {
                    const Explanation what = explain(scenario, report, headline(kind, phase));
                    std::string all;
                    for (const Explanation::Line& line : what.formula)
                        all += line.left + " = " + line.numerator + "\n";
                    for (const std::string& note : what.notes)
                        all += note + "\n";
                    for (const Explanation::Input& input : what.inputs) {
                        const std::string symbol = input.symbol.substr(0, input.symbol.find('_'));
                        QVERIFY2(all.find(symbol) != std::string::npos, (what.title + ": " + input.symbol + "\n" + all).c_str());
                        const std::size_t space = input.value.find(' ');
                        if (symbol == "sent" || symbol == "α" || symbol == "β")
                            QVERIFY2(all.find(input.value) != std::string::npos || space == std::string::npos,
                                     (what.title + ": " + input.symbol + " = " + input.value + "\n" + all).c_str());
                    }
                }
        }
    }

    /// Two stages of 40 layers: the embedding's AllReduce is on the first, the head's AllGather on the last, and no stage has both.
    void collectivesAreCountedByStage()
    {
        const Scenario scenario = on("llama-3-70b", "p5.48xlarge", 8, {{PlanAxis::Tensor, 4}, {PlanAxis::Pipeline, 2}});
        const Report report = evaluate(scenario);
        QCOMPARE(collectivesText(report, Phase::Decode, 0), std::string("81 × AllReduce"));
        QCOMPARE(collectivesText(report, Phase::Decode, 1), std::string("80 × AllReduce, 1 × AllGather"));
        QCOMPARE(collectiveRangeText(collectiveRange(report, Phase::Decode)), std::string("81 on each of 2 stages"));
        QCOMPARE(collectivesText(report, Phase::Decode, 2), std::string());
        Subject subject = headline(Subject::Kind::CauseOfTime, Phase::Decode);
        for (const int stage : {0, 1}) {
            subject.stage = stage;
            const Explanation what = explain(scenario, report, subject);
            int runs = 0;
            for (const Explanation::Alternative& bar : what.alternatives) {
                if (bar.subject.kind == Subject::Kind::None)
                    continue; // waits for sends
                QVERIFY2(!bar.name.starts_with(stage == 0 ? "lm_head" : "embedding"), bar.name.c_str());
                runs += bar.value.find(" × ") == std::string::npos ? 1 : std::stoi(bar.value);
            }
            QCOMPARE(runs, 81);
            QVERIFY(what.alternativesTitle.ends_with(collectivesText(report, Phase::Decode, stage)));
        }
    }
};

QTEST_APPLESS_MAIN(TestExplain)
#include "tst_explain.moc"
