// SPDX-License-Identifier: Apache-2.0
// The columns of measured points as a table: name, what it is read into, and what it may hold.
#pragma once

#include "core/calibration/points.h"

#include <array>
#include <span>

namespace shardlens {

/// What a column is read into.
enum class PointField : std::uint8_t {
    Row,
    Model,
    System,
    Precision,
    Weights,
    KvFormat,
    Backend,
    Version,
    Date,
    Origin,
    Input,
    Output,
    MeanInput,
    MeanOutput,
    Concurrency,
    Devices,
    AttentionTensor,
    AttentionData,
    ExpertTensor,
    Expert,
    BatchPerRank,
    MaxBatchedTokens,
    MaxSequences,
    ReceiveInterval,
    Warmup,
    Ttft,
    Tpot,
    OutputPerDevice,
    TtftFlag,
    PrefillWorkers,
    PrefillDevices,
    PrefillAttentionData,
    PrefillExpert,
    DecodeWorkers,
    DecodeDevices,
    DecodeAttentionData,
    DecodeExpert,
    DecodeBatchPerRank,
    DecodeSettings,
    Parallelism,
    Load,
    Metric,
    Value,
    Unit,
    Ignored,
};
inline constexpr std::size_t kPointFieldCount = static_cast<std::size_t>(PointField::Ignored);

enum class FieldKind : std::uint8_t { Text, Count /* whole, "4" or "4.0" */, Number };

struct FieldSpec {
    PointField field = PointField::Ignored;
    std::string_view name;
    std::string_view alias; ///< another spelling; empty: none
    unsigned kinds = 0;     ///< bit per PointKind that has this column
    unsigned needed = 0;    ///< bit per PointKind that cannot do without
    FieldKind kind = FieldKind::Text;
    double least = 0;
    double most = 0;
    bool mayBeEmpty = true; ///< an empty value means "not stated"
    bool outcome = false;
    std::string_view words; ///< Count: a word that also means "not stated"
};

[[nodiscard]] std::span<const FieldSpec> fieldSpecs();
/// The field of a column's name, compared without case; Ignored when no kind knows it.
[[nodiscard]] PointField fieldNamed(std::string_view name);
[[nodiscard]] const FieldSpec& specOf(PointField field);
[[nodiscard]] constexpr unsigned bitOf(PointKind kind)
{
    return 1U << static_cast<unsigned>(kind);
}

} // namespace shardlens
