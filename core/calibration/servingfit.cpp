// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/servingfit.h"

#include "core/calibration/leastsquares.h"
#include "core/cost/operators.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <thread>

namespace shardlens {

namespace {

constexpr double kTpotSigma = 0.06;
constexpr double kTtftSigma = 0.12;
/// Differences of a logarithm for gradients: well above the steps of whole tokens and, in the simulation, of the order of events.
constexpr double kAnalyticDifference = 1e-3;
constexpr double kSimulatedDifference = 0.03;

/// How far a factor may be from 1: standard deviations of its logarithm, for what all engines have in common, for an engine, for an
/// accelerator under all engines (what its kernel tables miss), and for the two together. Shares of peak and bandwidth are split once more,
/// into what all formats of a class have in common and what one format differs by.
struct FactorSpreads {
    double common = 0;
    double engine = 0;
    double accelerator = 0;
    double pair = 0;
};

constexpr std::size_t kFactorsOfClass = 2 * kKernelFormatCount + 1;
constexpr std::size_t kClassFactors = kKernelClassCount * kFactorsOfClass;

/// Shared by the formats of a class: numbered beyond the factors; none for launches and what is not a kernel's.
std::optional<std::size_t> sharedOf(std::size_t factor)
{
    if (factor >= kClassFactors || factor % kFactorsOfClass == 2 * kKernelFormatCount)
        return std::nullopt;
    return kFactorCount + factor / kFactorsOfClass * 2 + factor % kFactorsOfClass % 2;
}

FactorSpreads spreadsOf(std::size_t factor)
{
    if (factor >= kFactorCount) // shared by formats: compute, memory
        return factor % 2 == kFactorCount % 2 ? FactorSpreads{0.25, 0.15, 0, 0} : FactorSpreads{0.2, 0.1, 0, 0};
    if (factor < kClassFactors) {
        const std::size_t place = factor % kFactorsOfClass;
        if (place == 2 * kKernelFormatCount)
            return {0.6, 0.3, 0.15, 0.2}; // launches: graphs, fusion
        return place % 2 == 0 ? FactorSpreads{0.15, 0.15, 0.08, 0.12} : FactorSpreads{0.1, 0.1, 0.05, 0.08};
    }
    switch (static_cast<StepField>(factor - kClassFactors)) {
    case StepField::NodeLatency:
    case StepField::NetworkLatency: return {0.4, 0.3, 0.15, 0.2};
    case StepField::NodeBandwidth:
    case StepField::NetworkBandwidth: return {0.2, 0.2, 0.1, 0.15};
    case StepField::ElementwisePasses: return {0.3, 0.3, 0.1, 0.15};
    case StepField::Elementwise: return {0.5, 0.3, 0.15, 0.2};
    case StepField::Step:
    case StepField::PerSequence:
    case StepField::PerToken: return {0.7, 0.7, 0.1, 0.3};
    case StepField::RequestOverhead: return {0.7, 1.0, 0.1, 0.4};
    }
    return {};
}

/// Constants that a point's step times depend on.
std::vector<std::size_t> constantsUsed(const FitPoint& p)
{
    std::vector<std::size_t> used;
    const auto add = [&used](std::size_t c) {
        if (std::find(used.begin(), used.end(), c) == used.end())
            used.push_back(c);
    };
    const ResolvedPoint& point = p.point;
    const ResolvedPool& pool = point.disaggregated ? point.decode : point.server;
    const StepModel step(*point.model, *pool.cluster, point.formats, pool.plan, {}, StepDetail::Times);
    for (const bool decode : {false, true})
        for (const OperatorFacts& facts : step.table(decode).facts)
            if (const std::optional<KernelUse> kernel = kernelOf(facts, *point.model, point.formats, decode))
                for (const KernelField field : {KernelField::Compute, KernelField::Memory, KernelField::Launch})
                    add(constantOf(kernel->kernel, kernel->format, field));
    for (std::size_t f = 0; f < kStepFieldCount; ++f) {
        const auto field = static_cast<StepField>(f);
        const bool links = field == StepField::NodeLatency || field == StepField::NodeBandwidth;
        const bool network = field == StepField::NetworkLatency || field == StepField::NetworkBandwidth;
        if ((links && pool.plan.stageDevices() == 1) || (network && pool.cluster->levels.size() == 1))
            continue;
        add(constantOf(field));
    }
    return used;
}

/// Numbers the parameters: (accelerator | engine | pair) x factor.
class Layout {
public:
    std::size_t of(int group, std::size_t factor, double spread)
    {
        const auto [at, added] = m_index.try_emplace({group, factor}, m_parameters.size());
        if (added)
            m_parameters.push_back({0, spread});
        return at->second;
    }
    [[nodiscard]] const std::vector<Parameter>& parameters() const { return m_parameters; }
    [[nodiscard]] double value(const std::vector<double>& x, int group, std::size_t factor) const
    {
        const auto at = m_index.find({group, factor});
        return at == m_index.end() ? 0 : x[at->second];
    }
    using Named = std::map<std::pair<int, std::size_t>, double>;
    [[nodiscard]] Named named(const std::vector<double>& x) const
    {
        Named out;
        for (const auto& [key, index] : m_index)
            out[key] = x[index];
        return out;
    }
    [[nodiscard]] std::vector<double> from(const Named& values) const
    {
        std::vector<double> x(m_parameters.size(), 0);
        for (const auto& [key, index] : m_index)
            if (const auto at = values.find(key); at != values.end())
                x[index] = at->second;
        return x;
    }

private:
    std::map<std::pair<int, std::size_t>, std::size_t> m_index;
    std::vector<Parameter> m_parameters;
};

constexpr int kCommonGroup = -1;

int acceleratorGroup(int accelerator)
{
    return accelerator;
}
int engineGroup(Engine engine)
{
    return 1000 + static_cast<int>(engine);
}
int pairGroup(int accelerator, Engine engine)
{
    return 2000 + accelerator * static_cast<int>(kEngineCount) + static_cast<int>(engine);
}

struct Prepared {
    const FitPoint* point = nullptr;
    int accelerator = 0;
    std::vector<std::size_t> constants;
    std::vector<std::vector<std::size_t>> parameters; ///< that add to each constant's logarithm
};

class Fitter {
public:
    Fitter(const std::vector<std::shared_ptr<const AcceleratorCalibration>>& kernels, std::span<const FitPoint> points,
           const std::vector<bool>& used, Fidelity fidelity)
        : m_kernels(kernels),
          m_fidelity(fidelity),
          m_difference(fidelity == Fidelity::Simulated ? kSimulatedDifference : kAnalyticDifference)
    {
        for (std::size_t i = 0; i < points.size(); ++i) {
            if (!used.empty() && !used[i])
                continue;
            Prepared p;
            p.point = &points[i];
            p.accelerator = acceleratorIndex(points[i].point.accelerator().id);
            const Engine engine = points[i].point.engine.engine;
            if (p.accelerator < 0)
                continue;
            for (const std::size_t constant : constantsUsed(points[i])) {
                const std::optional<std::size_t> factor = factorOf(constant);
                if (!factor)
                    continue;
                p.constants.push_back(constant);
                p.parameters.push_back(parametersOf(*factor, p.accelerator, engine));
            }
            m_points.push_back(std::move(p));
        }
    }

