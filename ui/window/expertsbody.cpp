// SPDX-License-Identifier: Apache-2.0
#include "ui/window/expertsbody.h"

#include "core/plan/optionnames.h"
#include "ui/controls/linearslider.h"
#include "ui/controls/numberfield.h"
#include "ui/views/sceneview.h"

#include <QLabel>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr int kHundredths = 100;
constexpr int kMostSkew = 2 * kHundredths; // of the track: steeper is typed
constexpr int kSkewStep = 5;
constexpr int kCapacityStep = 25;
constexpr int kTallForControls = 130; // below, the picture needs all of the view
constexpr int kTallForTrack = 260;
constexpr int kWidestSlider = 420;

int hundredthsOf(double value)
{
    return static_cast<int>(std::lround(value * kHundredths));
}

} // namespace

ExpertsBody::ExpertsBody(Document& document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_view(makeView()),
      m_skew(new LinearSlider(tr("Skew"), tr("power law"), kMostSkew, static_cast<int>(kMaxPowerLaw) * kHundredths, kSkewStep, this)),
      m_capacityName(new QLabel(tr("Capacity factor"), this)),
      m_capacity(new NumberField(this)),
      m_redundantName(new QLabel(tr("Redundant copies"), this)),
      m_redundant(new NumberField(this))
{
    setObjectName(QStringLiteral("dockBody"));
    setAttribute(Qt::WA_StyledBackground);
    m_skew->setTickValues({0, 50, 100, 150, 200});
    m_skew->setObjectName(QStringLiteral("routingSkew"));
    m_skew->setToolTip(tr("Load of the i-th busiest expert is as i to the power of minus this; 0 is uniform."));
    connect(m_skew, &LinearSlider::valueChosen, this, [this](int value, bool dragging) {
        if (!dragging)
            m_document.endMerge();
        const QString sentence = change(tr("Routing skew %1").arg(hundredthsText(value)), QStringLiteral("experts.skew"),
                                        [value](Scenario& s) { s.workload.routing.powerLaw = static_cast<double>(value) / kHundredths; });
        if (!sentence.isEmpty())
            m_skew->field().reject(sentence);
        if (!dragging)
            m_document.endMerge();
    });
    connect(m_skew, &LinearSlider::dragEnded, &m_document, &Document::endMerge);
    m_capacity->setHundredths(true);
    m_capacity->setObjectName(QStringLiteral("expertCapacity"));
    m_capacity->setAccessibleName(tr("Capacity factor; 0 is no limit"));
    m_capacity->setToolTip(tr("An expert takes at most this times the mean number of tokens; 0 is no limit."));
    m_redundant->setObjectName(QStringLiteral("redundantExperts"));
    m_redundant->setAccessibleName(tr("Redundant copies of experts"));
    m_redundant->setToolTip(tr("Further copies of the busiest experts per layer, over the whole EP group."));
    m_capacityName->setBuddy(m_capacity);
    m_redundantName->setBuddy(m_redundant);
    connectField(*m_capacity, tr("Capacity factor %1"), kCapacityStep, static_cast<int>(kMaxCapacityFactor) * kHundredths,
                 [](Scenario& s, int value) { s.workload.routing.capacityFactor = static_cast<double>(value) / kHundredths; });
    connectField(*m_redundant, tr("Redundant copies %1"), 1, kMaxRedundantExperts,
                 [](Scenario& s, int value) { s.plan.options.redundantExperts = value; });
    connect(&document, &Document::reportChanged, this, [this] {
        if (isVisible())
            refreshControls();
    });
    followTextScale(this, [this] { layOut(); });
    refreshControls();
}

/// First of the children: the keyboard comes to the picture before its controls.
SceneView* ExpertsBody::makeView()
{
    SceneView::Options options;
    options.accessibleName = tr("Experts");
    options.description = describeExperts;
    options.tooltip = expertsTooltip;
    return new SceneView(
        m_document, [this](const ViewInput& input, Scene& scene) { build(input, scene); }, options, this);
}

void ExpertsBody::connectField(NumberField& field, const QString& name, int step, int most, const std::function<void(Scenario&, int)>& set)
{
    field.setRange(0, most);
    const auto apply = [this, &field, name, set](int value, const QString& mergeKey) {
        if (value == field.value())
            return;
        const QString sentence = change(name.arg(field.textOf(value)), mergeKey, [&](Scenario& s) { set(s, value); });
        if (!sentence.isEmpty())
            field.reject(sentence);
    };
    connect(&field, &NumberField::typed, this, [this, apply](int value) {
        m_document.endMerge();
        apply(value, {});
    });
    const QString key = QStringLiteral("experts.") % field.objectName();
    connect(&field, &NumberField::stepped, this,
            [apply, &field, step, most, key](int steps) { apply(std::clamp(field.value() + steps * step, 0, most), key); });
    connect(&field, &QLineEdit::editingFinished, &m_document, &Document::endMerge);
}

QString ExpertsBody::change(const QString& what, const QString& mergeKey, const std::function<void(Scenario&)>& edit)
{
    Scenario next = m_document.scenario();
    edit(next);
    std::vector<Finding> violations;
    std::vector<Finding> warnings;
    checkPlan(next.context(), next.plan, violations, warnings);
    // A plan that is not legal anyway is not made worse by routing; one that is stays so.
    if (m_document.report().legal && !violations.empty()) {
        refreshControls();
        return qs(sentence(violations.front(), next.context(), next.plan));
    }
    m_document.edit(next, what, mergeKey);
    refreshControls();
    return {};
}

void ExpertsBody::build(const ViewInput& input, Scene& scene)
{
    ExpertsOptions options = m_options;
    options.balancedTime.reset();
    options.unlimitedTime.reset();
    options.factorWithoutCopies.reset();
    if (input.report.legal && input.scenario.model->hasExperts()) {
        // The same steps with every expert loaded alike; how they are served makes no difference to a step.
        Scenario balanced = input.scenario;
        balanced.workload.routing.powerLaw = 0;
        balanced.serving = {};
        if (!m_balanced || !(*m_balanced == balanced)) {
            const Report report = evaluate(balanced);
            m_balanced = balanced;
            m_balancedPrefill = report.prefill.time;
            m_balancedDecode = report.decode.time;
        }
        if (input.scenario.workload.routing.capacityFactor > 0) {
            Scenario unlimited = input.scenario;
            unlimited.workload.routing.capacityFactor = 0;
            unlimited.serving = {};
            if (!m_unlimited || !(*m_unlimited == unlimited)) {
                const Report report = evaluate(unlimited);
                m_unlimited = unlimited;
                m_unlimitedPrefill = report.prefill.time;
                m_unlimitedDecode = report.decode.time;
            }
            options.unlimitedTime = options.phase == Phase::Prefill ? m_unlimitedPrefill : m_unlimitedDecode;
        }
        if (input.scenario.plan.redundantExperts() > 0 && input.scenario.workload.routing.powerLaw > 0) {
            Scenario without = input.scenario;
            without.plan.options.redundantExperts = 0;
            if (const auto table = expertTableOf(without, input.report, options.phase))
                options.factorWithoutCopies = table->factor();
        }
        options.balancedTime = options.phase == Phase::Prefill ? m_balancedPrefill : m_balancedDecode;
    }
    buildExperts(input, options, scene);
}

void ExpertsBody::setPhase(Phase phase)
{
    m_options.phase = phase;
    redraw();
}

void ExpertsBody::setExample(bool example)
{
    m_options.example = example;
    redraw();
}

void ExpertsBody::redraw()
{
    m_view->setBuilder([this](const ViewInput& input, Scene& scene) { build(input, scene); });
}

void ExpertsBody::setTheme(const Theme& theme)
{
    m_view->setTheme(theme);
    m_skew->setTheme(theme);
    m_capacity->setTheme(theme);
    m_redundant->setTheme(theme);
    for (QLabel* label : {m_capacityName, m_redundantName}) {
        QPalette palette = label->palette();
        palette.setColor(QPalette::WindowText, theme.color(Ink::Text2));
        label->setPalette(palette);
    }
}

void ExpertsBody::refreshControls()
{
    const Scenario& scenario = m_document.scenario();
    m_skew->setValue(hundredthsOf(scenario.workload.routing.powerLaw));
    m_capacity->setValue(hundredthsOf(scenario.workload.routing.capacityFactor));
    m_redundant->setValue(scenario.plan.options.redundantExperts);
    m_redundant->setEnabled(scenario.plan.expert() > 1);
    layOut();
}

void ExpertsBody::layOut()
{
    const bool controls = m_document.scenario().model->hasExperts() && height() >= scaledToText(kTallForControls);
    m_skew->setCompact(height() < scaledToText(kTallForTrack));
    const int tall = controls ? m_skew->sizeHint().height() + space::kTight : 0;
    m_view->setGeometry(0, 0, width(), height() - tall);
    int x = width() - space::kInset;
    const int top = height() - tall;
    const int row = SliderBase::rowHeight();
    const auto place = [&](QLabel* name, NumberField* field) {
        const int wide = scaledToText(53);
        const int label = name->sizeHint().width();
        const bool room = controls && x - wide - label - space::kLarge >= scaledToText(200);
        name->setVisible(room);
        field->setVisible(room);
        if (!room)
            return;
        field->setGeometry(x - wide, top, wide, row);
        name->setGeometry(x - wide - space::kTight - label, top, label, row);
        x -= wide + label + space::kTight + space::kLarge;
    };
    place(m_redundantName, m_redundant);
    place(m_capacityName, m_capacity);
    m_skew->setVisible(controls);
    m_skew->setGeometry(space::kInset, top, std::min(x - space::kInset, scaledToText(kWidestSlider)), m_skew->sizeHint().height());
}

void ExpertsBody::resizeEvent(QResizeEvent*)
{
    layOut();
}

void ExpertsBody::showEvent(QShowEvent*)
{
    refreshControls();
}

} // namespace shardlens
