// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/csv.h"
#include "core/calibration/operatorfit.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace shardlens {

namespace {

struct Dtype {
    std::string_view name;
    NumberFormat weights;
    ComputeFormat arithmetic;
};
constexpr std::array kDtypes{
    Dtype{"bfloat16", NumberFormat::Bf16, ComputeFormat::Bf16},
    Dtype{"float16", NumberFormat::Fp16, ComputeFormat::Bf16},
    Dtype{"fp8", NumberFormat::Fp8, ComputeFormat::Fp8},
    Dtype{"fp8_block", NumberFormat::Fp8Block, ComputeFormat::Fp8},
    Dtype{"nvfp4", NumberFormat::Nvfp4, ComputeFormat::Fp4},
    Dtype{"int8_wo", NumberFormat::Int8, ComputeFormat::Bf16},
    Dtype{"int4_wo", NumberFormat::Int4, ComputeFormat::Bf16},
    Dtype{"sq", NumberFormat::Int8, ComputeFormat::Int8},
    Dtype{"w4a16_mxfp4", NumberFormat::Mxfp4, ComputeFormat::Bf16},
    Dtype{"w4a8_mxfp4_mxfp8", NumberFormat::Mxfp4, ComputeFormat::Fp8},
};

std::string dtypeWords()
{
    std::string words;
    for (const Dtype& d : kDtypes)
        words += (words.empty() ? "" : ", ") + std::string(d.name);
    return words;
}

/// Fields of a record by the names of the first one.
class Table {
public:
    Table(std::string& text, std::string fileName) : m_reader(text, fileName), m_file(std::move(fileName)) {}

