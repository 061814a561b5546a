// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/points_columns.h"

#include <algorithm>

namespace shardlens {

namespace {

constexpr unsigned kAgg = bitOf(PointKind::Aggregated);
constexpr unsigned kDisagg = bitOf(PointKind::Disaggregated);
constexpr unsigned kPublished = bitOf(PointKind::Published);
constexpr unsigned kServed = kAgg | kDisagg;
constexpr unsigned kAll = kServed | kPublished;
constexpr double kMostTokens = 10'000'000;
constexpr double kMostDevices = 65'536;
constexpr double kMostConcurrency = 1'048'576;
constexpr double kMostMilliseconds = 1e9; // eleven days
constexpr double kLeastMilliseconds = 1e-6;
constexpr double kMostThroughput = 1e9;

using F = PointField;
using K = FieldKind;

// clang-format off
constexpr std::array kFields{
    FieldSpec{F::Row, "row", "id", kAll, 0, K::Text, 0, 0, true, false, ""},
    FieldSpec{F::Model, "model", "", kAll, kAll, K::Text, 0, 0, false, false, ""},
    FieldSpec{F::System, "system", "hardware", kAll, kAll, K::Text, 0, 0, false, false, ""},
    FieldSpec{F::Precision, "precision", "", kAll, 0, K::Text, 0, 0, true, false, ""},
    FieldSpec{F::Weights, "weights", "", kServed, 0, K::Text, 0, 0, true, false, ""},
    FieldSpec{F::KvFormat, "kv_dtype", "", kServed, 0, K::Text, 0, 0, true, false, ""},
    FieldSpec{F::Backend, "backend", "engine", kAll, 0, K::Text, 0, 0, true, false, ""},
    FieldSpec{F::Version, "version", "", kServed, 0, K::Text, 0, 0, true, false, ""},
    FieldSpec{F::Date, "date", "", kServed, 0, K::Text, 0, 0, true, false, ""},
    FieldSpec{F::Origin, "origin", "source", kAll, 0, K::Text, 0, 0, true, false, ""},
    FieldSpec{F::Input, "isl", "", kAll, kAll, K::Count, 1, kMostTokens, false, false, ""},
    FieldSpec{F::Output, "osl", "", kAll, kAll, K::Count, 1, kMostTokens, false, false, ""},
    FieldSpec{F::MeanInput, "isl_mean", "", kServed, 0, K::Number, 1, kMostTokens, true, false, ""},
    FieldSpec{F::MeanOutput, "osl_mean", "", kServed, 0, K::Number, 1, kMostTokens, true, false, ""},
    FieldSpec{F::Concurrency, "concurrency", "", kServed, kServed, K::Count, 1, kMostConcurrency, false, false, ""},
    FieldSpec{F::Devices, "gpus", "total_gpus", kServed, 0, K::Count, 1, kMostDevices, true, false, ""},
    FieldSpec{F::AttentionTensor, "attn_tp", "", kAgg, 0, K::Count, 1, kMostDevices, true, false, ""},
    FieldSpec{F::AttentionData, "attn_dp", "", kAgg, 0, K::Count, 1, kMostDevices, true, false, ""},
    FieldSpec{F::ExpertTensor, "moe_tp", "", kAgg, 0, K::Count, 1, kMostDevices, true, false, ""},
    FieldSpec{F::Expert, "moe_ep", "", kAgg, 0, K::Count, 1, kMostDevices, true, false, ""},
    FieldSpec{F::BatchPerRank, "batch_per_dp", "", kAgg, 0, K::Number, 1e-3, kMostConcurrency, true, false, ""},
    FieldSpec{F::MaxBatchedTokens, "max_batched_tokens", "", kServed, 0, K::Count, 1, kMostTokens, true, false, "default"},
    FieldSpec{F::MaxSequences, "max_num_seqs", "", kServed, 0, K::Count, 1, kMostConcurrency, true, false, "default"},
    FieldSpec{F::ReceiveInterval, "sched_recv_interval", "", kServed, 0, K::Count, 1, 1'000'000, true, false, "default"},
    FieldSpec{F::Warmup, "warmup", "", kServed, 0, K::Text, 0, 0, true, false, ""},
    FieldSpec{F::PrefillWorkers, "prefill_workers", "", kDisagg, kDisagg, K::Count, 1, kMostDevices, false, false, ""},
    FieldSpec{F::PrefillDevices, "prefill_gpus_per_worker", "", kDisagg, kDisagg, K::Count, 1, kMostDevices, false, false, ""},
    FieldSpec{F::PrefillAttentionData, "prefill_attn_dp", "", kDisagg, 0, K::Count, 1, kMostDevices, true, false, ""},
    FieldSpec{F::PrefillExpert, "prefill_moe_ep", "", kDisagg, 0, K::Count, 1, kMostDevices, true, false, ""},
    FieldSpec{F::DecodeWorkers, "decode_workers", "", kDisagg, kDisagg, K::Count, 1, kMostDevices, false, false, ""},
    FieldSpec{F::DecodeDevices, "decode_gpus_per_worker", "", kDisagg, kDisagg, K::Count, 1, kMostDevices, false, false, ""},
    FieldSpec{F::DecodeAttentionData, "decode_attn_dp", "", kDisagg, 0, K::Count, 1, kMostDevices, true, false, ""},
    FieldSpec{F::DecodeExpert, "decode_moe_ep", "", kDisagg, 0, K::Count, 1, kMostDevices, true, false, ""},
    FieldSpec{F::DecodeBatchPerRank, "decode_batch_per_rank", "", kDisagg, 0, K::Number, 1e-3, kMostConcurrency, true, false, ""},
    FieldSpec{F::DecodeSettings, "decode_settings", "", kDisagg, 0, K::Text, 0, 0, true, false, ""},
    FieldSpec{F::Parallelism, "parallelism", "", kPublished, kPublished, K::Text, 0, 0, false, false, ""},
    FieldSpec{F::Load, "batch_or_load", "", kPublished, kPublished, K::Text, 0, 0, false, false, ""},
    FieldSpec{F::Metric, "metric", "", kPublished, 0, K::Text, 0, 0, true, true, ""},
    FieldSpec{F::Value, "value", "", kPublished, 0, K::Number, 1e-9, kMostThroughput, true, true, ""},
    FieldSpec{F::Unit, "unit", "", kPublished, 0, K::Text, 0, 0, true, true, ""},
    FieldSpec{F::Ttft, "ttft_ms", "", kServed, 0, K::Number, kLeastMilliseconds, kMostMilliseconds, true, true, ""},
    FieldSpec{F::Tpot, "tpot_ms", "", kServed, 0, K::Number, kLeastMilliseconds, kMostMilliseconds, true, true, ""},
    FieldSpec{F::OutputPerDevice, "out_tok_s_gpu", "out_tok_s_gpu_est", kServed, 0, K::Number, 1e-9, kMostThroughput, true, true, ""},
    FieldSpec{F::TtftFlag, "ttft_flag", "", kServed, 0, K::Text, 0, 0, true, true, ""},
};
// clang-format on
static_assert(kFields.size() == kPointFieldCount);

constexpr std::array<std::size_t, kPointFieldCount> kPlaces = [] {
    std::array<std::size_t, kPointFieldCount> places{};
    for (std::size_t i = 0; i < kFields.size(); ++i)
        places[static_cast<std::size_t>(kFields[i].field)] = i;
    return places;
}();

constexpr char lowered(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool sameName(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lowered(x) == lowered(y); });
}

} // namespace

std::span<const FieldSpec> fieldSpecs()
{
    return kFields;
}

PointField fieldNamed(std::string_view name)
{
    for (const FieldSpec& spec : kFields)
        if (sameName(spec.name, name) || (!spec.alias.empty() && sameName(spec.alias, name)))
            return spec.field;
    return PointField::Ignored;
}

const FieldSpec& specOf(PointField field)
{
    return kFields[kPlaces[static_cast<std::size_t>(field)]];
}

std::vector<PointColumn> pointColumns(PointKind kind)
{
    std::vector<PointColumn> columns;
    for (const FieldSpec& spec : kFields)
        if ((spec.kinds & bitOf(kind)) != 0)
            columns.push_back({spec.name, (spec.needed & bitOf(kind)) != 0, spec.outcome});
    return columns;
}

} // namespace shardlens
