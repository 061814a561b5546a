// SPDX-License-Identifier: Apache-2.0
// Every matrix of a layer as the fullest device of its group holds it: what memory counts and its explanation prints. Splits are those of
// Megatron-LM (arXiv:1909.08053): columns of what reads the residual stream, rows of what writes it; a last shard is padded to a whole one.
// A replicated matrix (MLA's down-projections, a sparse index, projections around narrow experts) is whole on every device.
#pragma once

#include "core/model/architecture.h"
#include "core/plan/legality.h"

#include <array>
#include <span>
#include <string_view>

namespace shardlens {

struct MatrixShard {
    std::string_view name; ///< "Q", "K", "up, gate", "experts down", ...
    WeightClass weightClass = WeightClass::Attention;
    std::int64_t rows = 0;    ///< contracted dimension, on one device
    std::int64_t columns = 0; ///< outputs, on one device
    std::int64_t repeat = 1;  ///< equal matrices on one device: gate and up, experts
    std::int64_t wholeRows = 0;
    std::int64_t wholeColumns = 0;
    std::int64_t wholeRepeat = 1;
    std::int64_t group = 1;  ///< devices that split it: TP, or all of the stage for routed experts
    std::int64_t copies = 1; ///< times each element is stored in that group
    [[nodiscard]] std::int64_t elements() const { return boundedProduct(rows * columns, repeat); }
    [[nodiscard]] std::int64_t wholeElements() const { return boundedProduct(wholeRows * wholeColumns, wholeRepeat); }
    [[nodiscard]] Bytes bytes(NumberFormat format) const { return boundedProduct(bytesOf(format, rows, columns), repeat); }
};

/// The matrices of one layer; no allocation.
class LayerShards {
public:
    /// @param expertSlots experts on the device, redundant copies included; 0: as many as the fullest rank has
    LayerShards(const Model& model, const LayerKind& kind, const Plan& plan, int expertSlots = 0);

    [[nodiscard]] std::span<const MatrixShard> matrices() const { return {m_matrices.data(), m_count}; }
    /// Elements of norms, biases, routers, sinks, convolutions and decays on the device; held in bf16.
    [[nodiscard]] std::int64_t small() const { return m_small; }
    [[nodiscard]] Bytes bytes(WeightClass weightClass, NumberFormat format) const;

private:
    void add(const MatrixShard& shard)
    {
        if (shard.rows > 0 && shard.columns > 0 && shard.repeat > 0)
            m_matrices[m_count++] = shard;
    }
    void grouped(const Attention& a);
    void latent(const Attention& a);
    void linear(const LinearMixer& whole);
    void index(const Attention& a);
    void feedForward(const FeedForward& f, int expertSlots);
    [[nodiscard]] MatrixShard replicated(std::string_view name, WeightClass weightClass, std::int64_t rows, std::int64_t columns) const;

    std::int64_t m_hidden;
    std::int64_t m_tensor;
    std::int64_t m_stageDevices;
    std::int64_t m_expertTensor;
    int m_expert;
    int m_redundant;
    SharedExpertPlace m_shared;
    std::array<MatrixShard, 24> m_matrices{};
    std::size_t m_count = 0;
    std::int64_t m_small = 0;
};

/// A linear mixer as one TP rank runs it: its share of the heads. Heads of q and k (groups of B and C) are shared when TP exceeds them.
[[nodiscard]] LinearMixer localMixer(const LinearMixer& whole, std::int64_t tensor);

/// One TP rank's rows of the embedding or columns of the head, as a matrix H x V.
[[nodiscard]] MatrixShard vocabularyShard(const Model& model, const Plan& plan, std::string_view name);

} // namespace shardlens
