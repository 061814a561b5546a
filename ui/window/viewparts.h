// SPDX-License-Identifier: Apache-2.0
// What the makers of the views share. Each view is made in a file of its own: view_mesh.cpp and so on.
#pragma once

#include "ui/views/sceneview.h"
#include "ui/window/views.h"

class QToolButton;

namespace shardlens {

/// A text of the views, translated.
[[nodiscard]] QString viewText(const char* text);
[[nodiscard]] SceneView::Options viewOptions(bool rebuildOnHover, const char* name, QString (*description)(const Scenario&, const Report&),
                                             QString (*tooltip)(const Scenario&, const Report&, const Subject&));
/// "Colour: stage × TP rank ▾" and its menu; `chosen` gets the index.
QToolButton* addMenuChoice(ViewTitle& title, const QString& what, const QStringList& names, const std::function<void(int)>& chosen);
/// "if it fitted" in the title while the plan that is drawn does not fit.
void showFitCondition(ViewTitle& title, const Report& report);
/// A view that is one scene.
[[nodiscard]] View sceneOnly(ViewTitle* title, SceneView* scene, std::function<void()> refresh);

[[nodiscard]] View makeMeshView(Document& document, QWidget* parent);
[[nodiscard]] View makePlateView(Document& document, QWidget* parent);
[[nodiscard]] View makeTimelineView(Document& document, QWidget* parent);
[[nodiscard]] View makeMemoryView(Document& document, QWidget* parent);
[[nodiscard]] View makeLatencyView(Document& document, QWidget* parent);
[[nodiscard]] View makeRooflineView(Document& document, QWidget* parent);
[[nodiscard]] View makeOperatorsView(Document& document, QWidget* parent);
[[nodiscard]] View makeExpertsView(Document& document, QWidget* parent);
[[nodiscard]] View makeDisaggregationView(Document& document, QWidget* parent);
[[nodiscard]] View makeTrustView(Document& document, QWidget* parent);

} // namespace shardlens
