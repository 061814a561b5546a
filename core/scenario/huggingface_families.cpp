// SPDX-License-Identifier: Apache-2.0
// Facts per family: modeling_*.py and configuration_*.py of Hugging Face transformers, and the code beside the weights of kimi_k2,
// minimax_m2, mimo, mimo_v2_flash, step3p7, kimi_linear, nemotron_h, nemotron-nas and grok-1. Where a checkpoint is known to differ from its class default, the checkpoint counts (Falcon stores its head).
#include "core/scenario/huggingface_families.h"

#include <algorithm>
#include <array>

namespace shardlens::huggingface {

namespace {

constexpr BiasRule kAttentionBias{"attention_bias", false};

// clang-format off
constexpr std::array kFamilies{
    Family{.modelType = "llama", .attentionBias = kAttentionBias, .mlpBias = {"mlp_bias", false}},
    Family{.modelType = "mistral", .kvHeads = KvHeads::Required, .windows = Windows::All, .windowFallback = 4096},
    Family{.modelType = "ministral3", .kvHeads = KvHeads::Required, .windows = Windows::All},
    Family{.modelType = "mixtral", .kvHeads = KvHeads::Required, .windows = Windows::All, .experts = Experts::All},
    Family{.modelType = "qwen2", .kvHeads = KvHeads::Required, .attentionBias = {"", true}, .biasOnOutput = false,
           .windows = Windows::Upper},
    Family{.modelType = "qwen2_moe", .kvHeads = KvHeads::Required, .attentionBias = {"qkv_bias", true}, .biasOnOutput = false,
           .windows = Windows::Upper, .experts = Experts::Strided, .sharedExpert = true, .sharedExpertGate = true},
    Family{.modelType = "mimo", .kvHeads = KvHeads::Required, .attentionBias = {"attention_bias", true}, .biasOnOutput = false,
           .windows = Windows::Upper},
    Family{.modelType = "qwen3", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .queryKeyNorm = QueryKeyNorm::PerHead, .queryKeyNormRule = {"use_qk_norm", true}, .windows = Windows::Upper},
    Family{.modelType = "qwen3_moe", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .queryKeyNorm = QueryKeyNorm::PerHead, .queryKeyNormRule = {"use_qk_norm", true}, .windows = Windows::Upper,
           .experts = Experts::Strided},
    Family{.modelType = "qwen3_vl_text", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .queryKeyNorm = QueryKeyNorm::PerHead},
    Family{.modelType = "qwen3_vl_moe_text", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .queryKeyNorm = QueryKeyNorm::PerHead, .experts = Experts::Strided},
    Family{.modelType = "qwen3_next", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .outputGate = {"", true}, .queryKeyNorm = QueryKeyNorm::PerHead, .experts = Experts::Strided, .sharedExpert = true,
           .sharedExpertGate = true, .mixing = Mixing::GatedDelta, .predictionFallback = 1},
    Family{.modelType = "qwen3_5_text", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .outputGate = {"attn_output_gate", true}, .queryKeyNorm = QueryKeyNorm::PerHead, .mixing = Mixing::GatedDelta},
    Family{.modelType = "qwen3_5_moe_text", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .outputGate = {"attn_output_gate", true}, .queryKeyNorm = QueryKeyNorm::PerHead, .experts = Experts::Strided,
           .sharedExpert = true, .sharedExpertGate = true, .mixing = Mixing::GatedDelta},
    Family{.modelType = "gemma", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias, .tied = true},
    Family{.modelType = "gemma2", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .windows = Windows::Period, .windowPeriod = 2, .normsPerLayer = 4, .tied = true},
    Family{.modelType = "gemma3_text", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .queryKeyNorm = QueryKeyNorm::PerHead, .windows = Windows::Period, .windowPeriod = 6, .normsPerLayer = 4, .tied = true},
    Family{.modelType = "gemma4_text", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .queryKeyNorm = QueryKeyNorm::PerHead, .windows = Windows::Period, .windowPeriod = 6, .experts = Experts::Beside,
           .routerBias = RouterBias::Always, .normsPerLayer = 4, .tied = true, .mixing = Mixing::GlobalHeads},
    Family{.modelType = "granite", .attentionBias = kAttentionBias, .mlpBias = {"mlp_bias", false}},
    Family{.modelType = "olmo2", .attentionBias = kAttentionBias, .queryKeyNorm = QueryKeyNorm::Full},
    Family{.modelType = "olmoe", .attentionBias = kAttentionBias, .queryKeyNorm = QueryKeyNorm::Full, .experts = Experts::All},
    Family{.modelType = "phi3", .windows = Windows::All},
    Family{.modelType = "deepseek_v2", .attention = AttentionKind::Latent, .experts = Experts::AfterFirst,
           .routerBias = RouterBias::Method, .sharedExpert = true},
    Family{.modelType = "deepseek_v3", .attention = AttentionKind::Latent, .experts = Experts::AfterFirst,
           .routerBias = RouterBias::Method, .routerBiasFallback = true, .sharedExpert = true, .predictionEmbedding = true},
    Family{.modelType = "deepseek_v32", .attention = AttentionKind::Latent, .experts = Experts::AfterFirst,
           .routerBias = RouterBias::Method, .routerBiasFallback = true, .sharedExpert = true, .mixing = Mixing::Sparse,
           .predictionEmbedding = true},
    Family{.modelType = "glm_moe_dsa", .attention = AttentionKind::Latent, .experts = Experts::AfterFirst,
           .routerBias = RouterBias::Method, .routerBiasFallback = true, .sharedExpert = true, .mixing = Mixing::Sparse},
    Family{.modelType = "kimi_linear", .attention = AttentionKind::Latent, .experts = Experts::AfterFirst,
           .routerBias = RouterBias::Method, .routerBiasFallback = true, .sharedExpert = true, .mixing = Mixing::KimiDelta},
    Family{.modelType = "kimi_k2", .attention = AttentionKind::Latent, .experts = Experts::AfterFirst,
           .routerBias = RouterBias::Method, .routerBiasFallback = true, .sharedExpert = true},
    Family{.modelType = "glm4_moe", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .biasOnOutput = false, .queryKeyNorm = QueryKeyNorm::PerHead, .queryKeyNormRule = {"use_qk_norm", false},
           .experts = Experts::AfterFirst, .routerBias = RouterBias::Always, .sharedExpert = true, .predictionEmbedding = true},
    Family{.modelType = "step3p7", .kvHeads = KvHeads::Required, .headDimDerives = false, .windows = Windows::All,
           .experts = Experts::AfterFirst, .routerBias = RouterBias::Flag, .sharedExpert = true, .predicting = Predicting::NotStored},
    Family{.modelType = "mimo_v2_flash", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .biasOnOutput = false, .windows = Windows::Listed, .experts = Experts::Listed, .routerBias = RouterBias::Method,
           .routerBiasFallback = true, .sharedExpert = true, .mixing = Mixing::WindowHeads, .predicting = Predicting::NotStored},
    Family{.modelType = "minimax_m2", .kvHeads = KvHeads::Required, .headDimDerives = false, .queryKeyNorm = QueryKeyNorm::Full,
           .queryKeyNormRule = {"use_qk_norm", true}, .experts = Experts::All, .routerBias = RouterBias::Flag,
           .routerBiasFallback = true, .predicting = Predicting::NotStored},
    Family{.modelType = "gpt_oss", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = {"attention_bias", true},
           .sinks = true, .windows = Windows::Period, .windowPeriod = 2, .experts = Experts::All, .routerBias = RouterBias::Always,
           .mlpBias = {"", true}},
    Family{.modelType = "llama4_text", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .windows = Windows::Chunks, .experts = Experts::Interleaved, .sharedExpert = true},
    Family{.modelType = "cohere", .attentionBias = kAttentionBias, .queryKeyNorm = QueryKeyNorm::Full,
           .queryKeyNormRule = {"use_qk_norm", false}, .norm = NormKind::LayerNoBias, .normsPerLayer = 1, .parallelBlock = true,
           .tied = true},
    Family{.modelType = "nemotron", .attentionBias = kAttentionBias, .matrices = 2, .mlpBias = {"mlp_bias", false},
           .norm = NormKind::Layer},
    Family{.modelType = "nemotron_h", .kvHeads = KvHeads::Required, .headDimDerives = false, .attentionBias = kAttentionBias,
           .routerBias = RouterBias::Always, .matrices = 2, .mlpBias = {"mlp_bias", false}, .normsPerLayer = 1,
           .mixing = Mixing::OnePart},
    Family{.modelType = "nemotron-nas", .attentionBias = kAttentionBias, .mlpBias = {"mlp_bias", false}, .mixing = Mixing::BlockConfigs},
    Family{.modelType = "dbrx", .kvHeads = KvHeads::Nested, .experts = Experts::Nested, .norm = NormKind::LayerNoBias},
    Family{.modelType = "grok-1", .architecture = "Grok1ModelForCausalLM", .kvHeads = KvHeads::Required, .experts = Experts::All,
           .normsPerLayer = 4, .tied = true},
    Family{.modelType = "falcon", .kvHeads = KvHeads::Falcon, .attentionBias = {"bias", false}, .matrices = 2,
           .intermediateDerives = true, .mlpBias = {"bias", false}, .norm = NormKind::Layer},
    Family{.modelType = "bloom", .kvHeads = KvHeads::All, .attentionBias = {"", true}, .matrices = 2, .intermediateDerives = true,
           .mlpBias = {"", true}, .norm = NormKind::Layer, .tied = true, .embeddingNorm = true},
    Family{.modelType = "opt", .kvHeads = KvHeads::All, .attentionBias = {"enable_bias", true}, .matrices = 2,
           .mlpBias = {"enable_bias", true}, .norm = NormKind::Layer, .tied = true, .learnedPositions = 2},
    Family{.modelType = "gpt2", .kvHeads = KvHeads::All, .attentionBias = {"", true}, .matrices = 2, .intermediateDerives = true,
           .mlpBias = {"", true}, .norm = NormKind::Layer, .tied = true, .learnedPositions = 0},
};
// clang-format on

} // namespace

const Family* familyOf(std::string_view modelType, std::string_view architecture)
{
    const auto place = std::find_if(kFamilies.begin(), kFamilies.end(), [modelType, architecture](const Family& family) {
        return modelType.empty() ? !architecture.empty() && family.architecture == architecture : family.modelType == modelType;
    });
    return place == kFamilies.end() ? nullptr : &*place;
}

std::string knownModelTypes()
{
    std::string text;
    for (const Family& family : kFamilies) {
        if (!text.empty())
            text += &family == &kFamilies.back() ? " and " : ", ";
        text += family.modelType;
    }
    return text;
}

} // namespace shardlens::huggingface
