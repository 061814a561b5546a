// SPDX-License-Identifier: Apache-2.0
// The scheduler of one replica, step by step; steps between which nothing changes are taken at once.
#pragma once

#include "core/serving/steptimes.h"

#include <array>
#include <deque>
#include <queue>

namespace shardlens {

/// What one replica is asked for.
struct ReplicaLoad {
    int clients = 0;     ///< closed loop; 0: open loop
    bool steady = false; ///< closed loop: measured in its steady state, `requests` after the warm-up (ServingLoad::warmup)
    double rate = 0;     ///< open loop: requests/s of all replicas
    int replicas = 1;    ///< open loop: that take turns, so that this one gets every n-th arrival
    int requests = 0;
    std::uint64_t seed = 1;
};

/// One request's times, seconds from the start.
struct RequestTimes {
    double arrival = 0;
    double first = 0; ///< first token
    double end = 0;
    int prompt = 0;
    int output = 0;
};

/// Integrals and counts over the whole run, in a steady closed loop over the time that is measured.
struct ReplicaTotals {
    double duration = 0;
    double warmup = 0;   ///< s before it
    double running = 0;  ///< requests admitted x s
    double waiting = 0;  ///< requests sent and not admitted x s
    double busy = 0;     ///< s in which a step runs
    double kvTokens = 0; ///< tokens of allocated blocks x s
    double peakKvTokens = 0;
    double decodeSteps = 0;
    double decodeRows = 0; ///< sequences over all decode steps
    std::int64_t preemptions = 0;
    std::int64_t waitingAtLastArrival = -1; ///< open loop
    bool cancelled = false;
};

class ReplicaSimulation {
public:
    ReplicaSimulation(const ServiceInput& input, StepTimes& times, const ReplicaLoad& load);
    void run(const SimulationControl& control, double progressFrom, double progressTo);
    [[nodiscard]] const std::vector<RequestTimes>& requests() const { return m_times; }
    [[nodiscard]] const ReplicaTotals& totals() const { return m_totals; }
    /// Of the requests in the order in which they were sent, the first that is measured in a steady loop; 0 in all others.
    [[nodiscard]] int firstMeasured() const { return m_firstMeasured; }
    /// Tokens of a cache block.
    static constexpr int kBlock = 16;

private:
    struct Request {
        int rank = 0;
        int made = 0;       ///< tokens made before it was last preempted
        unsigned stamp = 0; ///< of its entry in the list of finishes; others are stale
        bool admitted = false;
        bool decoding = false;
        std::int64_t joined = 0; ///< decode step at which it joined
        double contextAtJoin = 0;
        int key = 0;               ///< phase in which it needs a block
        std::int64_t blocks = 0;   ///< at join
        std::int64_t reserved = 0; ///< by guaranteed admission
    };
    struct Rank {
        std::deque<int> waiting;
        int partial = -1; ///< request whose prompt is half done
        int partialDone = 0;
        int decoding = 0;
        double contexts = 0; ///< sum over decoding sequences
        std::int64_t blocks = 0;
        std::int64_t reserved = 0;
        std::array<int, kBlock> phases{}; ///< decoding sequences by key
        std::vector<int> admitted;        ///< in order; finished ones are dropped when seen
        int running = 0;                  ///< admitted, decoding or in prefill
    };
    struct Finish {
        std::int64_t step = 0;
        int request = 0;
        unsigned stamp = 0;
        friend bool operator>(const Finish& a, const Finish& b) { return a.step != b.step ? a.step > b.step : a.request > b.request; }
    };
    struct Piece {
        int request = 0;
        int tokens = 0;
        int past = 0;
        bool ends = false;
    };

    void drawOpenLoop();
    void drawRequest(int request);
    [[nodiscard]] bool finished() const { return m_load.steady ? m_left == 0 : m_finished >= m_load.requests; }
    void countSteady(int request, double time);
    [[nodiscard]] double draw(int request, int stream) const;
    void send(int request, double time);
    void poll();
    void buildPrefill();
    void buildPrefill(Rank& rank, int room, double& most, double& all);
    [[nodiscard]] bool takePiece(Rank& rank, int request, int& room, double& tokens, double& pairs);
    [[nodiscard]] bool admit(Rank& rank, int request);
    void step();
    void decodeOnly();
    void mixed();
    void advance(double seconds, std::int64_t decodeSteps, double lastStep);
    [[nodiscard]] std::int64_t jump(double context, double sequences);
    void endPrompts(double fill);
    void join(int request);
    void finishDue();
    void complete(int request, double time);
    void makeRoom();
    void preempt(Rank& rank);
    void leave(Rank& rank, int request);
    [[nodiscard]] std::int64_t blocksNeeded(const Rank& rank, std::int64_t steps) const;
    [[nodiscard]] std::int64_t blocksNow(const Request& r) const;
    [[nodiscard]] int phaseAt(std::int64_t step) const;
    [[nodiscard]] int promptOf(int request) const
    {
        return m_times[static_cast<std::size_t>(request)].prompt + m_requests[static_cast<std::size_t>(request)].made;
    }
    [[nodiscard]] int hitOf(int request) const;
    [[nodiscard]] double effectiveSequences() const;
    [[nodiscard]] int decoding() const;
    [[nodiscard]] double meanContext() const;

    const EngineSettings m_engine;
    const Speculation m_speculation;
    const LengthSpread m_inputLengths;
    const LengthSpread m_outputLengths;
    const int m_input;
    const int m_output;
    const double m_prefixHit;
    StepTimes& m_step;
    ReplicaLoad m_load;
    double m_tokensPerStep = 1;
    int m_period = kBlock; ///< decode steps in which a sequence fills a block
    std::int64_t m_blocksPerRank = 0;
    std::vector<RequestTimes> m_times;
    std::vector<Request> m_requests;
    std::vector<Rank> m_ranks;
    std::deque<std::pair<double, int>> m_arriving; ///< when the scheduler can see them
    std::priority_queue<Finish, std::vector<Finish>, std::greater<>> m_finishes;
    std::vector<Piece> m_pieces;
    PrefillWork m_work;
    ReplicaTotals m_totals;
    double m_now = 0;
    double m_lastStart = 0; ///< of the step before: what an overlapping scheduler has seen
    std::int64_t m_stepIndex = 0;
    int m_sincePoll = 0;
    bool m_idle = true;
    bool m_afterPrefill = false;
    bool m_preempted = false;
    int m_nextRank = 0;
    int m_sent = 0;
    int m_finished = 0;
    int m_answered = 0; ///< clients of a steady loop that have their first answer
    int m_firstMeasured = 0;
    int m_left = 0;             ///< of the measured requests of a steady loop
    std::int64_t m_waiting = 0; ///< in the ranks' queues
};

} // namespace shardlens
