// SPDX-License-Identifier: Apache-2.0
// What the cache of a prompt takes from the devices that made it to those that decode with it.
#pragma once

#include "core/cost/operators.h"

namespace shardlens {

/// t = latency + max(received / BW of a decode device, sent / BW of a prefill device): every device has one link, all links work at once, and
/// the device with most to move is the last (one NIC per device and direct writes into the peer's memory: Mooncake, arXiv:2407.00079,
/// section 3; copies as the plans hold them: core/cost/memory.h). Where TP exceeds the KV heads, or with the one latent of MLA, devices of the
/// decode plan hold copies: each of them is sent, and the devices that hold its values share the sending.
struct KvTransfer {
    double values = 0;           ///< bytes, each value once
    double bytes = 0;            ///< that cross: each value as often as decode devices hold it
    double received = 0;         ///< bytes of the decode device that gets most
    double sent = 0;             ///< bytes of the prefill device that sends most
    double receiveBandwidth = 0; ///< bytes/s of a decode device, by the outermost links of its cluster
    double sendBandwidth = 0;    ///< of a prefill device
    double latency = 0;          ///< s, of the slower of both
    /// The sender's links are what takes longer.
    [[nodiscard]] bool sendingBinds() const { return sent * receiveBandwidth > received * sendBandwidth; }
    /// bytes/s of all that crosses while the slowest device moves its part.
    [[nodiscard]] double bandwidth() const
    {
        const double perByte = sendingBinds() ? sent / sendBandwidth : received / receiveBandwidth;
        return perByte > 0 ? bytes / perByte : 0;
    }
};

/// Of a prompt of so many tokens, from a worker of one plan to a worker of another.
[[nodiscard]] KvTransfer kvTransferOf(const StepModel& prefill, const StepModel& decode, int prompt);

} // namespace shardlens
