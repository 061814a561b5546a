// SPDX-License-Identifier: Apache-2.0
// Compiles the operators of prefill pieces or decode steps into a StepTable. Internal to core/cost; lives on the stack.
#pragma once

#include "core/cost/operators.h"

namespace shardlens {

inline constexpr double kActivationBytes = 2; // bf16

struct TermBuilder {
    /// A term and what is said of it; they lie in two lists of the table.
    struct Row {
        OperatorTerms& terms;
        OperatorFacts& facts;
    };
    /// A matmul's or an elementwise operator's size: quantity of rows x constants.
    struct Matrix {
        std::int64_t k = 0;
        std::int64_t n = 0;
        std::int64_t repeat = 1;
    };

    const StepModel& step;
    StepTable& table;
    const Model& model;
    const Plan& plan;
    const std::int64_t tp;
    const std::int64_t hidden;
    const double inversePeak;
    double kvBytes;
    double weightBytes;
    int kind = -1;

    TermBuilder(const StepModel& step, StepTable& table, bool decode);
    void compile();

    // Quantities
    [[nodiscard]] std::uint16_t quantity(Quantity quantity, double parameter = 0);
    [[nodiscard]] Linear2 times(Quantity of, double factor, double parameter = 0);
    [[nodiscard]] ShapeTerm dim(Quantity of, double factor = 1, double parameter = 0);
    [[nodiscard]] ShapeTerm fixed(std::int64_t value) { return dim(Quantity::One, static_cast<double>(value)); }
    [[nodiscard]] Linear2 rowBytes() { return times(Quantity::Rows, static_cast<double>(hidden) * kActivationBytes); }

    // Rows. A Row's references hold until the next row is added.
    Row row(Op op, Sharding sharding);
    /// y[m, n] = x[m, k] . W[k, n], `repeat` times with their own weights; `rows` and `globalRows` are m here and unsharded.
    Row matmul(Op op, Sharding sharding, const Matrix& global, const Matrix& local, double elementBytes, Quantity rows = Quantity::Rows,
               Quantity globalRows = Quantity::GlobalRows);
    Row elementwise(Op op, Quantity rows, Quantity globalRows, std::int64_t n, double passes, double flopEach);
    /// `count` norms of the residual stream: their weights are read; the stream itself is in its neighbours' bytes. Square, sum, scale, add.
    Row norm(Op op, Quantity rows, Quantity globalRows, int count);
    void communicate(Row& row, const GroupSpan& span, Collective collective, const Linear2& payload);

    // Attention
    void attentionCore(const Attention& a, std::int64_t heads, std::int64_t scoreWidth, std::int64_t valueWidth, double cacheBytes,
                       double activationPerKey);
    void sequenceGather(double bytesPerToken);
    void groupedAttention(const Attention& a);
    void latentAttention(const Attention& a);
    void outputProjection(std::int64_t globalWidth, std::int64_t width);

    // Feed-forward
    void mlp(const FeedForward& f, std::int64_t intermediate, Op upOp, Op downOp, bool reduce);
    void experts(const FeedForward& f);

    void layer(const LayerKind& layerKind);
    void embedding();
    void head();
};

} // namespace shardlens
