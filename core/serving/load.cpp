// SPDX-License-Identifier: Apache-2.0
#include "core/serving/load.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

/// Where the log-normal tails are cut, in standard deviations.
constexpr double kCut = 3.5;
/// Share of a normal distribution beyond it, on one side.
constexpr double kBeyondCut = 2.326290790355e-4;
constexpr double kLongest = 10'000'000;
/// Standard normal quantiles of 0.9 and 0.99.
constexpr double kZ90 = 1.2815515655446004;
constexpr double kZ99 = 2.3263478740408408;

/// Standard normal quantile: P. J. Acklam's rational approximation, relative error below 1.2e-9.
double normalQuantile(double p)
{
    constexpr std::array a{-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                           1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
    constexpr std::array b{-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
                           -1.328068155288572e+01};
    constexpr std::array c{-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                           -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
    constexpr std::array d{7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00};
    constexpr double kLow = 0.02425;
    const auto tail = [&](double q) {
        return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5])
               / ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    };
    if (p <= 0)
        return -kCut;
    if (p < kLow)
        return tail(std::sqrt(-2 * std::log(p)));
    if (p > 1 - kLow)
        return p >= 1 ? kCut : -tail(std::sqrt(-2 * std::log(1 - p)));
    const double q = p - 0.5;
    const double r = q * q;
    return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q
           / (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

/// Length at a standard normal quantile z.
double lengthAtNormal(const LengthSpread& s, double z)
{
    const double middle = std::log(std::max(s.p50, 1.0));
    const double first = (std::log(std::max(s.p90, 1.0)) - middle) / kZ90;
    const double second = (std::log(std::max(s.p99, 1.0)) - std::log(std::max(s.p90, 1.0))) / (kZ99 - kZ90);
    z = std::clamp(z, -kCut, kCut);
    const double logLength = z <= kZ90 ? middle + first * z : middle + first * kZ90 + second * (z - kZ90);
    return std::clamp(std::exp(logLength), 1.0, kLongest);
}

int whole(double length)
{
    return static_cast<int>(std::llround(std::clamp(length, 1.0, kLongest)));
}

} // namespace

std::string_view nameOf(Engine engine)
{
    switch (engine) {
    case Engine::Vllm: return "vLLM";
    case Engine::Sglang: return "SGLang";
    case Engine::TrtLlm: return "TensorRT-LLM";
    case Engine::Generic: break;
    }
    return "generic engine";
}

EngineSettings defaultsOf(Engine engine)
{
    EngineSettings s;
    s.engine = engine;
    switch (engine) {
    case Engine::Generic:
    case Engine::Vllm: break;
    case Engine::Sglang:
        s.policy = PrefillPolicy::First;
        s.maxSequences = 2048;
        s.overlap = true;
        break;
    case Engine::TrtLlm:
        s.cutPrompts = false;
        s.maxSequences = 2048;
        s.admission = KvAdmission::Guaranteed;
        s.overlap = true;
        break;
    }
    return s;
}

EngineSettings withRoomForPrompts(EngineSettings engine, const ServingLoad& load, int input)
{
    if (engine.cutPrompts || engine.policy != PrefillPolicy::Chunked || load.kind == LoadKind::StaticBatch)
        return engine;
    constexpr std::int64_t kBeside = 64;
    const std::int64_t clients = load.kind == LoadKind::ClosedLoop ? load.concurrency : engine.maxSequences;
    const std::int64_t sequences = std::min<std::int64_t>(clients, engine.maxSequences);
    const std::int64_t needed = rangeOf(load.inputLengths, input).most + sequences * (1 + load.speculation.draftTokens) + kBeside;
    engine.tokenBudget = static_cast<int>(std::max<std::int64_t>(engine.tokenBudget, std::min<std::int64_t>(needed, kMaxTokenBudget)));
    return engine;
}

LengthRange rangeOf(const LengthSpread& spread, int nominal)
{
    switch (spread.kind) {
    case LengthSpread::Kind::Fixed: break;
    case LengthSpread::Kind::Uniform: {
        const int least = lengthAt(spread, nominal, 0);
        const int most = std::max(least, whole(std::floor(spread.high * nominal)));
        return {least, most, 0.5 * (least + static_cast<double>(most))};
    }
    case LengthSpread::Kind::Percentiles: {
        // The mean by the midpoint rule over the normal density, which is smooth enough for 64 points.
        constexpr int kPoints = 64;
        double sum = 0;
        double weights = 0;
        for (int i = 0; i < kPoints; ++i) {
            const double z = kCut * (2 * (i + 0.5) / kPoints - 1);
            const double weight = std::exp(-0.5 * z * z);
            sum += weight * lengthAtNormal(spread, z);
            weights += weight;
        }
        // What is cut off counts at the cut.
        const double ends = kBeyondCut * (lengthAtNormal(spread, -kCut) + lengthAtNormal(spread, kCut));
        return {whole(lengthAtNormal(spread, -kCut)), whole(lengthAtNormal(spread, kCut)), (1 - 2 * kBeyondCut) * sum / weights + ends};
    }
    }
    return {nominal, nominal, static_cast<double>(nominal)};
}

int lengthAt(const LengthSpread& spread, int nominal, double u)
{
    switch (spread.kind) {
    case LengthSpread::Kind::Fixed: break;
    case LengthSpread::Kind::Uniform: {
        const int least = whole(std::ceil(spread.low * nominal));
        const int most = std::max(least, whole(std::floor(spread.high * nominal)));
        const double span = static_cast<double>(most) - least + 1;
        return std::min(most, least + static_cast<int>(u * span));
    }
    case LengthSpread::Kind::Percentiles: return whole(lengthAtNormal(spread, normalQuantile(u)));
    }
    return nominal;
}

} // namespace shardlens
