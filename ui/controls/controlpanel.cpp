// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/controlpanel.h"

#include "core/base/format.h"
#include "core/hardware/resize.h"
#include "core/model/parameters.h"
#include "ui/controls/axispanel.h"
#include "ui/controls/numberfield.h"
#include "ui/controls/optionpanel.h"
#include "ui/controls/picker.h"
#include "ui/controls/poolpanel.h"
#include "ui/controls/segmented.h"
#include "ui/controls/servingpanel.h"
#include "ui/controls/taborder.h"
#include "ui/controls/valueslider.h"
#include "ui/document/adapt.h"

#include <QCoreApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QScrollArea>
#include <QScrollBar>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr int kPanelInset = 14;
/// Of everything in the column, whether it scrolls or not: the scroll bar takes its place from the right inset.
constexpr int kContentWidth = space::kControlColumn - 2 * kPanelInset;
constexpr int kRowGap = 3;
constexpr int kDevicesWidth = 76; // as the fields of the sliders below: "65,536"
int segmentedWidth()
{
    return scaledToText(148);
}
constexpr int kArrowGap = 3;
constexpr int kButtonAbove = 30; ///< what stays in sight above a part that unfolds

/// On the switch of each use; a scenario's own format takes the last place when it is another one, and a long name one place more.
template <class F>
std::vector<F> withCurrent(std::vector<F> formats, F current)
{
    constexpr std::size_t kShort = 4; // "bf16"
    if (std::find(formats.begin(), formats.end(), current) != formats.end())
        return formats;
    if (nameOf(current).size() > kShort && formats.size() > 3)
        formats.pop_back();
    formats.back() = current;
    return formats;
}

std::vector<NumberFormat> offeredStorage(NumberFormat current)
{
    return withCurrent<NumberFormat>({NumberFormat::Bf16, NumberFormat::Fp8, NumberFormat::Int8, NumberFormat::Int4}, current);
}

std::vector<ComputeFormat> offeredArithmetic(ComputeFormat current)
{
    return withCurrent<ComputeFormat>({ComputeFormat::Bf16, ComputeFormat::Fp8, ComputeFormat::Int8}, current);
}

QString billions(std::int64_t parameters)
{
    return qs(formatNumber(static_cast<double>(parameters) / 1e9, 4)) % QStringLiteral(" B");
}

/// Heads of the attention, and how many layers have none: "16 Q / 2 KV, 36 linear layers".
QString modelSubtitle(const Model& model)
{
    const Attention* attention = nullptr;
    int linear = 0;
    for (const std::uint8_t layer : model.layers) {
        const Attention& each = model.kinds[layer].attention;
        if (each.kind == AttentionKind::Linear)
            ++linear;
        else if (each.kind != AttentionKind::None && !attention)
            attention = &each;
    }
    QString text = ControlPanel::tr("%1 parameters, %2 layers").arg(billions(countParameters(model).total)).arg(model.layerCount());
    if (attention && attention->kind == AttentionKind::Latent)
        text += ControlPanel::tr(", %1 Q, MLA").arg(attention->queryHeads);
    else if (attention)
        text += ControlPanel::tr(", %1 Q / %2 KV").arg(attention->queryHeads).arg(attention->kvHeads);
    return linear > 0 ? text % ControlPanel::tr(", %1 linear").arg(linear) : text;
}

/// The maker stands in the cluster's name already.
QString shortName(const Accelerator& accelerator)
{
    const QString name = qs(accelerator.name);
    const QString vendor = qs(accelerator.vendor) % QLatin1Char(' ');
    return name.startsWith(vendor) ? name.mid(vendor.size()) : name;
}

/// "2,150.40": prices of an hour keep their cents as long as they matter.
QString dollars(double amount)
{
    constexpr double kWhole = 1e5;
    if (amount >= kWhole)
        return qs(formatCount(std::llround(amount)));
    const auto cents = static_cast<std::int64_t>(std::llround(amount * 100));
    return qs(formatCount(cents / 100)) % QStringLiteral(".%1").arg(cents % 100, 2, 10, QLatin1Char('0'));
}

