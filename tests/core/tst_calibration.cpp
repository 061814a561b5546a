// SPDX-License-Identifier: Apache-2.0
// Constants of engines and accelerators: how they add up, what fits recover from data made with known constants, files, and scenarios
// that run on them.
#include "core/base/format.h"
#include "core/calibration/leastsquares.h"
#include "core/calibration/operatorfit.h"
#include "core/calibration/servingfit.h"
#include "core/scenario/calibrate.h"
#include "core/scenario/calibration_json.h"
#include "core/scenario/catalog.h"
#include "core/scenario/constantrows.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/explain.h"
#include "core/scenario/fit_points.h"
#include "core/scenario/scenario_file.h"
#include "tests/core/randomscenario.h"

#include <QtTest>

#include <set>

using namespace shardlens;

namespace {

bool near(double a, double b, double tolerance)
{
    return std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

/// A table of matmuls as kernels with these constants would take them.
std::string gemmTable(const Accelerator& a, const KernelConstants& c)
{
    std::string text = "dtype,m,n,k,lat_us\n";
    for (int m = 1; m <= 16384; m *= 4)
        for (int n = 512; n <= 16384; n *= 4)
            for (int k = 1024; k <= 8192; k *= 2) {
                const double compute = 2.0 * m * n * k / a.peakOf(ComputeFormat::Bf16) / c.compute;
                const double memory = (2.0 * n * k + 2.0 * m * (n + k)) / a.memoryBandwidth / c.memory;
                const double t = std::max(compute, memory) + c.spill * std::min(compute, memory) + c.launch;
                text += "bfloat16," + std::to_string(m) + "," + std::to_string(n) + "," + std::to_string(k) + "," + std::to_string(t * 1e6)
                        + "\n";
            }
    return text;
}

/// Serving points predicted by a set of constants: a fit to them should give those constants' predictions back.
std::vector<FitPoint> pointsOf(const CalibrationSet& set)
{
    std::vector<FitPoint> out;
    const Catalog& catalog = builtinCatalog();
    for (const char* model : {"llama-3.1-8b", "qwen3-32b", "gpt-oss-120b"})
        for (const Engine engine : {Engine::Vllm, Engine::Sglang})
            for (const int tensor : {1, 2, 4})
                for (const int concurrency : {4, 32}) {
                    FitPoint p;
                    p.point.model = catalog.model(model);
                    p.point.server.cluster = catalog.cluster("p5.48xlarge");
                    p.point.server.plan[PlanAxis::Tensor] = tensor;
                    p.point.engine = defaultsOf(engine);
                    p.point.concurrency = concurrency;
                    p.point.input = 1024;
                    p.point.output = 256;
                    p.point.meanInput = 1024;
                    p.point.meanOutput = 256;
                    p.point.devices = tensor;
                    PointConstants constants = pointConstants(set, p.point);
                    constants.fidelity = Fidelity::Analytic;
                    const Result<PointPrediction> predicted = predictPoint(p.point, constants);
                    if (!predicted.ok())
                        continue;
                    p.tpot = predicted.value().tpot.value;
                    p.ttft = predicted.value().ttft.value;
                    out.push_back(std::move(p));
                }
    return out;
}

} // namespace

class TestCalibration : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void constantsRoundTrip();
    void everyConstantButSpillHasAFactor();
    void leastSquaresFindsALine();
    void anOutlierMovesLittle();
    void kernelsAreRecovered();
    void badTablesAreSentences_data();
    void badTablesAreSentences();
    void factorsAreRecovered();
    void whatNoPointShowsStays();
    void filesRoundTrip();
    void badFilesAreSentences();
    void shippedCalibrationIsWhole();
    void aRelativeLendsItsConstants();
    void calibratedIsNeverFaster();
    void scenariosFollowEngineAndCluster();
    void outsideOfWhatWasMeasured();
    void nearestPointsAreExplained();
    void servedSharesAreToldFromKernelsAlone();
    void fitsGiveTheSameBytes();
};

void TestCalibration::constantsRoundTrip()
{
    for (std::size_t c = 0; c < kConstantCount; ++c)
        for (const double value : {0.01, 0.3, 0.9}) {
            QVERIFY2(near(valueOf(c, logOf(c, value)), value, 1e-12), constantName(c).c_str());
            // A factor on the odds of a share never leads beyond 1.
            QVERIFY(!isShare(c) || valueOf(c, logOf(c, value) + 50) <= 1);
        }
}

