// SPDX-License-Identifier: Apache-2.0
#include "core/sharding/contraction.h"

#include <algorithm>

namespace shardlens {

std::string_view nameOf(DimRole role)
{
    switch (role) {
    case DimRole::LeftOuter: return "left outer";
    case DimRole::RightOuter: return "right outer";
    case DimRole::Batch: return "batch";
    case DimRole::Contracted: return "contracted";
    }
    return "contracted";
}

std::string_view nameOf(MatmulCase which)
{
    switch (which) {
    case MatmulCase::NoCommunication: return "case 1: no contracted dimension is split";
    case MatmulCase::OneSharded: return "case 2: one operand has a contracted dimension split";
    case MatmulCase::BothSharded: return "case 3: both have the same contracted dimension split";
    case MatmulCase::SameAxisOutside: return "case 4: the same axis splits an outer dimension of each";
    case MatmulCase::BatchMismatch: return "a batch dimension is split differently";
    case MatmulCase::PartialSumMismatch: return "partial sums meet a split or another partial sum";
    case MatmulCase::OrderMismatch: return "the same axes in another order";
    }
    return "";
}

namespace {

Error productError(const Product& product, std::string found, std::string allowed)
{
    return {.file = {}, .path = product.resultName, .found = std::move(found), .allowed = std::move(allowed)};
}

/// Position of `name` in the result; -1: it is not in it. Without stated dimensions shared ones are contracted.
int resultIndex(const Product& product, const std::string& name)
{
    const std::vector<std::string>& dims = *product.resultDims;
    const auto place = std::find(dims.begin(), dims.end(), name);
    return place == dims.end() ? -1 : static_cast<int>(place - dims.begin());
}

} // namespace

Result<std::vector<ProductDim>> rolesOf(const Mesh& mesh, const Product& product)
{
    for (const ShardedArray* array : {&product.left, &product.right})
        if (std::optional<Error> error = problemOf(mesh, *array))
            return std::move(*error);
    std::vector<ProductDim> dims;
    const auto add = [&](const ShardedDim& dim, int left, int right) {
        ProductDim& added = dims.emplace_back();
        added.name = dim.name;
        added.size = dim.size;
        added.left = left;
        added.right = right;
        if (left >= 0 && right >= 0)
            added.role = DimRole::Contracted;
        else
            added.role = left >= 0 ? DimRole::LeftOuter : DimRole::RightOuter;
    };
    for (std::size_t i = 0; i < product.left.dims.size(); ++i) {
        const ShardedDim& dim = product.left.dims[i];
        const int right = product.right.find(dim.name);
        if (right >= 0 && product.right.dims[static_cast<std::size_t>(right)].size != dim.size)
            return productError(product,
                                dim.name + "=" + std::to_string(dim.size) + " and "
                                    + std::to_string(product.right.dims[static_cast<std::size_t>(right)].size),
                                "a dimension has one size");
        add(dim, static_cast<int>(i), right);
    }
    for (std::size_t i = 0; i < product.right.dims.size(); ++i)
        if (product.left.find(product.right.dims[i].name) < 0)
            add(product.right.dims[i], -1, static_cast<int>(i));
    if (!product.resultDims) {
        int next = 0;
        for (ProductDim& dim : dims)
            if (dim.role != DimRole::Contracted)
                dim.result = next++;
        return dims;
    }
    for (std::size_t i = 0; i < product.resultDims->size(); ++i) {
        const std::string& name = (*product.resultDims)[i];
        if (product.left.find(name) < 0 && product.right.find(name) < 0)
            return productError(product, name, "neither " + product.left.name + " nor " + product.right.name + " has this dimension");
        if (resultIndex(product, name) != static_cast<int>(i))
            return productError(product, name + " twice", "name each dimension of an array once");
    }
    for (ProductDim& dim : dims) {
        dim.result = resultIndex(product, dim.name);
        if (dim.result >= 0 && dim.role == DimRole::Contracted)
            dim.role = DimRole::Batch;
        else if (dim.result < 0 && dim.role != DimRole::Contracted)
            return productError(product, "no " + dim.name, "a dimension that only one operand has is not summed; the result names it too");
    }
    return dims;
}

namespace {

/// What an axis does in one operand.
enum class Use : std::uint8_t { Copies, Outer, Batch, Contracted, Unreduced };

struct Place {
    Use use = Use::Copies;
    std::string dim;
};

Place placeOf(const ShardedArray& array, const std::vector<ProductDim>& dims, int axis)
{
    if (array.isUnreduced(axis))
        return {Use::Unreduced, {}};
    const int on = array.dimOn(axis);
    if (on < 0)
        return {};
    const std::string& name = array.dims[static_cast<std::size_t>(on)].name;
    const auto dim = std::find_if(dims.begin(), dims.end(), [&](const ProductDim& each) { return each.name == name; });
    switch (dim->role) {
    case DimRole::Batch: return {Use::Batch, name};
    case DimRole::Contracted: return {Use::Contracted, name};
    case DimRole::LeftOuter:
    case DimRole::RightOuter: break;
    }
    return {Use::Outer, name};
}

const std::vector<int>& axesOn(const ShardedArray& array, const std::string& dim)
{
    return array.dims[static_cast<std::size_t>(array.find(dim))].axes;
}

class Finder {
public:
    Finder(const Mesh& mesh, const Product& product, const std::vector<ProductDim>& dims) : m_mesh(mesh), m_product(product), m_dims(dims)
    {}

