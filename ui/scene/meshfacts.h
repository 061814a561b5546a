// SPDX-License-Identifier: Apache-2.0
// What a device of a legal plan is and holds, in numbers and in words. Shared by the mesh, the memory bars and their tooltips.
#pragma once

#include "ui/scene/scene.h"

#include <QCoreApplication>

#include <vector>

namespace shardlens {

/// Context of the mesh's texts for translators.
struct MeshWords {
    Q_DECLARE_TR_FUNCTIONS(MeshWords)
};

struct DeviceFacts {
    int device = 0;
    int tensor = 0;
    int sequence = 0;
    int attentionData = 0;
    int stage = 0;
    int replica = 0;
    int expertRank = 0;
    IndexRange layers;     ///< of its first visit: with virtual stages there are more, see layersText()
    IndexRange queryHeads; ///< empty, and so are the KV heads, where no layer has softmax attention
    IndexRange kvHeads;
    IndexRange experts; ///< empty for a dense model
    int kvCopy = 0;     ///< which of kvCopies equal copies of its KV heads this device holds
    int kvCopies = 1;
};

/// Facts of the devices of one scenario whose report is legal.
class MeshFacts {
public:
    MeshFacts(const Scenario& scenario, const Report& report);

    [[nodiscard]] DeviceFacts of(int device) const;
    [[nodiscard]] const Placement& placement() const { return m_placement; }
    [[nodiscard]] int used() const { return m_placement.devices(); } ///< devices beyond these are idle
    [[nodiscard]] int stages() const { return m_scenario.plan.pipeline(); }
    [[nodiscard]] int stageDevices() const { return static_cast<int>(m_scenario.plan.stageDevices()); }
    [[nodiscard]] int replicaDevices() const { return stageDevices() * stages(); }
    /// True when the devices of each stage, and those of each replica, follow one another: the usual order of the plan's axes.
    [[nodiscard]] bool areBlocks() const;
    [[nodiscard]] const DeviceMemory& memoryOf(int stage) const;
    /// Whose heads are shown: of the first layer that has softmax attention; null where none has.
    [[nodiscard]] const Attention* attention() const;
    [[nodiscard]] int experts() const;
    /// Which layers a stage runs: "0–9", or of each of its visits "0–4, 40–44".
    [[nodiscard]] QString layersText(int stage) const;
    [[nodiscard]] const StageLayout& layout() const { return m_layout; }

private:
    const Scenario& m_scenario;
    const Report& m_report;
    Placement m_placement;
    StageLayout m_layout;
};

/// A collective of the decode step as one line of text tells it.
struct CollectiveUse {
    Collective kind = Collective::None;
    MeshAxis axis = MeshAxis::Tensor;
    bool amongExperts = false; ///< in the EP group instead of `axis`
    int times = 0;             ///< per microbatch on the busiest stage
    double payload = 0;        ///< bytes of each
    double sent = 0;           ///< bytes that each device puts on links, each time
    double seconds = 0;        ///< each takes, hidden or not
    int level = -1;            ///< outermost fabric level it uses
};
/// Collectives of the layers in a decode step, most bytes first; equal ones added up.
[[nodiscard]] std::vector<CollectiveUse> decodeCollectives(const Report& report);

/// "0-15" with an en dash, "5", or "none".
[[nodiscard]] QString rangeText(IndexRange range);
/// "GPU" to "GPUs"; `count` decides.
[[nodiscard]] QString counted(int count, const QString& noun);
/// "GPU 12"; "Core 12" at the start of a sentence or label.
[[nodiscard]] QString deviceName(const Scenario& scenario, int device);
/// "16.43" for exact places in charts, three significant figures from 100 on.
[[nodiscard]] QString gibText(double bytes);
/// Breaks a sentence into at most `lines` lines of `width`; the last one is elided.
[[nodiscard]] QStringList wrapped(const QString& text, TextRole role, double width, int lines);

} // namespace shardlens
