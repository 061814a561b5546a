// SPDX-License-Identifier: Apache-2.0
// Number formats of a measured point, out of what tables call them.
#pragma once

#include "core/base/result.h"
#include "core/plan/legality.h"
#include "core/serving/load.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

/// What a table says of formats, and what it runs on.
struct FormatWords {
    std::string_view weights;   ///< "fp8 block128", "moe:mxfp4 w4a16"; empty: derived from the precision
    std::string_view precision; ///< "bf16", "fp8", "fp4", "int4", "int8"; empty too: what the published weights are stored in
    std::string_view kv;        ///< "fp8", "bf16"; empty: what the engine chooses
    const Model* model = nullptr;
    const Accelerator* accelerator = nullptr;
    Engine engine = Engine::Generic;
    std::optional<NumberFormat> fp8Checkpoint; ///< how the model's fp8 file is scaled; unset: by tensor
};

/// - A name of a format alone, or with how its arithmetic is done: "w4a16" (bf16), "w8a8", "w4a8", "w4a4", "wo" (weights only: bf16).
///   Without it: fp8 in fp8, nvfp4 in fp4, int8 in int8, int4 in bf16, mxfp4 in fp8 where the device has fp4 and else in bf16. Arithmetic
///   that the device lacks is done in the nearest it has.
/// - "moe:" before it: the routed experts alone, all else in bf16. "block", "block128": one scale per 128 x 128.
/// - Embedding and head stay in bf16 in every quantized file; so does MLA's attention in nvfp4 (nvidia/DeepSeek-R1-FP4, hf_quant_config).
/// - "fp4" alone is mxfp4 of the experts for a model published so (gpt-oss), mxfp4 on AMD, else nvfp4. "int4" alone is the experts' for a
///   model published so (Kimi-K2.5).
/// - No KV format: 8 bits with quantized weights on TensorRT-LLM (checkpoints carry fp8 scales) and on devices with fp4; else bf16.
/// Appends to `notes` what was assumed. An unknown word is an error with path "weights", "precision" or "kv_dtype".
[[nodiscard]] Result<Formats> resolveFormats(const FormatWords& words, std::vector<std::string>& notes);

} // namespace shardlens
