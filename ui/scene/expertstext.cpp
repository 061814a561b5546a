// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/expertstext.h"

#include "core/base/format.h"
#include "ui/scene/scenetext.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

using Places = ExpertLoadTable::Places;

QString ExpertsText::number(double value)
{
    return qs(formatNumber(value));
}

namespace {

/// "1 token", "34.1 tokens".
QString tokensText(double count)
{
    const QString number = ExpertsText::number(count);
    return number == QStringLiteral("1") ? ExpertsText::tr("%1 token").arg(number) : ExpertsText::tr("%1 tokens").arg(number);
}

/// "1.34 × the mean"; sampled ones with what they are known to.
QString factorText(const ExpertLoadTable& table)
{
    const QString factor = ExpertsText::tr("%1 × the mean").arg(ExpertsText::number(table.factor()));
    return table.standardError() > 0 ? factor % QStringLiteral(" ± ") % qs(formatPercent(table.standardError(), 1)) : factor;
}

double factWidth(const ExpertsFact& fact)
{
    return textWidth(fact.name, TextRole::Note) + 5 + textWidth(fact.value, TextRole::NoteStrong);
}

} // namespace

std::vector<ExpertsFact> expertsFacts(const ViewInput& input, const ExpertsOptions& options, const ExpertLoadTable& table)
{
    std::vector<ExpertsFact> facts;
    const bool one = table.places() == Places::Example && table.ranks() > 1;
    if (one) { // what the step's time is made of, however this order came out
        const double mean = table.servedMean();
        const double pairs = table.load().pairs;
        const QString times = ExpertsText::tr("%1 × the mean").arg(ExpertsText::number(mean > 0 ? pairs / mean : 0));
        facts.push_back({ExpertsText::tr("Hottest rank, mean of all orders"), QString(tokensText(pairs) % QStringLiteral(", ") % times)});
    }
    if (table.ranks() > 1 && table.excess() > 0) {
        const QString which = table.factor() <= 1 + 1e-9         ? ExpertsText::tr("Every rank serves")
                              : table.places() == Places::Orders ? ExpertsText::tr("Hottest rank of each order serves")
                              : one                              ? ExpertsText::tr("This order: rank %1 serves").arg(table.hottest())
                                                                 : ExpertsText::tr("Hottest rank %1 serves").arg(table.hottest());
        const QString served = ExpertsText::number(table.servedOfRank(table.hottest()));
        const QString load = tokensText(table.ofRank(table.hottest()));
        facts.push_back({which, table.factor() <= 1 + 1e-9
                                    ? ExpertsText::tr("%1 of %2").arg(served, load)
                                    : ExpertsText::tr("%1 of %2 (%3 before the limit)").arg(served, load, factorText(table))});
    } else if (table.ranks() > 1) {
        const QString which = table.factor() <= 1 + 1e-9         ? ExpertsText::tr("Every rank")
                              : table.places() == Places::Orders ? ExpertsText::tr("Hottest rank of each order")
                              : one                              ? ExpertsText::tr("This order: rank %1").arg(table.hottest())
                                                                 : ExpertsText::tr("Hottest rank %1").arg(table.hottest());
        const QString load = tokensText(table.ofRank(table.hottest()));
        facts.push_back({which, table.factor() <= 1 + 1e-9 ? load : QString(load % QStringLiteral(", ") % factorText(table))});
    }
    if (options.balancedTime) {
        const double time = (options.phase == Phase::Prefill ? input.report.prefill : input.report.decode).time;
        const QString now = qs(formatSeconds(time));
        const double change = time / *options.balancedTime - 1;
        const QString name = options.phase == Phase::Prefill ? ExpertsText::tr("Prefill") : ExpertsText::tr("Decode step");
        facts.push_back({name, table.isSkewed() && std::abs(change) >= 5e-5
                                   ? ExpertsText::tr("%1, balanced %2 (%3%4)")
                                         .arg(now, qs(formatSeconds(*options.balancedTime)), change < 0 ? QString() : QStringLiteral("+"),
                                              qs(formatPercent(change)))
                                   : ExpertsText::tr("%1, balanced").arg(now)});
    }
    if (options.unlimitedTime && options.balancedTime) {
        const double time = (options.phase == Phase::Prefill ? input.report.prefill : input.report.decode).time;
        const double change = time / *options.unlimitedTime - 1;
        facts.push_back({ExpertsText::tr("Without the limit"),
                         std::abs(change) < 5e-5 ? qs(formatSeconds(*options.unlimitedTime))
                                                 : (table.isPadded() && change > 0 ? ExpertsText::tr("%1 (with it %2%3: slots are padded)")
                                                                                   : ExpertsText::tr("%1 (with it %2%3)"))
                                                       .arg(qs(formatSeconds(*options.unlimitedTime)),
                                                            change < 0 ? QString() : QStringLiteral("+"), qs(formatPercent(change)))});
    }
    if (const int copies = input.scenario.plan.redundantExperts(); copies > 0 && table.ranks() > 1)
        facts.push_back(
            {ExpertsText::tr("Redundant copies"), table.copiesIdle() ? ExpertsText::tr("%1, idle: they would not help").arg(copies)
                                                  : options.factorWithoutCopies
                                                      ? ExpertsText::tr("%1; without them %2 × the mean")
                                                            .arg(QString::number(copies), ExpertsText::number(*options.factorWithoutCopies))
                                                      : QString::number(copies)});
    if (table.limit() > 0)
        facts.push_back({ExpertsText::tr("Dropped"), table.dropped() > 0 ? ExpertsText::tr("%1, %2 pairs per step")
                                                                               .arg(qs(formatPercent(table.dropped())),
                                                                                    ExpertsText::number(table.dropped() * table.pairs()))
                                                                         : ExpertsText::tr("none")});
    // Under a limit copies are slots of their own.
    if (table.isPadded())
        facts.push_back({ExpertsText::tr("Experts read"), ExpertsText::tr("%1 of %1 (slots are padded)").arg(table.slots())});
    else
        facts.push_back(
            {ExpertsText::tr("Experts read"),
             ExpertsText::tr("%1 of %2").arg(ExpertsText::number(table.read())).arg(table.limit() > 0 ? table.slots() : table.experts())});
    const FeedForward& f = input.scenario.model->kinds[static_cast<std::size_t>(expertKindOf(*input.scenario.model))].feedForward;
    if (f.groups > 1 && f.topGroups < f.groups)
        facts.push_back({ExpertsText::tr("Groups"), ExpertsText::tr("a token reaches %1 of %2").arg(f.topGroups).arg(f.groups)});
    facts.push_back({ExpertsText::tr("Tokens per step"),
                     table.topK() == 1
                         ? ExpertsText::tr("%1, one expert each").arg(ExpertsText::number(table.tokens()))
                         : ExpertsText::tr("%1, %2 experts each").arg(ExpertsText::number(table.tokens())).arg(table.topK())});
    return facts;
}

