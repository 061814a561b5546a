// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/optionpanel.h"

#include "core/base/format.h"
#include "ui/controls/foldbutton.h"
#include "ui/controls/numberfield.h"
#include "ui/controls/picker.h"
#include "ui/controls/segmented.h"

#include <QEvent>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr int kArrow = 26; ///< of the button, with the space around it

int hundredths(double value)
{
    return static_cast<int>(std::lround(value * 100));
}

QString summaryOf(const Scenario& scenario)
{
    QStringList parts;
    for (std::size_t i = 0; i < kWeightClassCount; ++i)
        if (scenario.formats.own[i])
            parts << qs(kWeightClassWords[i]) % QLatin1Char(' ') % qs(nameOf(*scenario.formats.own[i]));
    for (const std::string& text : {describe(scenario.workload.routing), describe(scenario.plan.options)})
        if (!text.empty())
            parts << qs(text);
    const ServingSettings& serving = scenario.serving;
    const EngineSettings usual = defaultsOf(serving.engine.engine);
    if (serving.engine.tokenBudget != usual.tokenBudget)
        parts << OptionPanel::tr("budget %1").arg(countText(serving.engine.tokenBudget));
    if (serving.engine.maxSequences != usual.maxSequences)
        parts << OptionPanel::tr("at most %1 sequences").arg(countText(serving.engine.maxSequences));
    if (serving.engine.policy != usual.policy)
        parts << OptionPanel::tr("prefill %1").arg(qs(kPolicyWords[static_cast<std::size_t>(serving.engine.policy)]));
    if (serving.load.prefixHit > 0)
        parts << OptionPanel::tr("prefix hit %1").arg(qs(formatPercent(serving.load.prefixHit)));
    if (serving.load.speculation.on())
        parts << OptionPanel::tr("%1 drafts").arg(serving.load.speculation.draftTokens);
    return parts.join(QStringLiteral(", "));
}

} // namespace

std::vector<PickerItem> numberFormatItems()
{
    std::vector<PickerItem> items;
    items.reserve(kNumberFormatCount);
    for (const NumberFormat format : kNumberFormats)
        items.push_back({qs(nameOf(format)), OptionPanel::tr("%1 bits").arg(qs(formatNumber(8 * bytesPerElement(format)))), {}, {}});
    return items;
}

