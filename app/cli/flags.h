// SPDX-License-Identifier: Apache-2.0
// The command line as a table: which flags there are, what they take, and which commands know them. The parser and --help read the same
// table, so they cannot disagree.
#pragma once

#include "core/base/result.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens::cli {

enum class Command : std::uint8_t { Window, Evaluate, Check, Catalog, Render, Shard, Validate, Fit, Operators };
inline constexpr std::size_t kCommandCount = 9;

enum class Flag : std::uint8_t {
    Model,
    Cluster,
    Devices,
    Tensor,
    Pipeline,
    Data,
    Expert,
    Sequence,
    AttentionData,
    Microbatches,
    Chunks,
    Batch,
    Input,
    Output,
    RoutingSkew,
    CapacityFactor,
    BeyondCapacity,
    Weights,
    Kv,
    Compute,
    AttentionFormat,
    MlpFormat,
    ExpertFormat,
    EmbeddingFormat,
    Attention,
    SequenceExchange,
    Norms,
    ExpertExchange,
    SharedExperts,
    RedundantExperts,
    Prediction,
    Sends,
    Overlap,
    VirtualStages,
    LayerSplit,
    LayersPerStage,
    AxisOrder,
    Mode,
    Reserve,
    Concurrency,
    Rate,
    Engine,
    PrefillPolicy,
    TokenBudget,
    MaxSequences,
    CutPrompts,
    Admission,
    PollInterval,
    OverlapSchedule,
    RequestOverhead,
    LengthSpread,
    InputPercentiles,
    OutputPercentiles,
    PrefixHit,
    DraftTokens,
    Acceptance,
    Draft,
    DraftCost,
    PrefillPlan,
    DecodePlan,
    Price,
    TargetTtft,
    TargetTpot,
    Requests,
    Seed,
    Simulate,
    Product,
    Mesh,
    Shape,
    Way,
    Step,
    Format,
    Json,
    Csv,
    By,
    Markdown,
    Phases,
    Filter,
    Sort,
    Amounts,
    Operators,
    Points,
    Directory,
    SourceText,
    CrossValidate,
    CheckEntries,
    Details,
    Picture,
    Size,
    Scale,
    Theme,
    Collective,
    Select,
    Show,
    TextScale,
    Help,
    Version,
};
inline constexpr std::size_t kFlagCount = static_cast<std::size_t>(Flag::Version) + 1;

enum class ArgumentKind : std::uint8_t {
    None,
    Text,
    Count,  ///< whole number from least to most
    Bytes,  ///< number of bytes, or with a unit: 2GiB, 500MB
    Choice, ///< one of the words of FlagSpec::argument, separated by |
    Size,   ///< WIDTHxHEIGHT, each from least to most
    Factor, ///< decimal number from least / 100 to most / 100
    Counts, ///< whole numbers from least to most, separated by commas
    Order,  ///< every one of the words of FlagSpec::argument, separated by commas, in any order
};

struct FlagSpec {
    Flag flag = Flag::Help;
    std::string_view name;     ///< "--tp"
    std::string_view alias;    ///< another spelling; empty: none
    std::string_view argument; ///< as in the help: "N", "FILE", "light|dark"
    ArgumentKind kind = ArgumentKind::None;
    std::int64_t least = 0;
    std::int64_t most = 0;
    unsigned commands = 0; ///< bit per Command
    std::string_view help;
};

struct CommandSpec {
    Command command = Command::Window;
    std::string_view name; ///< empty: the window
    std::string_view usage;
    std::string_view summary; ///< one line
    std::string_view details; ///< paragraphs of its --help
};

[[nodiscard]] std::span<const FlagSpec> flagSpecs();
[[nodiscard]] const FlagSpec& specOf(Flag flag);
[[nodiscard]] std::span<const CommandSpec> commandSpecs();
[[nodiscard]] const CommandSpec& specOf(Command command);
[[nodiscard]] std::optional<Command> commandNamed(std::string_view name);
[[nodiscard]] bool takes(Command command, const FlagSpec& spec);
/// What the flag accepts, for sentences: "a whole number from 1 to 65,536".
[[nodiscard]] std::string allowedFor(const FlagSpec& spec);

struct FlagValue {
    std::string text;
    std::int64_t number = 0; ///< Count, Bytes; width of Size
    std::int64_t second = 0; ///< height of Size
    double factor = 0;
    std::vector<int> list = {}; ///< Counts; Order: indices of the words
};

struct Arguments {
    Command command = Command::Window;
    std::vector<std::string> positionals;
    std::array<std::optional<FlagValue>, kFlagCount> values;

    [[nodiscard]] bool has(Flag flag) const { return values[static_cast<std::size_t>(flag)].has_value(); }
    /// Only for a flag that has().
    [[nodiscard]] const FlagValue& operator[](Flag flag) const { return *values[static_cast<std::size_t>(flag)]; }
};

/// Words after the program's name. Flags are written "--tp 8" or "--tp=8"; "--" ends them; "-" is a file name (standard input).
[[nodiscard]] Result<Arguments> parseArguments(const std::vector<std::string>& words);

/// The one of `candidates` within two edits of `text`; empty when there is none.
[[nodiscard]] std::string closest(std::string_view text, const std::vector<std::string>& candidates);

} // namespace shardlens::cli
