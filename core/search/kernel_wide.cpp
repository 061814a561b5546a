// SPDX-License-Identifier: Apache-2.0
// For processors with AVX2, chosen at run time. GCC's target clones are made after vectors have been cut down to what every processor has,
// so the templates are parsed for AVX2 instead: here alone, with a type of lanes of their own, so that no other file can come to use an
// instance of them. All else that the loops need is included before.
#include "core/collective/collective.h"
#include "core/cost/op.h"
#include "core/cost/routing.h"
#include "core/search/kernel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__OPTIMIZE__)
#define SHARDLENS_WIDE_LANES
#endif

#ifdef SHARDLENS_WIDE_LANES
#pragma GCC push_options
#pragma GCC target("avx2")
#define SHARDLENS_LANES wide
#define SHARDLENS_LANES_BYTES 32
#include "core/search/kernel_loops.h"
#pragma GCC pop_options
#endif

namespace shardlens::lean {

const Kernel* wideKernel()
{
#ifdef SHARDLENS_WIDE_LANES
    static const bool has = __builtin_cpu_supports("avx2") != 0;
    return has ? &wide::kKernel : nullptr;
#else
    return nullptr;
#endif
}

} // namespace shardlens::lean
