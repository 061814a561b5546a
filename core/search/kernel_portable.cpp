// SPDX-License-Identifier: Apache-2.0
// For every processor: registers of two doubles, which all 64-bit ones have.
#define SHARDLENS_LANES portable
#define SHARDLENS_LANES_BYTES 16
#include "core/search/kernel_loops.h"

namespace shardlens::lean {

const Kernel& portableKernel()
{
    return portable::kKernel;
}

const Kernel& bestKernel()
{
    static const Kernel& best = wideKernel() != nullptr ? *wideKernel() : portableKernel();
    return best;
}

} // namespace shardlens::lean
