// SPDX-License-Identifier: Apache-2.0
// The batches and cuts at which plans are evaluated, arranged once for all plans: equal phases and equal pieces are found here, so that
// each is costed once per plan.
#pragma once

#include "core/schedule/makespan.h"
#include "core/search/kernel.h"

#include <cstdint>
#include <span>
#include <vector>

namespace shardlens {

struct LeanPoint {
    int batch = 1; ///< sequences per replica
    int prefillMicrobatches = 1;
    int decodeMicrobatches = 1;
    int chunks = 1;
    friend bool operator==(const LeanPoint&, const LeanPoint&) = default;
};

class LeanPoints {
public:
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;

    explicit LeanPoints(std::span<const LeanPoint> points);

    /// A point and where its phases, its batch and its largest prefill piece are to be found.
    struct Entry {
        LeanPoint point;
        std::uint32_t prefill = kNone; ///< job; none: no plan can run this point
        std::uint32_t decode = kNone;
        std::uint32_t prefillGroup = 0; ///< of the job
        std::uint32_t decodeGroup = 0;
        std::uint32_t batch = 0;           ///< index into batches()
        std::uint32_t prefillRun = 0;      ///< of the larger microbatches
        std::uint32_t decodeSequences = 0; ///< of the larger microbatches
    };
    /// The pieces of one prefill microbatch: its chunks, one after the other from piece `first`.
    struct Run {
        int sequences = 1;
        int chunks = 1;
        std::uint32_t first = 0;
    };
    /// Jobs begin .. end - 1 cut their batches alike.
    struct Group {
        BatchCut cut;
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };
    struct Phase {
        std::vector<Group> groups;
        std::vector<lean::Job> jobs; ///< by group
        std::uint32_t pieces = 0;
    };

    /// Differs between points that were arranged apart.
    [[nodiscard]] std::uint64_t serial() const { return m_serial; }
    [[nodiscard]] std::size_t size() const { return m_entries.size(); }
    [[nodiscard]] const std::vector<Entry>& entries() const { return m_entries; }
    [[nodiscard]] const std::vector<int>& batches() const { return m_batches; }
    [[nodiscard]] const std::vector<Run>& runs() const { return m_runs; }
    [[nodiscard]] const std::vector<int>& decodeSequences() const { return m_decodeSequences; } ///< by piece
    [[nodiscard]] const Phase& prefill() const { return m_prefill; }
    [[nodiscard]] const Phase& decode() const { return m_decode; }

private:
    std::uint64_t m_serial;
    std::vector<Entry> m_entries;
    std::vector<int> m_batches;
    std::vector<Run> m_runs;
    std::vector<int> m_decodeSequences;
    Phase m_prefill;
    Phase m_decode;
};

} // namespace shardlens
