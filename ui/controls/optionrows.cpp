// SPDX-License-Identifier: Apache-2.0
// The rows of the option panel: a label, a control, and how the control's choice becomes an edit.
#include "ui/controls/numberfield.h"
#include "ui/controls/optionpanel.h"
#include "ui/controls/picker.h"
#include "ui/controls/segmented.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>

namespace shardlens {
namespace {

int switchWidth()
{
    return scaledToText(164);
}
int fieldWidth()
{
    return scaledToText(53);
}
constexpr int kGap = 3;
int orderWidth()
{
    return scaledToText(184);
}

/// Orders that differ for this plan: the axes above one in every order, the others behind them as usual.
std::vector<AxisOrder> ordersOf(const Plan& plan)
{
    std::vector<MeshAxis> used;
    std::vector<MeshAxis> idle;
    for (const MeshAxis axis : kDefaultOrder)
        (plan[planAxisOf(axis)] > 1 ? used : idle).push_back(axis);
    std::vector<AxisOrder> orders;
    do {
        AxisOrder order = kDefaultOrder;
        std::copy(idle.begin(), idle.end(), std::copy(used.begin(), used.end(), order.begin()));
        orders.push_back(order);
    } while (std::next_permutation(used.begin(), used.end()));
    return orders;
}

/// The axes above one of an order, innermost first.
QString usedAxes(const AxisOrder& order, const Plan& plan)
{
    QStringList names;
    for (const MeshAxis axis : order)
        if (plan[planAxisOf(axis)] > 1)
            names << qs(shortNameOf(planAxisOf(axis)));
    return names.join(QStringLiteral(", "));
}

} // namespace

void OptionPanel::addHeading(const QString& text, QVBoxLayout& column)
{
    auto* label = new QLabel(text, m_body);
    followTextScale(label, [label] { label->setFont(fontOf(TextRole::NoteStrong)); });
    column.addSpacing(space::kTight);
    column.addWidget(label);
    m_labels.push_back(label);
}

void OptionPanel::addRow(std::optional<PlanOption> option, const QString& label, const QString& help, QWidget* control, int (*length)(),
                         std::function<void(const Scenario&)> show, QVBoxLayout& column)
{
    auto* name = new QLabel(label, m_body);
    name->setBuddy(control);
    m_labels.push_back(name);
    control->setAccessibleName(label);
    followTextScale(control, [control, length] { control->setFixedWidth(length()); });
    control->installEventFilter(this);
    auto* row = new QHBoxLayout;
    row->setSpacing(kGap);
    row->addWidget(name, 1);
    row->addWidget(control);
    column.addLayout(row);
    m_rows.push_back({option, name, control, help, std::move(show)});
}

void OptionPanel::addSwitch(std::optional<PlanOption> option, const QString& label, const QString& help, const QStringList& words,
                            const Get& get, const Set& set, QVBoxLayout& column)
{
    auto* control = new Segmented(label, m_body);
    m_switches.push_back(control);
    const auto show = [option, control, words, get](const Scenario& scenario) {
        const QString why = option ? qs(whyNoUse(*option, *scenario.model)) : QString();
        std::vector<Segmented::Item> items;
        for (const QString& word : words)
            items.push_back({word, why.isEmpty(), why});
        const int value = get(scenario);
        if (value >= static_cast<int>(items.size())) // a split by hand, from a file
            items.push_back({tr("by hand"), true, {}});
        control->setItems(items);
        control->setCurrent(value);
    };
    connect(control, &Segmented::chosen, this, [this, control, label, set](int value) {
        const QString what = label % QLatin1Char(' ') % control->items()[static_cast<std::size_t>(value)].text;
        change(what, {}, [&set, value](Scenario& scenario) { set(scenario, value); });
    });
    addRow(option, label, help, control, &switchWidth, show, column);
}

void OptionPanel::addNumber(std::optional<PlanOption> option, const QString& label, const QString& help, const Range& range, const Get& get,
                            const Set& set, QVBoxLayout& column)
{
    auto* field = new NumberField(m_body);
    field->setRange(range.least, range.most);
    field->setHundredths(range.hundredths);
    m_fields.push_back(field);
    const QString key = QStringLiteral("option.%1").arg(option ? QString::number(static_cast<int>(*option)) : label);
    const auto apply = [this, field, label, set](int value, const QString& mergeKey) {
        const int before = field->value();
        const QString what = label % QLatin1Char(' ') % field->textOf(value);
        field->setValue(value);
        change(what, mergeKey, [&set, value](Scenario& scenario) { set(scenario, value); });
        if (field->value() == before && value != before)
            field->reject(m_refusal);
    };
    connect(field, &NumberField::typed, this, [apply](int value) { apply(value, {}); });
    connect(field, &NumberField::stepped, this, [apply, field, range, key](int steps) {
        apply(std::clamp(field->value() + steps * range.step, range.least, range.most), key);
    });
    addRow(
        option, label, help, field, &fieldWidth, [field, get](const Scenario& scenario) { field->setValue(get(scenario)); }, column);
}

void OptionPanel::addClassFormat(PlanOption option, WeightClass weightClass, const QString& label, const QString& help, QVBoxLayout& column)
{
    auto* picker = new Picker(label, m_body);
    picker->setShape(Picker::Shape::Small);
    m_pickers.push_back(picker);
    const auto index = static_cast<std::size_t>(weightClass);
    const auto show = [picker, index](const Scenario& scenario) {
        std::vector<PickerItem> items{{tr("as weights, %1").arg(qs(nameOf(scenario.formats.weights))), {}, {}, {}}};
        for (PickerItem& format : numberFormatItems())
            items.push_back(std::move(format));
        picker->setItems(items);
        const std::optional<NumberFormat>& own = scenario.formats.own[index];
        picker->setCurrent(own ? 1 + static_cast<int>(*own) : 0);
    };
    connect(picker, &Picker::chosen, this, [this, label, index](int chosen) {
        const QString name = chosen == 0 ? tr("as weights") : qs(nameOf(kNumberFormats[static_cast<std::size_t>(chosen) - 1]));
        change(label % QLatin1Char(' ') % name, {}, [index, chosen](Scenario& scenario) {
            if (chosen == 0)
                scenario.formats.own[index].reset();
            else
                scenario.formats.own[index] = kNumberFormats[static_cast<std::size_t>(chosen) - 1];
        });
    });
    addRow(option, label, help, picker, &switchWidth, show, column);
}

void OptionPanel::addOrder(QVBoxLayout& column)
{
    auto* picker = new Picker(tr("Order of axes"), m_body);
    picker->setShape(Picker::Shape::Small);
    m_pickers.push_back(picker);
    const auto show = [picker](const Scenario& scenario) {
        const Plan& plan = scenario.plan;
        std::vector<PickerItem> items;
        int current = -1;
        const QString now = usedAxes(plan.options.order, plan);
        for (const AxisOrder& order : ordersOf(plan)) {
            const QString text = usedAxes(order, plan);
            if (text == now)
                current = static_cast<int>(items.size());
            items.push_back({text, items.empty() ? tr("usual") : QString(), {}, {}});
        }
        picker->setItems(items);
        picker->setCurrent(current, now);
        picker->setEnabled(items.size() > 1);
    };
    connect(picker, &Picker::chosen, this, [this](int chosen) {
        const Plan& plan = m_document.scenario().plan;
        const std::vector<AxisOrder> orders = ordersOf(plan);
        if (chosen < 0 || static_cast<std::size_t>(chosen) >= orders.size())
            return;
        // The first is the usual order of all axes, whichever are idle.
        const AxisOrder order = chosen == 0 ? kDefaultOrder : orders[static_cast<std::size_t>(chosen)];
        change(tr("Order %1").arg(usedAxes(order, plan)), {}, [order](Scenario& scenario) { scenario.plan.options.order = order; });
    });
    addRow(PlanOption::OrderOfAxes, tr("Order"), tr("Which axis has its devices next to each other: innermost first."), picker, &orderWidth,
           show, column);
}

} // namespace shardlens
