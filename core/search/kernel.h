// SPDX-License-Identifier: Apache-2.0
// The two inner loops of the lean evaluation on plain arrays: what pieces cost on each kind of stage, and how long a phase takes. They run
// four pieces or four phases at once; once compiled for every processor, and once more for those with registers of four doubles.
// The formulas are the templates of core/cost/terms.h and core/schedule/makespan.h.
#pragma once

#include "core/plan/plan.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace shardlens {
struct StepTable;
}

namespace shardlens::lean {

inline constexpr std::size_t kLanes = 4;
inline constexpr std::size_t kAlignment = 64; ///< of memory handed to the kernels

/// What one visit to a stage runs.
struct StageType {
    std::span<const int> layersOf; ///< by kind
    bool embedding = false;
    bool head = false;
};

/// Pieces in packs of kLanes.
struct PieceInput {
    const StepTable* table = nullptr;
    const double* quantities = nullptr; ///< by (pack, quantity, lane)
    const double* runsHead = nullptr;   ///< by (pack, lane): 0 where the prompt goes on
    std::size_t packs = 0;
    std::span<const StageType> types;
};

/// Microbatches of the larger and of the smaller size: their first pieces; chunks follow each other.
struct Job {
    std::uint32_t larger = 0;
    std::uint32_t smaller = 0;
};

/// Phases that cut their batches alike. Row of a piece: its busy time on each type of stage, then its time on each kind of link.
struct PhaseInput {
    const double* rows = nullptr;
    std::size_t columns = 0;
    const std::uint16_t* busyColumn = nullptr; ///< by (stage, visit)
    const std::uint16_t* sendColumn = nullptr;
    int stages = 1;
    int visits = 1;
    SendMode sends = SendMode::Overlapped;
    bool decode = false;  ///< only where decodeIsClosed()
    int microbatches = 1; ///< these three as in BatchCut
    int larger = 1;
    int chunks = 1;
    std::span<const Job> jobs;
    std::byte* room = nullptr; ///< phaseRoom() bytes, aligned
};

struct Kernel {
    /// Writes the busy times of all pieces: rows[piece x columns + type].
    void (*pieces)(const PieceInput& input, double* rows, std::size_t columns) = nullptr;
    /// Seconds of each job.
    void (*phases)(const PhaseInput& input, double* seconds) = nullptr;
};

/// Bytes of PhaseInput::room.
[[nodiscard]] constexpr std::size_t phaseRoom(int stages, int visits, int classes, std::size_t columns)
{
    const auto resources = static_cast<std::size_t>(stages) * static_cast<std::size_t>(visits);
    const std::size_t lanes = (columns + 2 * resources) * static_cast<std::size_t>(classes) + 3 * static_cast<std::size_t>(stages);
    return lanes * kLanes * sizeof(double);
}

[[nodiscard]] const Kernel& portableKernel();
/// Null where this processor or this build has none.
[[nodiscard]] const Kernel* wideKernel();
/// The fastest.
[[nodiscard]] const Kernel& bestKernel();

} // namespace shardlens::lean