void TestCalibration::everyConstantButSpillHasAFactor()
{
    std::set<std::string> names;
    for (std::size_t c = 0; c < kConstantCount; ++c) {
        const bool spill = c < kKernelConstants && c % kKernelFieldCount == static_cast<std::size_t>(KernelField::Spill);
        QCOMPARE(factorOf(c).has_value(), !spill);
        QVERIFY(names.insert(constantName(c)).second);
        if (!spill && c >= kKernelConstants)
            QCOMPARE(QString::fromStdString(factorName(*factorOf(c))), QString::fromStdString(constantName(c)));
    }
    QCOMPARE(*factorOf(constantOf(KernelClass::Experts, KernelFormat::Fp8, KernelField::Launch)),
             *factorOf(constantOf(KernelClass::Experts, KernelFormat::Bits16, KernelField::Launch)));
}

void TestCalibration::leastSquaresFindsALine()
{
    const auto line = [](const std::vector<double>& x, bool, std::vector<ResidualRow>& rows) {
        rows.assign(20, {});
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const double at = static_cast<double>(i);
            rows[i] = {x[0] + x[1] * at - (3 + 0.5 * at), 0.1, {{0, 1.0}, {1, at}}};
        }
    };
    const LeastSquares fit = leastSquares({{0, 100}, {0, 100}}, line, 50);
    QVERIFY(fit.converged);
    QVERIFY(near(fit.x[0], 3, 1e-3) && near(fit.x[1], 0.5, 1e-3));
    // A narrow prior holds what the data would move.
    const LeastSquares held = leastSquares({{0, 1e-6}, {0, 100}}, line, 50);
    QVERIFY(std::abs(held.x[0]) < 1e-4);
}

void TestCalibration::anOutlierMovesLittle()
{
    const auto mean = [](const std::vector<double>& x, bool, std::vector<ResidualRow>& rows) {
        rows.clear();
        for (int i = 0; i < 21; ++i)
            rows.push_back({x[0] - (i == 0 ? 1000.0 : 1.0), 0.1, {{0, 1.0}}});
    };
    QVERIFY(std::abs(leastSquares({{0, 100}}, mean, 50).x[0] - 1) < 0.02);
}

void TestCalibration::kernelsAreRecovered()
{
    const Accelerator& a = *builtinCatalog().accelerator("h100-sxm");
    const KernelConstants made{0.7, 0.8, 0.25, 6e-6};
    const Result<std::vector<KernelSample>> samples = readKernelSamples(OperatorTable::Gemm, gemmTable(a, made), "gemm_x.csv", a);
    QVERIFY(samples.ok());
    const std::vector<FittedKernel> fitted = fitKernels(samples.value());
    QCOMPARE(fitted.size(), std::size_t{1});
    const KernelConstants& c = fitted.front().constants;
    QVERIFY(near(c.compute, made.compute, 0.02) && near(c.memory, made.memory, 0.02) && near(c.launch, made.launch, 0.02));
    QVERIFY(std::abs(c.spill - made.spill) < 0.05);
    QVERIFY(fitted.front().medianError < 0.01);
    const AcceleratorCalibration own = ownConstants("h100-sxm", fitted, {}, "made up");
    const Constants constants = constantsOf(own.logs);
    QVERIFY(near(constants.step.of(KernelClass::Matrix, KernelFormat::Fp8).compute, c.compute, 1e-9)); // stands in
    QCOMPARE(own.evidence[evidenceOf(KernelClass::Matrix, KernelFormat::Bits16)].origin, ConstantOrigin::Measured);
    QCOMPARE(own.evidence[evidenceOf(KernelClass::Matrix, KernelFormat::Fp8)].origin, ConstantOrigin::Borrowed);
    QCOMPARE(own.evidence[evidenceOf(KernelClass::Experts, KernelFormat::Fp8)].origin, ConstantOrigin::Assumed);
}