    ServingFit run(const ServingFit* start, int mostIterations)
    {
        std::vector<double> x;
        if (start)
            x = m_layout.from(start->estimates);
        const Residuals residuals = [this](const std::vector<double>& at, bool gradients, std::vector<ResidualRow>& rows) {
            evaluate(at, gradients, rows);
        };
        const LeastSquares best = leastSquares(m_layout.parameters(), residuals, mostIterations, std::move(x));
        ServingFit fit;
        fit.iterations = best.iterations;
        fit.converged = best.converged;
        fit.cost = best.cost;
        fit.points = static_cast<int>(m_points.size());
        fit.parameters = static_cast<int>(m_layout.parameters().size());
        fit.set = setOf(best.x);
        fit.estimates = m_layout.named(best.x);
        return fit;
    }

private:
    std::vector<std::size_t> parametersOf(std::size_t factor, int accelerator, Engine engine)
    {
        std::vector<std::size_t> out;
        const FactorSpreads s = spreadsOf(factor);
        out.push_back(m_layout.of(kCommonGroup, factor, s.common));
        out.push_back(m_layout.of(engineGroup(engine), factor, s.engine));
        out.push_back(m_layout.of(acceleratorGroup(accelerator), factor, s.accelerator));
        out.push_back(m_layout.of(pairGroup(accelerator, engine), factor, s.pair));
        if (const std::optional<std::size_t> shared = sharedOf(factor)) {
            const FactorSpreads of = spreadsOf(*shared);
            out.push_back(m_layout.of(kCommonGroup, *shared, of.common));
            out.push_back(m_layout.of(engineGroup(engine), *shared, of.engine));
        }
        return out;
    }

