// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/resolve_points_formats.h"

#include <algorithm>
#include <array>

namespace shardlens {

namespace {

constexpr auto kEmbedding = static_cast<std::size_t>(WeightClass::Embedding);
constexpr auto kAttention = static_cast<std::size_t>(WeightClass::Attention);
constexpr auto kMlp = static_cast<std::size_t>(WeightClass::Mlp);
constexpr auto kExperts = static_cast<std::size_t>(WeightClass::Experts);

/// How weights are stored and multiplied, as a table's words have it.
struct Kernel {
    NumberFormat weights = NumberFormat::Bf16;
    bool expertsOnly = false;
    int activationBits = 0; ///< 0: not said
};

std::vector<std::string> wordsOf(std::string_view text)
{
    std::vector<std::string> words(1);
    for (char c : text) {
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
        const bool part = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (part)
            words.back() += c;
        else if (!words.back().empty())
            words.emplace_back();
    }
    if (words.back().empty())
        words.pop_back();
    return words;
}

/// Bits of activations in "w4a16", "w8a8", "w4afp8"; 0 for any other word.
int activationBitsIn(const std::string& word)
{
    if (word == "wo")
        return 16;
    if (word.size() < 4 || word[0] != 'w' || (word[1] != '4' && word[1] != '8'))
        return 0;
    const std::size_t at = word[2] == 'a' ? 2 : std::string::npos;
    if (at == std::string::npos)
        return 0;
    const std::string tail = word.substr(at + 1);
    return tail == "16" || tail == "bf16" || tail == "fp16"  ? 16
           : tail == "8" || tail == "fp8" || tail == "mxfp8" ? 8
           : tail == "4"                                     ? 4
                                                             : 0;
}

bool hasWord(const std::vector<std::string>& words, std::string_view word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool storesExpertsIn(const Model& model, NumberFormat format)
{
    return model.nativeFormats && model.nativeFormats->own[kExperts] == format;
}

NumberFormat plainFp8(const FormatWords& words)
{
    if (words.fp8Checkpoint)
        return *words.fp8Checkpoint;
    const bool block = words.model->nativeFormats && words.model->nativeFormats->weights == NumberFormat::Fp8Block;
    return block ? NumberFormat::Fp8Block : NumberFormat::Fp8;
}

/// The first format that the words name; nothing when none does.
std::optional<Kernel> kernelIn(std::string_view text, const FormatWords& context)
{
    const std::vector<std::string> words = wordsOf(text);
    Kernel kernel;
    bool found = false;
    for (const std::string& word : words) {
        if (const int bits = activationBitsIn(word); bits > 0)
            kernel.activationBits = bits;
        if (found)
            continue;
        found = true;
        if (word == "bf16" || word == "bfloat16" || word == "float16")
            kernel.weights = NumberFormat::Bf16;
        else if (word == "fp16" || word == "half")
            kernel.weights = NumberFormat::Fp16;
        else if (word == "fp32")
            kernel.weights = NumberFormat::Fp32;
        else if (word == "fp8" || word == "e4m3" || word == "mxfp8")
            kernel.weights = plainFp8(context);
        else if (word == "nvfp4")
            kernel.weights = NumberFormat::Nvfp4;
        else if (word == "mxfp4")
            kernel.weights = NumberFormat::Mxfp4;
        else if (word == "fp4")
            kernel.weights = storesExpertsIn(*context.model, NumberFormat::Mxfp4) || context.accelerator->vendor == "AMD"
                                 ? NumberFormat::Mxfp4
                                 : NumberFormat::Nvfp4;
        else if (word == "int8")
            kernel.weights = NumberFormat::Int8;
        else if (word == "int4" || word == "awq" || word == "gptq")
            kernel.weights = storesExpertsIn(*context.model, NumberFormat::Int4Group32) ? NumberFormat::Int4Group32 : NumberFormat::Int4;
        else
            found = false;
    }
    if (!found)
        return std::nullopt;
    const bool eight = kernel.weights == NumberFormat::Fp8 || kernel.weights == NumberFormat::Fp8Block;
    if (eight && std::any_of(words.begin(), words.end(), [](const std::string& word) { return word.rfind("block", 0) == 0; }))
        kernel.weights = NumberFormat::Fp8Block;
    else if (eight && (hasWord(words, "tensor") || hasWord(words, "channel") || hasWord(words, "static") || hasWord(words, "row")))
        kernel.weights = NumberFormat::Fp8;
    const bool said = hasWord(words, "moe") || hasWord(words, "experts");
    kernel.expertsOnly = said || (bitsOf(kernel.weights) == 4 && storesExpertsIn(*context.model, kernel.weights));
    return kernel;
}

ComputeFormat arithmeticOf(const Kernel& kernel, const Accelerator& accelerator)
{
    const bool hasFp4 = accelerator.peakOf(ComputeFormat::Fp4) > 0;
    ComputeFormat wanted = ComputeFormat::Bf16;
    switch (kernel.weights) {
    case NumberFormat::Fp32: wanted = ComputeFormat::Fp32; break;
    case NumberFormat::Fp16: wanted = ComputeFormat::Fp16; break;
    case NumberFormat::Fp8:
    case NumberFormat::Fp8Block: wanted = ComputeFormat::Fp8; break;
    case NumberFormat::Int8: wanted = ComputeFormat::Int8; break;
    case NumberFormat::Nvfp4: wanted = hasFp4 ? ComputeFormat::Fp4 : ComputeFormat::Bf16; break;
    case NumberFormat::Mxfp4: wanted = !hasFp4 ? ComputeFormat::Bf16 : kernel.expertsOnly ? ComputeFormat::Fp8 : ComputeFormat::Fp4; break;
    case NumberFormat::Bf16:
    case NumberFormat::Int4:
    case NumberFormat::Int4Group32: break;
    }
    if (kernel.activationBits == 16)
        wanted = ComputeFormat::Bf16;
    else if (kernel.activationBits == 8)
        wanted = kernel.weights == NumberFormat::Int8 ? ComputeFormat::Int8 : ComputeFormat::Fp8;
    else if (kernel.activationBits == 4)
        wanted = hasFp4 ? ComputeFormat::Fp4 : ComputeFormat::Bf16;
    return accelerator.nearestArithmetic(wanted);
}

Formats nativeFormats(const FormatWords& words, std::vector<std::string>& notes)
{
    Formats formats;
    if (!words.model->nativeFormats) {
        notes.emplace_back("no precision is said and the model's own is not known: bf16");
        formats.compute = words.accelerator->nearestArithmetic(ComputeFormat::Bf16);
        return formats;
    }
    formats.weights = words.model->nativeFormats->weights;
    formats.own = words.model->nativeFormats->own;
    Kernel kernel{formats.weights, false, 0};
    if (bitsOf(formats.weights) >= 16 && formats.own[kExperts]) {
        // Classes without a format of their own would follow the experts' arithmetic.
        for (const std::size_t index : {kAttention, kMlp, kEmbedding})
            if (!formats.own[index])
                formats.own[index] = formats.weights;
        kernel = {*formats.own[kExperts], true, 0};
    }
    formats.compute = arithmeticOf(kernel, *words.accelerator);
    notes.emplace_back("no precision is said: the published weights' own");
    return formats;
}

bool hasLatentAttention(const Model& model)
{
    return std::any_of(model.kinds.begin(), model.kinds.end(),
                       [](const LayerKind& kind) { return kind.attention.kind == AttentionKind::Latent; });
}

Formats formatsOf(const Kernel& kernel, const FormatWords& words)
{
    Formats formats;
    formats.weights = kernel.weights;
    formats.compute = arithmeticOf(kernel, *words.accelerator);
    if (bitsOf(kernel.weights) >= 16)
        return formats;
    formats.own[kEmbedding] = NumberFormat::Bf16;
    if (kernel.expertsOnly) {
        formats.own[kAttention] = NumberFormat::Bf16;
        formats.own[kMlp] = NumberFormat::Bf16;
    } else if (kernel.weights == NumberFormat::Nvfp4 && hasLatentAttention(*words.model)) {
        formats.own[kAttention] = NumberFormat::Bf16;
    }
    return formats;
}

std::optional<NumberFormat> kvNamed(std::string_view text)
{
    const std::vector<std::string> words = wordsOf(text);
    if (words.empty())
        return std::nullopt;
    const std::string& word = words.front();
    if (word == "fp8" || word == "e4m3" || word == "e5m2")
        return NumberFormat::Fp8;
    if (word == "bf16" || word == "bfloat16" || word == "auto")
        return NumberFormat::Bf16;
    if (word == "fp16" || word == "float16")
        return NumberFormat::Fp16;
    return word == "fp4" ? NumberFormat::Nvfp4 : numberFormatNamed(word);
}

/// A format of the cache that stands in the words of the precision: "FP4, FP8 KV".
std::string_view kvIn(std::string_view precision)
{
    const std::size_t comma = precision.find(',');
    if (comma == std::string_view::npos
        || (precision.find("KV") == std::string_view::npos && precision.find("kv") == std::string_view::npos))
        return {};
    return precision.substr(comma + 1);
}

NumberFormat defaultKv(const Formats& formats, const FormatWords& words)
{
    if (words.model->nativeFormats && words.model->nativeFormats->kv)
        return *words.model->nativeFormats->kv;
    const NumberFormat narrowest = words.model->hasExperts() ? formats.of(WeightClass::Experts) : formats.weights;
    const bool quantized = bitsOf(narrowest) <= 8 && narrowest != NumberFormat::Int4 && narrowest != NumberFormat::Int4Group32
                           && narrowest != NumberFormat::Int8;
    const bool narrow = quantized && (words.engine == Engine::TrtLlm || words.accelerator->peakOf(ComputeFormat::Fp4) > 0);
    if (narrow && words.accelerator->peakOf(ComputeFormat::Fp8) > 0)
        return NumberFormat::Fp8;
    return formats.weights == NumberFormat::Fp16 ? NumberFormat::Fp16 : NumberFormat::Bf16;
}

} // namespace

Result<Formats> resolveFormats(const FormatWords& words, std::vector<std::string>& notes)
{
    const bool hasWeights = !words.weights.empty();
    const std::string_view text = hasWeights ? words.weights : words.precision;
    Formats formats;
    if (text.empty()) {
        formats = nativeFormats(words, notes);
    } else {
        const std::optional<Kernel> kernel = kernelIn(text, words);
        if (!kernel)
            return Error{{},
                         hasWeights ? "weights" : "precision",
                         std::string(text),
                         "allowed is bf16, fp16, fp8, fp8 block128, nvfp4, mxfp4, fp4, int8 or int4, after moe: for experts alone, "
                         "and before w4a16, w4a8, w4a4, w8a8 or wo"};
        if (kernel->expertsOnly && !words.model->hasExperts())
            return Error{{}, hasWeights ? "weights" : "precision", std::string(text), "the model has no experts"};
        formats = formatsOf(*kernel, words);
    }
    const std::string_view cache = words.kv.empty() ? kvIn(words.precision) : words.kv;
    if (cache.empty()) {
        formats.kv = defaultKv(formats, words);
        notes.push_back("no cache format is said: " + std::string(nameOf(formats.kv)));
        return formats;
    }
    const std::optional<NumberFormat> kv = kvNamed(cache);
    if (!kv)
        return Error{{}, "kv_dtype", std::string(cache), "allowed is fp8, bf16, fp16, int8, fp4, auto or nothing"};
    formats.kv = *kv;
    return formats;
}

} // namespace shardlens
