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
constexpr double kTtftSigma = 0.15;
constexpr double kDifference = 1e-3; // of a logarithm: well above the noise of rounded token counts

/// How far a factor may be from 1: standard deviations of its logarithm.
struct FactorSpreads {
    double accelerator; ///< all engines on it: what its kernel tables miss
    double engine;
    double pair;
};

FactorSpreads spreadsOf(std::size_t factor)
{
    const std::size_t kernels = factorOf(StepField::NodeLatency);
    if (factor < kernels) {
        const std::size_t place = factor % (2 * kKernelFormatCount + 1);
        if (place == 2 * kKernelFormatCount)
            return {0.15, 0.6, 0.2}; // launches: graphs, fusion
        return place % 2 == 0 ? FactorSpreads{0.08, 0.25, 0.12} : FactorSpreads{0.05, 0.15, 0.08};
    }
    switch (static_cast<StepField>(factor - kernels)) {
    case StepField::NodeLatency:
    case StepField::NetworkLatency: return {0.15, 0.5, 0.2};
    case StepField::NodeBandwidth:
    case StepField::NetworkBandwidth: return {0.1, 0.3, 0.15};
    case StepField::ElementwisePasses: return {0.1, 0.4, 0.15};
    case StepField::Elementwise: return {0.15, 0.6, 0.2};
    case StepField::Step: return {0.1, 1.0, 0.3};
    case StepField::PerSequence:
    case StepField::PerToken: return {0.1, 1.0, 0.3};
    case StepField::RequestOverhead: return {0.1, 1.2, 0.4};
    }
    return {0.1, 0.3, 0.1};
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
    [[nodiscard]] std::optional<std::size_t> find(int group, std::size_t factor) const
    {
        const auto at = m_index.find({group, factor});
        return at == m_index.end() ? std::nullopt : std::optional(at->second);
    }

private:
    std::map<std::pair<int, std::size_t>, std::size_t> m_index;
    std::vector<Parameter> m_parameters;
};

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
    std::vector<std::array<std::size_t, 3>> parameters; ///< of each constant
};

class Fitter {
public:
    Fitter(const std::vector<std::shared_ptr<const AcceleratorCalibration>>& kernels, std::span<const FitPoint> points,
           const std::vector<bool>& used)
        : m_kernels(kernels)
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
                const FactorSpreads s = spreadsOf(*factor);
                p.constants.push_back(constant);
                p.parameters.push_back({m_layout.of(acceleratorGroup(p.accelerator), *factor, s.accelerator),
                                        m_layout.of(engineGroup(engine), *factor, s.engine),
                                        m_layout.of(pairGroup(p.accelerator, engine), *factor, s.pair)});
            }
            m_points.push_back(std::move(p));
        }
    }

    ServingFit run(const ServingFit* start, int mostIterations)
    {
        std::vector<double> x;
        if (start)
            x = startFrom(start->set);
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
        return fit;
    }

private:
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
                logs[c] += m_layout.value(x, acceleratorGroup(p.accelerator), *f) + m_layout.value(x, engineGroup(engine), *f)
                           + m_layout.value(x, pairGroup(p.accelerator, engine), *f);
        return logs;
    }

    /// log(predicted / measured) of TPOT and TTFT; nothing where the point cannot run.
    static std::optional<std::array<double, 2>> logErrors(const FitPoint& p, const ConstantLogs& logs)
    {
        const Constants c = constantsOf(logs);
        PointConstants constants;
        constants.step = c.step;
        constants.prefillStep = c.step;
        constants.requestOverhead = c.requestOverhead;
        constants.fidelity = Fidelity::Analytic;
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
            // Downwards, so that a share at its limit of 1 still moves.
            logs[p.constants[c]] = std::min(old, 0.0) - kDifference;
            if (p.constants[c] >= kKernelConstants || p.constants[c] % kKernelFieldCount == static_cast<std::size_t>(KernelField::Launch))
                logs[p.constants[c]] = old - kDifference;
            const std::optional<std::array<double, 2>> moved = logErrors(*p.point, logs);
            logs[p.constants[c]] = old;
            if (!moved)
                continue;
            for (std::size_t k = 0; k < 2; ++k) {
                const double slope = ((*here)[k] - (*moved)[k]) / kDifference;
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

    [[nodiscard]] std::vector<double> startFrom(const CalibrationSet& set) const
    {
        std::vector<double> x(m_layout.parameters().size(), 0);
        for (std::size_t f = 0; f < kFactorCount; ++f) {
            for (std::size_t e = 0; e < kEngineCount; ++e) {
                const auto engine = static_cast<Engine>(e);
                if (const auto at = m_layout.find(engineGroup(engine), f))
                    x[*at] = set.engines[e].factors[f];
                for (std::size_t a = 0; a < m_kernels.size(); ++a)
                    if (const auto at = m_layout.find(pairGroup(static_cast<int>(a), engine), f))
                        if (const AcceleratorCalibration* own = set.accelerator(m_kernels[a]->accelerator))
                            x[*at] = own->engines[e].factors[f];
            }
            for (std::size_t a = 0; a < m_kernels.size(); ++a)
                if (const auto at = m_layout.find(acceleratorGroup(static_cast<int>(a)), f))
                    if (const AcceleratorCalibration* own = set.accelerator(m_kernels[a]->accelerator))
                        for (std::size_t c = 0; c < kConstantCount; ++c)
                            if (factorOf(c) == f)
                                x[*at] = own->logs[c] - m_kernels[a]->logs[c];
        }
        return x;
    }

    [[nodiscard]] CalibrationSet setOf(const std::vector<double>& x) const
    {
        CalibrationSet set;
        for (std::size_t e = 0; e < kEngineCount; ++e) {
            const auto engine = static_cast<Engine>(e);
            set.engines[e].engine = engine;
            for (std::size_t f = 0; f < kFactorCount; ++f)
                set.engines[e].factors[f] = m_layout.value(x, engineGroup(engine), f);
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
    std::vector<Prepared> m_points;
    Layout m_layout;
};

} // namespace

ServingFit fitServing(const std::vector<std::shared_ptr<const AcceleratorCalibration>>& kernels, std::span<const FitPoint> points,
                      const std::vector<bool>& used, const ServingFit* start, int mostIterations)
{
    return Fitter(kernels, points, used).run(start, mostIterations);
}

} // namespace shardlens