    /// Of an engine on any accelerator.
    [[nodiscard]] double engineFactor(const std::vector<double>& x, Engine engine, std::size_t factor) const
    {
        double sum = m_layout.value(x, kCommonGroup, factor) + m_layout.value(x, engineGroup(engine), factor);
        if (const std::optional<std::size_t> shared = sharedOf(factor))
            sum += m_layout.value(x, kCommonGroup, *shared) + m_layout.value(x, engineGroup(engine), *shared);
        return sum;
    }

    [[nodiscard]] int acceleratorIndex(std::string_view id) const
    {
        for (std::size_t i = 0; i < m_kernels.size(); ++i)
            if (m_kernels[i]->accelerator == id)
                return static_cast<int>(i);
        return -1;
    }

    [[nodiscard]] ConstantLogs logsOf(const std::vector<double>& x, const Prepared& p) const
    {
        ConstantLogs logs = m_kernels[static_cast<std::size_t>(p.accelerator)]->logs;
        const Engine engine = p.point->point.engine.engine;
        for (std::size_t c = 0; c < kConstantCount; ++c)
            if (const std::optional<std::size_t> f = factorOf(c))
                logs[c] += engineFactor(x, engine, *f) + m_layout.value(x, acceleratorGroup(p.accelerator), *f)
                           + m_layout.value(x, pairGroup(p.accelerator, engine), *f);
        return logs;
    }

    /// log(predicted / measured) of TPOT and TTFT; nothing where the point cannot run.
    [[nodiscard]] std::optional<std::array<double, 2>> logErrors(const FitPoint& p, const ConstantLogs& logs) const
    {
        const Constants c = constantsOf(logs);
        PointConstants constants;
        constants.step = c.step;
        constants.prefillStep = c.step;
        constants.requestOverhead = c.requestOverhead;
        constants.fidelity = m_fidelity;
        const Result<PointPrediction> predicted = predictPoint(p.point, constants);
        if (!predicted.ok())
            return std::nullopt;
        return std::array{p.tpot > 0 ? std::log(predicted.value().tpot.value / p.tpot) : 0.0,
                          p.ttft > 0 ? std::log(predicted.value().ttft.value / p.ttft) : 0.0};
    }

    void evaluateOne(const std::vector<double>& x, bool gradients, std::size_t i, std::vector<ResidualRow>& rows) const
    {
        const Prepared& p = m_points[i];
        ConstantLogs logs = logsOf(x, p);
        ResidualRow* const row = &rows[2 * i];
        row[0] = {0, kTpotSigma / p.point->weight, {}};
        row[1] = {0, kTtftSigma / p.point->weight, {}};
        const std::optional<std::array<double, 2>> here = logErrors(*p.point, logs);
        if (!here)
            return;
        row[0].residual = (*here)[0];
        row[1].residual = (*here)[1];
        if (!gradients)
            return;
        for (std::size_t c = 0; c < p.constants.size(); ++c) {
            const double old = logs[p.constants[c]];
            logs[p.constants[c]] = old - m_difference;
            const std::optional<std::array<double, 2>> moved = logErrors(*p.point, logs);
            logs[p.constants[c]] = old;
            if (!moved)
                continue;
            for (std::size_t k = 0; k < 2; ++k) {
                const double slope = ((*here)[k] - (*moved)[k]) / m_difference;
                if (slope != 0)
                    for (const std::size_t parameter : p.parameters[c])
                        row[k].gradient.emplace_back(parameter, slope);
            }
        }
    }

