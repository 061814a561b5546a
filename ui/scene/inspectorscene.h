// SPDX-License-Identifier: Apache-2.0
// The arithmetic of what is selected: the figure, its formula with numbers and units, where each input comes from, what else was considered.
#pragma once

#include "ui/scene/scene.h"

#include <optional>

namespace shardlens {

struct InspectorOptions {
    std::optional<Explanation> explanation; ///< unset: explain() is asked about the pin, the hover, or TPOT
    bool hints = true;                      ///< what a hand can do here; not in pictures
};

/// Width from the input; the height needed is left in scene.size, and may be more than the input's.
void buildInspector(const ViewInput& input, const InspectorOptions& options, Scene& scene);
/// What is explained: the pin, else the hover, else TPOT.
[[nodiscard]] Subject inspected(const ViewInput& input);
/// The arithmetic of what is explained as plain text: figure, formula, inputs with their sources, alternatives, notes.
[[nodiscard]] QString inspectorText(const ViewInput& input, const InspectorOptions& options = {});
/// One sentence for a screen reader, of what is shown when nothing is selected.
[[nodiscard]] QString describeInspector(const Scenario& scenario, const Report& report);

} // namespace shardlens
