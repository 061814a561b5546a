// SPDX-License-Identifier: Apache-2.0
#include "core/cost/binomial.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

/// ln Gamma(x), x > 0, by Stirling's series after a shift. Not std::lgamma: that writes a global.
double logGamma(double x)
{
    double shift = 0;
    while (x < 12) {
        shift -= std::log(x);
        x += 1;
    }
    const double inverse = 1 / (x * x);
    const double series =
        (1.0 / 12 + inverse * (-1.0 / 360 + inverse * (1.0 / 1260 + inverse * (-1.0 / 1680 + inverse * (1.0 / 1188))))) / x;
    return shift + (x - 0.5) * std::log(x) - x + 0.91893853320467274178 + series;
}

/// Lentz's continued fraction of the incomplete beta function (DLMF 8.17.22).
double betaFraction(double a, double b, double x)
{
    constexpr double tiny = 1e-300;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (std::abs(d) < tiny ? tiny : d);
    double result = d;
    for (int m = 1; m <= 1000; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step = 1;
        for (const double term : {even, odd}) {
            d = 1 + term * d;
            d = 1 / (std::abs(d) < tiny ? tiny : d);
            c = 1 + term / c;
            c = std::abs(c) < tiny ? tiny : c;
            step = c * d;
            result *= step;
        }
        if (std::abs(step - 1) < 1e-15)
            break;
    }
    return result;
}

} // namespace

ExpectedExcess::ExpectedExcess(double tokens, double limit) : m_tokens(tokens), m_limit(limit)
{
    if (limit > 0 && limit < tokens)
        m_logFront = logGamma(tokens) - logGamma(limit) - logGamma(tokens - limit);
}

double ExpectedExcess::operator()(double p) const
{
    if (m_limit >= m_tokens || p <= 0)
        return 0;
    const double mean = m_tokens * p;
    if (m_limit <= 0 || p >= 1)
        return mean - m_limit;
    const double a = m_limit;
    const double b = m_tokens - m_limit;
    const double front = std::exp(m_logFront + a * std::log(p) + b * std::log1p(-p));
    // So far from the limit that the tail is certain, or nothing, beyond the last bit of what follows.
    if (front <= 1e-18 * mean)
        return std::max(0.0, mean - m_limit);
    const double tail = p < (a + 1) / (a + b + 2) ? front * betaFraction(a, b, p) / a : 1 - front * betaFraction(b, a, 1 - p) / b;
    return std::max(0.0, (mean - m_limit) * tail + front);
}

} // namespace shardlens