void TestCalibration::badTablesAreSentences_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("empty") << QByteArray() << QByteArray("a line of column names");
    QTest::newRow("column") << QByteArray("dtype,m,n,lat_us\n") << QByteArray("no column 'k'");
    QTest::newRow("dtype") << QByteArray("dtype,m,n,k,lat_us\nfp3,1,1,1,1\n") << QByteArray("fp3");
    QTest::newRow("number") << QByteArray("dtype,m,n,k,lat_us\nfp8,1,x,1,1\n") << QByteArray("column n");
    QTest::newRow("nan") << QByteArray("dtype,m,n,k,lat_us\nfp8,1,nan,1,1\n") << QByteArray("column n");
    QTest::newRow("zero") << QByteArray("dtype,m,n,k,lat_us\nfp8,0,1,1,1\n") << QByteArray("column m");
}

void TestCalibration::badTablesAreSentences()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, says);
    const Result<std::vector<KernelSample>> read =
        readKernelSamples(OperatorTable::Gemm, text.toStdString(), "gemm_h100.csv", *builtinCatalog().accelerator("h100-sxm"));
    QVERIFY(!read.ok());
    const std::string sentence = read.error().sentence();
    QVERIFY2(sentence.find(says.toStdString()) != std::string::npos, sentence.c_str());
    QVERIFY(sentence.find("gemm_h100.csv") != std::string::npos);
}

void TestCalibration::factorsAreRecovered()
{
    // Points made by engines with known factors are predicted again by the fit, which starts from none.
    CalibrationSet made;
    auto h100 = std::make_shared<AcceleratorCalibration>();
    h100->accelerator = "h100-sxm";
    h100->logs = assumedConstants();
    made.accelerators.push_back(h100);
    for (std::size_t e = 0; e < kEngineCount; ++e)
        made.engines[e].engine = static_cast<Engine>(e);
    FactorLogs& vllm = made.engines[static_cast<std::size_t>(Engine::Vllm)].factors;
    vllm[launchFactorOf(KernelClass::Matrix)] = 0.5;
    vllm[factorOf(StepField::Step)] = 0.8;
    FactorLogs& sglang = made.engines[static_cast<std::size_t>(Engine::Sglang)].factors;
    sglang[launchFactorOf(KernelClass::Matrix)] = -0.4;
    sglang[factorOf(StepField::RequestOverhead)] = 1;
    const std::vector<FitPoint> points = pointsOf(made);
    QVERIFY(points.size() >= 20);
    const ServingFit fit = fitServing({h100}, points, {}, nullptr, 25, Fidelity::Analytic);
    for (const FitPoint& p : points) {
        PointConstants constants = pointConstants(fit.set, p.point);
        constants.fidelity = Fidelity::Analytic;
        const PointPrediction predicted = predictPoint(p.point, constants).value();
        QVERIFY2(near(predicted.tpot.value, p.tpot, 0.03), std::to_string(predicted.tpot.value / p.tpot).c_str());
        QVERIFY2(near(predicted.ttft.value, p.ttft, 0.1), std::to_string(predicted.ttft.value / p.ttft).c_str());
    }
    QCOMPARE(fit.set.accelerator("h100-sxm")->engines[static_cast<std::size_t>(Engine::Vllm)].models.size(), std::size_t{3});
}

void TestCalibration::whatNoPointShowsStays()
{
    auto h100 = std::make_shared<AcceleratorCalibration>();
    h100->accelerator = "h100-sxm";
    h100->logs = assumedConstants();
    CalibrationSet plain;
    plain.accelerators.push_back(h100);
    const std::vector<FitPoint> points = pointsOf(plain);
    const ServingFit fit = fitServing({h100}, points, {}, nullptr, 5, Fidelity::Analytic);
    // No point decodes a latent cache: those constants are as before. Points that agree with the constants move none far.
    for (const Engine engine : {Engine::Vllm, Engine::Sglang}) {
        const FactorLogs& factors = fit.set.engines[static_cast<std::size_t>(engine)].factors;
        QCOMPARE(factors[launchFactorOf(KernelClass::LatentDecode)], 0.0);
        QVERIFY(std::abs(factors[launchFactorOf(KernelClass::Matrix)]) < 0.02);
    }
}

