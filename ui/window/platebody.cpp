// SPDX-License-Identifier: Apache-2.0
#include "ui/window/platebody.h"

#include "ui/views/sceneview.h"
#include "ui/window/playgroundbody.h"

#include <QWheelEvent>

#include <algorithm>

namespace shardlens {
PlateBody::PlateBody(Document& document, QWidget* parent) : QWidget(parent), m_document(document), m_theme(&Theme::of(ThemeId::Light))
{
    setObjectName(QStringLiteral("dockBody"));
    setAttribute(Qt::WA_StyledBackground);
    SceneView::Options options;
    options.rebuildOnHover = true; // tiles that the selection does not hold fade
    options.accessibleName = tr("Shard plate");
    options.description = describePlate;
    options.tooltip = plateTooltip;
    m_tensors = new SceneView(document, {}, options, this);
    m_tensors->installEventFilter(this);
    connect(&document.selection(), &Selection::changed, this, [this] {
        // The title speaks of the stage, which a pin may change and a hover does not.
        if (const int now = stage(); now != m_shownStage) {
            m_shownStage = now;
            Q_EMIT changed();
        }
    });
    redraw();
}

void PlateBody::setTheme(const Theme& theme)
{
    m_theme = &theme;
    m_tensors->setTheme(theme);
    if (m_playground)
        m_playground->setTheme(theme);
}

PlaygroundBody& PlateBody::playground()
{
    if (!m_playground) {
        m_playground = new PlaygroundBody(m_document, this);
        m_playground->setTheme(*m_theme);
        m_playground->setGeometry(rect());
        m_playground->setVisible(m_mode == PlateMode::Playground);
    }
    return *m_playground;
}

void PlateBody::setMode(PlateMode mode)
{
    m_mode = mode;
    m_tensors->setVisible(mode == PlateMode::Tensors);
    if (mode == PlateMode::Playground || m_playground)
        playground().setVisible(mode == PlateMode::Playground);
    Q_EMIT changed();
}

int PlateBody::stage() const
{
    return plateStage(m_document.scenario(), m_document.report(), m_document.selection().pin(), m_options);
}

void PlateBody::stepStage(int by)
{
    if (!m_document.report().legal)
        return;
    const int stages = m_document.scenario().plan.pipeline();
    m_options.stage = ((stage() + by) % stages + stages) % stages;
    m_options.firstTensor = 0;
    const Subject& pin = m_document.selection().pin();
    if (pin.device >= 0 || pin.stage >= 0)
        m_document.selection().clear();
    redraw();
    Q_EMIT changed();
}

QString PlateBody::subtitle() const
{
    if (m_mode == PlateMode::Playground)
        return tr("products of sharded arrays, step by step");
    return plateSubtitle(m_document.scenario(), m_document.report(), stage());
}

QString PlateBody::assumptions() const
{
    return m_mode == PlateMode::Playground && m_playground ? playgroundAssumptions(m_playground->text(), m_playground->picture())
                                                           : QString();
}

void PlateBody::redraw()
{
    m_tensors->setBuilder([options = m_options](const ViewInput& input, Scene& scene) { buildPlate(input, options, scene); });
}

void PlateBody::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    m_tensors->setGeometry(rect());
    if (m_playground)
        m_playground->setGeometry(rect());
}

bool PlateBody::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_tensors && event->type() == QEvent::Wheel) {
        const int steps = m_wheel.take(static_cast<QWheelEvent*>(event)->angleDelta().y());
        const int last = std::max(0, plateTensorCount(m_document.scenario(), m_document.report(), stage()) - 1);
        const int first = std::clamp(m_options.firstTensor - steps, 0, last);
        if (first != m_options.firstTensor) {
            m_options.firstTensor = first;
            redraw();
        }
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace shardlens