    [[nodiscard]] Result<bool> open(std::span<const std::string_view> needed)
    {
        if (!m_reader.next(m_names))
            return m_reader.error() ? *m_reader.error() : Error{m_file, "line 1", "nothing", "a line of column names"};
        for (const std::string_view name : needed)
            if (std::find(m_names.begin(), m_names.end(), name) == m_names.end())
                return Error{m_file, "line 1", "no column '" + std::string(name) + "'", "this table needs it"};
        return true;
    }
    [[nodiscard]] bool next() { return m_reader.next(m_fields); }
    [[nodiscard]] std::string_view text(std::string_view name) const
    {
        const auto at = static_cast<std::size_t>(std::find(m_names.begin(), m_names.end(), name) - m_names.begin());
        return at < m_fields.size() ? m_fields[at] : std::string_view();
    }
    /// A number above `least`; remembers the first that is none.
    [[nodiscard]] double number(std::string_view name, double least = 0)
    {
        const std::string_view field = text(name);
        double value = 0;
        const auto [end, code] = std::from_chars(field.data(), field.data() + field.size(), value);
        if (code != std::errc() || end != field.data() + field.size() || !std::isfinite(value) || value < least || value > 1e15) {
            if (!m_error)
                m_error =
                    Error{m_file, "line " + std::to_string(m_reader.line()) + ", column " + std::string(name),
                          "'" + std::string(field.substr(0, 40)) + "'", "a number of at least " + std::to_string(static_cast<int>(least))};
            return least;
        }
        return value;
    }
    void fail(std::string_view name, std::string allowed)
    {
        if (!m_error)
            m_error = Error{m_file, "line " + std::to_string(m_reader.line()) + ", column " + std::string(name),
                            "'" + std::string(text(name).substr(0, 40)) + "'", std::move(allowed)};
    }
    [[nodiscard]] const std::optional<Error>& error() const { return m_error ? m_error : m_reader.error(); }

private:
    CsvReader m_reader;
    std::string m_file;
    std::vector<std::string_view> m_names;
    std::vector<std::string_view> m_fields;
    std::optional<Error> m_error;
};

/// FLOP and bytes into times at the accelerator's figures; nothing where it has no such arithmetic.
struct Rates {
    const Accelerator& accelerator;
    [[nodiscard]] double compute(double flop, ComputeFormat arithmetic) const
    {
        const double peak = accelerator.peakOf(arithmetic);
        return peak > 0 ? flop / peak : -1;
    }
    [[nodiscard]] double memory(double bytes) const { return bytes / accelerator.memoryBandwidth; }
};

double causal(double length, double window)
{
    const double growing = window > 0 ? std::min(length, window) : length;
    return growing * (growing + 1) / 2 + (length - growing) * window;
}

KernelSample gemm(Table& t, const Dtype& d, const Rates& r)
{
    const double m = t.number("m", 1);
    const double n = t.number("n", 1);
    const double k = t.number("k", 1);
    const auto weights = static_cast<double>(bytesOf(d.weights, std::llround(k), std::llround(n)));
    return {KernelClass::Matrix,
            kernelFormatOf(d.weights, d.arithmetic),
            r.compute(2 * m * n * k, d.arithmetic),
            r.memory(weights + 2 * m * (n + k)),
            1,
            0};
}

KernelSample experts(Table& t, const Dtype& d, const Rates& r)
{
    const double hidden = t.number("hidden", 1);
    const double e = t.number("experts", 1);
    const double k = t.number("topk", 1);
    const double tokens = t.number("tokens", 1);
    const double ep = t.number("moe_ep", 1);
    const double width = std::ceil(t.number("inter", 1) / t.number("moe_tp", 1));
    const double touched = e * (1 - std::pow(1 - k / e, tokens)) / ep;
    const double pairs = tokens * k / ep;
    const auto each = static_cast<double>(2 * bytesOf(d.weights, std::llround(hidden), std::llround(width))
                                          + bytesOf(d.weights, std::llround(width), std::llround(hidden)));
    return {KernelClass::Experts,
            kernelFormatOf(d.weights, d.arithmetic),
            r.compute(6 * pairs * hidden * width, d.arithmetic),
            r.memory(touched * each + pairs * 4 * (hidden + width)),
            2,
            0};
}

KernelSample attention(Table& t, OperatorTable kind, const Rates& r)
{
    const bool latent = kind == OperatorTable::PrefillLatent || kind == OperatorTable::DecodeLatent;
    const bool decode = kind == OperatorTable::DecodeAttention || kind == OperatorTable::DecodeLatent;
    const bool eight = t.text("kv_dtype") == "fp8";
    if (!eight && t.text("kv_dtype") != "bfloat16" && t.text("kv_dtype") != "float16")
        t.fail("kv_dtype", "bfloat16, float16 or fp8");
    const double heads = t.number(latent ? "heads_local" : "heads", 1);
    const double batch = t.number("batch", 1);
    const double length = t.number("seq", 1);
    const double kvHeads = latent ? 1 : t.number("kv_heads", 1);
    const double headDim = latent ? 0 : t.number("head_dim", 1);
    const double window = latent ? 0 : t.number("window");
    const double element = eight ? 1 : 2;
    KernelSample s;
    s.format = eight ? KernelFormat::Fp8 : KernelFormat::Bits16;
    s.kernel = !decode ? KernelClass::PrefillAttention : latent ? KernelClass::LatentDecode : KernelClass::DecodeAttention;
    const double scores = latent ? (decode ? 576 : 192) : headDim;
    const double values = latent ? (decode ? 512 : 128) : headDim;
    const double seen = window > 0 ? std::min(length, window) : length;
    const double pairs = batch * (decode ? seen : causal(length, window));
    const double queries = batch * (decode ? 1 : length);
    const double kept = latent && decode ? 576 * element : kvHeads * (scores + values) * element;
    const double keyed = latent && !decode ? heads * (scores + values) * 2 : kept; // expanded keys and values are activations
    // An 8-bit cache is multiplied in fp8 where there is fp8.
    const bool fp8 = eight && r.accelerator.peakOf(ComputeFormat::Fp8) > 0;
    s.compute = r.compute(2 * pairs * heads * (scores + values), fp8 ? ComputeFormat::Fp8 : ComputeFormat::Bf16);
    s.memory = r.memory(batch * (decode ? seen : length) * keyed + queries * heads * (scores + values) * 2);
    return s;
}

std::span<const std::string_view> columnsOf(OperatorTable kind)
{
    static constexpr std::array<std::string_view, 5> matmul{"dtype", "m", "n", "k", "lat_us"};
    static constexpr std::array<std::string_view, 9> softmax{"attn_dtype", "kv_dtype", "heads", "kv_heads", "head_dim",
                                                             "window",     "batch",    "seq",   "lat_us"};
    static constexpr std::array<std::string_view, 6> latent{"attn_dtype", "kv_dtype", "heads_local", "batch", "seq", "lat_us"};
    static constexpr std::array<std::string_view, 10> moe{"dtype",  "hidden", "inter", "topk",   "experts",
                                                          "moe_tp", "moe_ep", "dist",  "tokens", "lat_us"};
    static constexpr std::array<std::string_view, 5> reduce{"system", "kernel", "gpus", "bytes", "lat_us"};
    switch (kind) {
    case OperatorTable::Gemm: return matmul;
    case OperatorTable::PrefillAttention:
    case OperatorTable::DecodeAttention: return softmax;
    case OperatorTable::PrefillLatent:
    case OperatorTable::DecodeLatent: return latent;
    case OperatorTable::Experts: return moe;
    case OperatorTable::AllReduce: return reduce;
    }
    return {};
}

} // namespace