QString placesSentence(const ExpertLoadTable& table)
{
    switch (table.places()) {
    case Places::Numbered:
        return table.isSkewed() ? ExpertsText::tr("One rank holds all experts, by falling load.")
                                : ExpertsText::tr("Ranges of expert numbers on the ranks; uniform routing loads all alike.");
    case Places::Orders:
        return table.copiesIdle()
                   ? ExpertsText::tr(
                       "Experts by falling load; mean over all orders, rank 0 the hottest of each. Copies would not help and stay idle.")
                   : ExpertsText::tr("Experts by falling load; mean over all orders of their numbers, rank 0 the hottest of each order.");
    case Places::Example:
        return ExpertsText::tr(
            "One order of the experts as an example, numbered by falling load; times are made of the mean over all orders.");
    case Places::Balanced: return ExpertsText::tr("Experts numbered by falling load, placed by the load balancer; copies hatched.");
    }
    return {};
}

QString expertsSubtitle(const Scenario& scenario, const Report& report, const ExpertsOptions& options)
{
    const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, options.phase);
    if (!table)
        return {};
    const int layers = expertLayersOf(*scenario.model);
    return ExpertsText::tr("%1 experts in each of %2 on %3, top %4")
        .arg(table->experts())
        .arg(layers == 1 ? ExpertsText::tr("one layer") : ExpertsText::tr("%1 layers").arg(layers),
             table->ranks() == 1 ? ExpertsText::tr("one rank") : ExpertsText::tr("%1 ranks").arg(table->ranks()))
        .arg(table->topK());
}

QString describeExperts(const Scenario& scenario, const Report& report)
{
    const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, Phase::Decode);
    if (!table)
        return report.legal ? ExpertsText::tr("%1 has no experts.").arg(qs(scenario.model->name))
                            : ExpertsText::tr("The plan is not legal.");
    QString text = ExpertsText::tr("%1 experts on %2 ranks: a decode step of %3 reads %4 of them.")
                       .arg(table->experts())
                       .arg(table->ranks())
                       .arg(tokensText(table->tokens()), ExpertsText::number(table->read()));
    if (table->ranks() > 1)
        text +=
            QLatin1Char(' ') % ExpertsText::tr("The hottest rank has %1 times the mean load.").arg(ExpertsText::number(table->factor()));
    if (table->dropped() > 0)
        text += QLatin1Char(' ') % ExpertsText::tr("%1 of the pairs are dropped.").arg(qs(formatPercent(table->dropped())));
    return text;
}