    [[nodiscard]] AxisFinding finding(int axis) const
    {
        const Place left = placeOf(m_product.left, m_dims, axis);
        const Place right = placeOf(m_product.right, m_dims, axis);
        AxisFinding found;
        found.axis = axis;
        const std::string x = m_mesh.name(axis);
        if (left.use == Use::Unreduced || right.use == Use::Unreduced)
            partialSums(found, left, right, x);
        else if (left.use == Use::Contracted || right.use == Use::Contracted)
            contracted(found, left, right, x);
        else if (left.use == Use::Batch || right.use == Use::Batch)
            batch(found, left, right, x);
        else
            outer(found, left, right, x);
        return found;
    }

private:
    const Mesh& m_mesh;
    const Product& m_product;
    const std::vector<ProductDim>& m_dims;

    [[nodiscard]] const std::string& a() const { return m_product.left.name; }
    [[nodiscard]] const std::string& b() const { return m_product.right.name; }
    [[nodiscard]] const std::string& c() const { return m_product.resultName; }

    static void set(AxisFinding& found, MatmulCase which, bool legal, std::string sentence)
    {
        found.which = which;
        found.legal = legal;
        found.sentence = std::move(sentence);
    }

    void partialSums(AxisFinding& found, const Place& left, const Place& right, const std::string& x) const
    {
        const bool leftSums = left.use == Use::Unreduced;
        const std::string& sums = leftSums ? a() : b();
        const std::string& other = leftSums ? b() : a();
        const Place& otherPlace = leftSums ? right : left;
        if (otherPlace.use == Use::Copies)
            set(found, MatmulCase::NoCommunication, true,
                sums + " is partial sums over " + x + " and " + other + " is not touched by it: " + c() + " is partial sums too");
        else if (otherPlace.use == Use::Unreduced)
            set(found, MatmulCase::PartialSumMismatch, false,
                "both operands are partial sums over " + x + ", and a product of sums is not the sum of products: reduce one of them");
        else
            set(found, MatmulCase::PartialSumMismatch, false,
                sums + " is partial sums over " + x + ", which splits " + otherPlace.dim + " of " + other + ": reduce or scatter " + sums
                    + ", or gather " + other);
    }

    void contracted(AxisFinding& found, const Place& left, const Place& right, const std::string& x) const
    {
        if (left.use == Use::Contracted && right.use == Use::Contracted && left.dim == right.dim) {
            if (axesOn(m_product.left, left.dim) == axesOn(m_product.right, left.dim))
                set(found, MatmulCase::BothSharded, true,
                    "both operands have " + left.dim + " split over " + x + ": local products are partial sums, " + c() + " {U_" + x
                        + "}, for an AllReduce or a ReduceScatter");
            else
                set(found, sameSet(left.dim) ? MatmulCase::OrderMismatch : MatmulCase::OneSharded, false,
                    left.dim + " is not split over the same axes in the same order in " + a() + " and " + b() + ": gather or slice one");
            return;
        }
        const bool leftSplit = left.use == Use::Contracted;
        const std::string& split = leftSplit ? a() : b();
        const std::string& other = leftSplit ? b() : a();
        const std::string& dim = leftSplit ? left.dim : right.dim;
        const Place& otherPlace = leftSplit ? right : left;
        std::string rest = otherPlace.use == Use::Copies ? ", or slice " + other + " (free) and leave " + c() + " unreduced"
                                                         : "; " + other + " has " + otherPlace.dim + " on the same axis";
        set(found, MatmulCase::OneSharded, false,
            "only " + split + " has the contracted " + dim + " split over " + x + ": gather " + split + rest);
    }

    [[nodiscard]] bool sameSet(const std::string& dim) const
    {
        std::vector<int> left = axesOn(m_product.left, dim);
        std::vector<int> right = axesOn(m_product.right, dim);
        std::sort(left.begin(), left.end());
        std::sort(right.begin(), right.end());
        return left == right;
    }

