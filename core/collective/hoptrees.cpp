// SPDX-License-Identifier: Apache-2.0
// The two binary trees of an AllReduce.
#include "core/collective/hopprogram.h"

#include <algorithm>

namespace shardlens {

namespace {

/// The tree of NCCL (src/graph/trees.cc, after Sanders, Speck & Traeff): rank 0 above a binary tree in which odd ranks are leaves. The
/// second tree is its mirror image, or for odd sizes the same one rank on, so that a leaf of one is inside the other.
int treeParent(int rank, int n)
{
    if (rank == 0)
        return -1;
    const int bit = rank & -rank;
    const int up = (rank ^ bit) | (bit << 1);
    return up >= n ? rank ^ bit : up;
}

} // namespace

void growTree(HopLeg& leg, int n)
{
    const auto size = static_cast<std::size_t>(n);
    leg.parent.resize(size);
    for (int rank = 0; rank < n; ++rank) {
        int parent = -1;
        if (leg.piece == 0) {
            parent = treeParent(rank, n);
        } else if (n % 2 == 0) {
            parent = treeParent(n - 1 - rank, n);
            parent = parent < 0 ? -1 : n - 1 - parent;
        } else {
            parent = treeParent((rank + n - 1) % n, n);
            parent = parent < 0 ? -1 : (parent + 1) % n;
        }
        leg.parent[static_cast<std::size_t>(rank)] = parent;
    }
    leg.depth.assign(size, 0);
    leg.height.assign(size, 0);
    for (std::size_t rank = 0; rank < size; ++rank) {
        int depth = 0;
        for (int at = leg.parent[rank]; at >= 0; at = leg.parent[static_cast<std::size_t>(at)]) {
            ++depth;
            int& height = leg.height[static_cast<std::size_t>(at)];
            height = std::max(height, depth);
        }
        leg.depth[rank] = depth;
    }
}

} // namespace shardlens
