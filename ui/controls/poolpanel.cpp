// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/poolpanel.h"

#include "core/scenario/poolsplit.h"
#include "core/scenario/serve.h"
#include "ui/controls/foldbutton.h"
#include "ui/controls/legalslider.h"
#include "ui/controls/numberfield.h"
#include "ui/controls/picker.h"
#include "ui/controls/segmented.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>

namespace shardlens {
namespace {

constexpr int kGap = 3;

QString poolName(int pool)
{
    return pool == 0 ? PoolPanel::tr("Prefill pool") : PoolPanel::tr("Decode pool");
}

QString axisName(PlanAxis axis)
{
    return qs(shortNameOf(axis));
}

/// What a worker may be: its step is not the workload's batch, so groups of requests break no rule.
PlanContext contextOf(const Scenario& scenario, const PoolSettings& pool)
{
    PlanContext context{*scenario.model, clusterOf(scenario, pool), scenario.workload, scenario.formats};
    context.workload.batch = kMaxBatch;
    return context;
}

QString planText(const Plan& plan)
{
    QStringList parts;
    for (const PlanAxis axis : PoolPanel::kAxes)
        if (plan[axis] > 1)
            parts << axisName(axis) % QLatin1Char(' ') % QString::number(plan[axis]);
    return parts.isEmpty() ? PoolPanel::tr("one device") : parts.join(QLatin1Char(' '));
}

} // namespace

PoolPanel::PoolPanel(Document& document, int width, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_width(width),
      m_button(new FoldButton(QStringLiteral("pools"), this)),
      m_body(new QWidget(this)),
      m_mode(new Segmented(tr("Prefill and decode"), m_body))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addWidget(m_button);
    auto* body = new QVBoxLayout(m_body);
    body->setContentsMargins(0, 0, 0, 0);
    body->setSpacing(kGap);
    m_mode->setItems({{tr("together"), true, {}}, {tr("in pools"), true, {}}});
    m_mode->setToolTip(tr("In pools: prefill and decode each on devices of their own; the KV cache goes from one to the other."));
    m_mode->setObjectName(QStringLiteral("poolMode"));
    body->addWidget(m_mode);
    addPool(0, *body);
    addPool(1, *body);
    column->addWidget(m_body);
    connect(m_mode, &Segmented::chosen, this, [this](int index) {
        const Scenario& now = m_document.scenario();
        if ((index == 1) == now.serving.pools.has_value())
            return;
        Scenario next = index == 1 ? splitIntoPools(now) : now;
        if (index == 0)
            next.serving.pools.reset();
        m_document.endMerge();
        m_document.edit(next, index == 1 ? tr("Split into pools") : tr("Join the pools"));
        m_document.endMerge();
    });
    connect(m_button, &FoldButton::clicked, this, [this](bool shown) {
        setShown(shown);
        if (shown)
            Q_EMIT unfolded(m_body);
    });
    setShown(false);
}

void PoolPanel::addPool(int pool, QVBoxLayout& column)
{
    Rows& rows = m_pools[static_cast<std::size_t>(pool)];
    rows.body = new QWidget(m_body);
    auto* part = new QVBoxLayout(rows.body);
    part->setContentsMargins(0, space::kTight, 0, 0);
    part->setSpacing(kGap);
    rows.heading = new QLabel(poolName(pool), rows.body);
    followTextScale(rows.heading, [label = rows.heading] { label->setFont(fontOf(TextRole::NoteStrong)); });
    part->addWidget(rows.heading);
    for (std::size_t axis = 0; axis < kAxes.size(); ++axis)
        addSlider(pool, axis, *part);
    const auto addRow = [&](QLabel*& label, const QString& text, QWidget* control, int wide) {
        label = new QLabel(text, rows.body);
        label->setBuddy(control);
        control->setAccessibleName(poolName(pool) % QStringLiteral(", ") % text);
        followTextScale(control, [control, wide] { control->setFixedWidth(scaledToText(wide)); });
        auto* row = new QHBoxLayout;
        row->setSpacing(kGap);
        row->addWidget(label, 1);
        row->addWidget(control);
        part->addLayout(row);
    };
    rows.cluster = new Picker(tr("Cluster of the pool"), rows.body);
    rows.cluster->setShape(Picker::Shape::Small);
    std::vector<PickerItem> items{{tr("the same"), {}, {}, {}}};
    for (const std::shared_ptr<const Cluster>& cluster : m_document.catalog().clusters)
        items.push_back({qs(cluster->name), QString::number(cluster->devices()), qs(cluster->id), {}});
    rows.cluster->setItems(items);
    addRow(rows.clusterName, tr("Cluster"), rows.cluster, 164);
    connect(rows.cluster, &Picker::chosen, this, [this, pool](int index) {
        const auto& clusters = m_document.catalog().clusters;
        const std::shared_ptr<const Cluster> chosen = index == 0 ? nullptr : clusters[static_cast<std::size_t>(index) - 1];
        change(pool, poolName(pool) % QStringLiteral(": ") % (chosen ? qs(chosen->name) : tr("the same cluster")), {},
               [chosen](PoolSettings& settings) { settings.cluster = chosen; });
    });
    rows.workers = new NumberField(rows.body);
    rows.workers->setRange(0, kMaxWorkers);
    rows.workers->setToolTip(tr("How many workers, each a replica of the plan; 0 takes as many as the load needs."));
    addRow(rows.workersName, tr("Workers, 0 by load"), rows.workers, 53);
    const auto setWorkers = [this, pool](int value, const QString& key) {
        change(pool, poolName(pool) % QStringLiteral(": ") % (value == 0 ? tr("workers by load") : tr("%1 workers").arg(value)), key,
               [value](PoolSettings& settings) { settings.workers = value; });
    };
    connect(rows.workers, &NumberField::typed, this, [setWorkers](int value) { setWorkers(value, {}); });
    connect(rows.workers, &NumberField::stepped, this, [setWorkers, field = rows.workers, pool](int steps) {
        setWorkers(std::clamp(field->value() + steps, 0, kMaxWorkers), QStringLiteral("pool.workers.%1").arg(pool));
    });
    connect(rows.workers, &QLineEdit::editingFinished, &m_document, &Document::endMerge);
    rows.problem = new QLabel(rows.body);
    rows.problem->setWordWrap(true);
    followTextScale(rows.problem, [this, label = rows.problem] {
        label->setFont(fontOf(TextRole::Note));
        label->setFixedWidth(m_width);
    });
    part->addWidget(rows.problem);
    column.addWidget(rows.body);
}

void PoolPanel::addSlider(int pool, std::size_t axis, QVBoxLayout& column)
{
    auto* slider = new LegalSlider(axisName(kAxes[axis]), {}, m_body);
    slider->setAccessibleName(poolName(pool) % QStringLiteral(", ") % axisName(kAxes[axis]));
    slider->setReasonSpace(false);
    slider->setReasonOf([this, pool](const AxisChoice& choice) {
        const Scenario& scenario = m_document.scenario();
        return scenario.serving.pools ? qs(sentence(choice.reason, contextOf(scenario, settings(pool)), choice.plan)) : QString();
    });
    connect(slider, &LegalSlider::valueChosen, this,
            [this, pool, axis](int index, bool dragging) { chooseAxis(pool, axis, index, dragging); });
    connect(slider, &LegalSlider::dragEnded, this, [this] {
        m_dragged = nullptr;
        m_document.endMerge();
        refresh();
    });
    m_pools[static_cast<std::size_t>(pool)].sliders[axis] = slider;
    column.addWidget(slider);
}

LegalSlider& PoolPanel::slider(int pool, PlanAxis axis) const
{
    const auto found = std::find(kAxes.begin(), kAxes.end(), axis);
    return *rows(pool).sliders[static_cast<std::size_t>(found - kAxes.begin())];
}

const PoolSettings& PoolPanel::settings(int pool) const
{
    const ServingSettings::Pools& pools = *m_document.scenario().serving.pools;
    return pool == 0 ? pools.prefill : pools.decode;
}

void PoolPanel::change(int pool, const QString& what, const QString& mergeKey, const std::function<void(PoolSettings&)>& edit)
{
    Scenario next = m_document.scenario();
    if (!next.serving.pools)
        return;
    edit(pool == 0 ? next.serving.pools->prefill : next.serving.pools->decode);
    if (mergeKey.isEmpty())
        m_document.endMerge();
    m_document.edit(next, what, mergeKey);
    refresh(); // an edit that changed nothing reports nothing
}

void PoolPanel::chooseAxis(int pool, std::size_t axis, int index, bool dragging)
{
    LegalSlider* source = rows(pool).sliders[axis];
    if (!m_document.scenario().serving.pools || index < 0 || static_cast<std::size_t>(index) >= source->choices().size())
        return;
    if (dragging)
        m_dragged = source;
    else
        m_document.endMerge();
    const AxisChoice choice = source->choices()[static_cast<std::size_t>(index)];
    const int before = settings(pool).plan[kAxes[axis]];
    change(pool, tr("%1: %2 %3 → %4").arg(poolName(pool), axisName(kAxes[axis])).arg(before).arg(choice.value),
           QStringLiteral("pool.%1.%2").arg(pool).arg(axis), [&](PoolSettings& to) { to.plan[kAxes[axis]] = choice.value; });
    if (!dragging) {
        m_dragged = nullptr;
        m_document.endMerge();
        refresh();
    }
}

QString PoolPanel::problem(int pool) const
{
    return rows(pool).problem->text();
}

void PoolPanel::refreshPool(int pool)
{
    const Scenario& scenario = m_document.scenario();
    const Rows& part = rows(pool);
    const PoolSettings& now = settings(pool);
    const PlanContext context = contextOf(scenario, now);
    for (std::size_t axis = 0; axis < kAxes.size(); ++axis) {
        LegalSlider* slider = part.sliders[axis];
        if (kAxes[axis] == PlanAxis::Expert) {
            slider->setEnabled(scenario.model->hasExperts());
            slider->setCompact(!scenario.model->hasExperts());
        }
        if (slider != m_dragged)
            slider->setChoices(axisChoices(context, now.plan, AxisMove{kAxes[axis], false, PlanAxis::Pipeline}), now.plan[kAxes[axis]]);
    }
    const auto& clusters = m_document.catalog().clusters;
    const auto found =
        std::find_if(clusters.begin(), clusters.end(), [&now](const auto& each) { return now.cluster && each->id == now.cluster->id; });
    part.cluster->setCurrent(!now.cluster              ? 0
                             : found == clusters.end() ? -1
                                                       : 1 + static_cast<int>(found - clusters.begin()),
                             now.cluster ? qs(now.cluster->name) : QString());
    part.workers->setValue(now.workers);
    const QString prefix = pool == 0 ? QStringLiteral("prefill pool: ") : QStringLiteral("decode pool: ");
    QString sentence;
    for (const std::string& each : poolProblems(scenario))
        if (sentence.isEmpty() && qs(each).startsWith(prefix))
            sentence = qs(each).mid(prefix.size());
    const std::optional<DisaggregatedFigures>& f = m_document.report().serving.pools;
    const auto lacking = pool == 0 ? DisaggregatedFigures::Lacking::Prefill : DisaggregatedFigures::Lacking::Decode;
    if (sentence.isEmpty() && f && f->lacking == lacking)
        sentence = f->weightsDoNotFit ? tr("Weights and activations of a worker exceed its memory.")
                                      : tr("Beside the weights a worker has no room for one request.");
    part.problem->setText(sentence);
    part.problem->setVisible(!sentence.isEmpty());
}

void PoolPanel::refresh()
{
    const std::optional<ServingSettings::Pools>& pools = m_document.scenario().serving.pools;
    m_button->setText(!pools ? tr("Pools: prefill and decode together")
                             : tr("Pools: prefill %1, decode %2").arg(planText(pools->prefill.plan), planText(pools->decode.plan)));
    if (!m_shown)
        return;
    m_mode->setCurrent(pools ? 1 : 0);
    for (int pool = 0; pool < 2; ++pool) {
        rows(pool).body->setVisible(pools.has_value());
        if (pools)
            refreshPool(pool);
    }
}

void PoolPanel::setShown(bool shown)
{
    m_shown = shown;
    m_body->setVisible(shown);
    m_button->setUnfolded(shown);
    m_button->setAccessibleName(shown ? tr("Hide the pools") : tr("Show the pools"));
    refresh();
}

void PoolPanel::setTheme(const Theme& theme)
{
    m_button->setTheme(theme);
    m_mode->setTheme(theme);
    const auto dress = [&theme](QLabel* label, Ink ink) {
        QPalette palette = label->palette();
        palette.setColor(QPalette::WindowText, theme.color(ink));
        label->setPalette(palette);
    };
    for (const Rows& part : m_pools) {
        dress(part.heading, Ink::Text2);
        dress(part.clusterName, Ink::Text2);
        dress(part.workersName, Ink::Text2);
        dress(part.problem, Ink::Violation);
        for (LegalSlider* slider : part.sliders)
            slider->setTheme(theme);
        part.cluster->setTheme(theme);
        part.workers->setTheme(theme);
    }
}

} // namespace shardlens
