// SPDX-License-Identifier: Apache-2.0
// What a schedule costs: closed forms, recurrences and events, up to 1,024 stages x 10,000 microbatches. `bench_timeline [SAMPLES]`.
#include "core/schedule/timeline.h"
#include "tests/bench/bench.h"

#include <cstdlib>
#include <random>

using namespace shardlens;

namespace {

double g_sink = 0;

PipelineInput pipeline(int stages, int visits, BatchCut cut)
{
    std::mt19937 random(5);
    std::uniform_real_distribution<double> duration(0.9, 1.1);
    PipelineInput input;
    input.stages = stages;
    input.visits = visits;
    input.cut = cut;
    for (int i = 0; i < stages * visits * cut.classes(); ++i) {
        input.busy.push_back(1e-3 * duration(random));
        input.send.push_back(1e-4 * duration(random));
    }
    return input;
}

void measureOne(const char* name, const PipelineInput& input, int samples, int inner, bool events)
{
    std::vector<double> room(3 * static_cast<std::size_t>(input.stages) + 2 * decodeStateSize(input.stages, input.cut.microbatches));
    const std::string what(name);
    bench::print(what + ", prefill time",
                 bench::measure(samples, inner, [&] { g_sink += prefillMakespan(input.times(), input.cut, room.data()); }), 1e6, "us", "-");
    if (input.cut.chunks == 1)
        bench::print(what + ", decode round",
                     bench::measure(samples, inner, [&] { g_sink += decodePeriod(input.times(), input.cut, room.data()); }), 1e6, "us",
                     "-");
    if (!events)
        return;
    bench::print(what + ", prefill events", bench::measure(samples, 1, [&] { g_sink += prefillTimeline(input).duration; }), 1e3, "ms", "-");
    if (input.cut.chunks == 1)
        bench::print(what + ", decode events", bench::measure(samples, 1, [&] { g_sink += decodeTimeline(input).period; }), 1e3, "ms", "-");
}

} // namespace

int main(int argc, char** argv)
{
    const int samples = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 50;
    measureOne("8 x 32", pipeline(8, 1, {32, 32, 1}), samples, 100, true);
    measureOne("8 x 32, two sizes", pipeline(8, 1, {32, 5, 1}), samples, 100, true);
    measureOne("8 x 32, 4 chunks", pipeline(8, 1, {32, 32, 4}), samples, 100, true);
    measureOne("8 x 32, 4 visits", pipeline(8, 4, {32, 32, 1}), samples, 20, true);
    const int few = std::max(1, samples / 10);
    measureOne("1,024 x 1,000", pipeline(1024, 1, {1000, 1000, 1}), few, 10, true);
    measureOne("1,024 x 10,000", pipeline(1024, 1, {10'000, 10'000, 1}), few, 10, true);
    measureOne("1,024 x 10,000, two sizes", pipeline(1024, 1, {10'000, 3, 1}), few, 1, false);
    return g_sink > 0 ? 0 : 1;
}
