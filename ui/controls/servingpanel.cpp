// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/servingpanel.h"

#include "core/base/format.h"
#include "core/scenario/serve.h"
#include "ui/controls/numberfield.h"
#include "ui/controls/picker.h"
#include "ui/controls/segmented.h"
#include "ui/controls/valueslider.h"

#include <QDate>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens {
namespace {

int switchWidth()
{
    return scaledToText(184);
}
int fieldWidth()
{
    return scaledToText(64);
}
constexpr int kGap = 3;
constexpr int kHundredths = 100;
constexpr std::array kEngines{Engine::Generic, Engine::Vllm, Engine::Sglang, Engine::TrtLlm};

/// Spreads of the outputs' lengths that are offered; a file may bring another.
struct OutputChoice {
    const char* name;
    LengthSpread spread;
};
const std::array<OutputChoice, 4>& outputChoices()
{
    const auto uniform = [](double low, double high) {
        LengthSpread spread;
        spread.kind = LengthSpread::Kind::Uniform;
        spread.low = low;
        spread.high = high;
        return spread;
    };
    static const std::array<OutputChoice, 4> choices{{
        {QT_TRANSLATE_NOOP("ServingPanel", "all alike"), {}},
        {QT_TRANSLATE_NOOP("ServingPanel", "80 to 100 %"), uniform(0.8, 1.0)},
        {QT_TRANSLATE_NOOP("ServingPanel", "50 to 150 %"), uniform(0.5, 1.5)},
        {QT_TRANSLATE_NOOP("ServingPanel", "10 to 190 %"), uniform(0.1, 1.9)},
    }};
    return choices;
}

QString spreadText(const LengthSpread& spread)
{
    if (spread.kind == LengthSpread::Kind::Percentiles)
        return ServingPanel::tr("P50 %1, P99 %2").arg(qs(formatNumber(spread.p50)), qs(formatNumber(spread.p99)));
    return ServingPanel::tr("%1 to %2 %").arg(qs(formatNumber(spread.low * 100)), qs(formatNumber(spread.high * 100)));
}

int hundredthsOf(double value)
{
    return static_cast<int>(std::lround(std::min(value, 2e7) * kHundredths));
}

} // namespace

