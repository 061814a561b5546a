// SPDX-License-Identifier: Apache-2.0
// An accelerator's own constants from measured kernels: tables of matmuls, attention, experts and AllReduces, one kernel a row.
#pragma once

#include "core/base/result.h"
#include "core/calibration/calibration.h"
#include "core/hardware/cluster.h"

#include <span>
#include <string>
#include <vector>

namespace shardlens {

/// Tables by their columns; each row also has lat_us, microseconds of one call, launched as engines launch it (graph replay).
///   gemm       dtype, m, n, k                                        Y[m, n] = X[m, k] W[k, n]
///   ctx_attn   attn_dtype, kv_dtype, heads, kv_heads, head_dim, window, batch, seq     a causal prompt, nothing cached
///   gen_attn   the same columns, one query of each sequence, seq cached tokens
///   ctx_mla    attn_dtype, kv_dtype, heads_local, batch, seq         expanded: 192 wide scores, 128 wide values
///   gen_mla    the same columns, absorbed: 576 values of each cached token
///   moe        dtype, hidden, inter, topk, experts, moe_tp, moe_ep, dist, tokens       routed experts of a layer; dist "balanced" is used
///   allreduce  system, kernel, gpus, bytes                           kernels whose name ends in "eager" are left out
/// dtype: bfloat16, fp8, fp8_block, nvfp4, int8_wo, int4_wo, sq (int8), w4a16_mxfp4, w4a8_mxfp4_mxfp8.
enum class OperatorTable : std::uint8_t { Gemm, PrefillAttention, DecodeAttention, PrefillLatent, DecodeLatent, Experts, AllReduce };

/// The kind of table by the begin of its file name: "gemm_", "ctx_attn_", ...; the rest of the name is the system.
[[nodiscard]] std::optional<OperatorTable> operatorTableOf(std::string_view fileStem, std::string_view& system);

/// One kernel call by what it works and moves.
struct KernelSample {
    KernelClass kernel = KernelClass::Matrix;
    KernelFormat format = KernelFormat::Bits16;
    double compute = 0; ///< s at the dense peak
    double memory = 0;  ///< s at the HBM bandwidth
    int launches = 1;   ///< kernels of the core in this call
    double seconds = 0; ///< measured
};

struct AllReduceSample {
    std::string system;
    int devices = 2;
    double bytes = 0;
    double seconds = 0;
};

/// Rows of a table on this accelerator. Rows that move more than the HBM bandwidth allows were served by the cache and are left out, as are
/// formats that the accelerator does not multiply.
[[nodiscard]] Result<std::vector<KernelSample>> readKernelSamples(OperatorTable kind, std::string text, const std::string& fileName,
                                                                  const Accelerator& accelerator);
/// @param kernels a part that the kernel's name must have ("TRTLLM"); empty: any
[[nodiscard]] Result<std::vector<AllReduceSample>> readAllReduceSamples(std::string text, const std::string& fileName,
                                                                        std::string_view kernels);

/// Constants of one class and format, or of the links, and how well they fit.
struct FittedKernel {
    KernelClass kernel = KernelClass::Matrix;
    KernelFormat format = KernelFormat::Bits16;
    KernelConstants constants;
    int samples = 0;
    double medianError = 0; ///< of |predicted / measured - 1|
    double p90Error = 0;
};
struct FittedLinks {
    CollectiveConstants constants;
    int samples = 0;
    double medianError = 0;
    double p90Error = 0;
};

/// One for each class and format with at least kLeastSamples rows.
inline constexpr int kLeastSamples = 20;
[[nodiscard]] std::vector<FittedKernel> fitKernels(std::span<const KernelSample> samples);
/// The accelerator's own constants: what its kernels show, the assumed ones for the rest. A class's launch is that of its 16-bit kernels in
/// every format: the tables time quantisation as a kernel of its own, which engines fuse into their neighbours. A format without samples
/// takes the shares of the nearest measured one of its class.
[[nodiscard]] AcceleratorCalibration ownConstants(std::string accelerator, std::span<const FittedKernel> kernels, const FittedLinks& links,
                                                  std::string source);
/// On groups of consecutive devices of the cluster.
[[nodiscard]] FittedLinks fitLinks(std::span<const AllReduceSample> samples, const Cluster& cluster);

} // namespace shardlens
