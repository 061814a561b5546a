// SPDX-License-Identifier: Apache-2.0
// The expert view: the picture, and under it what decides it: routing skew, capacity factor, redundant copies.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/expertsscene.h"
#include "ui/theme/theme.h"

#include <QWidget>

#include <functional>

class QLabel;

namespace shardlens {

class LinearSlider;
class NumberField;
class SceneView;

class ExpertsBody : public QWidget {
    Q_OBJECT
public:
    ExpertsBody(Document& document, QWidget* parent);
    void setTheme(const Theme& theme);
    void setPhase(Phase phase);
    void setExample(bool example); ///< one order of the experts instead of the mean of all
    [[nodiscard]] const ExpertsOptions& options() const { return m_options; }
    [[nodiscard]] SceneView& view() const { return *m_view; }
    [[nodiscard]] LinearSlider& skew() const { return *m_skew; }
    [[nodiscard]] NumberField& capacity() const { return *m_capacity; }   ///< hundredths; 0: none
    [[nodiscard]] NumberField& redundant() const { return *m_redundant; } ///< copies per layer

protected:
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void redraw();
    void refreshControls();
    void layOut();
    void build(const ViewInput& input, Scene& scene);
    /// One edit, unless it would break the plan; then the sentence says why.
    [[nodiscard]] SceneView* makeView();
    [[nodiscard]] QString change(const QString& what, const QString& mergeKey, const std::function<void(Scenario&)>& edit);
    void connectField(NumberField& field, const QString& name, int step, int most, const std::function<void(Scenario&, int)>& set);

    Document& m_document;
    ExpertsOptions m_options;
    SceneView* m_view;
    LinearSlider* m_skew;
    QLabel* m_capacityName;
    NumberField* m_capacity;
    QLabel* m_redundantName;
    NumberField* m_redundant;
    std::optional<Scenario> m_balanced; ///< of which m_options.balancedTime is the answer
    double m_balancedPrefill = 0;
    double m_balancedDecode = 0;
    std::optional<Scenario> m_unlimited; ///< without a limit on what experts take
    double m_unlimitedPrefill = 0;
    double m_unlimitedDecode = 0;
};

} // namespace shardlens
