// SPDX-License-Identifier: Apache-2.0
// Scenario files (.shardlens): versioned JSON, UTF-8, at most 4 MiB, keys in a fixed order so that versions can be compared line by line.
#pragma once

#include "core/base/result.h"
#include "core/scenario/catalog.h"
#include "core/scenario/scenario.h"

#include <filesystem>
#include <string>

namespace shardlens {

inline constexpr int kScenarioVersion = 1;
inline constexpr std::string_view kScenarioFormat = "shardlens.scenario";

struct ScenarioFile {
    Scenario scenario;
    /// Fields this version does not know, as JSON text keyed by JSON pointer, written back on save.
    std::string unknownFields;
    /// One sentence each: unknown fields kept, a newer version read.
    std::vector<std::string> notices;
};

[[nodiscard]] Result<ScenarioFile> parseScenario(std::string_view json, const std::string& fileName, const Catalog& catalog);
[[nodiscard]] Result<ScenarioFile> readScenario(const std::filesystem::path& file, const Catalog& catalog);
/// JSON text of a scenario; a model or cluster that is not in the catalog is written in full, so the file stands alone.
[[nodiscard]] std::string printScenario(const ScenarioFile& file, const Catalog& catalog);

/// A Hugging Face config.json as a model. Fields that are needed and missing, or not understood, are errors that name the field.
struct ImportedModel {
    Model model;
    std::vector<std::string> read;      ///< "hidden_size = 8192"
    std::vector<std::string> derived;   ///< "head_dim = hidden_size / num_attention_heads = 128"
    std::vector<std::string> defaulted; ///< "tie_word_embeddings absent: false, the Llama default"
    std::vector<std::string> ignored;   ///< "vocab_file = "x": no effect on shapes and counts"
};
[[nodiscard]] Result<ImportedModel> parseHuggingFaceConfig(std::string_view json, const std::string& fileName);
[[nodiscard]] Result<ImportedModel> readHuggingFaceConfig(const std::filesystem::path& file);

/// A whole text file of at most `limit` bytes; directories, devices, missing or unreadable files and larger ones are sentences.
[[nodiscard]] Result<std::string> readTextFile(const std::filesystem::path& file, std::size_t limit);

/// The scenario a first start shows: Llama-3-70B, bf16, on p5.48xlarge, TP 4 x PP 2, batch 32, 2,048 in, 256 out.
[[nodiscard]] Scenario caseStudyScenario(const Catalog& catalog);

} // namespace shardlens