QString expertsTooltip(const Scenario& scenario, const Report& report, const Subject& subject)
{
    if (subject.kind != Subject::Kind::Expert)
        return {};
    const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, subject.phase, subject.order >= 0);
    if (!table || subject.expert >= table->experts() || subject.rank >= table->ranks())
        return {};
    QStringList lines;
    const bool byLoad = table->isSkewed();
    if (subject.expert >= 0) {
        lines << (byLoad ? ExpertsText::tr("Expert %1 by falling load").arg(subject.expert)
                         : ExpertsText::tr("Expert %1").arg(subject.expert));
        lines << ExpertsText::tr("%1 of %2 per step visit it")
                     .arg(ExpertsText::number(table->ofExpert(subject.expert)), tokensText(table->tokens()));
        if (table->excessOf(subject.expert) > 0)
            lines << ExpertsText::tr("%1 beyond its capacity of %2")
                         .arg(ExpertsText::number(table->excessOf(subject.expert)), ExpertsText::number(table->limit()));
    }
    if (subject.rank >= 0) {
        const QString place = table->places() == Places::Orders && subject.rank == 0 ? ExpertsText::tr("The hottest rank of each order")
                                                                                     : ExpertsText::tr("EP rank %1").arg(subject.rank);
        lines << ExpertsText::tr("%1: %2 token-expert pairs, %3 × the mean")
                     .arg(place, ExpertsText::number(table->ofRank(subject.rank)),
                          ExpertsText::number(table->ofRank(subject.rank) / table->mean()));
        if (table->excessOfRank(subject.rank) > 0)
            lines << ExpertsText::tr("%1 of them are processed").arg(ExpertsText::number(table->servedOfRank(subject.rank)));
    }
    return lines.join(QLatin1Char('\n'));
}

int flowFacts(const std::vector<ExpertsFact>& facts, double width, Scene* scene, const Theme& theme, const QRectF& area)
{
    const double line = lineHeight(TextRole::Note);
    double x = 0;
    int row = 0;
    for (const ExpertsFact& given : facts) {
        ExpertsFact fact = given;
        if (factWidth(fact) > width) // what stands in brackets goes before a word is cut
            fact.value = fact.value.section(QStringLiteral(" ("), 0, 0);
        const double wanted = factWidth(fact);
        if (x > 0 && x + wanted > width) {
            x = 0;
            ++row;
        }
        if (scene && (row + 1) * line <= area.height() + 0.5) {
            const double name = std::min(textWidth(fact.name, TextRole::Note), width);
            scene->text({area.left() + x, area.top() + row * line, name + 0.5, line}, fact.name, TextRole::Note, theme.color(Ink::Text3),
                        Qt::AlignLeft | Qt::AlignVCenter, true);
            const double left = x + name + 5;
            if (width - left > 24)
                scene->text({area.left() + left, area.top() + row * line, std::min(wanted - name - 5, width - left) + 0.5, line},
                            fact.value, TextRole::NoteStrong, theme.color(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
        }
        x += wanted + 18;
    }
    return facts.empty() ? 0 : row + 1;
}

void drawDense(const ViewInput& input, Scene& scene)
{
    const QRectF area = QRectF(QPointF(0, 0), input.size).adjusted(space::kInset, space::kInset, -space::kInset, -space::kInset);
    const double line = lineHeight(TextRole::BodyStrong);
    if (area.width() < 60 || area.height() < line)
        return;
    scene.text({area.left(), area.top(), area.width(), line}, ExpertsText::tr("%1 has no experts").arg(qs(input.scenario.model->name)),
               TextRole::BodyStrong, input.theme.color(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
    const int most = static_cast<int>((area.height() - line - space::kTight) / lineHeight(TextRole::Body));
    if (most > 0)
        drawWrapped(scene, {area.left(), area.top() + line + space::kTight, std::min(area.width(), 520.0), 0},
                    ExpertsText::tr(
                        "Every token visits the whole MLP of each layer, so there is no load to balance. A mixture of experts, such as "
                        "Mixtral, DeepSeek-V3, Qwen3 or GPT-OSS, shows here which rank holds which expert and how evenly they are loaded."),
                    TextRole::Body, input.theme.color(Ink::Text2), most);
}

} // namespace shardlens
