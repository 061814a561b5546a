// SPDX-License-Identifier: Apache-2.0
#include "core/serving/kvtransfer.h"

#include "core/cost/memory.h"

#include <algorithm>

namespace shardlens {

namespace {

MemoryTerms memoryOf(const StepModel& step, const Plan& plan, const Workload& workload)
{
    return {{step.model(), step.cluster(), workload, step.formats()}, plan, Bytes{0}};
}

/// Devices of a stage that hold a part of the cache of one sequence.
double holdersOf(const Plan& plan)
{
    return static_cast<double>(plan.stageDevices()) / plan.attentionData();
}

} // namespace

KvTransfer kvTransferOf(const StepModel& prefill, const StepModel& decode, int prompt)
{
    Workload workload;
    workload.batch = 1;
    workload.input = prompt;
    workload.output = 1;
    KvTransfer out;
    const Plan whole; // one device: no value twice
    out.values = static_cast<double>(memoryOf(prefill, whole, workload).cacheOf(0, prompt).bytes);
    const MemoryTerms receivers = memoryOf(decode, decode.plan(), workload);
    for (int stage = 0; stage < decode.plan().pipeline(); ++stage) {
        const auto each = static_cast<double>(receivers.cacheOf(stage, prompt).bytes);
        out.received = std::max(out.received, each);
        out.bytes += each * holdersOf(decode.plan());
    }
    // A prefill stage sends its layers' part of all that crosses, dealt to the devices that have it.
    Plan stages;
    stages[PlanAxis::Pipeline] = prefill.plan().pipeline();
    stages.options = prefill.plan().options;
    const MemoryTerms senders = memoryOf(prefill, stages, workload);
    double all = 0;
    double most = 0;
    for (int stage = 0; stage < stages.pipeline(); ++stage) {
        const auto values = static_cast<double>(senders.cacheOf(stage, prompt).bytes);
        most = std::max(most, values);
        all += values;
    }
    out.sent = all > 0 ? out.bytes * most / all / holdersOf(prefill.plan()) : 0;
    out.receiveBandwidth = decode.cluster().levels.back().bandwidth;
    out.sendBandwidth = prefill.cluster().levels.back().bandwidth;
    out.latency = std::max(prefill.cluster().levels.back().latency, decode.cluster().levels.back().latency);
    return out;
}

} // namespace shardlens
