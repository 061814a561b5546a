// SPDX-License-Identifier: Apache-2.0
// Number formats of stored tensors, scales included, and the formats of arithmetic. What a matrix is stored in and what it is multiplied
// in are two choices: int4 weights are usually expanded to bf16 before they are multiplied.
#pragma once

#include "core/base/units.h"

#include <array>
#include <optional>
#include <string_view>

namespace shardlens {

/// How a tensor is stored. Scales of a whole tensor or a whole row (fp8, int8) are below one per thousand and are not counted.
enum class NumberFormat : std::uint8_t {
    Fp32,
    Bf16,
    Fp16,
    Fp8,         ///< e4m3, one scale per tensor or row
    Fp8Block,    ///< e4m3, one fp32 scale per block of 128 x 128 (DeepSeek-V3, arXiv:2412.19437, section 3.3)
    Int8,        ///< one scale per output channel
    Int4,        ///< groups of 128 along the contracted dimension, one fp16 scale each (AWQ, GPTQ; symmetric)
    Int4Group32, ///< groups of 32, one bf16 scale each (Kimi-K2 Thinking and K2.5)
    Mxfp4,       ///< e2m1, groups of 32 with one 8-bit exponent (OCP Microscaling Formats 1.0)
    Nvfp4,       ///< e2m1, groups of 16 with one e4m3 scale (NVIDIA Blackwell)
};
inline constexpr std::array kNumberFormats{NumberFormat::Fp32,     NumberFormat::Bf16, NumberFormat::Fp16, NumberFormat::Fp8,
                                           NumberFormat::Fp8Block, NumberFormat::Int8, NumberFormat::Int4, NumberFormat::Int4Group32,
                                           NumberFormat::Mxfp4,    NumberFormat::Nvfp4};
inline constexpr std::size_t kNumberFormatCount = kNumberFormats.size();

/// One scale of `bytes` for each block of `rows` (contracted dimension) x `columns` (outputs) elements; bytes 0: none counted.
struct BlockScale {
    int rows = 1;
    int columns = 1;
    int bytes = 0;
    [[nodiscard]] constexpr int elements() const { return rows * columns; }
};

/// Bits of one element, without scales.
[[nodiscard]] constexpr int bitsOf(NumberFormat format)
{
    switch (format) {
    case NumberFormat::Fp32: return 32;
    case NumberFormat::Bf16:
    case NumberFormat::Fp16: return 16;
    case NumberFormat::Fp8:
    case NumberFormat::Fp8Block:
    case NumberFormat::Int8: return 8;
    case NumberFormat::Int4:
    case NumberFormat::Int4Group32:
    case NumberFormat::Mxfp4:
    case NumberFormat::Nvfp4: return 4;
    }
    return 16;
}

[[nodiscard]] constexpr BlockScale scaleOf(NumberFormat format)
{
    switch (format) {
    case NumberFormat::Fp8Block: return {128, 128, 4};
    case NumberFormat::Int4: return {128, 1, 2};
    case NumberFormat::Int4Group32: return {32, 1, 2};
    case NumberFormat::Mxfp4: return {32, 1, 1};
    case NumberFormat::Nvfp4: return {16, 1, 1};
    default: return {};
    }
}

/// Bytes of a matrix of `rows` (contracted) x `columns`, its scales included; partly filled blocks have whole scales.
[[nodiscard]] constexpr Bytes bytesOf(NumberFormat format, std::int64_t rows, std::int64_t columns)
{
    const BlockScale scale = scaleOf(format);
    const Bytes scales = scale.bytes == 0 ? 0 : ceilDiv(rows, scale.rows) * ceilDiv(columns, scale.columns) * scale.bytes;
    return ceilDiv(rows * columns * bitsOf(format), 8) + scales;
}

/// Bytes of `elements` values whose shape is not known or does not matter: one scale per whole or begun block.
[[nodiscard]] constexpr Bytes bytesOf(NumberFormat format, std::int64_t elements)
{
    const BlockScale scale = scaleOf(format);
    return ceilDiv(elements * bitsOf(format), 8) + (scale.bytes == 0 ? 0 : ceilDiv(elements, scale.elements()) * scale.bytes);
}

/// Bytes that one token keeps in a cache, `heads` vectors of `width` values. A token is written alone, so a scale covers values of one
/// vector of one token, as many as a scale of the format has along the contracted dimension; partly filled groups have whole scales.
[[nodiscard]] constexpr Bytes cacheBytesOf(NumberFormat format, std::int64_t heads, std::int64_t width)
{
    const BlockScale scale = scaleOf(format);
    return heads * (ceilDiv(width * bitsOf(format), 8) + (scale.bytes == 0 ? 0 : ceilDiv(width, scale.rows) * scale.bytes));
}

/// Mean bytes of one element, scales included: 2 for bf16, 0.53125 for mxfp4.
[[nodiscard]] constexpr double bytesPerElement(NumberFormat format)
{
    const BlockScale scale = scaleOf(format);
    return bitsOf(format) / 8.0 + static_cast<double>(scale.bytes) / scale.elements();
}

[[nodiscard]] constexpr std::string_view nameOf(NumberFormat format)
{
    switch (format) {
    case NumberFormat::Fp32: return "fp32";
    case NumberFormat::Bf16: return "bf16";
    case NumberFormat::Fp16: return "fp16";
    case NumberFormat::Fp8: return "fp8";
    case NumberFormat::Fp8Block: return "fp8-block";
    case NumberFormat::Int8: return "int8";
    case NumberFormat::Int4: return "int4";
    case NumberFormat::Int4Group32: return "int4-g32";
    case NumberFormat::Mxfp4: return "mxfp4";
    case NumberFormat::Nvfp4: return "nvfp4";
    }
    return "bf16";
}

[[nodiscard]] constexpr std::optional<NumberFormat> numberFormatNamed(std::string_view name)
{
    for (const NumberFormat format : kNumberFormats)
        if (nameOf(format) == name)
            return format;
    return std::nullopt;
}

/// Classes of matrices that may be stored in formats of their own.
enum class WeightClass : std::uint8_t {
    Attention /* and linear layers */,
    Mlp /* dense and shared experts */,
    Experts,
    Embedding /* and head */
};
inline constexpr std::size_t kWeightClassCount = 4;

/// What matrices are multiplied in; the rows of a data sheet.
enum class ComputeFormat : std::uint8_t { Fp32, Tf32, Bf16, Fp16, Fp8, Int8, Int4, Fp4 };
inline constexpr std::array kComputeFormats{ComputeFormat::Fp32, ComputeFormat::Tf32, ComputeFormat::Bf16, ComputeFormat::Fp16,
                                            ComputeFormat::Fp8,  ComputeFormat::Int8, ComputeFormat::Int4, ComputeFormat::Fp4};
inline constexpr std::size_t kComputeFormatCount = kComputeFormats.size();

[[nodiscard]] constexpr int bitsOf(ComputeFormat format)
{
    switch (format) {
    case ComputeFormat::Fp32:
    case ComputeFormat::Tf32: return 32;
    case ComputeFormat::Bf16:
    case ComputeFormat::Fp16: return 16;
    case ComputeFormat::Fp8:
    case ComputeFormat::Int8: return 8;
    case ComputeFormat::Int4:
    case ComputeFormat::Fp4: return 4;
    }
    return 16;
}

[[nodiscard]] constexpr std::string_view nameOf(ComputeFormat format)
{
    switch (format) {
    case ComputeFormat::Fp32: return "fp32";
    case ComputeFormat::Tf32: return "tf32";
    case ComputeFormat::Bf16: return "bf16";
    case ComputeFormat::Fp16: return "fp16";
    case ComputeFormat::Fp8: return "fp8";
    case ComputeFormat::Int8: return "int8";
    case ComputeFormat::Int4: return "int4";
    case ComputeFormat::Fp4: return "fp4";
    }
    return "bf16";
}

[[nodiscard]] constexpr std::optional<ComputeFormat> computeFormatNamed(std::string_view name)
{
    for (const ComputeFormat format : kComputeFormats)
        if (nameOf(format) == name)
            return format;
    return std::nullopt;
}

} // namespace shardlens
