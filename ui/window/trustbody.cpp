// SPDX-License-Identifier: Apache-2.0
#include "ui/window/trustbody.h"

#include "core/scenario/explain_point.h"
#include "ui/scene/trustplot.h"
#include "ui/views/sceneview.h"

#include <QCoreApplication>
#include <QFileDialog>
#include <QWheelEvent>

#include <algorithm>

namespace shardlens {
namespace {

constexpr int kRowsPerStep = 3;

} // namespace

TrustBody::TrustBody(Document& document, std::string_view shippedCsv, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_measurements(document.catalog(), shippedCsv)
{
    setObjectName(QStringLiteral("dockBody"));
    setAttribute(Qt::WA_StyledBackground);
    SceneView::Options options;
    options.accessibleName = tr("Trust: predicted against measured");
    options.description = [this](const Scenario&, const Report&) { return describeTrust(m_picture); };
    options.tooltip = [this](const Scenario&, const Report&, const Subject& subject) { return trustTooltip(m_picture, subject); };
    m_view = new SceneView(document, {}, options, this);
    m_view->installEventFilter(this);
    m_mode = document.scenario().mode;
    connect(&document, &Document::reportChanged, this, &TrustBody::reportChanged);
    connect(&m_measurements, &Measurements::changed, this, [this] {
        refreshPicture();
        redraw();
    });
    connect(&m_measurements, &Measurements::progressed, this, &TrustBody::redraw);
    redraw();
}

void TrustBody::setTheme(const Theme& theme)
{
    m_view->setTheme(theme);
}

TrustOptions TrustBody::options()
{
    const Scenario& scenario = m_document.scenario();
    const std::string& accelerator = scenario.cluster->accelerator.id;
    const Engine engine = scenario.serving.engine.engine;
    if (scenario.calibration)
        m_calibration = scenario.calibration;
    else if (!m_calibration || m_calibration->accelerator != accelerator || m_calibration->engine != engine)
        m_calibration = calibrationOf(m_document.catalog().calibration, accelerator, engine);
    return {&m_picture, m_calibration, m_table, m_firstRow, m_measurements.progress(), m_mode == Mode::Calibrated};
}

void TrustBody::redraw()
{
    m_view->setBuilder([this](const ViewInput& input, Scene& scene) { buildTrust(input, options(), scene); });
}

void TrustBody::refreshPicture()
{
    m_picture = trustPicture(m_measurements.shipped(m_mode), m_measurements.own(m_mode), m_figure, m_colour);
    m_picture.ownName = m_measurements.ownName();
}

void TrustBody::reportChanged()
{
    const Mode mode = m_document.scenario().mode;
    if (mode == m_mode)
        return;
    m_mode = mode;
    refreshPicture();
    redraw();
}

std::optional<Explanation> TrustBody::explanationOf(const Subject& subject) const
{
    const ComparedPoint* point = subject.kind == Subject::Kind::Point ? pointOf(m_picture, subject.point) : nullptr;
    if (point == nullptr)
        return std::nullopt;
    return explainPoint(*point, m_figure, pointInputs(m_document.scenario(), m_document.report()));
}

void TrustBody::setFigure(PointFigure figure)
{
    m_figure = figure;
    refreshPicture();
    redraw();
}

void TrustBody::setColour(TrustColour colour)
{
    m_colour = colour;
    refreshPicture();
    redraw();
}

void TrustBody::setTable(TrustTable table)
{
    m_table = table;
    m_firstRow = 0;
    redraw();
}

void TrustBody::openByDialog(const QString& directory)
{
    auto* dialog = new QFileDialog(window(), tr("Compare measured points"), directory);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Measured points (*.csv)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& fileName) { m_measurements.load(fileName); });
    dialog->open();
}

void TrustBody::finish()
{
    m_measurements.want(m_mode);
    m_measurements.finish();
    refreshPicture();
    redraw();
}

void TrustBody::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    m_view->setGeometry(rect());
}

bool TrustBody::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_view && event->type() == QEvent::Wheel && m_table == TrustTable::Constants) {
        const int steps = m_wheel.take(static_cast<QWheelEvent*>(event)->angleDelta().y());
        const Scenario& scenario = m_document.scenario();
        const Report& report = m_document.report();
        const ViewInput input{scenario, report, QSizeF(m_view->size()), Theme::of(ThemeId::Light)};
        const int last = std::max(0, trustRows(input, options()) - 1);
        const int first = std::clamp(m_firstRow - steps * kRowsPerStep, 0, last);
        if (first != m_firstRow) {
            m_firstRow = first;
            redraw();
        }
        return true;
    }
    // Points are predicted when somebody looks: a dock behind another one is visible, but never painted.
    if (watched == m_view && event->type() == QEvent::Paint && m_seen != m_mode) {
        m_seen = m_mode;
        QMetaObject::invokeMethod(
            this, [this] { m_measurements.want(m_mode); }, Qt::QueuedConnection);
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace shardlens
