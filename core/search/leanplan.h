// SPDX-License-Identifier: Apache-2.0
// The lean evaluation: what a search needs of evaluate()'s report for many batches and cuts of one plan, to the last bit, without rows,
// events and sentences. What does not hang on the batch is compiled once per plan, what not on formats once per map of devices; equal
// pieces and phases are costed once. Has no formula of its own: it calls what evaluate() calls.
#pragma once

#include "core/cost/memory.h"
#include "core/cost/operators.h"
#include "core/schedule/pieces.h"
#include "core/search/points.h"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace shardlens {

struct LeanResult {
    bool legal = false; ///< false: all else is zero
    bool fits = false;
    double ttft = 0; ///< seconds; as ServingReport
    double tpot = 0;
    double outputTokensPerSecond = 0; ///< all replicas
    Bytes free = 0;                   ///< on the fullest devices; negative when it does not fit
    friend bool operator==(const LeanResult&, const LeanResult&) = default;
};

enum class LeanScope : std::uint8_t {
    All,     ///< every figure of every legal point
    Fitting, ///< times are left 0 when no point of the plan fits
};

class LeanPlan {
public:
    explicit LeanPlan(const lean::Kernel& kernel = lean::bestKernel());

    /// Compiles a plan; its microbatches and chunks and the workload's batch do not matter. Keeps references to model and cluster, which
    /// must outlive what follows.
    void compile(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve);
    /// Compiles the same plan for other formats; keeps what does not hang on them.
    void reformat(const Formats& formats);
    /// False when no batch and no cut makes the plan legal.
    [[nodiscard]] bool legal() const { return m_legal; }

    /// One result per point. Allocates nothing once a plan of this size and these points have been evaluated.
    void evaluate(const LeanPoints& points, std::span<LeanResult> results, LeanScope scope = LeanScope::All);

private:
    /// A kind of link: what goes over it and what that takes.
    struct Link {
        HandOver::Payload payload = HandOver::Payload::Nothing;
        CollectiveLine line;
    };
    struct Free {
        void operator()(std::byte* bytes) const;
    };
    /// Memory for the kernels, aligned.
    class Room {
    public:
        /// At least `bytes`; what it held is lost when it grows.
        std::byte* of(std::size_t bytes);

    private:
        std::unique_ptr<std::byte, Free> m_bytes;
        std::size_t m_size = 0;
    };
    /// What prefill or decode needs. Columns of a piece's row: types of stages, then links.
    struct Phase {
        bool decode = false;
        std::vector<Link> links;
        std::vector<std::uint16_t> busyColumn; ///< by (stage, visit)
        std::vector<std::uint16_t> sendColumn;
        std::size_t columns = 0;
        std::vector<QuantityRecipe> recipes; ///< of `quantities`
        Room quantities;
        std::vector<double> runsHead;
        std::vector<double> rows;
        std::vector<double> seconds;       ///< by job
        std::vector<unsigned char> wanted; ///< by group: not 0 where a legal point needs it; others could take any amount of memory
        std::uint64_t points = 0;          ///< serial of those that recipes, quantities, runsHead and the rows' links are of; 0: none
    };

    void compileMap();
    void compileLinks(Phase& phase);
    void preparePieces(const LeanPoints& points, Phase& phase);
    void evaluatePhase(const LeanPoints& points, Phase& phase);
    void evaluateUnequalDecode(const LeanPoints::Phase& points, const LeanPoints::Group& group, Phase& phase);
    void evaluateMemory(const LeanPoints& points);
    void evaluateRuns(const LeanPoints& points);
    [[nodiscard]] Bytes freeAt(const LeanPoints::Entry& entry) const;
    /// True when a point fits.
    bool judge(const LeanPoints& points, std::span<LeanResult> results);

    const lean::Kernel& m_kernel;
    bool m_legal = false;
    const Model* m_model = nullptr;
    const Cluster* m_cluster = nullptr;
    Workload m_work;
    StepConstants m_constants;
    Plan m_plan;
    std::optional<Bytes> m_reserve;
    std::optional<StepModel> m_step;
    std::optional<MemoryTerms> m_memory;
    StageLayout m_layout;
    std::vector<lean::StageType> m_types;
    Phase m_prefill;
    Phase m_decode;
    Room m_phaseRoom;
    std::vector<double> m_busy; ///< of one phase, for recurrences
    std::vector<double> m_send;
    std::vector<double> m_state;
    /// Of the stages of one class in a run.
    struct RunMemory {
        Bytes activations = 0;
        Bytes beside = 0; ///< buffers and reserve
    };
    std::vector<Bytes> m_stored;              ///< by (batch, class of stages): weights and cache of the fullest devices
    std::vector<RunMemory> m_runMemory;       ///< by (run, class of stages)
    std::vector<std::int64_t> m_runSequences; ///< by run: on one attention-DP rank
    std::uint64_t m_runPoints = 0;            ///< serial of the points that both lists of runs are of, on this map; 0: none
};

} // namespace shardlens
