// SPDX-License-Identifier: Apache-2.0
// What it costs to read, resolve and predict measured points. `bench_points [SAMPLES]`.
#include "core/scenario/resolve_points.h"
#include "core/scenario/scenario_file.h"
#include "core/scenario/validate_points.h"
#include "tests/bench/bench.h"

#include <cstdlib>

using namespace shardlens;

namespace {

std::string table(int rows)
{
    std::string text =
        "row,model,system,precision,weights,kv_dtype,backend,version,date,isl,osl,isl_mean,osl_mean,concurrency,gpus,attn_tp,"
        "attn_dp,moe_tp,moe_ep,max_batched_tokens,warmup,ttft_ms,tpot_ms,ttft_flag\n";
    for (int i = 0; i < rows; ++i)
        text += "A" + std::to_string(i) + (i % 2 == 0 ? ",llama-3.1-70b,h100_sxm" : ",gpt-oss-120b,b200_sxm")
                + ",fp8,,fp8,vllm,0.12.0,2025-12-01," + (i % 3 == 0 ? "1024,1024,921.6,921.6," : "8192,1024,7372.8,921.6,")
                + std::to_string(1 << (i % 8)) + ",8,8,1,1,1,8192,yes,387.8932,9.0893,ok\n";
    return text;
}

} // namespace

int main(int argc, char** argv)
{
    const int samples = argc > 1 ? std::atoi(argv[1]) : 5;
    std::size_t sum = 0;
    const std::string million = table(1'000'000);
    bench::print("read 1,000,000 measured points",
                 bench::measure(samples, 1, [&] { sum += readPoints(million, "m").value().points.size(); }), 1, "s", "<= 3 s");
    const MeasuredPoints many = readPoints(million, "m").value();
    bench::print("resolve 10,000 measured points",
                 bench::measure(samples, 1,
                                [&] {
                                    PointResolver resolver(builtinCatalog());
                                    for (std::size_t i = 0; i < 10'000; ++i)
                                        sum += resolver.resolve(many.points[i], many.kind).ok();
                                }),
                 1e3, "ms", "-");
    const auto roofline = [](const ResolvedPoint&) { return PointConstants{}; };
    bench::print("predict 1,000,000 points, 48 of them distinct",
                 bench::measure(samples, 1, [&] { sum += predictPoints(many, builtinCatalog(), roofline).size(); }), 1, "s", "<= 5 s");
    const Result<std::string> text = readTextFile(SHARDLENS_SOURCE_DIR "/tests/data/measured/published.csv", 1 << 20);
    const MeasuredPoints published = readPoints(text.value(), "published.csv").value();
    bench::print("predict 40 published figures",
                 bench::measure(samples, 1, [&] { sum += predictPoints(published, builtinCatalog(), roofline).size(); }), 1e3, "ms", "-");
    return sum > 0 ? 0 : 1;
}
