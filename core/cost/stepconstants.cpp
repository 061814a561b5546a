// SPDX-License-Identifier: Apache-2.0
#include "core/cost/stepconstants.h"

namespace shardlens {

const StepConstants& rooflineConstants()
{
    static const StepConstants constants;
    return constants;
}

KernelFormat kernelFormatOf(NumberFormat stored, ComputeFormat arithmetic)
{
    if (arithmetic == ComputeFormat::Fp4)
        return KernelFormat::Fp4;
    if (arithmetic == ComputeFormat::Int8 || arithmetic == ComputeFormat::Int4)
        return KernelFormat::Int8;
    if (arithmetic == ComputeFormat::Fp8) {
        if (stored == NumberFormat::Fp8Block)
            return KernelFormat::Fp8Block;
        return bitsOf(stored) < 8 ? KernelFormat::W4A8 : KernelFormat::Fp8;
    }
    return bitsOf(stored) < 16 ? KernelFormat::WeightOnly : KernelFormat::Bits16;
}

KernelFormat attentionFormatOf(NumberFormat cache, ComputeFormat)
{
    // Kernels differ by the cache they read; queries follow it.
    return bitsOf(cache) <= 8 ? KernelFormat::Fp8 : KernelFormat::Bits16;
}

std::string_view keyOf(KernelClass kernel)
{
    static constexpr std::array<std::string_view, kKernelClassCount> keys{
        "matrix", "experts", "prefill_attention", "decode_attention", "latent_decode", "linear_state", "sparse_index"};
    return keys[static_cast<std::size_t>(kernel)];
}

std::string_view keyOf(KernelFormat format)
{
    static constexpr std::array<std::string_view, kKernelFormatCount> keys{"bits16", "weight_only", "fp8", "fp8_block",
                                                                           "w4a8",   "fp4",         "int8"};
    return keys[static_cast<std::size_t>(format)];
}

} // namespace shardlens