void TestCalibration::filesRoundTrip()
{
    const CalibrationSet& shipped = builtinCatalog().calibration;
    const std::map<std::string, std::string> files = calibrationFiles(shipped);
    CalibrationSet read;
    for (const auto& [path, text] : files)
        QVERIFY(!addCalibrationFile(read, path, path, text));
    QVERIFY(!finishCalibration(read));
    QVERIFY(calibrationFiles(read) == files);
    QCOMPARE(read.accelerators.size(), shipped.accelerators.size());
}

void TestCalibration::badFilesAreSentences()
{
    std::map<std::string, std::string> files = calibrationFiles(builtinCatalog().calibration);
    const auto sentenceOf = [](const std::string& path, const std::string& text) {
        CalibrationSet set;
        const std::optional<Error> error = addCalibrationFile(set, path, path, text);
        return error ? error->sentence() : std::string();
    };
    std::string text = files.at("accelerators/h100-sxm.json");
    QVERIFY(sentenceOf("accelerators/h100-sxm.json", text).empty());
    const std::size_t compute = text.find("\"compute\": ");
    std::string wrong = text;
    wrong.replace(compute, std::string("\"compute\": ").size(), "\"compute\": 7");
    QVERIFY(sentenceOf("accelerators/h100-sxm.json", wrong).find("/kernels/matrix/bits16/compute") != std::string::npos);
    QVERIFY(sentenceOf("accelerators/h100-sxm.json", text.substr(0, text.size() / 2)).find("h100-sxm.json") != std::string::npos);
    QVERIFY(sentenceOf("engines/vllm.json", R"({"engine": "tgi", "points": 1, "source": "", "factors": {}})").find("/engine")
            != std::string::npos);
    QVERIFY(sentenceOf("engines/vllm.json", R"({"engine": "vllm", "points": 1, "source": "", "factors": {"warp": 2}})").find("warp")
            != std::string::npos);
    CalibrationSet orphan;
    QVERIFY(!addCalibrationFile(orphan, "accelerators/b300-sxm.json", "b300", R"({"accelerator": "b300-sxm", "relative": "b200-sxm"})"));
    QVERIFY(finishCalibration(orphan).has_value());
}

void TestCalibration::shippedCalibrationIsWhole()
{
    const CalibrationSet& set = builtinCatalog().calibration;
    for (const char* id : {"h100-sxm", "h200-sxm", "b200-sxm"}) {
        const AcceleratorCalibration* a = set.accelerator(id);
        QVERIFY(a && a->relative.empty());
        QVERIFY(a->engines[static_cast<std::size_t>(Engine::Vllm)].points > 0);
        QVERIFY(!a->engines[static_cast<std::size_t>(Engine::Vllm)].models.empty());
    }
    for (const auto& a : set.accelerators) {
        QVERIFY2(builtinCatalog().accelerator(a->accelerator), a->accelerator.c_str());
        const Constants c = constantsOf(combined(*a, set.engines[static_cast<std::size_t>(Engine::Vllm)]));
        for (const auto& kernel : c.step.kernels)
            for (const KernelConstants& k : kernel)
                QVERIFY(k.compute > 0 && k.compute <= 1 && k.memory > 0 && k.memory <= 1 && k.spill >= 0 && k.spill <= 1 && k.launch > 0
                        && k.launch < 1e-3);
        QVERIFY(c.step.step > 0 && c.step.step < 0.05);
    }
    // The less is known, the wider the interval.
    double last = 0;
    for (const Intervals& i : set.intervals) {
        QVERIFY(i.tpot.low > 0 && i.tpot.low <= 1 && i.tpot.high >= 1);
        QVERIFY(i.tpot.high / i.tpot.low > 0.9 * last);
        last = i.tpot.high / i.tpot.low;
    }
    QVERIFY(set.ranges.input.most > set.ranges.input.least);
    QVERIFY(!set.source.empty());
}

void TestCalibration::aRelativeLendsItsConstants()
{
    const CalibrationSet& set = builtinCatalog().calibration;
    const auto own = calibrationOf(set, "b200-sxm", Engine::Vllm);
    const auto lent = calibrationOf(set, "b300-sxm", Engine::Vllm);
    QVERIFY(own->constants == lent->constants);
    QCOMPARE(own->nearness("minimax-m2.5"), Nearness::Model);
    QCOMPARE(own->nearness("no-such-model"), Nearness::Pair);
    QCOMPARE(lent->nearness("minimax-m2.5"), Nearness::Relative);
    QCOMPARE(calibrationOf(set, "tpu-v5p", Engine::Vllm)->nearness("x"), Nearness::Relative);
    QCOMPARE(calibrationOf(set, "gb200", Engine::Vllm)->nearness("x"), Nearness::Accelerator);
}

