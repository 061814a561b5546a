// SPDX-License-Identifier: Apache-2.0
// What a server is asked for and how its engine schedules: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace shardlens {

enum class LoadKind : std::uint8_t {
    StaticBatch, ///< all requests arrive together, are prefilled, then decoded to the end (Workload::batch of them)
    ClosedLoop,  ///< `concurrency` clients, each sends its next request when the last one is answered
    OpenLoop,    ///< Poisson arrivals at `rate`, whatever the server does
};
inline constexpr std::array<std::string_view, 3> kLoadWords{"static", "closed", "open"};

/// Lengths of prompts or outputs around a nominal length.
struct LengthSpread {
    enum class Kind : std::uint8_t {
        Fixed,       ///< every request has the nominal length
        Uniform,     ///< whole numbers, evenly in [low, high] x nominal (vLLM's and InferenceX's random-range-ratio 0.8: low 0.8, high 1)
        Percentiles, ///< tokens at the 50th, 90th and 99th percentile; the nominal length is not used
    };
    Kind kind = Kind::Fixed;
    double low = 1;
    double high = 1;
    /// Log-normal between and beyond the given points: log length is piecewise linear in the normal quantile, the slope below the median
    /// being that from median to 90th; cut at 3.5 standard deviations.
    double p50 = 0;
    double p90 = 0;
    double p99 = 0;
    friend bool operator==(const LengthSpread&, const LengthSpread&) = default;
};
inline constexpr std::array<std::string_view, 3> kLengthWords{"fixed", "uniform", "percentiles"};

/// Speculative decoding: `draftTokens` are proposed for each step of the model, which verifies them in one step. With acceptance a of each
/// draft, independent, a step yields (1 - a^(k+1)) / (1 - a) tokens (Leviathan et al., arXiv:2211.17192, equation 1).
struct Speculation {
    enum class Draft : std::uint8_t {
        PredictionLayers, ///< the model's own multi-token prediction, one of its layers and the head for each draft token
        Relative,         ///< a draft model: each of its steps takes `relativeCost` of a step of this model
    };
    int draftTokens = 0; ///< 0: off
    double acceptance = 0.7;
    Draft draft = Draft::PredictionLayers;
    double relativeCost = 0.05;
    [[nodiscard]] bool on() const { return draftTokens > 0; }
    [[nodiscard]] double tokensPerStep() const
    {
        double sum = 1;
        double power = 1;
        for (int i = 0; i < draftTokens; ++i)
            sum += power *= acceptance;
        return sum;
    }
    friend bool operator==(const Speculation&, const Speculation&) = default;
};
inline constexpr std::array<std::string_view, 2> kDraftWords{"mtp", "relative"};

/// Load of the whole system: all replicas together.
struct ServingLoad {
    LoadKind kind = LoadKind::StaticBatch;
    int concurrency = 32; ///< closed loop: clients, each with one request in the system at all times
    double rate = 1;      ///< open loop: requests/s
    LengthSpread inputLengths;
    LengthSpread outputLengths;
    double prefixHit = 0; ///< share of each prompt that the prefix cache holds; at least its last token is computed
    Speculation speculation;
    /// Simulated, in a steady closed loop measured; 0: ten for each client, 4,000 in an open loop.
    int requests = 0;
    /// -1: figures of the steady state. An open loop leaves out the first fifth of its requests. A closed loop begins with each client at a
    /// random place of its first answer, as a client that has long been there is found (the stationary renewal process: Cox, Renewal Theory,
    /// 1962, section 2.2; as a start of simulations: Kelton, IIE Transactions 21, 1989), leaves out all that is sent before every client has
    /// that answer (initial-data deletion: Law, Simulation Modeling and Analysis, 5th edition, section 9.5.1), then measures `requests`
    /// requests while the clients go on, so that nothing of the start or of an end is in the figures.
    /// 0 or more: a benchmark's run. All clients send their first request at time 0, the run ends with its last request, and so many of the
    /// first requests are left out of the statistics.
    int warmup = -1;
    unsigned seed = 1; ///< of lengths and arrivals
    /// Figures of a closed loop without its start.
    [[nodiscard]] bool steady() const { return kind == LoadKind::ClosedLoop && warmup < 0; }
    friend bool operator==(const ServingLoad&, const ServingLoad&) = default;
};
inline constexpr int kRequestsPerClient = 10;
inline constexpr int kOpenLoopRequests = 4000;

enum class Engine : std::uint8_t { Generic, Vllm, Sglang, TrtLlm };
inline constexpr std::size_t kEngineCount = 4;
inline constexpr std::array<std::string_view, kEngineCount> kEngineWords{"generic", "vllm", "sglang", "trtllm"};
/// "vLLM", "SGLang", "TensorRT-LLM", "generic engine".
[[nodiscard]] std::string_view nameOf(Engine engine);

