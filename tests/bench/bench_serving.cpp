// SPDX-License-Identifier: Apache-2.0
// What an answer about serving costs: the analytic one on every drag, the simulated one beside it. `bench_serving [SAMPLES]`.
#include "tests/bench/bench.h"
#include "tests/core/servers.h"

#include <cstdlib>

using namespace shardlens;
using namespace shardlens::testing;

namespace {

void report(const char* what, const bench::Times& times, const char* goal)
{
    std::printf("%-58s median %9.1f us, 95 %% %9.1f us, least %9.1f us  (%s)\n", what, times.median * 1e6, times.p95 * 1e6,
                times.least * 1e6, goal);
}

} // namespace

int main(int argc, char** argv)
{
    const int samples = argc > 1 ? std::max(1, std::atoi(argv[1])) : 50;
    const Server dense("llama-3-70b", 8, planOf(8), Engine::Vllm);
    const Server experts("deepseek-v3", 16, planOf(8, 1, 1, 16, 2), Engine::Sglang);
    double sum = 0;
    const auto both = [&](const char* name, const ServiceInput& in) {
        report((std::string("analytic, ") + name).c_str(), bench::measure(samples, 10, [&] { sum += serveAnalytic(in).tpot.mean; }),
               "goal 50 us");
        report((std::string("simulated, ") + name).c_str(), bench::measure(samples, 1, [&] { sum += serveSimulated(in).tpot.mean; }),
               "goal 2 ms");
    };
    both("Llama-3-70B, 1,024 in and out, 64 clients", dense.closed(1024, 1024, 64, 0.8));
    both("Llama-3-70B, 1,024 in, 8,192 out, 512 clients", dense.closed(1024, 8192, 512, 0.8));
    both("Llama-3-70B, 8,192 in, 1,024 out, 256 clients", dense.closed(8192, 1024, 256, 0.8));
    both("DeepSeek-V3, 1,024 in and out, 512 clients", experts.closed(1024, 1024, 512, 0.8));
    both("Llama-3-70B, 1,024 in, 512 out, 12 requests/s", dense.open(1024, 512, 12));
    return sum > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
