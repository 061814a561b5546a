// SPDX-License-Identifier: Apache-2.0
#include "app/cli/flags.h"
#include "core/base/format.h"
#include "core/hardware/resize.h"
#include "core/plan/optionnames.h"
#include "core/scenario/scenario.h"

namespace shardlens::cli {

namespace {

constexpr unsigned bit(Command command)
{
    return 1U << static_cast<unsigned>(command);
}

constexpr unsigned kScenario = bit(Command::Evaluate) | bit(Command::Render) | bit(Command::Operators);
constexpr unsigned kOperators = bit(Command::Operators);
constexpr unsigned kRender = bit(Command::Render);
constexpr unsigned kShard = bit(Command::Shard);
constexpr unsigned kValidate = bit(Command::Validate);
constexpr unsigned kFit = bit(Command::Fit);
constexpr unsigned kPrintsJson = bit(Command::Evaluate) | bit(Command::Catalog) | kShard | kValidate | kOperators;
constexpr unsigned kAll = (1U << kCommandCount) - 1;
constexpr std::int64_t kMostReserve = std::int64_t{1} << 50;
constexpr std::string_view kFormatNames = "fp32|bf16|fp16|fp8|fp8-block|int8|int4|int4-g32|mxfp4|nvfp4";
constexpr std::string_view kWeightNames = "native|fp32|bf16|fp16|fp8|fp8-block|int8|int4|int4-g32|mxfp4|nvfp4";
constexpr std::string_view kOwnFormatNames = "as-weights|fp32|bf16|fp16|fp8|fp8-block|int8|int4|int4-g32|mxfp4|nvfp4";
constexpr std::string_view kComputeNames = "fp32|tf32|bf16|fp16|fp8|int8|int4|fp4";

constexpr std::int64_t kHundred = 100; ///< Factor's bounds are hundredths

constexpr std::int64_t kMostWays = 100'000;
constexpr std::int64_t kMostSteps = 1000;

using K = ArgumentKind;

// clang-format off
constexpr std::array kFlags{
    FlagSpec{Flag::Model, "--model", "", "MODEL", K::Text, 0, 0, kScenario, "id or Hugging Face id in the catalog, or path to a config.json"},
    FlagSpec{Flag::Cluster, "--cluster", "", "ID", K::Text, 0, 0, kScenario | kShard, "id in the catalog"},
    FlagSpec{Flag::Devices, "--devices", "", "N", K::Count, 1, kMaxDevices, kScenario, "cut or grow the cluster to N devices"},
    FlagSpec{Flag::Tensor, "--tp", "", "N", K::Count, 1, kMaxDevices, kScenario, "tensor parallelism: heads and MLP columns"},
    FlagSpec{Flag::Pipeline, "--pp", "", "N", K::Count, 1, kMaxDevices, kScenario, "pipeline parallelism: layers"},
    FlagSpec{Flag::Data, "--dp", "", "N", K::Count, 1, kMaxDevices, kScenario, "data parallelism: replicas"},
    FlagSpec{Flag::Expert, "--ep", "", "N", K::Count, 1, kMaxDevices, kScenario, "expert parallelism: routed experts"},
    FlagSpec{Flag::Sequence, "--sp", "", "N", K::Count, 1, kMaxDevices, kScenario, "sequence parallelism: positions of a sequence"},
    FlagSpec{Flag::AttentionData, "--attention-dp", "", "N", K::Count, 1, kMaxDevices, kScenario, "attention DP: requests inside a replica"},
    FlagSpec{Flag::Microbatches, "--microbatches", "", "N", K::Count, 1, kMaxBatch, kScenario, "groups of a replica's batch, prefill and decode"},
    FlagSpec{Flag::Chunks, "--chunks", "", "N", K::Count, 1, kMaxTokens, kScenario, "pieces of each prompt that follow each other"},
    FlagSpec{Flag::Batch, "--batch", "", "N", K::Count, 1, kMaxBatch, kScenario, "sequences per replica"},
    FlagSpec{Flag::Input, "--input", "", "N", K::Count, 1, kMaxTokens, kScenario, "prompt tokens of each sequence"},
    FlagSpec{Flag::Output, "--output", "", "N", K::Count, 1, kMaxTokens, kScenario, "generated tokens of each sequence"},
    FlagSpec{Flag::RoutingSkew, "--routing-skew", "", "X", K::Factor, 0, kHundred * static_cast<std::int64_t>(kMaxPowerLaw), kScenario, "load of the i-th busiest expert is as i^-X; 0 is uniform"},
    FlagSpec{Flag::CapacityFactor, "--capacity-factor", "", "X", K::Factor, 0, kHundred * static_cast<std::int64_t>(kMaxCapacityFactor), kScenario, "an expert takes at most X times the mean tokens; 0 is no limit"},
    FlagSpec{Flag::BeyondCapacity, "--beyond-capacity", "", "drop|overflow", K::Choice, 0, 0, kScenario, "what happens to tokens beyond that"},
    FlagSpec{Flag::Weights, "--weights", "", kWeightNames, K::Choice, 0, 0, kScenario, "number format of the weights; native: each class as in the model's file; without it native where that is quantized, else bf16"},
    FlagSpec{Flag::Kv, "--kv", "", kFormatNames, K::Choice, 0, 0, kScenario, "number format of the KV cache"},
    FlagSpec{Flag::Compute, "--compute", "", kComputeNames, K::Choice, 0, 0, kScenario | kShard, "number format of the arithmetic"},
    FlagSpec{Flag::AttentionFormat, "--attention-format", "", kOwnFormatNames, K::Choice, 0, 0, kScenario, "number format of the attention matrices alone"},
    FlagSpec{Flag::MlpFormat, "--mlp-format", "", kOwnFormatNames, K::Choice, 0, 0, kScenario, "the same of dense MLPs and shared experts"},
    FlagSpec{Flag::ExpertFormat, "--expert-format", "", kOwnFormatNames, K::Choice, 0, 0, kScenario, "the same of the routed experts"},
    FlagSpec{Flag::EmbeddingFormat, "--embedding-format", "", kOwnFormatNames, K::Choice, 0, 0, kScenario, "the same of embedding and head"},
    FlagSpec{Flag::Attention, "--attention", "", "fused|unfused", K::Choice, 0, 0, kScenario, "unfused writes scores and probabilities to HBM"},
    FlagSpec{Flag::SequenceExchange, "--sequence-exchange", "", "all-gather|ring", K::Choice, 0, 0, kScenario, "how SP ranks exchange keys and values in prefill"},
    FlagSpec{Flag::Norms, "--norms", "", "replicated|sharded", K::Choice, 0, 0, kScenario, "sharded: ReduceScatter and AllGather around norms on 1/TP of the tokens"},
    FlagSpec{Flag::ExpertExchange, "--expert-exchange", "", "auto|reduce|all-to-all", K::Choice, 0, 0, kScenario, "how tokens meet their experts"},
    FlagSpec{Flag::SharedExperts, "--shared-experts", "", "tensor|replicated", K::Choice, 0, 0, kScenario, "shared experts split over TP, or whole on every device"},
    FlagSpec{Flag::RedundantExperts, "--redundant-experts", "", "N", K::Count, 0, kMaxRedundantExperts, kScenario, "further copies of the busiest experts per layer"},
    FlagSpec{Flag::Prediction, "--mtp", "", "off|load", K::Choice, 0, 0, kScenario, "layers of multi-token prediction: left out, or loaded on the last stage"},
    FlagSpec{Flag::Sends, "--sends", "", "overlapped|synchronous", K::Choice, 0, 0, kScenario, "whether a pipeline stage waits for its sends"},
    FlagSpec{Flag::Overlap, "--overlap", "", "X", K::Factor, 0, kHundred, kScenario, "share of each collective hidden behind its own operator"},
    FlagSpec{Flag::VirtualStages, "--virtual-stages", "", "N", K::Count, 1, kMaxVirtualStages, kScenario, "chunks of layers per stage (interleaved pipeline)"},
    FlagSpec{Flag::LayerSplit, "--layer-split", "", "even|balanced", K::Choice, 0, 0, kScenario, "balanced counts embedding and head as layers"},
    FlagSpec{Flag::LayersPerStage, "--layers-per-stage", "", "N,N,...", K::Counts, 1, kMaxStageLayers, kScenario, "layers of each stage by hand"},
    FlagSpec{Flag::AxisOrder, "--axis-order", "", "tp,sp,attention-dp,pp,dp", K::Order, 0, 0, kScenario, "axes onto devices, innermost first"},
    FlagSpec{Flag::Mode, "--mode", "", "roofline|calibrated", K::Choice, 0, 0, kScenario | kValidate, "ideal times, or constants fitted to measurements of the engine on the accelerator"},
    FlagSpec{Flag::Reserve, "--reserve", "", "BYTES", K::Bytes, 0, kMostReserve, kScenario, "memory kept for the runtime, e.g. 2GiB; 0 counts weights and KV alone"},
    FlagSpec{Flag::Concurrency, "--concurrency", "", "N", K::Count, 1, kMaxConcurrency, kScenario, "serve N clients, each sending its next request when the last is answered"},
    FlagSpec{Flag::Rate, "--rate", "", "R", K::Factor, 1, static_cast<std::int64_t>(kHundred * kMaxRate), kScenario, "serve R requests/s that arrive at random (Poisson)"},
    FlagSpec{Flag::Engine, "--engine", "", "generic|vllm|sglang|trtllm", K::Choice, 0, 0, kScenario, "whose scheduler; the flags below change its defaults"},
    FlagSpec{Flag::PrefillPolicy, "--prefill-policy", "", "chunked|prefill-first", K::Choice, 0, 0, kScenario, "prompts join decode steps, or go before them"},
    FlagSpec{Flag::TokenBudget, "--token-budget", "", "N", K::Count, 1, kMaxTokenBudget, kScenario, "most tokens of a step of the engine"},
    FlagSpec{Flag::MaxSequences, "--max-sequences", "", "N", K::Count, 1, kMaxConcurrency, kScenario, "most requests admitted at once, per attention-DP rank"},
    FlagSpec{Flag::CutPrompts, "--cut-prompts", "", "on|off", K::Choice, 0, 0, kScenario, "a prompt may be prefilled over several steps"},
    FlagSpec{Flag::Admission, "--admission", "", "greedy|guaranteed", K::Choice, 0, 0, kScenario, "greedy preempts when the KV cache is full; guaranteed reserves the whole output"},
    FlagSpec{Flag::PollInterval, "--poll-interval", "", "N", K::Count, 1, kMaxPollInterval, kScenario, "decode steps between looks for new requests"},
    FlagSpec{Flag::OverlapSchedule, "--overlap-schedule", "", "on|off", K::Choice, 0, 0, kScenario, "the next step is scheduled while one runs"},
    FlagSpec{Flag::RequestOverhead, "--request-overhead", "", "SECONDS", K::Factor, 0, kHundred * 1000, kScenario, "HTTP and tokenizer before a request reaches the scheduler"},
    FlagSpec{Flag::LengthSpread, "--length-spread", "", "X", K::Factor, 0, kHundred, kScenario, "input and output lengths even in [X, 1] of --input and --output"},
    FlagSpec{Flag::InputPercentiles, "--input-percentiles", "", "P50,P90,P99", K::Counts, 1, kMaxTokens, kScenario, "prompt tokens at these percentiles, instead of --input"},
    FlagSpec{Flag::OutputPercentiles, "--output-percentiles", "", "P50,P90,P99", K::Counts, 1, kMaxTokens, kScenario, "the same of the output, instead of --output"},
    FlagSpec{Flag::PrefixHit, "--prefix-hit", "", "X", K::Factor, 0, kHundred, kScenario, "share of each prompt that the prefix cache holds"},
    FlagSpec{Flag::DraftTokens, "--draft-tokens", "", "N", K::Count, 0, kMaxDraftTokens, kScenario, "speculative decoding: tokens drafted for each step; 0 is off"},
    FlagSpec{Flag::Acceptance, "--acceptance", "", "X", K::Factor, 0, kHundred, kScenario, "share of drafted tokens that is accepted, each"},
    FlagSpec{Flag::Draft, "--draft", "", "mtp|relative", K::Choice, 0, 0, kScenario, "drafted by the model's prediction layers, or by a model of --draft-cost"},
    FlagSpec{Flag::DraftCost, "--draft-cost", "", "X", K::Factor, 0, kHundred * 10, kScenario, "a step of the draft model, in steps of this one"},
    FlagSpec{Flag::PrefillPlan, "--prefill-plan", "", "PLAN", K::Text, 0, 0, kScenario, "disaggregated: plan of a prefill worker, tp=4,ep=4,workers=2:CLUSTER"},
    FlagSpec{Flag::DecodePlan, "--decode-plan", "", "PLAN", K::Text, 0, 0, kScenario, "and of a decode worker"},
    FlagSpec{Flag::Price, "--price", "", "USD", K::Factor, 0, static_cast<std::int64_t>(kHundred * kMaxPrice), kScenario, "price of a device-hour, instead of the cluster's"},
    FlagSpec{Flag::TargetTtft, "--target-ttft", "", "TIME", K::Text, 0, 0, kScenario, "TTFT to reach, 2s or 500ms: the report says whether it does"},
    FlagSpec{Flag::TargetTpot, "--target-tpot", "", "TIME", K::Text, 0, 0, kScenario, "the same of TPOT"},
    FlagSpec{Flag::Requests, "--requests", "", "N", K::Count, 1, kMaxSimulatedRequests, kScenario, "requests of the run (default ten for each client; 4,000 at a rate)"},
    FlagSpec{Flag::Seed, "--seed", "", "N", K::Count, 0, 1'000'000'000, kScenario, "of the simulated lengths and arrivals"},
    FlagSpec{Flag::Simulate, "--simulate", "", "", K::None, 0, 0, bit(Command::Evaluate), "simulate the scheduler instead of the analytic answer"},
    FlagSpec{Flag::Product, "--product", "", "TEXT", K::Text, 0, 0, kRender, "plate: draw this product instead, \"A[I, J_X] . B[J_X, K]\""},
    FlagSpec{Flag::Mesh, "--mesh", "", "X=4,Y=2", K::Text, 0, 0, kShard | kRender, "mesh axes and their sizes, innermost first (required with a product)"},
    FlagSpec{Flag::Shape, "--shape", "", "I=1024,...", K::Text, 0, 0, kShard | kRender, "size of every dimension (required with a product)"},
    FlagSpec{Flag::Way, "--way", "", "N", K::Count, 1, kMostWays, kRender, "which way of the product, cheapest first (default 1)"},
    FlagSpec{Flag::Step, "--step", "", "X", K::Factor, 0, kHundred * kMostSteps, kRender, "moment among its steps: 0 before the first, 1.5 halfway through the second"},
    FlagSpec{Flag::Format, "--format", "", kFormatNames, K::Choice, 0, 0, kShard, "number format of all arrays (default bf16)"},
    FlagSpec{Flag::Json, "--json", "", "", K::None, 0, 0, kPrintsJson, "print one JSON value"},
    FlagSpec{Flag::Csv, "--csv", "", "", K::None, 0, 0, kValidate | kOperators, "print comma-separated values, one line for each row"},
    FlagSpec{Flag::By, "--by", "", "KEY,KEY,...", K::Text, 0, 0, kValidate, "group rows: model, system, engine, precision, origin, lengths, concurrency, gpus, version"},
    FlagSpec{Flag::Markdown, "--markdown", "", "", K::None, 0, 0, kOperators, "print a Markdown table"},
    FlagSpec{Flag::Phases, "--phase", "", "both|prefill|decode", K::Choice, 0, 0, kOperators, "whose operators (default both)"},
    FlagSpec{Flag::Filter, "--filter", "", "TERMS", K::Text, 0, 0, kOperators | kRender, "operators: rows that all terms hold for, such as \"proj bound:hbm time>1ms\""},
    FlagSpec{Flag::Sort, "--sort", "", "COLUMN", K::Text, 0, 0, kOperators | kRender, "operators: order of the rows, such as share, time:asc or name"},
    FlagSpec{Flag::Amounts, "--amounts", "", "once|all", K::Choice, 0, 0, kOperators, "FLOP, bytes and times of one run, or of all runs of the phase"},
    FlagSpec{Flag::Operators, "--operators", "", "DIR", K::Text, 0, 0, kFit, "folder of measured kernels, one CSV per kind and system (required)"},
    FlagSpec{Flag::Points, "--points", "", "FILE,FILE,...", K::Text, 0, 0, kFit, "measured serving points, as validate reads them (required)"},
    FlagSpec{Flag::Directory, "--out", "", "DIR", K::Text, 0, 0, kFit, "folder to write the calibration into (required)"},
    FlagSpec{Flag::SourceText, "--source", "", "TEXT", K::Text, 0, 0, kFit, "whose measurements these are; written into the files"},
    FlagSpec{Flag::CrossValidate, "--cross-validate", "", "", K::None, 0, 0, kFit, "fit again without each model, engine and accelerator: gives the intervals"},
    FlagSpec{Flag::CheckEntries, "--check", "", "", K::None, 0, 0, bit(Command::Catalog), "verify every entry instead of listing"},
    FlagSpec{Flag::Details, "--details", "", "", K::None, 0, 0, bit(Command::Evaluate), "print every operator, its sharding and the algorithms considered"},
    FlagSpec{Flag::Picture, "--output-file", "-o", "X.png", K::Text, 0, 0, kRender, "the picture to write (required)"},
    FlagSpec{Flag::Size, "--size", "", "WxH", K::Size, 100, 8192, kRender, "size in device-independent pixels"},
    FlagSpec{Flag::Scale, "--scale", "", "S", K::Factor, 50, 400, kRender, "pixels per device-independent pixel, 0.5 to 4"},
    FlagSpec{Flag::Theme, "--theme", "", "light|dark|print|contrast", K::Choice, 0, 0, kRender, "colours (default light)"},
    FlagSpec{Flag::Collective, "--collective", "", "NAME", K::Text, 0, 0, kRender, "mesh: the steps of this collective as a strip of frames, such as decode/output_proj"},
    FlagSpec{Flag::Select, "--select", "", "NAME", K::Text, 0, 0, kRender, "what is pinned: tpot, ttft, fit, device:3, stage:1, memory:kv, axis:tp, tensor:w_q, expert:12, rank:3, pool:prefill, decode/qkv_proj, prefill/compute, prefill/piece:1,3, prefill/range:0.1,0.4"},
    FlagSpec{Flag::Show, "--show", "", "CHOICE,...", K::Text, 0, 0, kRender, "choices of the view's title, such as link or one-order (listed above)"},
    FlagSpec{Flag::TextScale, "--text-scale", "", "X", K::Factor, 100, 150, kRender, "size of texts, 1 to 1.5 times the usual"},
    FlagSpec{Flag::Help, "--help", "-h", "", K::None, 0, 0, kAll, "print this help"},
    FlagSpec{Flag::Version, "--version", "", "", K::None, 0, 0, bit(Command::Window), "print the version"},
};
// clang-format on

constexpr std::string_view kScenarioDetails =
    "Without FILE the scenario is the case study: Llama-3-70B on p5.48xlarge. FILE is a scenario (.shardlens), or - for standard\n"
    "input; flags override it.\n"
    "\n"
    "The plan, when there is no FILE: if any of --tp, --pp, --dp, --ep, --sp or --attention-dp is given, those not given are 1.\n"
    "If none is given but --model, --cluster or --devices is, TP is the largest legal one inside the scale-up domain (all devices\n"
    "that are reached without the level that joins nodes) and the rest are 1. Microbatches not given are min(PP, batch);\n"
    "those of a FILE follow another --pp.\n"
    "\n"
    "Without --concurrency and --rate one static batch is served. With --concurrency and no --batch the step that is shown has as many\n"
    "sequences as run at once: the clients of a replica, as far as they fit. --prefill-plan and --decode-plan name axes as the flags do\n"
    "(tp, pp, dp, ep, sp, attention-dp), workers if they are to be so many (else: as few as the load needs) and after a colon the\n"
    "cluster if it is another one; without flags for a plan the decode pool's is the one that is shown.\n";

constexpr std::string_view kShardDetails =
    "PRODUCT is two sharded arrays and, if wanted, their result: \"A[I_X, J] . B[J_X, K] -> C[I, K]\". I_X is dimension I split over mesh\n"
    "axis X, I_XY over X and then Y (I_{TP,SP} where names are longer), {U_X} behind an array means partial sums still to be added up\n"
    "over X. Dimensions that both arrays have and the result has not are contracted. An array and a result alone, \"A[I_X, J] ->\n"
    "A[I, J_X]\", is a resharding. Quote it for the shell.\n"
    "\n"
    "Every way is listed, cheapest first: with --cluster by time (collectives and the local product, roofline), else by the bytes that\n"
    "each device sends; ways that leave partial sums come last. Dimensions that do not divide are padded. Without --compute the\n"
    "arithmetic is that of --format where the accelerator has it, else bf16.\n";

constexpr std::string_view kValidateDetails =
    "FILE is a table of measurements, comma-separated with a line of column names, in any order; - is standard input. Needed: model,\n"
    "system, isl, osl, concurrency, and attn_tp or gpus. Read where they are there: row, precision, weights, kv_dtype, backend,\n"
    "version, date, origin, isl_mean, osl_mean, gpus, attn_dp, moe_tp, moe_ep, batch_per_dp, max_batched_tokens, max_num_seqs,\n"
    "sched_recv_interval, warmup; to compare with: ttft_ms, tpot_ms, out_tok_s_gpu, ttft_flag. A table with prefill_workers,\n"
    "prefill_gpus_per_worker, decode_workers and decode_gpus_per_worker is of separate pools (prefill_attn_dp, prefill_moe_ep,\n"
    "decode_attn_dp, decode_moe_ep, total_gpus); one with parallelism, batch_or_load, metric, value and unit is of published\n"
    "figures. The columns to compare with are never used to predict. Names of models and systems are looked up in the catalog's\n"
    "ids and other names; those that are not known are said on standard error.\n"
    "\n"
    "--csv prints row,status,pred_ttft_ms,pred_ttft_lo,pred_ttft_hi,pred_tpot_ms,... for each row; status is ok or the reason why\n"
    "there is no prediction. --by groups by each combination of the keys' values. Rows that cannot be read give status 2.\n";

constexpr std::string_view kFitDetails =
    "--operators holds tables of kernels by name: gemm_SYSTEM.csv (dtype, m, n, k), ctx_attn_SYSTEM.csv and gen_attn_SYSTEM.csv\n"
    "(attn_dtype, kv_dtype, heads, kv_heads, head_dim, window, batch, seq), ctx_mla_SYSTEM.csv and gen_mla_SYSTEM.csv (attn_dtype,\n"
    "kv_dtype, heads_local, batch, seq), moe_SYSTEM.csv (dtype, hidden, inter, topk, experts, moe_tp, moe_ep, dist, tokens) and\n"
    "allreduce.csv (system, kernel, gpus, bytes); each with lat_us, microseconds of one call. SYSTEM is any name that validate knows.\n"
    "--points are tables of serving points with ttft_ms and tpot_ms. The same tables give the same files, byte by byte.\n"
    "\n"
    "Written into --out: accelerators/ID.json, engines/ENGINE.json, intervals.json, points.csv and report.md. A relatives.json there,\n"
    "{\"b300-sxm\": \"b200-sxm\", ...}, names whose constants an accelerator without tables borrows. Copy the folder to\n"
    "$XDG_DATA_HOME/shardlens/calibration and the program uses it instead of its own.\n";

constexpr std::string_view kCatalogDetails =
    "Entries of your own are JSON files in $XDG_DATA_HOME/shardlens/catalog (~/.local/share/shardlens/catalog when that is not set),\n"
    "in folders models, accelerators and clusters, one entry per file, named like its id. An entry with the id of a shipped one takes\n"
    "its place, which is said on standard error; a file that cannot be used is left out, and said too.\n"
    "\n"
    "--check verifies the shipped entries and yours, or those of DIR: readable, id like the file and found once, source and units\n"
    "given, parameters equal to the published count or the rest explained, accelerators known, figures in ranges that real devices\n"
    "keep. One line per problem; status 2 when there is one.\n";

constexpr std::string_view kOperatorsDetails =
    "One row for each operator of a layer, of prefill and decode: the share of one device, shape and sharding, FLOP, bytes, what\n"
    "binds it, its collective and its times. Without FILE the scenario is the case study, Llama-3-70B on p5.48xlarge; FILE is a\n"
    "scenario (.shardlens), or - for standard input; flags override it. With --mtp load the operators of one draft step follow as\n"
    "kind draft, in no total.\n"
    "\n"
    "TERMS of --filter, all of which must hold: a word of the name; KEY:WORD for phase, kind, bound (compute, hbm, network),\n"
    "collective, algorithm, shape, sharding; KEY>NUMBER with <, <=, >= or = for layers, flop, weight_bytes, kv_bytes,\n"
    "activation_bytes, bytes, intensity, roof, sent_bytes, compute_time, hbm_time, network_time, overhead_time, time, total and\n"
    "share, with units (1ms, 10MiB, 2G, 5%). A minus before a term turns it round; write --filter=-bound:hbm where it comes first.\n"
    "COLUMN of --sort is any of these keys or name: numbers from the greatest, words from A; :asc and :desc say so. Without it rows\n"
    "stand in program order.\n"
    "\n"
    "--csv, --markdown and --json print exact figures in the units of their headings.\n";

constexpr std::array<CommandSpec, kCommandCount> kCommands{
    CommandSpec{Command::Window, "", "shardlens [FILE]", "open the window, with the scenario FILE if given", ""},
    CommandSpec{Command::Evaluate, "evaluate", "shardlens evaluate [FILE] [FLAGS]", "print memory, times and serving figures of a scenario",
                kScenarioDetails},
    CommandSpec{Command::Check, "check", "shardlens check FILE", "say whether a scenario can be read and its plan is legal",
                "FILE is a scenario (.shardlens), or - for standard input.\n"},
    CommandSpec{Command::Catalog, "catalog", "shardlens catalog models|accelerators|clusters [--json], or shardlens catalog --check [DIR]",
                "list models, accelerators or clusters with sources, or verify their files", kCatalogDetails},
    CommandSpec{Command::Render, "render", "shardlens render [FILE] PICTURE -o X.png [FLAGS]",
                "draw the window or one view into a PNG; needs no display", kScenarioDetails},
    CommandSpec{Command::Shard, "shard", "shardlens shard PRODUCT --mesh X=4,Y=2 --shape I=1024,... [FLAGS]",
                "work out a product of sharded arrays: its case, every way, shapes, bytes and times", kShardDetails},
    CommandSpec{Command::Validate, "validate", "shardlens validate FILE.csv [--json|--csv] [FLAGS]",
                "predict measured points and say how far off the predictions are", kValidateDetails},
    CommandSpec{Command::Fit, "fit", "shardlens fit --operators DIR --points FILE.csv --out DIR [FLAGS]",
                "fit the constants of calibrated mode to measurements of your own", kFitDetails},
    CommandSpec{Command::Operators, "operators", "shardlens operators [FILE] [--csv|--markdown|--json] [FLAGS]",
                "list the operators of a scenario: shapes, FLOP, bytes, what binds them, times", kOperatorsDetails},
};

} // namespace

std::span<const FlagSpec> flagSpecs()
{
    return kFlags;
}

const FlagSpec& specOf(Flag flag)
{
    static_assert(kFlags.size() == kFlagCount);
    return kFlags[static_cast<std::size_t>(flag)];
}

std::span<const CommandSpec> commandSpecs()
{
    return kCommands;
}

const CommandSpec& specOf(Command command)
{
    return kCommands[static_cast<std::size_t>(command)];
}

std::optional<Command> commandNamed(std::string_view name)
{
    for (const CommandSpec& spec : kCommands)
        if (!spec.name.empty() && spec.name == name)
            return spec.command;
    return std::nullopt;
}

bool takes(Command command, const FlagSpec& spec)
{
    return (spec.commands & bit(command)) != 0;
}

std::string allowedFor(const FlagSpec& spec)
{
    const auto range = [&spec] { return " from " + formatCount(spec.least) + " to " + formatCount(spec.most); };
    switch (spec.kind) {
    case ArgumentKind::None: return "no value";
    case ArgumentKind::Text: return std::string(spec.argument);
    case ArgumentKind::Count: return "a whole number" + range();
    case ArgumentKind::Bytes: return "bytes from 0 to 1 PiB, such as 0, 500MB or 2GiB";
    case ArgumentKind::Choice: {
        std::string text = "one of ";
        for (const char c : spec.argument)
            text += c == '|' ? std::string(", ") : std::string(1, c);
        return text;
    }
    case ArgumentKind::Size: return "WIDTHxHEIGHT, each a whole number" + range();
    case ArgumentKind::Factor:
        return "a number from " + formatNumber(static_cast<double>(spec.least) / kHundred) + " to "
               + (spec.most % kHundred == 0 ? formatCount(spec.most / kHundred) : formatNumber(static_cast<double>(spec.most) / kHundred));
    case ArgumentKind::Counts: return "whole numbers" + range() + ", separated by commas";
    case ArgumentKind::Order: return "each of " + std::string(spec.argument) + " once, in any order";
    }
    return {};
}

} // namespace shardlens::cli