void TestCalibration::calibratedIsNeverFaster()
{
    test::Random random(5);
    for (int i = 0; i < 300; ++i) {
        Scenario s = random.scenario();
        const Report ideal = evaluate(s);
        s.mode = Mode::Calibrated;
        s.serving.engine = defaultsOf(static_cast<Engine>(random.below(4)));
        calibrate(s, {});
        QVERIFY(s.calibration);
        const Report real = evaluate(s);
        QVERIFY(real.prefill.time > ideal.prefill.time && real.decode.time > ideal.decode.time);
        QVERIFY(real.decode.breakdown[Cause::Overhead] > 0);
        QVERIFY(std::abs(real.decode.breakdown.total() - real.decode.time) <= 1e-9 * real.decode.time);
        QVERIFY(real.serving.intervals && !ideal.serving.intervals);
        QVERIFY(real.serving.intervals->tpot.low <= real.serving.tpot && real.serving.tpot <= real.serving.intervals->tpot.high);
        QVERIFY(real.memory.limiting().total() == ideal.memory.limiting().total());
    }
}

void TestCalibration::scenariosFollowEngineAndCluster()
{
    Scenario s = caseStudyScenario(builtinCatalog());
    calibrate(s, builtinCatalog().calibration);
    QVERIFY(!s.calibration);
    s.mode = Mode::Calibrated;
    s.serving.engine = defaultsOf(Engine::Sglang);
    calibrate(s, builtinCatalog().calibration);
    QCOMPARE(s.calibration->engine, Engine::Sglang);
    QVERIFY(provenanceOf(s).find("SGLang") != std::string::npos);
    ScenarioFile file;
    file.scenario = s;
    const Result<ScenarioFile> read = parseScenario(printScenario(file, builtinCatalog()), "x", builtinCatalog());
    QVERIFY(read.ok());
    QVERIFY(read.value().scenario == s);
    QVERIFY(read.value().scenario.calibration && *read.value().scenario.calibration == *s.calibration);
    s.cluster = builtinCatalog().cluster("trn2.48xlarge");
    calibrate(s, builtinCatalog().calibration);
    QCOMPARE(QString::fromStdString(s.calibration->accelerator), QString::fromStdString(s.cluster->accelerator.id));
    QVERIFY(provenanceOf(s).find("nothing measured") != std::string::npos);
}

void TestCalibration::outsideOfWhatWasMeasured()
{
    Scenario s = caseStudyScenario(builtinCatalog());
    s.workload.input = 1'000'000;
    QVERIFY(outsideMeasured(s).empty());
    s.mode = Mode::Calibrated;
    calibrate(s, builtinCatalog().calibration);
    const std::vector<std::string> outside = outsideMeasured(s);
    QVERIFY(outside.size() >= 2); // the prompt, and the pipeline
    QVERIFY(outside.front().find("1,000,000") != std::string::npos);
}

void TestCalibration::nearestPointsAreExplained()
{
    const auto near = [](const Scenario& s) {
        Subject subject;
        subject.kind = Subject::Kind::Time;
        subject.phase = Phase::Decode;
        std::vector<std::string> found;
        for (const std::string& note : explain(s, evaluate(s), subject).notes)
            if (note.starts_with("Measured near: "))
                found.push_back(note);
        return found;
    };
    Scenario s = caseStudyScenario(builtinCatalog());
    QVERIFY(near(s).empty());
    s.mode = Mode::Calibrated;
    s.serving.engine = defaultsOf(Engine::Vllm);
    s.model = builtinCatalog().model("qwen3-32b");
    calibrate(s, {});
    const std::vector<std::string> notes = near(s);
    QCOMPARE(notes.size(), std::size_t{3});
    QVERIFY2(notes.front().find("Qwen3-32B with vLLM") != std::string::npos, notes.front().c_str());
    QVERIFY(notes.front().find("distance") != std::string::npos);
}

