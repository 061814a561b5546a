// SPDX-License-Identifier: Apache-2.0
// The plan's axes laid onto the fabric: chips from inner to outer, and under them the levels that they lie on.
#pragma once

#include "core/scenario/plancollectives.h"
#include "ui/scene/scene.h"

#include <QStringList>

#include <memory>
#include <optional>
#include <vector>

namespace shardlens {

/// What an order of the axes would do.
struct OrderEffect {
    bool legal = false;
    double ttft = 0;
    double tpot = 0;
    QString reason; ///< why it is not legal
};

struct AxisChip {
    MeshAxis axis = MeshAxis::Tensor;
    QRectF rect;
    QString name; ///< "TP 8"
};

struct AxisBracket {
    int level = 0;
    QRectF rect;
    QString name; ///< "NVSwitch, 8"
};

struct AxisOrderLayout {
    std::vector<AxisChip> chips; ///< axes of more than one device, innermost first
    std::vector<AxisBracket> brackets;
    std::vector<QRectF> experts;                ///< what EP lies on: it has no place of its own, the stages' axes are divided for it
    QString expertsName;                        ///< "EP 8"; empty where there is none
    QRectF words;                               ///< one line, below
    [[nodiscard]] int chipAt(QPointF at) const; ///< chips.size(): EP; -1: none
    [[nodiscard]] bool isExperts(int chip) const { return !experts.empty() && chip == static_cast<int>(chips.size()); }
    /// Place among the chips where one dropped at x would lie.
    [[nodiscard]] int placeAt(double x, int dragged) const;
};

struct AxisOrderOptions {
    int selected = -1;               ///< chip with the keyboard's or the pointer's attention; chips.size(): EP
    int dragged = -1;                ///< chip on its way
    int place = -1;                  ///< where it would go
    double pointer = 0;              ///< x of the dragged chip's middle
    std::optional<OrderEffect> then; ///< of the order with it there
    std::shared_ptr<const std::vector<PlanCollective>> collectives = {}; ///< of the report; null: worked out when needed, at a price
};

[[nodiscard]] AxisOrderLayout layoutAxisOrder(const ViewInput& input);
[[nodiscard]] double axisOrderHeight(const Plan& plan);
void buildAxisOrder(const ViewInput& input, const AxisOrderOptions& options, Scene& scene);
/// The order with the `from`-th of the axes in use moved to place `to` among them.
[[nodiscard]] AxisOrder movedAxis(const Plan& plan, int from, int to);
/// "TP, PP, DP": axes in use, innermost first.
[[nodiscard]] QString orderText(const Plan& plan);
/// "TPOT 11.9 → 14.2 ms, +19 %".
[[nodiscard]] QString effectText(const Report& now, const OrderEffect& then);
/// "TP 8: NVSwitch, 1 link, 450 GB/s one way; 3.2 ms of collectives a decode step".
[[nodiscard]] QString axisText(const Scenario& scenario, const std::vector<PlanCollective>& collectives, MeshAxis axis);
/// The same in ever fewer words, longest first; all of them name the axis and the time.
[[nodiscard]] QStringList axisTexts(const Scenario& scenario, const std::vector<PlanCollective>& collectives, MeshAxis axis);
[[nodiscard]] QStringList effectTexts(const Report& now, const OrderEffect& then);
/// The same of EP.
[[nodiscard]] QStringList expertsTexts(const Scenario& scenario, const std::vector<PlanCollective>& collectives);
[[nodiscard]] QString expertsText(const Scenario& scenario, const std::vector<PlanCollective>& collectives);

} // namespace shardlens
