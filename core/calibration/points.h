// SPDX-License-Identifier: Apache-2.0
// Measured serving points: what was run, and apart from it what came out. Prediction is given the first and never the second.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

enum class PointKind : std::uint8_t {
    Aggregated,    ///< one server, prefill and decode together
    Disaggregated, ///< pools of their own for prefill and decode
    Published,     ///< a figure somebody published: load, metric and value as text
};

/// How requests come.
enum class PointLoad : std::uint8_t {
    ClosedLoop,  ///< `concurrency` requests in flight, each followed by another
    StaticBatch, ///< `concurrency` requests together, nothing after them
    OpenLoop,    ///< `rate` requests per second
    Saturated,   ///< as many as the server takes
};

enum class Warmup : std::uint8_t { Unknown, Yes, No };

/// One pool of a disaggregated server.
struct PointPool {
    int workers = 0;
    int devicesPerWorker = 0;
    int attentionData = 1;
    int expert = 1;
    friend bool operator==(const PointPool&, const PointPool&) = default;
};

/// What was run. Texts are views of the file that MeasuredPoints holds; empty where the file says nothing.
struct MeasuredPoint {
    std::string_view row; ///< identifier; its line as text where the file has none
    std::string_view model;
    std::string_view system;
    std::string_view precision;
    std::string_view weights;  ///< kernel format, such as "fp8 block128"
    std::string_view kvFormat; ///< empty: what the engine chooses
    std::string_view backend;
    std::string_view version;
    std::string_view date;
    std::string_view origin;
    std::string_view parallelism; ///< Published: as text, such as "TP4" or "DEP8"
    std::int64_t line = 0;
    double input = 0;      ///< nominal tokens
    double output = 0;     ///< nominal tokens
    double meanInput = 0;  ///< actual mean; where the file says nothing 0.9 of `input` for InferenceX and pools, else `input`
    double meanOutput = 0; ///< likewise
    double concurrency = 0;
    double rate = 0;          ///< OpenLoop: requests per second
    double batchPerRank = 0;  ///< 0: not stated
    int devices = 0;          ///< of the whole server; 0: not stated
    int attentionTensor = 0;  ///< 0: not stated
    int attentionData = 0;    ///< 0: not stated
    int expertTensor = 0;     ///< 0: not stated
    int expert = 0;           ///< 0: not stated
    int maxBatchedTokens = 0; ///< of a step; 0: the engine's default
    int maxSequences = 0;     ///< in flight per rank; 0: the engine's default
    int receiveInterval = 0;  ///< decode steps between looks for new requests; 0: the engine's default
    PointPool prefill;        ///< Disaggregated
    PointPool decode;         ///< Disaggregated
    PointLoad load = PointLoad::ClosedLoop;
    Warmup warmup = Warmup::Unknown;
    std::int32_t problem = -1; ///< index into MeasuredPoints::problems; -1: none
};

/// What was measured, in the units of the files.
struct MeasuredOutcome {
    std::optional<double> ttftMs;
    std::optional<double> tpotMs;
    std::optional<double> outputPerDevice; ///< output tokens/s per device
    bool ttftScored = true;                ///< its flag is "ok", or there is none
};

/// A row that cannot be used, at its line and column.
struct PointProblem {
    Error error;
    std::int64_t line = 0;
    bool malformed = true; ///< false: it can be read, but it is of something that is not compared (speculative decoding, unclear units)
};

struct MeasuredPoints {
    PointKind kind = PointKind::Aggregated;
    std::vector<MeasuredPoint> points;
    std::vector<MeasuredOutcome> outcomes;   ///< one for each point
    std::vector<PointProblem> problems;      ///< rows that cannot be used; their points keep what could be read
    std::vector<std::string> ignored;        ///< columns that nothing is read from
    std::shared_ptr<const std::string> text; ///< what the views look at
};

/// Rows that may be wrong before a file is given up; so a file that is something else does not cost gigabytes of sentences.
inline constexpr std::size_t kMostProblems = 1000;

/// Reads measured points. Columns are found by name, in any order; see resources/help/validation.md for them. A file without a column that
/// is needed, or that is no table, is an error; a bad value is a problem of its row.
[[nodiscard]] Result<MeasuredPoints> readPoints(std::string text, const std::string& fileName);

/// Columns of a kind, in the order of the documentation; `needed` ones must be there.
struct PointColumn {
    std::string_view name;
    bool needed = false;
    bool outcome = false;
};
[[nodiscard]] std::vector<PointColumn> pointColumns(PointKind kind);

} // namespace shardlens
