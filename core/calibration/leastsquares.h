// SPDX-License-Identifier: Apache-2.0
// Robust nonlinear least squares with priors: the most probable x under residuals of Huber's density and normal priors,
//   minimise sum over rows of rho(residual / sigma) + sum over j of ((x_j - prior_j) / spread_j)^2 / 2,   rho of Huber with k = 1.345,
// by Levenberg-Marquardt on reweighted normal equations (Nocedal & Wright, Numerical Optimization, chapter 10; Huber, Robust Statistics).
// Sequential sums in a fixed order: the same input gives the same bits.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace shardlens {

struct Parameter {
    double prior = 0;
    double spread = 1; ///< > 0
};

struct ResidualRow {
    double residual = 0;                                  ///< 0 at a perfect fit
    double sigma = 1;                                     ///< expected size
    std::vector<std::pair<std::size_t, double>> gradient; ///< d residual / d x_j for those j it depends on
};

/// Fills one row for each datum; gradients only where asked.
using Residuals = std::function<void(const std::vector<double>& x, bool gradients, std::vector<ResidualRow>& rows)>;

struct LeastSquares {
    std::vector<double> x;
    double cost = 0;
    int iterations = 0;
    bool converged = false;
    std::vector<double> spread; ///< posterior standard deviation of each parameter (Laplace approximation)
};

/// @param start empty: the priors
[[nodiscard]] LeastSquares leastSquares(const std::vector<Parameter>& parameters, const Residuals& residuals, int mostIterations,
                                        std::vector<double> start = {});

} // namespace shardlens
