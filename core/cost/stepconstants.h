// SPDX-License-Identifier: Apache-2.0
// What a real engine on a real accelerator reaches of the roofline, as constants of classes of kernels: never of a model. The defaults are
// the roofline itself. A kernel takes
//   longer + spill x shorter + launch,   longer and shorter of FLOP / (compute x peak) and bytes / (memory x bandwidth):
// "spill" is the share of the shorter that does not hide behind the longer (0: perfect overlap, 1: one after the other); a linear stand-in
// for the soft maximum (a^q + b^q)^(1/q), equal to it at a = b for spill = 2^(1/q) - 1. Being linear it is exact in every register width.
#pragma once

#include "core/model/numberformat.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shardlens {

/// Kernels that work alike.
enum class KernelClass : std::uint8_t {
    Matrix,           ///< dense matmuls: projections, MLP, shared experts, head
    Experts,          ///< grouped matmuls of routed experts, with the permutation around them
    PrefillAttention, ///< many queries of a sequence: bound by arithmetic
    DecodeAttention,  ///< one query of each sequence: bound by the cache's bytes
    LatentDecode,     ///< the same on MLA's latent cache
    LinearState,      ///< recurrence or chunked scan, short convolution
    SparseIndex,      ///< index scores and the choice of tokens
};
inline constexpr std::size_t kKernelClassCount = 7;

/// What a kernel multiplies: kernels of one class differ by it.
enum class KernelFormat : std::uint8_t {
    Bits16,     ///< 16-bit arithmetic on 16-bit operands
    WeightOnly, ///< 16-bit arithmetic on narrower weights: W8A16, W4A16
    Fp8,        ///< fp8 arithmetic, one scale per tensor or row; fp8 cache for attention
    Fp8Block,   ///< fp8 arithmetic, 128 x 128 scales
    W4A8,       ///< fp8 arithmetic on 4-bit weights
    Fp4,        ///< fp4 arithmetic
    Int8,
};
inline constexpr std::size_t kKernelFormatCount = 7;

struct KernelConstants {
    double compute = 1; ///< share of the dense peak, (0, 1]
    double memory = 1;  ///< share of the HBM bandwidth, (0, 1]
    double spill = 0;   ///< [0, 1]
    double launch = 0;  ///< seconds of each kernel
    friend bool operator==(const KernelConstants&, const KernelConstants&) = default;
};

/// Where a collective's slowest links lie.
enum class CollectiveReach : std::uint8_t { Node /* links of one domain */, Network /* an outermost level that scales out */ };

struct CollectiveConstants {
    double latency = 0;   ///< seconds on top of the steps' latencies
    double bandwidth = 1; ///< share of the links' bandwidth, (0, 1]
    friend bool operator==(const CollectiveConstants&, const CollectiveConstants&) = default;
};

struct StepConstants {
    std::array<std::array<KernelConstants, kKernelFormatCount>, kKernelClassCount> kernels{}; ///< by KernelClass, KernelFormat
    std::array<CollectiveConstants, 2> collectives{};                                         ///< by CollectiveReach
    double elementwisePasses = 0; ///< times the hidden state is moved around each norm: residual, rotary, quantisation
    double elementwise = 0;       ///< seconds of the small kernels around each norm
    double step = 0;              ///< seconds of each engine step on the host: schedule, launch, sample
    double perSequence = 0;       ///< seconds for each sequence of a step, on one attention-DP rank
    double perToken = 0;          ///< seconds for each token that a step works on, of prompts and of decoding sequences, on one device

    [[nodiscard]] const KernelConstants& of(KernelClass kernel, KernelFormat format) const
    {
        return kernels[static_cast<std::size_t>(kernel)][static_cast<std::size_t>(format)];
    }
    [[nodiscard]] KernelConstants& of(KernelClass kernel, KernelFormat format)
    {
        return kernels[static_cast<std::size_t>(kernel)][static_cast<std::size_t>(format)];
    }
    friend bool operator==(const StepConstants&, const StepConstants&) = default;
};

/// Ideal efficiency, no overhead.
[[nodiscard]] const StepConstants& rooflineConstants();

/// The kernel that multiplies weights of `stored` in `arithmetic`.
[[nodiscard]] KernelFormat kernelFormatOf(NumberFormat stored, ComputeFormat arithmetic);
/// The kernel that attends in `arithmetic` to a cache of `cache`.
[[nodiscard]] KernelFormat attentionFormatOf(NumberFormat cache, ComputeFormat arithmetic);

/// Key in calibration files: "matrix", "experts", "prefill_attention", ...
[[nodiscard]] std::string_view keyOf(KernelClass kernel);
/// "bits16", "weight_only", "fp8", "fp8_block", "w4a8", "fp4", "int8".
[[nodiscard]] std::string_view keyOf(KernelFormat format);

} // namespace shardlens
