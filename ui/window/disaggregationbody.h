// SPDX-License-Identifier: Apache-2.0
// The disaggregation view: pools as they are or would be, held against one system of as many devices.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/disaggregationscene.h"

#include <QWidget>

namespace shardlens {

class SceneView;

class DisaggregationBody : public QWidget {
    Q_OBJECT
public:
    DisaggregationBody(Document& document, QWidget* parent);
    void setTheme(const Theme& theme);
    /// Into pools, or back into one system: one undo step.
    void toggle();
    [[nodiscard]] SceneView& view() const { return *m_view; }

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void build(const ViewInput& input, Scene& scene);

    Document& m_document;
    SceneView* m_view;
    std::optional<Scenario> m_of; ///< what the reports below belong to
    Scenario m_split;
    Report m_splitReport;
    std::optional<Report> m_joined;
    std::int64_t m_joinedDevices = 0;
};

} // namespace shardlens