ServingPanel::ServingPanel(Document& document, int width, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_width(width),
      m_mode(new Segmented(tr("Times"), this)),
      m_engine(new Picker(tr("Engine"), this)),
      m_load(new Segmented(tr("Load"), this)),
      m_concurrency(new ValueSlider(tr("Concurrency"), tr("in flight"), 1, 4096, kMaxConcurrency, this)),
      m_rate(new ValueSlider(tr("Rate"), tr("requests/s"), 10, 100 * kHundredths, static_cast<int>(kMaxRate) * kHundredths, this)),
      m_outputs(new Picker(tr("Output lengths"), this)),
      m_price(new NumberField(this)),
      m_priceNote(new QLabel(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(3);
    m_mode->setItems({{tr("roofline"), true, {}}, {tr("calibrated"), true, {}}});
    m_mode->setToolTip(
        tr("Roofline: ideal times at data-sheet rates. Calibrated: as the engine runs on measured hardware, with 80 % intervals."));
    m_mode->setObjectName(QStringLiteral("mode"));
    addRow(tr("Times"), m_mode, &switchWidth, *column);
    std::vector<PickerItem> engines;
    engines.reserve(kEngines.size());
    for (const Engine engine : kEngines)
        engines.push_back({qs(nameOf(engine)), {}, qs(kEngineWords[static_cast<std::size_t>(engine)]), {}});
    m_engine->setShape(Picker::Shape::Small);
    m_engine->setItems(engines);
    m_engine->setObjectName(QStringLiteral("engine"));
    addRow(tr("Engine"), m_engine, &switchWidth, *column);
    m_load->setItems({{tr("batch"), true, {}}, {tr("in flight"), true, {}}, {tr("rate"), true, {}}});
    m_load->setToolTip(tr("Batch: requests arrive and leave together. In flight: a new request follows each answer. Rate: requests arrive "
                          "at random, whatever the server does."));
    m_load->setObjectName(QStringLiteral("load"));
    addRow(tr("Load"), m_load, &switchWidth, *column);
    m_concurrency->setTickValues({1, 8, 64, 512, 4096});
    m_rate->setHundredths();
    m_rate->setTickValues({10, 100, 1000, 10000});
    column->addWidget(m_concurrency);
    column->addWidget(m_rate);
    m_outputs->setShape(Picker::Shape::Small);
    m_outputs->setToolTip(tr("Spread of the generated lengths around the output of the workload."));
    m_outputs->setObjectName(QStringLiteral("outputLengths"));
    addRow(tr("Outputs"), m_outputs, &switchWidth, *column);
    m_price->setRange(0, static_cast<int>(kMaxPrice) * kHundredths);
    m_price->setHundredths(true);
    m_price->setObjectName(QStringLiteral("price"));
    addRow(tr("$ per device hour"), m_price, &fieldWidth, *column);
    m_price->setAccessibleName(tr("Price of a device for an hour, in dollars; 0 takes the list price"));
    followTextScale(m_priceNote, [this] { m_priceNote->setFont(fontOf(TextRole::Note)); });
    column->addWidget(m_priceNote);
    connectControls();
}

void ServingPanel::addRow(const QString& text, QWidget* control, int (*length)(), QVBoxLayout& column)
{
    auto* label = new QLabel(text, this);
    label->setBuddy(control);
    m_labels.push_back(label);
    control->setAccessibleName(text);
    followTextScale(control, [control, length] { control->setFixedWidth(length()); });
    auto* row = new QHBoxLayout;
    row->setSpacing(kGap);
    row->addWidget(label, 1);
    row->addWidget(control);
    column.addLayout(row);
}

void ServingPanel::connectControls()
{
    connect(m_mode, &Segmented::chosen, this, [this](int index) {
        change(index == 1 ? tr("Calibrated times") : tr("Roofline times"), {},
               [index](Scenario& scenario) { scenario.mode = index == 1 ? Mode::Calibrated : Mode::Roofline; });
    });
    connect(m_engine, &Picker::chosen, this, [this](int index) {
        const Engine engine = kEngines[static_cast<std::size_t>(index)];
        change(tr("Engine %1").arg(qs(nameOf(engine))), {}, [engine](Scenario& scenario) { scenario.serving.engine = defaultsOf(engine); });
    });
    connect(m_load, &Segmented::chosen, this, [this](int index) {
        change(tr("Load: %1").arg(m_load->items()[static_cast<std::size_t>(index)].text), {},
               [index](Scenario& scenario) { scenario.serving.load.kind = static_cast<LoadKind>(index); });
    });
    connect(m_concurrency, &ValueSlider::valueChosen, this, [this](int value, bool dragging) {
        slide(tr("%1 in flight").arg(countText(value)), QStringLiteral("serving.concurrency"), dragging,
              [value](Scenario& scenario) { scenario.serving.load.concurrency = value; });
    });
    connect(m_rate, &ValueSlider::valueChosen, this, [this](int value, bool dragging) {
        slide(tr("%1 requests/s").arg(hundredthsText(value)), QStringLiteral("serving.rate"), dragging,
              [value](Scenario& scenario) { scenario.serving.load.rate = static_cast<double>(value) / kHundredths; });
    });
    for (ValueSlider* slider : {m_concurrency, m_rate})
        connect(slider, &ValueSlider::dragEnded, &m_document, &Document::endMerge);
    connect(m_outputs, &Picker::chosen, this, [this](int index) {
        const OutputChoice& choice = outputChoices()[static_cast<std::size_t>(index)];
        change(tr("Outputs %1").arg(tr(choice.name)), {},
               [&choice](Scenario& scenario) { scenario.serving.load.outputLengths = choice.spread; });
    });
    connect(m_price, &NumberField::typed, this, [this](int cents) { setPrice(cents, {}); });
    connect(m_price, &NumberField::stepped, this, [this](int steps) {
        setPrice(std::clamp(m_price->value() + steps * 10, 0, static_cast<int>(kMaxPrice) * kHundredths), QStringLiteral("serving.price"));
    });
    connect(m_price, &QLineEdit::editingFinished, &m_document, &Document::endMerge);
}

void ServingPanel::setPrice(int cents, const QString& mergeKey)
{
    if (cents == m_price->value())
        return;
    const QString what = cents == 0 ? tr("List price") : tr("$%1 per device hour").arg(hundredthsText(cents));
    change(what, mergeKey, [cents](Scenario& scenario) {
        if (cents == 0)
            scenario.serving.price.reset();
        else // a price without its day is worth little in a year
            scenario.serving.price = DevicePrice{static_cast<double>(cents) / kHundredths,
                                                 "entered by hand, " + QDate::currentDate().toString(Qt::ISODate).toStdString()};
    });
}

void ServingPanel::change(const QString& what, const QString& mergeKey, const std::function<void(Scenario&)>& edit)
{
    Scenario next = m_document.scenario();
    edit(next);
    if (mergeKey.isEmpty())
        m_document.endMerge();
    m_document.edit(next, what, mergeKey);
    refresh(); // an edit that changed nothing reports nothing
}

void ServingPanel::slide(const QString& what, const QString& mergeKey, bool dragging, const std::function<void(Scenario&)>& edit)
{
    if (!dragging)
        m_document.endMerge();
    change(what, mergeKey, edit);
    if (!dragging)
        m_document.endMerge();
}

void ServingPanel::setTheme(const Theme& theme)
{
    for (QLabel* label : m_labels) {
        QPalette palette = label->palette();
        palette.setColor(QPalette::WindowText, theme.color(Ink::Text2));
        label->setPalette(palette);
    }
    QPalette palette = m_priceNote->palette();
    palette.setColor(QPalette::WindowText, theme.color(Ink::Text3));
    m_priceNote->setPalette(palette);
    m_mode->setTheme(theme);
    m_engine->setTheme(theme);
    m_load->setTheme(theme);
    m_concurrency->setTheme(theme);
    m_rate->setTheme(theme);
    m_outputs->setTheme(theme);
    m_price->setTheme(theme);
}

void ServingPanel::refresh()
{
    const Scenario& scenario = m_document.scenario();
    const ServingLoad& load = scenario.serving.load;
    m_mode->setCurrent(scenario.mode == Mode::Calibrated ? 1 : 0);
    const auto engine = std::find(kEngines.begin(), kEngines.end(), scenario.serving.engine.engine);
    m_engine->setCurrent(static_cast<int>(engine - kEngines.begin()));
    m_load->setCurrent(static_cast<int>(load.kind));
    m_concurrency->setVisible(load.kind == LoadKind::ClosedLoop);
    m_rate->setVisible(load.kind == LoadKind::OpenLoop);
    m_concurrency->setValue(load.concurrency);
    m_rate->setValue(hundredthsOf(load.rate));
    std::vector<PickerItem> items;
    int current = -1;
    for (const OutputChoice& choice : outputChoices()) {
        if (choice.spread == load.outputLengths)
            current = static_cast<int>(items.size());
        items.push_back({tr(choice.name), {}, {}, {}});
    }
    if (items != m_outputs->items())
        m_outputs->setItems(items);
    m_outputs->setCurrent(current, current < 0 ? spreadText(load.outputLengths) : QString());
    m_outputs->setEnabled(load.kind != LoadKind::StaticBatch);
    refreshPrice();
}

void ServingPanel::refreshPrice()
{
    const Scenario& scenario = m_document.scenario();
    m_price->setValue(hundredthsOf(pricePerDeviceHour(scenario, *scenario.cluster)));
    const QString source = qs(priceSource(scenario));
    const QString note = source.isEmpty() ? tr("no list price; type yours") : source;
    if (m_priceNote->toolTip() == note && m_noted == textGeneration() && !m_priceNote->text().isEmpty())
        return;
    m_priceNote->setText(QFontMetrics(m_priceNote->font()).elidedText(note, Qt::ElideRight, scaledToText(m_width)));
    m_priceNote->setToolTip(note);
    m_noted = textGeneration();
    m_price->setToolTip(tr("%1\n0 takes the list price again.").arg(note));
}

} // namespace shardlens
