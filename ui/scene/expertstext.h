// SPDX-License-Identifier: Apache-2.0
// The words and figures of the expert view.
#pragma once

#include "ui/scene/expertsscene.h"

#include <QCoreApplication>

namespace shardlens {

class ExpertsText {
    Q_DECLARE_TR_FUNCTIONS(ExpertsText)
public:
    [[nodiscard]] static QString number(double value); ///< three significant figures
};

struct ExpertsFact {
    QString name;
    QString value;
};
/// What the picture says in figures, most important first.
[[nodiscard]] std::vector<ExpertsFact> expertsFacts(const ViewInput& input, const ExpertsOptions& options, const ExpertLoadTable& table);
/// What the map's places are, in one sentence.
[[nodiscard]] QString placesSentence(const ExpertLoadTable& table);

/// Wraps facts at `width`; returns the lines they take. With a scene they are drawn, as many lines as the area holds.
int flowFacts(const std::vector<ExpertsFact>& facts, double width, Scene* scene, const Theme& theme, const QRectF& area);
/// In place of the picture for a model without experts.
void drawDense(const ViewInput& input, Scene& scene);

} // namespace shardlens
