// SPDX-License-Identifier: Apache-2.0
#include "ui/window/disaggregationbody.h"

#include "core/scenario/poolsplit.h"
#include "ui/views/sceneview.h"

#include <cmath>

namespace shardlens {

DisaggregationBody::DisaggregationBody(Document& document, QWidget* parent) : QWidget(parent), m_document(document)
{
    setObjectName(QStringLiteral("dockBody"));
    setAttribute(Qt::WA_StyledBackground);
    SceneView::Options options;
    options.accessibleName = tr("Disaggregation");
    options.description = describeDisaggregation;
    options.tooltip = disaggregationTooltip;
    m_view = new SceneView(
        document, [this](const ViewInput& input, Scene& scene) { build(input, scene); }, options, this);
}

void DisaggregationBody::setTheme(const Theme& theme)
{
    m_view->setTheme(theme);
}

void DisaggregationBody::toggle()
{
    const Scenario& scenario = m_document.scenario();
    m_document.endMerge();
    if (!scenario.serving.pools) {
        m_document.edit(splitIntoPools(scenario), tr("Split into pools"));
    } else {
        Scenario next = scenario;
        next.serving.pools.reset();
        m_document.edit(next, tr("Join the pools"));
    }
    m_document.endMerge();
}

void DisaggregationBody::build(const ViewInput& input, Scene& scene)
{
    // Evaluated while it is seen only, and once for each scenario.
    if (input.report.legal && (!m_of || !(*m_of == input.scenario))) {
        m_of = input.scenario;
        const bool pools = input.scenario.serving.pools && input.scenario.serving.load.kind != LoadKind::StaticBatch;
        if (!pools) {
            m_split = splitIntoPools(input.scenario);
            m_splitReport = evaluate(m_split);
        }
        const Scenario& shown = pools ? input.scenario : m_split;
        const Report& report = pools ? input.report : m_splitReport;
        m_joined.reset();
        if (report.serving.pools && report.serving.devices > 0)
            if (const std::optional<Scenario> joined = joinedPools(shown, std::llround(report.serving.devices))) {
                m_joined = evaluate(*joined);
                m_joinedDevices = joined->plan.devices();
            }
    }
    DisaggregationOptions options;
    options.split = m_of ? &m_split : nullptr;
    options.splitReport = m_of ? &m_splitReport : nullptr;
    options.joined = m_joined ? &*m_joined : nullptr;
    options.joinedDevices = m_joinedDevices;
    buildDisaggregation(input, options, scene);
}

void DisaggregationBody::resizeEvent(QResizeEvent*)
{
    m_view->setGeometry(rect());
}

} // namespace shardlens
