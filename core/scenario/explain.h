// SPDX-License-Identifier: Apache-2.0
// The arithmetic of one figure of a report: formula, the same with numbers and units, where each input comes from, what else was considered.
// Reads a Report; recomputes nothing but the collective's alternatives.
#pragma once

#include "core/scenario/report.h"
#include "core/scenario/scenario.h"

#include <string>
#include <vector>

namespace shardlens {

enum class Phase : std::uint8_t { Prefill, Decode };
[[nodiscard]] std::string_view nameOf(Phase phase);

/// What is selected. Negative: not part of the selection.
struct Subject {
    enum class Kind : std::uint8_t {
        None,
        Device,
        Stage,
        Piece /* microbatch on a stage */,
        Operator,
        CauseOfTime,
        MemoryClass,
        Time /* TTFT, TPOT */,
        Fit,
        Point /* a measured serving point; the views that show it know it by its number */,
        Tensor /* a weight, the KV cache or activations, as a whole or the tile of a device */,
        Expert /* a routed expert, or an EP rank where `expert` is negative */,
        Axis /* an axis of the plan and the groups it makes; with a device: the group of that device */,
        Pool /* of disaggregated serving: 0 prefill, 1 decode; 2 the KV transfer between */,
        Range /* a stretch of the timeline of a phase, [begin, end) */
    };
    Kind kind = Kind::None;
    Phase phase = Phase::Decode;
    int device = -1;
    int stage = -1;
    int microbatch = -1;
    int step = -1;
    int op = -1;     ///< index into PhaseReport::operators
    int cause = -1;  ///< Cause; MemoryClass of Kind::MemoryClass; TensorKind of Kind::Tensor
    int visit = -1;  ///< of a piece, with virtual stages
    int point = -1;  ///< of measured points
    int tensor = -1; ///< of the shard plate, by its number there; with a device the tile that it holds
    int expert = -1; ///< number of a routed expert
    int rank = -1;   ///< EP rank
    int order = -1;  ///< of an expert or a rank: 0 in the one order that is drawn as an example, -1 in the mean of all
    int axis = -1;   ///< MeshAxis
    int pool = -1;
    int holders = -1; ///< of a tensor: which devices hold the same tile (holdSame() of core/cost/tensorplate.h)
    double begin = 0; ///< of a range, seconds of its phase's drawing
    double end = 0;
    friend bool operator==(const Subject&, const Subject&) = default;
};

enum class Provenance : std::uint8_t { Exact, DataSheet, Measured, Fitted, Borrowed, Default };
[[nodiscard]] std::string_view nameOf(Provenance provenance);

struct Explanation {
    struct Input {
        std::string symbol;
        std::string value; ///< with unit
        std::string note;  ///< where it comes from, in words
        Provenance provenance = Provenance::Exact;
        std::string source = {}; ///< citation of the catalog: document and date; may be empty
    };
    /// One line of the formula: "left = numerator / denominator" drawn as a fraction when denominator is not empty. In each of them
    /// a / b is a fraction, x_i an index, x^2 a power, Σ_{of}^{to} a sum, max(a, *b) has its branches under each other with a star before
    /// the one that holds. Lines go from symbols to numbers with units to the result.
    struct Line {
        std::string left;
        std::string numerator;
        std::string denominator;
        bool result = false;
    };
    struct Alternative {
        std::string name;
        std::string value;
        double amount = 0; ///< for a bar; same unit among alternatives
        Cause cause = Cause::Compute;
        int memoryClass = -1; ///< MemoryClass whose colour the bar has instead; negative: none
        Subject subject = {}; ///< whose arithmetic a click opens
    };
    /// A name in the formula, an index as x_{name}, that stands for something with arithmetic of its own.
    struct Link {
        std::string name;
        Subject subject;
    };
    std::string formulaId; ///< stable: "operator.roofline", "memory.weights", ...
    std::string title;
    std::string subtitle;
    std::string value; ///< the figure in large type
    std::string unit;
    std::string share;         ///< "41 % of TPOT"; may be empty
    double shareFraction = -1; ///< 0..1, or negative for no gauge
    Cause cause = Cause::Compute;
    int memoryClass = -1; ///< as in Alternative, for the gauge
    std::vector<Line> formula;
    std::vector<Link> links;
    std::vector<Input> inputs;
    std::string alternativesTitle;
    std::vector<Alternative> alternatives;
    std::vector<std::string> notes; ///< sentences
};

[[nodiscard]] Explanation explain(const Scenario& scenario, const Report& report, const Subject& subject);

/// What binds a decode step and one sentence on what to try, from the report's own figures.
struct Advice {
    Cause cause = Cause::Weights;
    double share = 0;     ///< of the decode time
    std::string label;    ///< "HBM reads: weights", "NVSwitch", ...
    std::string sentence; ///< "Try ..." with numbers evaluated by evaluate()
};
[[nodiscard]] Advice advise(const Scenario& scenario, const Report& report);

} // namespace shardlens
