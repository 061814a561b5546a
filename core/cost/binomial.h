// SPDX-License-Identifier: Apache-2.0
// What a binomial count has beyond a limit.
#pragma once

namespace shardlens {

/// E[max(0, X - C)] of a binomial X of T trials, for many probabilities: T p P(B(T - 1, p) >= C) - C P(B(T, p) > C). With
/// P(B(T, p) > C) = P(B(T - 1, p) >= C) - (1 - p) P(B(T - 1, p) = C) that is (T p - C) A + C (1 - p) P(B(T - 1, p) = C), where
/// A = I_p(C, T - C) is the regularized incomplete beta function (NIST Digital Library of Mathematical Functions, 8.17.5 and 8.17.22).
class ExpectedExcess {
public:
    ExpectedExcess(double tokens, double limit);
    [[nodiscard]] double operator()(double probability) const;

private:
    double m_tokens = 0;
    double m_limit = 0;
    double m_logFront = 0; ///< ln of C (T - 1)! / (C! (T - 1 - C)!)
};

} // namespace shardlens
