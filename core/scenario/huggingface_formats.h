// SPDX-License-Identifier: Apache-2.0
// What a config.json says its weights are stored in: torch_dtype, and quantization_config of the tools that write one.
#pragma once

#include "core/scenario/huggingface_reader.h"

namespace shardlens::huggingface {

/// The formats of the file's classes of matrices, or nothing when the config does not say, or names a format that is not known here.
/// `object` holds the quantization, `dtype` the type of what is not quantized. Each conclusion is a line of the report.
[[nodiscard]] std::optional<StoredFormats> readStoredFormats(JsonObject& object, const std::string& dtype, const Model& model,
                                                             ImportedModel& report);

} // namespace shardlens::huggingface
