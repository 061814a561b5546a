// SPDX-License-Identifier: Apache-2.0
// What a binomial count has beyond a limit.
#pragma once

namespace shardlens {

/// E[max(0, X - limit)] of a binomial X of `tokens` trials: T p P(B(T - 1, p) >= C) - C P(B(T, p) > C), the tails by the regularized
/// incomplete beta function (NIST Digital Library of Mathematical Functions, 8.17.5 and 8.17.22).
[[nodiscard]] double expectedExcess(double tokens, double probability, double limit);

} // namespace shardlens