OptionPanel::OptionPanel(Document& document, int width, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_width(width),
      m_button(new FoldButton(QStringLiteral("advanced"), this)),
      m_body(new QWidget(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addWidget(m_button);
    auto* body = new QVBoxLayout(m_body);
    body->setContentsMargins(0, 0, 0, 0);
    body->setSpacing(3);
    build(*body);
    column->addWidget(m_body);
    connect(m_button, &FoldButton::clicked, this, [this](bool shown) {
        setShown(shown);
        if (shown)
            Q_EMIT unfolded(m_body);
    });
    setShown(false);
}

void OptionPanel::build(QVBoxLayout& column)
{
    buildFormats(column);
    buildExperts(column);
    buildStages(column);
    buildPlacement(column);
    buildEngine(column);
}

void OptionPanel::buildFormats(QVBoxLayout& column)
{
    addHeading(tr("Weights by class"), column);
    addClassFormat(PlanOption::AttentionFormat, WeightClass::Attention, tr("Attention"), tr("Format of the attention matrices."), column);
    addClassFormat(PlanOption::MlpFormat, WeightClass::Mlp, tr("MLP"), tr("Format of dense MLPs and shared experts."), column);
    addClassFormat(PlanOption::ExpertFormat, WeightClass::Experts, tr("Experts"), tr("Format of the routed experts."), column);
    addClassFormat(PlanOption::EmbeddingFormat, WeightClass::Embedding, tr("Embedding"), tr("Format of embedding and head."), column);
}

void OptionPanel::buildExperts(QVBoxLayout& column)
{
    addHeading(tr("Experts"), column);
    addSwitch(
        PlanOption::ExpertExchange, tr("Exchange"),
        tr("Reduce: each rank runs its own experts on all tokens and the sums are added. All-to-all: tokens go to the ranks of their "
           "experts."),
        {tr("auto"), tr("reduce"), tr("all-to-all")}, [](const Scenario& s) { return static_cast<int>(s.plan.options.expertExchange); },
        [](Scenario& s, int value) { s.plan.options.expertExchange = static_cast<ExpertExchange>(value); }, column);
    addSwitch(
        PlanOption::SharedExperts, tr("Shared"), tr("Shared experts: split over TP, or whole on every device with the tokens split."),
        {tr("over TP"), tr("replicated")}, [](const Scenario& s) { return static_cast<int>(s.plan.options.sharedExperts); },
        [](Scenario& s, int value) { s.plan.options.sharedExperts = static_cast<SharedExpertPlace>(value); }, column);
    addNumber(
        PlanOption::RedundantExperts, tr("Redundant copies"),
        tr("Further copies of the busiest experts per layer, over the whole EP group."), {0, kMaxRedundantExperts, 1, false},
        [](const Scenario& s) { return s.plan.options.redundantExperts; },
        [](Scenario& s, int value) { s.plan.options.redundantExperts = value; }, column);
    addNumber(
        PlanOption::PowerLaw, tr("Routing skew"), tr("Load of the i-th busiest expert is as i to the power of minus this; 0 is uniform."),
        {0, hundredths(kMaxPowerLaw), 10, true}, [](const Scenario& s) { return hundredths(s.workload.routing.powerLaw); },
        [](Scenario& s, int value) { s.workload.routing.powerLaw = value / 100.0; }, column);
    addNumber(
        PlanOption::Capacity, tr("Capacity factor"), tr("An expert takes at most this times the mean number of tokens; 0 is no limit."),
        {0, hundredths(kMaxCapacityFactor), 25, true}, [](const Scenario& s) { return hundredths(s.workload.routing.capacityFactor); },
        [](Scenario& s, int value) { s.workload.routing.capacityFactor = value / 100.0; }, column);
    addSwitch(
        PlanOption::Capacity, tr("Beyond it"), tr("Tokens beyond the capacity are dropped, or move on to experts with room."),
        {tr("drop"), tr("overflow")}, [](const Scenario& s) { return s.workload.routing.dropOverflow ? 0 : 1; },
        [](Scenario& s, int value) { s.workload.routing.dropOverflow = value == 0; }, column);
}

void OptionPanel::buildStages(QVBoxLayout& column)
{
    addHeading(tr("Inside a stage"), column);
    addSwitch(
        PlanOption::Attention, tr("Attention"), tr("Unfused: scores and probabilities are written to and read from HBM."),
        {tr("fused"), tr("unfused")}, [](const Scenario& s) { return s.plan.options.fusedAttention ? 0 : 1; },
        [](Scenario& s, int value) { s.plan.options.fusedAttention = value == 0; }, column);
    addSwitch(
        PlanOption::Norms, tr("Norms"),
        tr("Sharded: each TP rank norms its part of the tokens; AllReduce becomes ReduceScatter and AllGather."),
        {tr("replicated"), tr("sharded")}, [](const Scenario& s) { return s.plan.options.shardedNorms ? 1 : 0; },
        [](Scenario& s, int value) { s.plan.options.shardedNorms = value == 1; }, column);
    addSwitch(
        PlanOption::SequenceExchange, tr("Over SP"),
        tr("How SP ranks exchange keys and values in prefill: gathered before attention, or going round while it runs."),
        {tr("all-gather"), tr("ring")}, [](const Scenario& s) { return static_cast<int>(s.plan.options.sequenceExchange); },
        [](Scenario& s, int value) { s.plan.options.sequenceExchange = static_cast<SequenceExchange>(value); }, column);
    addNumber(
        PlanOption::Overlap, tr("Collectives hidden, %"), tr("Share of each collective that may hide behind its own operator."),
        {0, 100, 10, false}, [](const Scenario& s) { return hundredths(s.plan.options.overlap); },
        [](Scenario& s, int value) { s.plan.options.overlap = value / 100.0; }, column);
    addSwitch(
        PlanOption::Prediction, tr("MTP"),
        tr("Layers of multi-token prediction: left out, or loaded on the last stage with a cache of their own, ready to draft."),
        {tr("off"), tr("load")}, [](const Scenario& s) { return static_cast<int>(s.plan.options.prediction); },
        [](Scenario& s, int value) { s.plan.options.prediction = static_cast<PredictionUse>(value); }, column);
    addHeading(tr("Pipeline"), column);
    addSwitch(
        PlanOption::Sends, tr("Sends"), tr("Synchronous: a stage waits until its activations have arrived at the next one."),
        {tr("overlapped"), tr("synchronous")}, [](const Scenario& s) { return static_cast<int>(s.plan.options.sends); },
        [](Scenario& s, int value) { s.plan.options.sends = static_cast<SendMode>(value); }, column);
    addSwitch(
        PlanOption::LayerSplit, tr("Layers"), tr("Balanced: embedding and head count as the layers they weigh."),
        {tr("even"), tr("balanced")}, [](const Scenario& s) { return static_cast<int>(s.plan.options.layerSplit); },
        [](Scenario& s, int value) {
            s.plan.options.layerSplit = static_cast<LayerSplit>(value);
            if (s.plan.options.layerSplit != LayerSplit::Manual)
                s.plan.options.stageLayers.clear();
        },
        column);
    addNumber(
        PlanOption::VirtualStages, tr("Virtual stages"), tr("Chunks of layers per stage: a piece passes all stages that many times."),
        {1, kMaxVirtualStages, 1, false}, [](const Scenario& s) { return s.plan.options.virtualStages; },
        [](Scenario& s, int value) { s.plan.options.virtualStages = value; }, column);
}

void OptionPanel::buildPlacement(QVBoxLayout& column)
{
    addHeading(tr("Axes onto devices"), column);
    addOrder(column);
}

void OptionPanel::buildEngine(QVBoxLayout& column)
{
    addHeading(tr("Engine and load"), column);
    addNumber(
        std::nullopt, tr("Token budget"), tr("Most tokens of one engine step, of prompts and of decoding sequences."),
        {1, kMaxTokenBudget, 1024, false}, [](const Scenario& s) { return s.serving.engine.tokenBudget; },
        [](Scenario& s, int value) { s.serving.engine.tokenBudget = value; }, column);
    addNumber(
        std::nullopt, tr("Max sequences"), tr("Most requests that run at once, on each attention-DP rank."), {1, kMaxBatch, 64, false},
        [](const Scenario& s) { return s.serving.engine.maxSequences; },
        [](Scenario& s, int value) { s.serving.engine.maxSequences = value; }, column);
    addSwitch(
        std::nullopt, tr("Prefill"), tr("Chunked: pieces of prompts join decode steps. First: prompts have steps of their own."),
        {tr("chunked"), tr("first")}, [](const Scenario& s) { return static_cast<int>(s.serving.engine.policy); },
        [](Scenario& s, int value) { s.serving.engine.policy = static_cast<PrefillPolicy>(value); }, column);
    addNumber(
        std::nullopt, tr("Prefix hit, %"), tr("Share of each prompt that the prefix cache holds already."), {0, 100, 10, false},
        [](const Scenario& s) { return hundredths(s.serving.load.prefixHit); },
        [](Scenario& s, int value) { s.serving.load.prefixHit = value / 100.0; }, column);
    addNumber(
        std::nullopt, tr("Draft tokens"), tr("Speculative decoding: tokens proposed for each step, which verifies them; 0 is off."),
        {0, kMaxDraftTokens, 1, false}, [](const Scenario& s) { return s.serving.load.speculation.draftTokens; },
        [](Scenario& s, int value) { s.serving.load.speculation.draftTokens = value; }, column);
    addNumber(
        std::nullopt, tr("Acceptance, %"), tr("Share of the drafts that are accepted, each by itself."), {0, 100, 5, false},
        [](const Scenario& s) { return hundredths(s.serving.load.speculation.acceptance); },
        [](Scenario& s, int value) { s.serving.load.speculation.acceptance = value / 100.0; }, column);
    addSwitch(
        std::nullopt, tr("Drafts by"), tr("The model's own prediction layers, or a small model of a twentieth of a step."),
        {tr("MTP layers"), tr("draft model")}, [](const Scenario& s) { return static_cast<int>(s.serving.load.speculation.draft); },
        [](Scenario& s, int value) { s.serving.load.speculation.draft = static_cast<Speculation::Draft>(value); }, column);
}

QWidget* OptionPanel::control(const QString& label) const
{
    const auto found = std::find_if(m_rows.begin(), m_rows.end(), [&label](const Row& row) { return row.label->text() == label; });
    return found == m_rows.end() ? nullptr : found->control;
}

QWidget* OptionPanel::control(PlanOption option) const
{
    const auto found = std::find_if(m_rows.begin(), m_rows.end(), [option](const Row& row) { return row.option == option; });
    return found == m_rows.end() ? nullptr : found->control;
}

void OptionPanel::setTheme(const Theme& theme)
{
    for (QLabel* label : m_labels) {
        QPalette palette = label->palette();
        palette.setColor(QPalette::WindowText, theme.color(Ink::Text2));
        palette.setColor(QPalette::Disabled, QPalette::WindowText, theme.color(Ink::Disabled));
        label->setPalette(palette);
    }
    m_button->setTheme(theme);
    for (Segmented* each : m_switches)
        each->setTheme(theme);
    for (NumberField* each : m_fields)
        each->setTheme(theme);
    for (Picker* each : m_pickers)
        each->setTheme(theme);
}

void OptionPanel::refresh()
{
    const QString summary = m_shown ? QString() : summaryOf(m_document.scenario());
    const QString text = summary.isEmpty() ? tr("Advanced") : tr("Advanced: %1").arg(summary);
    m_button->setText(QFontMetrics(m_button->font()).elidedText(text, Qt::ElideRight, scaledToText(m_width) - kArrow));
    m_button->setToolTip(summary);
    m_button->setAccessibleName(m_shown ? tr("Hide advanced options") : tr("Advanced options"));
    m_button->setAccessibleDescription(summary);
    if (!m_shown)
        return; // refreshed when shown
    for (const Row& row : m_rows)
        refreshRow(row);
}

void OptionPanel::refreshRow(const Row& row)
{
    const Scenario& scenario = m_document.scenario();
    const QString no = row.option ? qs(whyNoUse(*row.option, *scenario.model)) : QString();
    const QString idle = row.option                                            ? qs(whyNoEffect(*row.option, scenario.plan))
                         : scenario.serving.load.kind == LoadKind::StaticBatch ? tr("No effect on a static batch.")
                                                                               : QString();
    row.control->setEnabled(no.isEmpty());
    row.label->setEnabled(no.isEmpty());
    const QString tip = !no.isEmpty() ? no : idle.isEmpty() ? row.help : row.help % QLatin1Char('\n') % idle;
    row.control->setToolTip(tip);
    row.label->setToolTip(tip);
    row.show(scenario);
}

void OptionPanel::setShown(bool shown)
{
    m_shown = shown;
    m_body->setVisible(shown);
    m_button->setUnfolded(shown);
    refresh();
}

void OptionPanel::change(const QString& what, const QString& mergeKey, const std::function<void(Scenario&)>& edit)
{
    Scenario next = m_document.scenario();
    edit(next);
    std::vector<Finding> violations;
    std::vector<Finding> warnings;
    checkPlan(next.context(), next.plan, violations, warnings);
    if (!violations.empty()) {
        m_refusal = qs(sentence(violations.front(), next.context(), next.plan));
        refresh(); // the control shows what is in force
        Q_EMIT refused(m_refusal);
        return;
    }
    m_refusal.clear();
    if (mergeKey.isEmpty())
        m_document.endMerge();
    m_document.edit(next, what, mergeKey);
}

bool OptionPanel::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::FocusOut)
        m_document.endMerge();
    return QWidget::eventFilter(watched, event);
}

} // namespace shardlens
