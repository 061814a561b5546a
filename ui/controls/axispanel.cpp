// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/axispanel.h"

#include "core/base/format.h"
#include "ui/controls/foldbutton.h"
#include "ui/controls/legalslider.h"
#include "ui/controls/lockrow.h"

#include <QEvent>
#include <QVBoxLayout>

namespace shardlens {
namespace {

constexpr std::array kMainAxes{PlanAxis::Tensor, PlanAxis::Pipeline, PlanAxis::Data, PlanAxis::Expert, PlanAxis::Sequence};
constexpr std::array kMoreAxes{PlanAxis::AttentionData, PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches, PlanAxis::Chunks};

bool usesDevices(PlanAxis axis)
{
    return axis == PlanAxis::Tensor || axis == PlanAxis::Pipeline || axis == PlanAxis::Data || axis == PlanAxis::Sequence
           || axis == PlanAxis::AttentionData;
}

} // namespace

AxisPanel::AxisPanel(Document& document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_lock(new LockRow(this)),
      m_moreButton(new FoldButton(QStringLiteral("more"), this)),
      m_moreBody(new QWidget(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addWidget(m_lock);
    column->addSpacing(space::kTight);
    for (const PlanAxis axis : kMainAxes)
        addSlider(axis, *column);
    column->addWidget(m_moreButton);
    auto* more = new QVBoxLayout(m_moreBody);
    more->setContentsMargins(0, 0, 0, 0);
    more->setSpacing(2);
    for (const PlanAxis axis : kMoreAxes)
        addSlider(axis, *more);
    column->addWidget(m_moreBody);
    connect(m_moreButton, &FoldButton::clicked, this, [this](bool shown) {
        setMoreShown(shown);
        if (shown)
            Q_EMIT unfolded(m_moreBody);
    });
    connect(m_lock, &LockRow::toggled, this, &AxisPanel::setDevicesLocked);
    setMoreShown(false);
    refresh();
}

void AxisPanel::addSlider(PlanAxis axis, QVBoxLayout& column)
{
    struct Name {
        QString name;
        QString note;
    };
    const auto nameOf = [](PlanAxis which) -> Name {
        switch (which) {
        case PlanAxis::Tensor: return {tr("TP"), tr("tensor")};
        case PlanAxis::Pipeline: return {tr("PP"), tr("pipeline")};
        case PlanAxis::Data: return {tr("DP"), tr("replicas")};
        case PlanAxis::Expert: return {tr("EP"), tr("expert")};
        case PlanAxis::Sequence: return {tr("SP"), tr("sequence")};
        case PlanAxis::AttentionData: return {tr("Attention DP"), tr("requests")};
        case PlanAxis::PrefillMicrobatches: return {tr("Microbatches"), tr("prefill")};
        case PlanAxis::DecodeMicrobatches: return {tr("Microbatches"), tr("decode")};
        case PlanAxis::Chunks: return {tr("Chunks"), tr("of a prompt")};
        }
        return {};
    };
    const Name name = nameOf(axis);
    auto* slider = new LegalSlider(name.name, name.note, this);
    slider->setObjectName(QString::fromUtf8(keyOf(axis).data(), static_cast<qsizetype>(keyOf(axis).size())));
    slider->setReasonSpace(false);
    slider->setReasonOf([this](const AxisChoice& choice) {
        const Scenario& scenario = m_document.scenario();
        return QString::fromStdString(sentence(choice.reason, scenario.context(), choice.plan));
    });
    slider->installEventFilter(this);
    connect(slider, &LegalSlider::valueChosen, this, [this, axis](int index, bool dragging) { choose(axis, index, dragging); });
    connect(slider, &LegalSlider::dragEnded, this, &AxisPanel::endDrag);
    m_sliders[static_cast<std::size_t>(axis)] = slider;
    column.addWidget(slider);
}

void AxisPanel::setTheme(const Theme& theme)
{
    for (LegalSlider* slider : m_sliders)
        slider->setTheme(theme);
    m_lock->setTheme(theme);
    m_moreButton->setTheme(theme);
}

void AxisPanel::refresh()
{
    for (const PlanAxis axis : kMainAxes)
        refreshSlider(axis);
    if (m_more)
        for (const PlanAxis axis : kMoreAxes)
            refreshSlider(axis);
    const Plan& plan = m_document.scenario().plan;
    const std::string_view partner = shortNameOf(partnerOf(m_focused));
    const std::string_view moved = shortNameOf(m_focused);
    const std::int64_t devices = plan.devices();
    const QString count = devices == 1 ? tr("1 device") : tr("%1 devices").arg(qs(formatCount(devices)));
    constexpr std::int64_t kMany = 10'000; // beside which the noun has no room
    m_lock->setTexts(m_locked ? tr("%1 locked").arg(devices < kMany ? count : qs(formatCount(devices))) : count,
                     m_locked && usesDevices(m_focused)
                         ? tr("%1 moves %2")
                               .arg(QString::fromUtf8(moved.data(), static_cast<qsizetype>(moved.size())),
                                    QString::fromUtf8(partner.data(), static_cast<qsizetype>(partner.size())))
                         : QString());
    m_lock->setLocked(m_locked);
    m_moreButton->setText(m_more ? tr("Fewer")
                                 : tr("More: microbatches %1 and %2, chunks %3")
                                       .arg(plan.prefillMicrobatches())
                                       .arg(plan.decodeMicrobatches())
                                       .arg(plan.chunks()));
}

void AxisPanel::refreshSlider(PlanAxis axis)
{
    LegalSlider* target = slider(axis);
    if (target == m_dragged)
        return;
    const Scenario& scenario = m_document.scenario();
    const AxisMove move{axis, m_locked && usesDevices(axis), partnerOf(axis)};
    target->setChoices(axisChoices(scenario.context(), scenario.plan, move), scenario.plan[axis]);
    if (axis != PlanAxis::Expert)
        return;
    const bool experts = scenario.model->hasExperts();
    target->setEnabled(experts);
    target->setCompact(!experts);
    target->setNote(experts ? tr("expert") : tr("dense model"));
}

void AxisPanel::choose(PlanAxis axis, int index, bool dragging)
{
    LegalSlider* source = slider(axis);
    if (dragging)
        m_dragged = source;
    Scenario next = m_document.scenario();
    const int before = next.plan[axis];
    next.plan = source->choices()[static_cast<std::size_t>(index)].plan;
    if (!isLegal(next.context(), next.plan)) {
        // The choices date from the start of the drag; another model, machine or batch has come since. Begin again from what is there.
        endDrag();
        return;
    }
    const std::string_view name = shortNameOf(axis);
    const QString what =
        QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size())) % tr(" %1 \u2192 %2").arg(before).arg(next.plan[axis]);
    if (!dragging)
        m_document.endMerge();
    m_document.edit(next, what, QStringLiteral("axis.") % source->objectName());
    if (!dragging)
        endDrag();
}

void AxisPanel::endDrag()
{
    m_dragged = nullptr;
    m_document.endMerge();
    refresh();
}

void AxisPanel::setDevicesLocked(bool locked)
{
    const bool changed = locked != m_locked;
    m_locked = locked;
    refresh();
    if (changed)
        Q_EMIT devicesLockedChanged(locked);
}

void AxisPanel::setMoreShown(bool shown)
{
    m_more = shown;
    m_moreBody->setVisible(shown);
    m_moreButton->setUnfolded(shown);
    m_moreButton->setAccessibleName(shown ? tr("Fewer controls") : tr("More controls"));
    refresh();
}

bool AxisPanel::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut) {
        for (const PlanAxis axis : kPlanAxes)
            if (slider(axis) == watched && event->type() == QEvent::FocusIn)
                m_focused = axis;
        m_document.endMerge();
        refresh();
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace shardlens
