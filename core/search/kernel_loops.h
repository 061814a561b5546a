// SPDX-License-Identifier: Apache-2.0
// The loops of kernel.h for the lanes of one .cpp file.
#pragma once

#include "core/cost/terms.h"
#include "core/schedule/makespan.h"
#include "core/search/kernel.h"
#include "core/search/lanes.h"

namespace shardlens::SHARDLENS_LANES {

static_assert(kLanes == lean::kLanes);

/// Everything is inlined here, so that it is compiled for the processor that this function is for.
__attribute__((flatten)) inline void pieceLoop(const lean::PieceInput& input, double* rows, std::size_t columns)
{
    constexpr std::size_t kMostKinds = 256; // a kind is numbered by a byte
    const StepTable& table = *input.table;
    const std::size_t kinds = table.layers.size();
    const std::size_t count = table.quantities.size();
    Lanes layers[kMostKinds];
    alignas(Lanes) double busy[kLanes];
    for (std::size_t pack = 0; pack < input.packs; ++pack) {
        const auto* x = reinterpret_cast<const Lanes*>(input.quantities) + pack * count;
        const Lanes embedding = sumOfTimes(table, table.embedding, x);
        for (std::size_t kind = 0; kind < kinds; ++kind)
            layers[kind] = sumOfTimes(table, table.layers[kind], x);
        const Lanes head = where(Lanes::load(input.runsHead + pack * kLanes), sumOfTimes(table, table.head, x));
        for (std::size_t type = 0; type < input.types.size(); ++type) {
            const lean::StageType& stage = input.types[type];
            const Lanes time = stageTime<Lanes>({layers, kinds}, stage.layersOf.data(), stage.embedding ? embedding : Lanes(0.0),
                                                stage.head ? head : Lanes(0.0));
            time.store(busy);
            for (std::size_t lane = 0; lane < kLanes; ++lane)
                rows[(pack * kLanes + lane) * columns + type] = busy[lane];
        }
    }
}

__attribute__((flatten)) inline void phaseLoop(const lean::PhaseInput& input, double* seconds)
{
    const BatchCut cut{input.microbatches, input.larger, input.chunks};
    const auto classes = static_cast<std::size_t>(cut.classes());
    const auto chunks = static_cast<std::size_t>(cut.chunks);
    const std::size_t visits = static_cast<std::size_t>(input.stages) * static_cast<std::size_t>(input.visits);
    auto* const columns = reinterpret_cast<Lanes*>(input.room);
    Lanes* const busy = columns + input.columns * classes;
    Lanes* const send = busy + visits * classes;
    Lanes* const scratch = send + visits * classes;
    const PipelineTimes<Lanes> times{busy, send, input.stages, input.visits, cut.classes(), input.sends};
    alignas(Lanes) double result[kLanes];
    for (std::size_t first = 0; first < input.jobs.size(); first += kLanes) {
        const std::size_t filled = input.jobs.size() - first < kLanes ? input.jobs.size() - first : kLanes;
        for (std::size_t c = 0; c < classes; ++c) {
            const double* row[kLanes];
            for (std::size_t lane = 0; lane < kLanes; ++lane) {
                const lean::Job& job = input.jobs[first + (lane < filled ? lane : 0)];
                row[lane] = input.rows + (c < chunks ? job.larger + c : job.smaller + (c - chunks)) * input.columns;
            }
            for (std::size_t column = 0; column < input.columns; ++column) {
                for (std::size_t lane = 0; lane < kLanes; ++lane)
                    result[lane] = row[lane][column];
                columns[column * classes + c] = Lanes::load(result);
            }
        }
        for (std::size_t visit = 0; visit < visits; ++visit)
            for (std::size_t c = 0; c < classes; ++c) {
                busy[visit * classes + c] = columns[input.busyColumn[visit] * classes + c];
                send[visit * classes + c] = columns[input.sendColumn[visit] * classes + c];
            }
        const Lanes time =
            input.decode ? decodeEqual(times, Lanes(static_cast<double>(cut.microbatches))) : prefillMakespan(times, cut, scratch);
        time.store(result);
        for (std::size_t lane = 0; lane < filled; ++lane)
            seconds[first + lane] = result[lane];
    }
}

inline constexpr lean::Kernel kKernel{pieceLoop, phaseLoop};

} // namespace shardlens::SHARDLENS_LANES