enum class PrefillPolicy : std::uint8_t {
    Chunked, ///< pieces of prompts join decode steps under the token budget; decode goes first (Sarathi-Serve, arXiv:2403.02310)
    First,   ///< waiting prompts are prefilled in steps of their own, up to the budget; decode waits meanwhile
};
inline constexpr std::array<std::string_view, 2> kPolicyWords{"chunked", "prefill-first"};

enum class KvAdmission : std::uint8_t {
    Greedy,     ///< a request is admitted when its prompt fits; when a decode step finds no block, the youngest request is preempted and
                ///< computed anew (vLLM, arXiv:2309.06180, section 4.5)
    Guaranteed, ///< only when its prompt and whole output fit: no preemption (TensorRT-LLM's GUARANTEED_NO_EVICT)
};
inline constexpr std::array<std::string_view, 2> kAdmissionWords{"greedy", "guaranteed"};

/// How an engine schedules, for each attention-DP rank of a replica. defaultsOf() gives the figures of each engine with their source.
struct EngineSettings {
    Engine engine = Engine::Generic;
    PrefillPolicy policy = PrefillPolicy::Chunked;
    /// A prompt may be prefilled in several steps. Otherwise it waits until all of it fits into the budget beside the sequences that decode
    /// (the analytic answer takes the mean prompt for that), and one longer than the budget is prefilled alone.
    bool cutPrompts = true;
    int tokenBudget = 8192; ///< most tokens of a step, decoding ones included (Chunked)
    int maxSequences = 1024;
    KvAdmission admission = KvAdmission::Greedy;
    int pollInterval = 1;       ///< new requests are looked for every n decode steps (and after every prefill step)
    bool overlap = false;       ///< the next step is scheduled while one runs, so a request is seen one step later
    double requestOverhead = 0; ///< s: HTTP, tokenizer and queue before a request reaches the scheduler, part of TTFT
    friend bool operator==(const EngineSettings&, const EngineSettings&) = default;
};

/// The engine's own defaults on a data-centre GPU:
/// - vLLM (V1, vllm/engine/arg_utils.py, API server): chunked prefill always on, max_num_batched_tokens 8,192 and max_num_seqs 1,024 with
///   70 GiB or more other than A100 (else 2,048 and 256), preemption by recomputation, no asynchronous scheduling.
/// - SGLang (python/sglang/srt/server_args.py): prefill before decode, chunked_prefill_size 8,192 on 80 GB (16,384 on Blackwell), overlap
///   schedule, scheduler_recv_interval 1; max_running_requests at least 2,048.
/// - TensorRT-LLM (tensorrt_llm/llmapi, PyTorch backend): in-flight batching, max_num_tokens 8,192, max_batch_size 2,048, chunked prefill
///   off, GUARANTEED_NO_EVICT, overlap scheduler.
/// - Generic: chunked, 8,192 tokens, 1,024 sequences, nothing that is peculiar to one engine.
/// None has a request overhead by default: that is measured, not known.
[[nodiscard]] EngineSettings defaultsOf(Engine engine);

/// The engine as it is run for a load: where whole prompts join decode steps (Chunked, not cutPrompts), a token budget below longest prompt +
/// sequences + 64 would let a long prompt wait until nearly nothing decodes, so it is raised to that, as TensorRT-LLM's benchmarks set
/// max_num_tokens to prompt + batch + 64. Sequences: the clients of the load, in an open loop maxSequences, each with its draft tokens.
/// Any other engine is returned as it is.
[[nodiscard]] EngineSettings withRoomForPrompts(EngineSettings engine, const ServingLoad& load, int input);

/// Requests of one replica by the load: the smallest and largest length, and the mean, of prompts or outputs.
struct LengthRange {
    int least = 1;
    int most = 1;
    double mean = 1;
};
[[nodiscard]] LengthRange rangeOf(const LengthSpread& spread, int nominal);
/// Length at a uniform draw u in [0, 1).
[[nodiscard]] int lengthAt(const LengthSpread& spread, int nominal, double u);

// Limits of every input, for readers and controls alike.
inline constexpr int kMaxConcurrency = 65536;
inline constexpr double kMaxRate = 1e6;
inline constexpr int kMaxTokenBudget = 4'194'304;
inline constexpr int kMaxPollInterval = 10'000;
inline constexpr int kMaxDraftTokens = 64;
inline constexpr int kMaxSimulatedRequests = 1'000'000;

} // namespace shardlens
