// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/scene.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

std::vector<double> niceTicks(double most, int atMost)
{
    const int limit = std::max(atMost, 2);
    if (!(most > 0) || !std::isfinite(most))
        return {0, 0.5, 1}; // an empty axis still has a scale
    const double rough = most / limit;
    double power = std::pow(10.0, std::floor(std::log10(rough)));
    // A last tick that rounding alone puts beyond `most` is not a further tick.
    const auto count = [most](double step) { return static_cast<int>(std::ceil(most / step - 1e-9)); };
    for (;;) {
        for (const double factor : {1.0, 2.0, 5.0}) {
            const double step = factor * power;
            const int steps = count(step);
            if (steps > limit)
                continue;
            std::vector<double> ticks;
            ticks.reserve(static_cast<std::size_t>(steps) + 1);
            for (int i = 0; i <= steps; ++i)
                ticks.push_back(i * step);
            return ticks;
        }
        power *= 10;
    }
}

} // namespace shardlens
