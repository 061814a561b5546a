// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/leastsquares.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <cmath>

namespace shardlens {

namespace {

constexpr double kHuber = 1.345;

double rho(double r)
{
    const double a = std::abs(r);
    return a <= kHuber ? 0.5 * r * r : kHuber * (a - 0.5 * kHuber);
}

double costOf(const std::vector<Parameter>& parameters, const std::vector<double>& x, const std::vector<ResidualRow>& rows)
{
    double cost = 0;
    for (const ResidualRow& row : rows)
        cost += rho(row.residual / row.sigma);
    for (std::size_t j = 0; j < x.size(); ++j) {
        const double d = (x[j] - parameters[j].prior) / parameters[j].spread;
        cost += 0.5 * d * d;
    }
    return cost;
}

/// Normal equations of the reweighted rows and the priors.
void normalEquations(const std::vector<Parameter>& parameters, const std::vector<double>& x, const std::vector<ResidualRow>& rows,
                     Eigen::MatrixXd& hessian, Eigen::VectorXd& gradient)
{
    hessian.setZero();
    gradient.setZero();
    for (const ResidualRow& row : rows) {
        const double r = row.residual / row.sigma;
        const double weight = (std::abs(r) <= kHuber ? 1 : kHuber / std::abs(r)) / (row.sigma * row.sigma);
        for (const auto& [i, gi] : row.gradient) {
            const auto a = static_cast<Eigen::Index>(i);
            gradient(a) += weight * gi * row.residual;
            for (const auto& [j, gj] : row.gradient)
                hessian(a, static_cast<Eigen::Index>(j)) += weight * gi * gj;
        }
    }
    for (std::size_t j = 0; j < x.size(); ++j) {
        const auto a = static_cast<Eigen::Index>(j);
        const double precision = 1 / (parameters[j].spread * parameters[j].spread);
        gradient(a) += precision * (x[j] - parameters[j].prior);
        hessian(a, a) += precision;
    }
}

} // namespace

LeastSquares leastSquares(const std::vector<Parameter>& parameters, const Residuals& residuals, int mostIterations,
                          std::vector<double> start)
{
    LeastSquares best;
    const auto size = static_cast<Eigen::Index>(parameters.size());
    if (start.empty())
        for (const Parameter& p : parameters)
            start.push_back(p.prior);
    best.x = std::move(start);
    std::vector<ResidualRow> rows;
    std::vector<ResidualRow> trialRows;
    residuals(best.x, true, rows);
    best.cost = costOf(parameters, best.x, rows);
    Eigen::MatrixXd hessian(size, size);
    Eigen::VectorXd gradient(size);
    normalEquations(parameters, best.x, rows, hessian, gradient);
    double damping = 1e-2;
    std::vector<double> trial(best.x.size());
    while (best.iterations < mostIterations && !best.converged) {
        ++best.iterations;
        Eigen::MatrixXd damped = hessian;
        damped.diagonal() *= 1 + damping;
        const Eigen::VectorXd step = damped.ldlt().solve(gradient);
        double longest = 0;
        for (std::size_t j = 0; j < trial.size(); ++j) {
            trial[j] = best.x[j] - step(static_cast<Eigen::Index>(j));
            longest = std::max(longest, std::abs(trial[j] - best.x[j]) / parameters[j].spread);
        }
        residuals(trial, false, trialRows);
        const double cost = costOf(parameters, trial, trialRows);
        if (std::isfinite(cost) && cost <= best.cost) {
            best.converged = best.cost - cost <= 1e-5 * best.cost || longest < 1e-4;
            best.x = trial;
            best.cost = cost;
            damping = std::max(damping / 5, 1e-6);
            residuals(best.x, true, rows);
            normalEquations(parameters, best.x, rows, hessian, gradient);
        } else {
            damping *= 8;
            best.converged = damping > 1e8;
        }
    }
    const Eigen::MatrixXd covariance = hessian.ldlt().solve(Eigen::MatrixXd::Identity(size, size));
    for (Eigen::Index j = 0; j < size; ++j)
        best.spread.push_back(std::sqrt(std::max(0.0, covariance(j, j))));
    return best;
}

} // namespace shardlens
