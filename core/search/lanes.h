// SPDX-License-Identifier: Apache-2.0
// Four doubles at once: the scalar type with which search runs the templates of core/cost/terms.h and core/schedule/makespan.h. Each lane
// gets the bits that double gets. The namespace is SHARDLENS_LANES, so that code for processors with wider registers has a type, and with
// it instances of those templates, of its own; only .cpp files of this folder include this header.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>

#ifndef SHARDLENS_LANES
#error "define SHARDLENS_LANES and SHARDLENS_LANES_BYTES before including lanes.h"
#endif

namespace shardlens::SHARDLENS_LANES {

inline constexpr std::size_t kLanes = 4;

struct Lanes {
    static constexpr std::size_t kParts = kLanes * sizeof(double) / SHARDLENS_LANES_BYTES;
    using Part = double __attribute__((vector_size(SHARDLENS_LANES_BYTES)));
    Part part[kParts] = {};

    Lanes() = default;
    Lanes(double value) // NOLINT(google-explicit-constructor): a number stands for itself in every lane, as the templates expect
    {
        for (Part& p : part)
            p = value - Part{};
    }
    [[nodiscard]] static Lanes load(const double* from)
    {
        Lanes lanes;
        std::memcpy(&lanes.part, from, sizeof lanes.part);
        return lanes;
    }
    void store(double* to) const { std::memcpy(to, &part, sizeof part); }
};

#define SHARDLENS_LANES_OPERATOR(op)                                                                                                       \
    [[nodiscard]] inline Lanes operator op(const Lanes& a, const Lanes& b)                                                                 \
    {                                                                                                                                      \
        Lanes result;                                                                                                                      \
        for (std::size_t i = 0; i < Lanes::kParts; ++i)                                                                                    \
            result.part[i] = a.part[i] op b.part[i];                                                                                       \
        return result;                                                                                                                     \
    }
SHARDLENS_LANES_OPERATOR(+)
SHARDLENS_LANES_OPERATOR(-)
SHARDLENS_LANES_OPERATOR(*)
SHARDLENS_LANES_OPERATOR(/)
#undef SHARDLENS_LANES_OPERATOR

/// Lane by lane as std::min: the first when neither is less.
[[nodiscard]] inline Lanes minOf(const Lanes& a, const Lanes& b)
{
    Lanes result;
    for (std::size_t i = 0; i < Lanes::kParts; ++i)
        result.part[i] = b.part[i] < a.part[i] ? b.part[i] : a.part[i];
    return result;
}
/// As std::max.
[[nodiscard]] inline Lanes maxOf(const Lanes& a, const Lanes& b)
{
    Lanes result;
    for (std::size_t i = 0; i < Lanes::kParts; ++i)
        result.part[i] = a.part[i] < b.part[i] ? b.part[i] : a.part[i];
    return result;
}
/// `a` where `condition` is not zero, elsewhere 0.
[[nodiscard]] inline Lanes where(const Lanes& condition, const Lanes& a)
{
    Lanes result;
    for (std::size_t i = 0; i < Lanes::kParts; ++i)
        result.part[i] = condition.part[i] != 0.0 ? a.part[i] : Lanes::Part{};
    return result;
}
template <class Function>
[[nodiscard]] Lanes eachLane(const Function& function, const Lanes& a)
{
    double values[kLanes];
    a.store(values);
    for (double& value : values)
        value = function(value);
    return Lanes::load(values);
}
/// std::ceil() of counts. Adding and taking away 2^52 leaves the nearest integer of anything from 0 to 2^51.
[[nodiscard]] inline Lanes ceilOf(const Lanes& a)
{
    constexpr double kShift = 4503599627370496.0;
    Lanes result;
    for (std::size_t i = 0; i < Lanes::kParts; ++i) {
        const Lanes::Part nearest = (a.part[i] + kShift) - kShift;
        result.part[i] = nearest < a.part[i] ? nearest + 1.0 : nearest;
    }
    return result;
}
/// std::floor() of counts, likewise.
[[nodiscard]] inline Lanes floorOf(const Lanes& a)
{
    constexpr double kShift = 4503599627370496.0;
    Lanes result;
    for (std::size_t i = 0; i < Lanes::kParts; ++i) {
        const Lanes::Part nearest = (a.part[i] + kShift) - kShift;
        result.part[i] = nearest > a.part[i] ? nearest - 1.0 : nearest;
    }
    return result;
}

} // namespace shardlens::SHARDLENS_LANES
