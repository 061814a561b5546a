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

/// P(X >= least) of a binomial (n, p): the regularized incomplete beta function I_p(least, n - least + 1).
double binomialTail(double n, double p, double least)
{
    if (least <= 0)
        return 1;
    if (least > n || p <= 0)
        return 0;
    if (p >= 1)
        return 1;
    const double a = least;
    const double b = n - least + 1;
    const double front = std::exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * std::log(p) + b * std::log1p(-p));
    if (p < (a + 1) / (a + b + 2))
        return front * betaFraction(a, b, p) / a;
    return 1 - front * betaFraction(b, a, 1 - p) / b;
}

} // namespace

double expectedExcess(double tokens, double probability, double limit)
{
    if (limit >= tokens)
        return 0;
    const double beyond = tokens * probability * binomialTail(tokens - 1, probability, limit);
    return std::max(0.0, beyond - limit * binomialTail(tokens, probability, limit + 1));
}

} // namespace shardlens