    void batch(AxisFinding& found, const Place& left, const Place& right, const std::string& x) const
    {
        const std::string& dim = left.use == Use::Batch ? left.dim : right.dim;
        if (left.use == Use::Batch && right.use == Use::Batch && left.dim == right.dim) {
            if (axesOn(m_product.left, dim) == axesOn(m_product.right, dim))
                set(found, MatmulCase::NoCommunication, true,
                    "both operands have the batch dimension " + dim + " split over " + x + ", and so has " + c());
            else
                set(found, sameSet(dim) ? MatmulCase::OrderMismatch : MatmulCase::BatchMismatch, false,
                    dim + " is not split over the same axes in the same order in " + a() + " and " + b() + ": gather or slice one");
            return;
        }
        const bool leftSplit = left.use == Use::Batch;
        const Place& otherPlace = leftSplit ? right : left;
        const std::string& split = leftSplit ? a() : b();
        const std::string& other = leftSplit ? b() : a();
        set(found, MatmulCase::BatchMismatch, false,
            "only " + split + " has the batch dimension " + dim + " split over " + x + ": "
                + (otherPlace.use == Use::Copies ? "slice " + other + " (free), or gather " + split
                                                 : other + " has " + otherPlace.dim + " on it; gather or move one of the two"));
    }

    void outer(AxisFinding& found, const Place& left, const Place& right, const std::string& x) const
    {
        if (left.use == Use::Outer && right.use == Use::Outer) {
            set(found, MatmulCase::SameAxisOutside, false,
                x + " splits " + left.dim + " of " + a() + " and " + right.dim + " of " + b() + ", and " + c()
                    + " cannot be split over it twice: gather " + a() + " or gather " + b());
            return;
        }
        const Place& place = left.use == Use::Outer ? left : right;
        set(found, MatmulCase::NoCommunication, true,
            x + " splits only " + place.dim + " of " + (left.use == Use::Outer ? a() : b()) + ", which " + c() + " keeps");
    }
};

} // namespace

Result<std::vector<AxisFinding>> findingsOf(const Mesh& mesh, const Product& product)
{
    const Result<std::vector<ProductDim>> dims = rolesOf(mesh, product);
    if (!dims.ok())
        return dims.error();
    const Finder finder(mesh, product, dims.value());
    std::vector<AxisFinding> findings;
    for (int axis = 0; axis < mesh.axisCount(); ++axis) {
        const auto uses = [axis](const ShardedArray& array) { return array.dimOn(axis) >= 0 || array.isUnreduced(axis); };
        if (uses(product.left) || uses(product.right))
            findings.push_back(finder.finding(axis));
    }
    return findings;
}

Result<ShardedArray> contract(const Mesh& mesh, const Product& product)
{
    const Result<std::vector<ProductDim>> dims = rolesOf(mesh, product);
    if (!dims.ok())
        return dims.error();
    const Result<std::vector<AxisFinding>> findings = findingsOf(mesh, product);
    for (const AxisFinding& finding : findings.value())
        if (!finding.legal)
            return Error{.file = {}, .path = product.left.name + " . " + product.right.name, .found = {}, .allowed = finding.sentence};
    ShardedArray result;
    result.name = product.resultName;
    for (const ProductDim& dim : dims.value())
        result.dims.resize(std::max(result.dims.size(), static_cast<std::size_t>(dim.result + 1)));
    for (const ProductDim& dim : dims.value()) {
        const ShardedDim& source =
            dim.left >= 0 ? product.left.dims[static_cast<std::size_t>(dim.left)] : product.right.dims[static_cast<std::size_t>(dim.right)];
        if (dim.result >= 0)
            result.dims[static_cast<std::size_t>(dim.result)] = source;
        else
            result.unreduced.insert(result.unreduced.end(), source.axes.begin(), source.axes.end());
    }
    for (const ShardedArray* operand : {&product.left, &product.right})
        result.unreduced.insert(result.unreduced.end(), operand->unreduced.begin(), operand->unreduced.end());
    std::sort(result.unreduced.begin(), result.unreduced.end());
    if (std::optional<Error> error = problemOf(mesh, result))
        return std::move(*error);
    return result;
}

Result<ShardedArray> contract(const Mesh& mesh, const ShardedArray& left, const ShardedArray& right, std::vector<std::string> resultDims,
                              std::string resultName)
{
    return contract(mesh, Product{left, right, std::move(resultName), std::move(resultDims)});
}

double localFlop(const Mesh& mesh, const ShardedArray& left, const ShardedArray& right, const ShardedArray& result)
{
    double flop = 2;
    for (const ShardedDim& dim : result.dims)
        flop *= static_cast<double>(localSize(mesh, dim));
    for (const ShardedDim& dim : left.dims)
        if (right.find(dim.name) >= 0 && result.find(dim.name) < 0)
            flop *= static_cast<double>(localSize(mesh, dim));
    return flop;
}

const ShardStep& ProductWay::multiply() const
{
    return *std::find_if(steps.begin(), steps.end(), [](const ShardStep& step) { return step.kind == StepKind::Multiply; });
}

} // namespace shardlens