    void evaluate(const std::vector<double>& x, bool gradients, std::vector<ResidualRow>& rows) const
    {
        rows.resize(2 * m_points.size());
        const std::size_t count = std::max<std::size_t>(1, std::thread::hardware_concurrency());
        std::vector<std::thread> threads;
        for (std::size_t t = 0; t < count; ++t)
            threads.emplace_back([&, t] {
                for (std::size_t i = t; i < m_points.size(); i += count)
                    evaluateOne(x, gradients, i, rows);
            });
        for (std::thread& thread : threads)
            thread.join();
    }

    [[nodiscard]] CalibrationSet setOf(const std::vector<double>& x) const
    {
        CalibrationSet set;
        for (std::size_t e = 0; e < kEngineCount; ++e) {
            const auto engine = static_cast<Engine>(e);
            set.engines[e].engine = engine;
            for (std::size_t f = 0; f < kFactorCount; ++f)
                set.engines[e].factors[f] = engineFactor(x, engine, f);
        }
        for (const Prepared& p : m_points)
            ++set.engines[static_cast<std::size_t>(p.point->point.engine.engine)].points;
        genericEngine(set);
        for (std::size_t a = 0; a < m_kernels.size(); ++a)
            set.accelerators.push_back(accelerator(x, a));
        return set;
    }

    /// An engine that nobody measured: the mean of those that were.
    static void genericEngine(CalibrationSet& set)
    {
        EngineCalibration& generic = set.engines[static_cast<std::size_t>(Engine::Generic)];
        int measured = 0;
        FactorLogs sum{};
        for (const EngineCalibration& engine : set.engines)
            if (engine.engine != Engine::Generic && engine.points > 0) {
                ++measured;
                for (std::size_t f = 0; f < kFactorCount; ++f)
                    sum[f] += engine.factors[f];
            }
        for (std::size_t f = 0; f < kFactorCount && measured > 0; ++f)
            generic.factors[f] = sum[f] / measured;
    }

    [[nodiscard]] std::shared_ptr<const AcceleratorCalibration> accelerator(const std::vector<double>& x, std::size_t a) const
    {
        auto own = std::make_shared<AcceleratorCalibration>(*m_kernels[a]);
        own->engines = {};
        for (std::size_t c = 0; c < kConstantCount; ++c)
            if (const std::optional<std::size_t> f = factorOf(c))
                own->logs[c] += m_layout.value(x, acceleratorGroup(static_cast<int>(a)), *f);
        for (const Prepared& p : m_points) {
            if (p.accelerator != static_cast<int>(a))
                continue;
            PairCalibration& pair = own->engines[static_cast<std::size_t>(p.point->point.engine.engine)];
            ++pair.points;
            const std::string& model = p.point->point.model->id;
            if (std::find(pair.models.begin(), pair.models.end(), model) == pair.models.end())
                pair.models.push_back(model);
            for (const std::size_t constant : p.constants)
                if (constant < kKernelConstants)
                    own->evidence[constant / kKernelFieldCount].origin = ConstantOrigin::Fitted;
        }
        for (std::size_t e = 0; e < kEngineCount; ++e) {
            std::sort(own->engines[e].models.begin(), own->engines[e].models.end());
            for (std::size_t f = 0; f < kFactorCount; ++f)
                own->engines[e].factors[f] = m_layout.value(x, pairGroup(static_cast<int>(a), static_cast<Engine>(e)), f);
        }
        return own;
    }

    const std::vector<std::shared_ptr<const AcceleratorCalibration>>& m_kernels;
    Fidelity m_fidelity;
    double m_difference;
    std::vector<Prepared> m_points;
    Layout m_layout;
};

} // namespace

ServingFit fitServing(const std::vector<std::shared_ptr<const AcceleratorCalibration>>& kernels, std::span<const FitPoint> points,
                      const std::vector<bool>& used, const ServingFit* start, int mostIterations, Fidelity fidelity)
{
    return Fitter(kernels, points, used, fidelity).run(start, mostIterations);
}

} // namespace shardlens