/// A share that serving points have moved far is fitted, not measured, and what the kernels reach alone stands beside it.
void TestCalibration::servedSharesAreToldFromKernelsAlone()
{
    Scenario s = caseStudyScenario(builtinCatalog());
    s.model = builtinCatalog().model("deepseek-v3");
    s.cluster = builtinCatalog().cluster("hgx-h200");
    s.plan = {};
    s.plan[PlanAxis::Tensor] = 8;
    s.formats.weights = NumberFormat::Fp8Block;
    s.mode = Mode::Calibrated;
    calibrate(s, builtinCatalog().calibration);
    const Report report = evaluate(s);
    QVERIFY(report.legal);
    const auto explained = [&](Op wanted) {
        Subject subject;
        subject.kind = Subject::Kind::Operator;
        subject.phase = Phase::Prefill;
        const std::vector<OperatorCost>& all = report.prefill.operators;
        subject.op =
            static_cast<int>(std::find_if(all.begin(), all.end(), [&](const OperatorCost& op) { return op.op == wanted; }) - all.begin());
        return explain(s, report, subject);
    };
    const KernelUse use{KernelClass::Experts, KernelFormat::WeightOnly};
    const double alone = kernelsAlone(*s.calibration, use).compute;
    QVERIFY(s.constants().of(use.kernel, use.format).compute < alone / 3);
    const Explanation experts = explained(Op::ExpertUp);
    const auto share = std::find_if(experts.inputs.begin(), experts.inputs.end(), [](const auto& input) { return input.symbol == "η_F"; });
    QVERIFY(share != experts.inputs.end());
    QCOMPARE(share->provenance, Provenance::Fitted);
    QVERIFY2(share->note.find("the kernels alone " + formatPercent(alone)) != std::string::npos, share->note.c_str());
    const auto isReason = [](const std::string& note) { return note.starts_with("This share of the peak"); };
    QVERIFY(std::any_of(experts.notes.begin(), experts.notes.end(), isReason));
    const Explanation dense = explained(Op::OutputProjection); // as far as its kernels alone
    QVERIFY(std::none_of(dense.notes.begin(), dense.notes.end(), isReason));
}

void TestCalibration::fitsGiveTheSameBytes()
{
    const Accelerator& a = *builtinCatalog().accelerator("h100-sxm");
    FitTables tables;
    tables.kernels.push_back({"gemm_h100_sxm", gemmTable(a, {0.7, 0.8, 0.25, 6e-6})});
    std::string points = "row,model,system,precision,backend,isl,osl,concurrency,gpus,attn_tp,max_num_seqs,ttft_ms,tpot_ms\n";
    for (int tensor = 1; tensor <= 4; tensor *= 2)
        for (int concurrency = 1; concurrency <= 64; concurrency *= 4)
            points += "r" + std::to_string(tensor * 100 + concurrency) + ",llama-3.1-8b,h100_sxm,bf16,vllm,1024,256,"
                      + std::to_string(concurrency) + "," + std::to_string(tensor) + "," + std::to_string(tensor) + ",256,"
                      + std::to_string(60 + concurrency) + "," + std::to_string(8.0 / tensor + 0.1 * concurrency) + "\n";
    tables.points.push_back({"points", points});
    tables.source = "made up";
    const auto quiet = [](const std::string&) {};
    const Result<FitReport> first = fitTables(tables, builtinCatalog(), false, {}, quiet);
    const Result<FitReport> second = fitTables(tables, builtinCatalog(), false, {}, quiet);
    QVERIFY2(first.ok(), first.ok() ? "" : first.error().sentence().c_str());
    QCOMPARE(first.value().fitted, 12);
    QVERIFY(calibrationFiles(first.value().set) == calibrationFiles(second.value().set));
    QVERIFY(fitReportText(first.value()).find("| nothing | TPOT | 12 |") != std::string::npos);
    QVERIFY(first.value().validation.front().tpot.meanError < 0.2);
    const Result<MeasuredPoints> shown = readPoints(pointsToShow(first.value(), builtinCatalog()), "points.csv");
    QVERIFY(shown.ok() && shown.value().points.size() == 4 && shown.value().problems.empty());
}

QTEST_APPLESS_MAIN(TestCalibration)
#include "tst_calibration.moc"
