// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/caption.h"

#include "core/base/format.h"
#include "core/plan/optionnames.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/servicetext.h"

#include <QCoreApplication>
#include <QStringList>

namespace shardlens {
namespace {

struct Caption {
    Q_DECLARE_TR_FUNCTIONS(Caption)
};

constexpr double kInset = space::kInset;
constexpr double kAround = 6; ///< above and below the text

QString planOf(const Plan& plan)
{
    QStringList parts;
    for (const PlanAxis axis :
         {PlanAxis::Tensor, PlanAxis::Pipeline, PlanAxis::Data, PlanAxis::Expert, PlanAxis::Sequence, PlanAxis::AttentionData})
        if (plan[axis] > 1)
            parts << qs(shortNameOf(axis)) + QChar(u' ') + qs(formatCount(plan[axis]));
    QString text = parts.isEmpty() ? Caption::tr("one device") : parts.join(QStringLiteral(" \u00D7 "));
    for (const PlanAxis axis : {PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches, PlanAxis::Chunks})
        if (plan[axis] > 1)
            text += QStringLiteral(", ") + qs(formatCount(plan[axis])) + QChar(u' ') + qs(shortNameOf(axis));
    const QString options = qs(describe(plan.options));
    return options.isEmpty() ? text : text + QStringLiteral(", ") + options;
}

} // namespace

QString assumptionsText(const Scenario& scenario, const Report& report)
{
    const Workload& work = scenario.workload;
    const Cluster& cluster = *scenario.cluster;
    const QStringList parts{
        Caption::tr("%1 on %2, %3 \u00D7 %4")
            .arg(qs(scenario.model->name), qs(cluster.name), qs(formatCount(cluster.devices())), qs(cluster.accelerator.name)),
        planOf(scenario.plan), qs(describe(scenario.formats)),
        Caption::tr("batch %1 per replica, %2 tokens in, %3 out")
            .arg(qs(formatCount(work.batch)), qs(formatCount(work.input)), qs(formatCount(work.output))),
        modeText(scenario, report, false)};
    return parts.join(QStringLiteral("; "));
}

double captionHeight(const QString& text, double width)
{
    const auto lines = wrapText(text, TextRole::Note, std::max(40.0, width - 2 * kInset)).size();
    return 2 * kAround + static_cast<double>(lines) * lineHeight(TextRole::Note);
}

void drawCaption(Scene& scene, const Theme& theme, const QRectF& area, const QString& text)
{
    scene.fill(area, theme.color(Ink::Surface));
    scene.line({area.left() + kInset, area.top() + 0.5}, {area.right() - kInset, area.top() + 0.5}, theme.color(Ink::Line));
    drawWrapped(scene, {area.left() + kInset, area.top() + kAround, std::max(40.0, area.width() - 2 * kInset), 0}, text, TextRole::Note,
                theme.color(Ink::Text2));
}

} // namespace shardlens
