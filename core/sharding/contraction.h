// SPDX-License-Identifier: Apache-2.0
// Products of sharded arrays: C = A . B, summed over the dimensions that both have and C has not (einsum). What the shardings of A and B
// mean for the product, which of the four cases they are, and every way to get there.
//
// Per mesh axis (names of cases: "How to Scale Your Model", the JAX scaling book, chapter Sharded Matrices and How to Multiply Them):
//   1  no contracted dimension is split over it: the product is local, C is split as its operands are
//   2  one operand has a contracted dimension split over it: gather that operand, or slice the other (free) and leave C unreduced
//   3  both have the same contracted dimension split over it: local products are partial sums, C {U_X}; AllReduce or ReduceScatter
//   4  it splits an outer dimension of each: C would be split over it twice; one operand is gathered first
// Beyond the book: a dimension kept in C (batch, heads, experts) that only one operand has split; partial sums as operands, which pass
// through a product that the axis does not otherwise touch, since sums distribute over it - but only in one operand at a time; and the
// same axes in a different order.
#pragma once

#include "core/sharding/reshard.h"

namespace shardlens {

enum class DimRole : std::uint8_t { LeftOuter, RightOuter, Batch, Contracted };
[[nodiscard]] std::string_view nameOf(DimRole role);

enum class MatmulCase : std::uint8_t {
    NoCommunication,    ///< case 1
    OneSharded,         ///< case 2
    BothSharded,        ///< case 3
    SameAxisOutside,    ///< case 4
    BatchMismatch,      ///< a batch dimension is split in one operand, otherwise or not at all in the other
    PartialSumMismatch, ///< an operand is unreduced over an axis that the other is split or unreduced over
    OrderMismatch,      ///< a shared dimension is split over the same axes in another order
};
/// "case 1: ..." in a few words.
[[nodiscard]] std::string_view nameOf(MatmulCase which);

/// A product to be worked out.
struct Product {
    ShardedArray left;
    ShardedArray right;
    std::string resultName = "C";
    /// Dimensions of C in order. None: those of A that B has not, then those of B that A has not; every shared one is contracted.
    std::optional<std::vector<std::string>> resultDims;
};

struct ProductDim {
    std::string name;
    std::int64_t size = 0;
    DimRole role = DimRole::Contracted;
    int left = -1; ///< index in each array; -1: it has none
    int right = -1;
    int result = -1;
};

/// The roles of all dimensions. Errors: an array is impossible; sizes differ; C names a dimension that neither has, or lacks an outer one.
[[nodiscard]] Result<std::vector<ProductDim>> rolesOf(const Mesh& mesh, const Product& product);

struct AxisFinding {
    int axis = 0;
    MatmulCase which = MatmulCase::NoCommunication;
    bool legal = true;    ///< the operands can be multiplied as they are
    std::string sentence; ///< what it means, and when not legal what to do
};

/// One finding for each axis that A or B uses, in mesh order.
[[nodiscard]] Result<std::vector<AxisFinding>> findingsOf(const Mesh& mesh, const Product& product);

/// C as the local products give it, with its unreduced axes. Errors: the operands cannot be multiplied as they are, said per axis.
[[nodiscard]] Result<ShardedArray> contract(const Mesh& mesh, const Product& product);
[[nodiscard]] Result<ShardedArray> contract(const Mesh& mesh, const ShardedArray& left, const ShardedArray& right,
                                            std::vector<std::string> resultDims, std::string resultName = "C");

/// FLOP of one device's local product: 2 x the local size of every dimension, padding included.
[[nodiscard]] double localFlop(const Mesh& mesh, const ShardedArray& left, const ShardedArray& right, const ShardedArray& result);

/// A complete way from the operands to a result: reshard A, reshard B, multiply, reshard C.
struct ProductWay {
    std::vector<ShardStep> steps; ///< in order; exactly one is Multiply
    ShardedArray result;
    double price = 0; ///< sum of the steps' prices
    double flop = 0;  ///< per device

    [[nodiscard]] const ShardStep& multiply() const;
};

struct ProductWays {
    std::vector<AxisFinding> findings;
    MatmulCase which = MatmulCase::NoCommunication; ///< the case of the axis that asks for most
    std::vector<ProductWay> ways;                   ///< cheapest first; of equals the one with less FLOP, then with fewer steps
    bool complete = true;                           ///< false: so many axes that not every combination was tried
};

/// Every sensible way: each axis may stay where either operand has it, go where the result wants it, split a contracted dimension that one
/// operand has split over it, or be gathered. An axis on which the operands agree and that ends where it is wanted stays untouched.
/// With `wanted` (dimensions of C in any sharding) all ways end in it; without, in the results that come naturally: partial sums as they
/// are, reduced, and scattered along each dimension of C. Errors: as rolesOf; `wanted` asks for what cannot be.
[[nodiscard]] Result<ProductWays> waysOf(const Mesh& mesh, const Product& product, const std::optional<ShardedArray>& wanted,
                                         const StepPrice& price);
[[nodiscard]] Result<ProductWays> waysOf(const Mesh& mesh, const Product& product, const std::optional<ShardedArray>& wanted = {});

} // namespace shardlens