std::optional<OperatorTable> operatorTableOf(std::string_view stem, std::string_view& system)
{
    static constexpr std::array<std::pair<std::string_view, OperatorTable>, 6> prefixes{{{"gemm_", OperatorTable::Gemm},
                                                                                         {"ctx_attn_", OperatorTable::PrefillAttention},
                                                                                         {"gen_attn_", OperatorTable::DecodeAttention},
                                                                                         {"ctx_mla_", OperatorTable::PrefillLatent},
                                                                                         {"gen_mla_", OperatorTable::DecodeLatent},
                                                                                         {"moe_", OperatorTable::Experts}}};
    for (const auto& [prefix, kind] : prefixes)
        if (stem.starts_with(prefix)) {
            system = stem.substr(prefix.size());
            return kind;
        }
    system = {};
    if (stem == "custom_allreduce" || stem == "allreduce")
        return OperatorTable::AllReduce;
    return std::nullopt;
}

Result<std::vector<KernelSample>> readKernelSamples(OperatorTable kind, std::string text, const std::string& fileName,
                                                    const Accelerator& accelerator)
{
    Table table(text, fileName);
    const Result<bool> opened = table.open(columnsOf(kind));
    if (!opened.ok())
        return opened.error();
    const Rates rates{accelerator};
    std::vector<KernelSample> samples;
    while (table.next() && !table.error()) {
        KernelSample s;
        if (kind == OperatorTable::Gemm || kind == OperatorTable::Experts) {
            const auto d = std::find_if(kDtypes.begin(), kDtypes.end(), [&](const Dtype& x) { return x.name == table.text("dtype"); });
            if (d == kDtypes.end()) {
                table.fail("dtype", dtypeWords());
                break;
            }
            if (kind == OperatorTable::Experts && table.text("dist") != "balanced")
                continue;
            s = kind == OperatorTable::Gemm ? gemm(table, *d, rates) : experts(table, *d, rates);
        } else {
            s = attention(table, kind, rates);
        }
        s.seconds = table.number("lat_us") * 1e-6;
        if (s.compute >= 0 && s.seconds > 0 && s.memory <= s.seconds && s.compute <= s.seconds)
            samples.push_back(s);
    }
    if (table.error())
        return *table.error();
    return samples;
}

Result<std::vector<AllReduceSample>> readAllReduceSamples(std::string text, const std::string& fileName, std::string_view kernels)
{
    Table table(text, fileName);
    const Result<bool> opened = table.open(columnsOf(OperatorTable::AllReduce));
    if (!opened.ok())
        return opened.error();
    std::vector<AllReduceSample> samples;
    while (table.next() && !table.error()) {
        const std::string_view kernel = table.text("kernel");
        if (kernel.ends_with("eager") || kernel.find(kernels) == std::string_view::npos)
            continue;
        samples.push_back({std::string(table.text("system")), static_cast<int>(std::min(1e6, table.number("gpus", 2))),
                           table.number("bytes", 1), table.number("lat_us") * 1e-6});
    }
    if (table.error())
        return *table.error();
    return samples;
}

} // namespace shardlens