QString clusterSubtitle(const Cluster& cluster)
{
    const QString devices = ControlPanel::tr("%1 × %2").arg(countText(cluster.devices()), shortName(cluster.accelerator));
    const QString price = cluster.pricePerDeviceHour > 0
                              ? ControlPanel::tr(", $%1 / h").arg(dollars(cluster.pricePerDeviceHour * cluster.devices()))
                              : QString();
    const QString all = devices % QStringLiteral(", ") % qs(cluster.levels.front().name) % price;
    return textWidth(all, TextRole::Note) <= scaledToText(kContentWidth) ? all : devices % price;
}

template <class T>
int indexOf(const std::vector<std::shared_ptr<const T>>& entries, const T& wanted)
{
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry->id == wanted.id; });
    return found == entries.end() ? -1 : static_cast<int>(found - entries.begin());
}

} // namespace

ControlPanel::ControlPanel(Document& document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_model(new Picker(tr("Model"), this)),
      m_cluster(new Picker(tr("Cluster"), this)),
      m_axes(new AxisPanel(document, this)),
      m_serving(new ServingPanel(document, kContentWidth, this)),
      m_pools(new PoolPanel(document, kContentWidth, this)),
      m_options(new OptionPanel(document, kContentWidth, this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(kPanelInset, space::kTight, 0, space::kSmall);
    column->setSpacing(kRowGap);
    addHeading(tr("Model"), *column);
    column->addWidget(m_model);
    addHeading(tr("Cluster"), *column);
    column->addWidget(m_cluster);
    addDevices(*column);
    // What the program is for comes first: in a window of 800 px all of the plan's sliders stand above the fold.
    addHeading(tr("Parallelism"), *column);
    column->addWidget(m_axes);
    addHeading(tr("Workload"), *column);
    addLength(Length::Batch, new ValueSlider(tr("Batch"), tr("per replica"), 1, 1024, kMaxBatch, this), {1, 8, 64, 1024}, *column);
    addLength(Length::Input, new ValueSlider(tr("Input"), tr("tokens"), 128, 131072, kMaxTokens, this), {128, 2048, 8192, 32768, 131072},
              *column);
    addLength(Length::Output, new ValueSlider(tr("Output"), tr("tokens"), 16, 16384, kMaxTokens, this), {16, 256, 1024, 4096, 16384},
              *column);
    addHeading(tr("Serving"), *column);
    column->addWidget(m_serving);
    column->addWidget(m_pools);
    addHeading(tr("Precision"), *column);
    addFormat(Format::Weights, tr("Weights"), *column);
    addFormat(Format::Kv, tr("KV cache"), *column);
    addFormat(Format::Math, tr("Math"), *column);
    column->addSpacing(space::kTight);
    column->addWidget(m_options);
    column->addStretch(1);
    setTabOrderByLayout(*this);

    fillCatalog();
    connect(m_model, &Picker::chosen, this,
            [this](int index) { m_document.setModel(m_document.catalog().models[static_cast<std::size_t>(index)]); });
    connect(m_cluster, &Picker::chosen, this,
            [this](int index) { m_document.setCluster(m_document.catalog().clusters[static_cast<std::size_t>(index)]); });
    connect(m_axes, &AxisPanel::devicesLockedChanged, this, &ControlPanel::devicesLockedChanged);
    connect(m_axes, &AxisPanel::unfolded, this, &ControlPanel::reveal);
    connect(m_options, &OptionPanel::unfolded, this, &ControlPanel::reveal);
    connect(m_pools, &PoolPanel::unfolded, this, &ControlPanel::reveal);
    connect(m_options, &OptionPanel::refused, this, &ControlPanel::message);
    connect(&m_document, &Document::reportChanged, this, &ControlPanel::refresh);
    followTextScale(this, [this] { // lines that are cut to the column are cut anew
        m_shownModel.reset();
        m_shownCluster.reset();
        refresh();
    });
}

void ControlPanel::addHeading(const QString& text, QVBoxLayout& column)
{
    auto* label = new QLabel(text, this);
    followTextScale(label, [label] { label->setFont(fontOf(TextRole::NoteStrong)); });
    column.addSpacing(space::kTight);
    column.addWidget(label);
    m_headings.push_back(label);
}

void ControlPanel::addDevices(QVBoxLayout& column)
{
    auto* label = new QLabel(tr("Devices"), this);
    m_labels.push_back(label);
    m_devices = new NumberField(this);
    m_devices->setObjectName(QStringLiteral("devices"));
    m_devices->setAccessibleName(tr("Devices"));
    m_devices->setRange(1, kMaxDevices);
    followTextScale(m_devices, [this] { m_devices->setFixedWidth(scaledToText(kDevicesWidth)); });
    auto* row = new QHBoxLayout;
    row->addWidget(label, 1);
    row->addWidget(m_devices);
    column.addLayout(row);
    connect(m_devices, &NumberField::typed, this, &ControlPanel::setDevices);
    connect(m_devices, &NumberField::stepped, this, &ControlPanel::stepDevices);
}

void ControlPanel::addFormat(Format which, const QString& label, QVBoxLayout& column)
{
    auto* name = new QLabel(label, this);
    m_labels.push_back(name);
    auto* segmented = new Segmented(label, this);
    followTextScale(segmented, [segmented] { segmented->setFixedWidth(segmentedWidth()); });
    auto* others = new Picker(tr("All formats, %1").arg(label), this);
    others->setShape(Picker::Shape::Arrow);
    others->setToolTip(tr("All formats"));
    auto* row = new QHBoxLayout;
    row->addWidget(name, 1);
    row->addWidget(segmented);
    row->addSpacing(kArrowGap);
    row->addWidget(others);
    row->setSpacing(0);
    column.addLayout(row);
    connect(segmented, &Segmented::chosen, this, [this, which](int index) { chooseFormat(which, index); });
    connect(others, &Picker::chosen, this, [this, which](int index) { chooseOther(which, index); });
    m_formats[static_cast<std::size_t>(which)] = segmented;
    m_allFormats[static_cast<std::size_t>(which)] = others;
}

void ControlPanel::addLength(Length which, ValueSlider* slider, const std::vector<int>& ticks, QVBoxLayout& column)
{
    slider->setTickValues(ticks);
    column.addWidget(slider);
    connect(slider, &ValueSlider::valueChosen, this, [this, which](int value, bool dragging) { chooseLength(which, value, dragging); });
    connect(slider, &ValueSlider::dragEnded, this, &ControlPanel::endDrag);
    m_lengths[static_cast<std::size_t>(which)] = slider;
}

void ControlPanel::fillCatalog()
{
    std::vector<PickerItem> models;
    for (const std::shared_ptr<const Model>& model : m_document.catalog().models)
        models.push_back(
            {qs(model->name), billions(countParameters(*model).total), qs(model->id) % QLatin1Char(' ') % qs(model->huggingFaceId), {}});
    m_model->setItems(models);
    std::vector<PickerItem> clusters;
    for (const std::shared_ptr<const Cluster>& cluster : m_document.catalog().clusters)
        clusters.push_back({qs(cluster->name),
                            tr("%1 × %2").arg(countText(cluster->devices()), shortName(cluster->accelerator)),
                            qs(cluster->id) % QLatin1Char(' ') % qs(cluster->accelerator.vendor),
                            {}});
    m_cluster->setItems(clusters);
    for (const Format which : {Format::Weights, Format::Kv})
        m_allFormats[static_cast<std::size_t>(which)]->setItems(numberFormatItems());
}

void ControlPanel::setTheme(const Theme& theme)
{
    const auto dress = [&theme](QLabel* label, Ink ink) {
        QPalette palette = label->palette();
        palette.setColor(QPalette::WindowText, theme.color(ink));
        label->setPalette(palette);
    };
    for (QLabel* heading : m_headings)
        dress(heading, Ink::Text2);
    for (QLabel* label : m_labels)
        dress(label, Ink::Text2);
    m_model->setTheme(theme);
    m_cluster->setTheme(theme);
    m_devices->setTheme(theme);
    for (Segmented* segmented : m_formats)
        segmented->setTheme(theme);
    for (ValueSlider* slider : m_lengths)
        slider->setTheme(theme);
    for (Picker* formats : m_allFormats)
        formats->setTheme(theme);
    m_axes->setTheme(theme);
    m_serving->setTheme(theme);
    m_pools->setTheme(theme);
    m_options->setTheme(theme);
}

bool ControlPanel::devicesLocked() const
{
    return m_axes->devicesLocked();
}

void ControlPanel::setDevicesLocked(bool locked)
{
    m_axes->setDevicesLocked(locked);
}

bool ControlPanel::moreShown() const
{
    return m_axes->moreShown();
}

void ControlPanel::setMoreShown(bool shown)
{
    m_axes->setMoreShown(shown);
}

bool ControlPanel::advancedShown() const
{
    return m_options->shown();
}

void ControlPanel::setAdvancedShown(bool shown)
{
    m_options->setShown(shown);
}

void ControlPanel::reveal(QWidget* body)
{
    QScrollArea* scroll = nullptr;
    for (QWidget* above = parentWidget(); above && !scroll; above = above->parentWidget())
        scroll = qobject_cast<QScrollArea*>(above);
    if (!scroll)
        return;
    // The column grows when its layout is asked next; where to scroll is known only then.
    for (QWidget* each = body; each != this; each = each->parentWidget())
        each->layout()->activate();
    layout()->activate();
    QEvent grown(QEvent::LayoutRequest);
    QCoreApplication::sendEvent(scroll, &grown);
    layout()->activate();
    const int top = body->parentWidget()->mapTo(this, QPoint()).y() + body->y() - kButtonAbove;
    const int bottom = body->mapTo(this, QPoint(0, body->height())).y() + space::kTight;
    QScrollBar* bar = scroll->verticalScrollBar();
    bar->setValue(std::max(bar->value(), std::min(top, bottom - scroll->viewport()->height())));
}

void ControlPanel::paintEvent(QPaintEvent*)
{
    QPainter(this).fillRect(rect(), palette().color(QPalette::Base));
}

void ControlPanel::resizeEvent(QResizeEvent*)
{
    layout()->setContentsMargins(kPanelInset, space::kTight, qMax(0, width() - kPanelInset - scaledToText(kContentWidth)), space::kSmall);
}

void ControlPanel::refresh()
{
    refreshPickers();
    refreshFormats();
    const Workload& workload = m_document.scenario().workload;
    m_lengths[0]->setValue(workload.batch);
    m_lengths[1]->setValue(workload.input);
    m_lengths[2]->setValue(workload.output);
    m_axes->refresh();
    m_serving->refresh();
    m_pools->refresh();
    m_options->refresh();
}

void ControlPanel::refreshPickers()
{
    const Scenario& scenario = m_document.scenario();
    // Pointers first: a drag changes neither, and counting parameters is not free.
    if (scenario.model != m_shownModel) {
        m_shownModel = scenario.model;
        const int index = indexOf(m_document.catalog().models, *scenario.model);
        const bool shipped = index >= 0 && *m_document.catalog().models[static_cast<std::size_t>(index)] == *scenario.model;
        m_model->setCurrent(shipped ? index : -1, qs(scenario.model->name));
        m_model->setSubtitle(modelSubtitle(*scenario.model));
    }
    if (scenario.cluster != m_shownCluster) {
        m_shownCluster = scenario.cluster;
        m_cluster->setCurrent(indexOf(m_document.catalog().clusters, *scenario.cluster), qs(scenario.cluster->name));
        m_cluster->setSubtitle(clusterSubtitle(*scenario.cluster));
        m_devices->setValue(scenario.cluster->devices());
    }
}

void ControlPanel::refreshFormats()
{
    const Formats& formats = m_document.scenario().formats;
    const Accelerator& accelerator = m_document.scenario().cluster->accelerator;
    const auto show = [this](Format which, const auto& offered, auto current, const auto& possible) {
        std::vector<Segmented::Item> items;
        for (const auto format : offered) {
            const QString reason = possible(format);
            items.push_back({qs(nameOf(format)), reason.isEmpty(), reason});
        }
        Segmented* segmented = m_formats[static_cast<std::size_t>(which)];
        if (items != segmented->items())
            segmented->setItems(items);
        segmented->setCurrent(static_cast<int>(std::find(offered.begin(), offered.end(), current) - offered.begin()));
        m_allFormats[static_cast<std::size_t>(which)]->setCurrent(static_cast<int>(current));
    };
    const auto always = [](NumberFormat) { return QString(); };
    show(Format::Weights, offeredStorage(formats.weights), formats.weights, always);
    show(Format::Kv, offeredStorage(formats.kv), formats.kv, always);
    const auto arithmetic = [&accelerator](ComputeFormat format) {
        return accelerator.peakOf(format) > 0 ? QString() : tr("%1 has no arithmetic in %2.").arg(qs(accelerator.name), qs(nameOf(format)));
    };
    std::vector<PickerItem> rates;
    rates.reserve(kComputeFormatCount);
    for (const ComputeFormat format : kComputeFormats)
        rates.push_back(
            {qs(nameOf(format)), accelerator.peakOf(format) > 0 ? qs(formatFlopRate(accelerator.peakOf(format))) : tr("none"), {}, {}});
    m_allFormats[static_cast<std::size_t>(Format::Math)]->setItems(rates);
    show(Format::Math, offeredArithmetic(formats.compute), formats.compute, arithmetic);
}

void ControlPanel::chooseFormat(Format which, int index)
{
    Formats formats = m_document.scenario().formats;
    const auto choose = [index](auto& format, const auto& offered) {
        format = offered[static_cast<std::size_t>(index)];
        return qs(nameOf(format));
    };
    const QString chosen = which == Format::Math      ? choose(formats.compute, offeredArithmetic(formats.compute))
                           : which == Format::Weights ? choose(formats.weights, offeredStorage(formats.weights))
                                                      : choose(formats.kv, offeredStorage(formats.kv));
    takeFormats(formats, which, chosen);
}

void ControlPanel::chooseOther(Format which, int index)
{
    Formats formats = m_document.scenario().formats;
    const auto place = static_cast<std::size_t>(index);
    if (which == Format::Math) {
        const Accelerator& accelerator = m_document.scenario().cluster->accelerator;
        if (accelerator.peakOf(kComputeFormats[place]) <= 0) {
            refreshFormats();
            Q_EMIT message(tr("%1 has no arithmetic in %2.").arg(qs(accelerator.name), qs(nameOf(kComputeFormats[place]))));
            return;
        }
        formats.compute = kComputeFormats[place];
        takeFormats(formats, which, qs(nameOf(formats.compute)));
        return;
    }
    (which == Format::Weights ? formats.weights : formats.kv) = kNumberFormats[place];
    takeFormats(formats, which, qs(nameOf(kNumberFormats[place])));
}

void ControlPanel::takeFormats(const Formats& formats, Format which, const QString& chosen)
{
    Scenario next = m_document.scenario();
    next.formats = formats;
    static const std::array kNames{tr("Weights"), tr("KV cache"), tr("Math")};
    m_document.endMerge();
    m_document.edit(next, kNames[static_cast<std::size_t>(which)] % QLatin1Char(' ') % chosen);
}

void ControlPanel::chooseLength(Length which, int value, bool dragging)
{
    if (!dragging)
        endDrag();
    else if (!m_dragStart)
        m_dragStart = m_document.scenario();
    Scenario next = m_dragStart ? *m_dragStart : m_document.scenario();
    int& length = which == Length::Batch ? next.workload.batch : which == Length::Input ? next.workload.input : next.workload.output;
    length = value;
    m_moved = makeLegal(next); // fewer requests than microbatches, fewer tokens than chunks
    static const std::array kNames{tr("Batch"), tr("Input"), tr("Output")};
    const QString& name = kNames[static_cast<std::size_t>(which)];
    m_document.edit(next, name % QLatin1Char(' ') % qs(formatCount(value)),
                    QStringLiteral("length.") % QString::number(static_cast<int>(which)));
    if (!dragging)
        endDrag();
}

void ControlPanel::endDrag()
{
    m_document.endMerge();
    m_dragStart.reset();
    if (m_moved.empty())
        return;
    QStringList moved;
    for (const std::string& change : m_moved)
        moved << qs(change);
    m_moved.clear();
    Q_EMIT m_document.notice(tr("To stay legal, %1.").arg(moved.join(QStringLiteral(", "))));
}

void ControlPanel::setDevices(int devices)
{
    const Result<bool> result = m_document.setDevices(devices);
    if (!result.ok())
        m_devices->reject(QString::fromStdString(result.error().sentence()));
}

void ControlPanel::stepDevices(int steps)
{
    const std::vector<int> choices = deviceChoices(*m_document.scenario().cluster);
    const int now = m_document.scenario().cluster->devices();
    const auto above = std::upper_bound(choices.begin(), choices.end(), now);
    const auto here = std::lower_bound(choices.begin(), choices.end(), now);
    const auto wanted = steps > 0 ? (above - choices.begin()) + steps - 1 : (here - choices.begin()) + steps;
    if (choices.empty())
        return;
    setDevices(choices[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(wanted, 0, std::ssize(choices) - 1))]);
}

} // namespace shardlens
