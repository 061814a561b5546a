// SPDX-License-Identifier: Apache-2.0
// Compiles the operators of prefill pieces or decode steps into a StepTable. Internal to core/cost; lives on the stack.
#pragma once

#include "core/cost/operators.h"

namespace shardlens {

inline constexpr double kActivationBytes = 2; // bf16

/// Arithmetic of matrices of a class: the scenario's compute format. A class with a format of its own that is wider than that (a bf16 head
/// beside fp8 layers) is multiplied in 16 bits.
[[nodiscard]] ComputeFormat matrixArithmetic(const Formats& formats, WeightClass weightClass, const Accelerator& accelerator);
/// Arithmetic of scores, values and states: the compute format while it has 16 bits or more; fp8 where the cache is in 8 bits too
/// (FlashAttention-3, arXiv:2407.08608, section 3.3); otherwise 16 bits.
[[nodiscard]] ComputeFormat attentionArithmetic(const Formats& formats, const Accelerator& accelerator);

/// Rows of an operator on one device, and unsharded.
struct OperatorRows {
    Quantity quantity = Quantity::Rows;
    double parameter = 0;
    Quantity global = Quantity::GlobalRows;
};

struct TermBuilder {
    /// A term and what is said of it; they lie in two lists of the table.
    struct Row {
        OperatorTerms& terms;
        OperatorFacts& facts;
    };
    /// A matmul's or an elementwise operator's size; its rows are a quantity.
    struct Matrix {
        std::int64_t k = 0;
        std::int64_t n = 0;
        std::int64_t repeat = 1;
    };
    using Rows = OperatorRows;
    /// Widths of softmax attention on one device.
    struct Core {
        std::int64_t globalHeads = 0;
        std::int64_t heads = 0;
        std::int64_t scoreWidth = 0;
        std::int64_t valueWidth = 0;
        double keyBytes = 0;         ///< of the cache, read for each key by the scores
        double valueBytes = 0;       ///< ... and by the values, where they are stored apart or read again
        double activationPerKey = 0; ///< keys and values that are not in the cache: MLA's, expanded
        Reach reach = 0;
        bool gathered = false; ///< every query reads keys of its own choice
        Sharding sharding = Sharding::Heads;
    };

    const StepModel& step;
    StepTable& table;
    const Model& model;
    const Plan& plan;
    const Formats& formats;
    const std::int64_t tp;
    const std::int64_t hidden;
    double kvElement = 0; ///< mean bytes of one cached value of the kind at hand, scales included
    const ComputeFormat attentionFormat;
    const bool shardedNorms; ///< and more than one TP rank to share them
    int kind = -1;

    TermBuilder(const StepModel& step, StepTable& table, bool decode);
    void compile();

    // Quantities
    [[nodiscard]] std::uint16_t quantity(Quantity quantity, double parameter = 0);
    [[nodiscard]] Linear2 times(Quantity of, double factor, double parameter = 0);
    [[nodiscard]] Linear2 times(const Rows& rows, double factor) { return times(rows.quantity, factor, rows.parameter); }
    [[nodiscard]] ShapeTerm dim(Quantity of, double factor = 1, double parameter = 0);
    [[nodiscard]] ShapeTerm fixed(std::int64_t value) { return dim(Quantity::One, static_cast<double>(value)); }
    /// Bytes of rows of the residual stream.
    [[nodiscard]] Linear2 rowBytes(const Rows& rows = {}) { return times(rows, static_cast<double>(hidden) * kActivationBytes); }
    /// Rows dealt to `ranks` devices that hold the same ones.
    [[nodiscard]] static Rows dealt(std::int64_t ranks)
    {
        return ranks > 1 ? Rows{Quantity::RowShare, static_cast<double>(ranks), Quantity::GlobalRows} : Rows{};
    }
    [[nodiscard]] double matrixBytes(WeightClass weightClass, std::int64_t k, std::int64_t n) const
    {
        return static_cast<double>(bytesOf(formats.of(weightClass), k, n));
    }

    // Rows. A Row's references hold until the next row is added.
    Row row(Op op, Sharding sharding, ComputeFormat arithmetic);
    /// y[m, n] = x[m, k] . W[k, n], `repeat` times with their own weights.
    Row matmul(Op op, Sharding sharding, const Matrix& global, const Matrix& local, WeightClass weightClass, const Rows& rows = {});
    /// The same with weights of `bytes` altogether, in arithmetic of its own.
    Row matmulOf(Op op, Sharding sharding, const Matrix& global, const Matrix& local, double bytes, ComputeFormat arithmetic,
                 const Rows& rows = {});
    Row elementwise(Op op, const Rows& rows, std::int64_t n, double passes, double flopEach);
    /// A row that only moves tokens of `width` values.
    Row transfer(Op op, Sharding sharding, std::int64_t width, const Rows& rows = {});
    /// `count` norms of the residual stream: their weights are read; the stream itself is in its neighbours' bytes. Square, sum, scale, add.
    Row norm(Op op, const Rows& rows, int count);
    void communicate(Row& row, const GroupSpan& span, Collective collective, const Linear2& payload);
    /// An AllToAll of tokens to the ranks of their experts: over the stage group, or once to each node and there to the ranks.
    void exchangeTokens(Row& row, const Linear2& payload, const ExpertRouting& routing);
    /// Partial sums over TP: an AllReduce, or a ReduceScatter where what follows works on its share of the rows.
    void reduce(Row& row, bool scatter, const Rows& rows = {});

    // Attention
    void attentionCore(const Core& core);
    void sequenceGather(double bytesPerToken, Reach reach);
    void ringExchange(double bytesPerToken, Reach reach);
    void groupedAttention(const Attention& a);
    void latentAttention(const Attention& a);
    void sparseIndex(const Attention& a);
    void linearAttention(const LinearMixer& whole);
    void stateUpdate(const LinearMixer& local, const LinearMixer& whole);
    void outputProjection(std::int64_t globalWidth, std::int64_t width, double gateWidth = 0);
    [[nodiscard]] double indexBytes(const Attention& a) const; ///< cached by the index for each token

    // Feed-forward
    /// How the routed experts of a layer meet their tokens.
    struct Exchange {
        std::int64_t copies = 1;   ///< devices that hold the same tokens
        std::int64_t distinct = 1; ///< sets of different tokens in the stage group
        bool dispatch = false;     ///< to the ranks of their experts; otherwise every rank gets all tokens and partial sums are added
        bool dealt = false;        ///< the copies share their tokens out before the layer's feed-forward part
    };
    [[nodiscard]] Exchange exchangeOf(const FeedForward& f) const;
    [[nodiscard]] bool scattersAttention(const LayerKind& layer) const;
    /// Returns the down projection, whose partial sums the caller reduces unless every device has `whole` matrices.
    Row mlp(const FeedForward& f, std::int64_t intermediate, Op upOp, Op downOp, bool whole, const Rows& rows);
    void experts(const FeedForward& f);
    void expertMatrices(const FeedForward& f, double routing);
    void combine(const FeedForward& f, const Exchange& exchange, const Linear2& dispatched, std::int64_t width);

    void layer(const LayerKind& layerKind);
    void embedding();
    void head();
    /// Puts the constants of the engine and the accelerator into the terms.
    void calibrate();
    void prediction();
    const LayerKind* current = nullptr;
};

} // namespace shardlens
