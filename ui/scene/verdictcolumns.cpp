// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/verdictcolumns.h"

#include "core/base/format.h"
#include "core/scenario/calibrate.h"
#include "core/scenario/serve.h"

#include <QLocale>

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

Subject timeSubject(Phase phase)
{
    Subject subject;
    subject.kind = Subject::Kind::Time;
    subject.phase = phase;
    return subject;
}

/// Dollars with their cents; what would round to nothing and what is beyond any bill as other numbers are.
Figure moneyFigure(double dollars)
{
    if (dollars < 0.005 || dollars >= 1e5)
        return rateFigure(dollars);
    return {QLocale::c().toString(dollars, 'f', 2), {}};
}

/// Widest figure that may come: so many characters of tabular digits in the verdict's size, and the unit.
double reservedWidth(const QString& label, const QString& widestUnit)
{
    static const QString kWidestNumber = QStringLiteral("88,888");
    const double unit = widestUnit.isEmpty() ? 0 : 4 + textWidth(widestUnit, TextRole::Body);
    return std::max(textWidth(label, TextRole::Note), textWidth(kWidestNumber, TextRole::Verdict) + unit);
}

} // namespace

std::vector<VerdictColumn> verdictColumns(const ViewInput& input)
{
    const ServingReport& serving = input.report.serving;
    std::vector<VerdictColumn> columns;
    columns.reserve(6); // references to earlier ones stay
    const auto add = [&](int rank, const QString& label, const Figure& figure, const QString& widestUnit) -> VerdictColumn& {
        VerdictColumn& column = columns.emplace_back();
        column.label = label;
        column.figure = figure;
        column.rank = rank;
        column.reserved = reservedWidth(label, widestUnit);
        return column;
    };
    const bool loaded = underLoad(input.scenario);
    const auto withBand = [&input](VerdictColumn& column, PointFigure figure, double value) {
        column.band = bandOf(input.report, figure);
        column.value = value;
        if (column.band)
            column.range = rangeText(figure, *column.band);
    };
    VerdictColumn& ttft = add(0, VerdictScene::tr("TTFT"), secondsFigure(serving.ttft), QStringLiteral("ms"));
    ttft.subject = timeSubject(Phase::Prefill);
    ttft.target = targetText(input.scenario, input.report, Phase::Prefill);
    ttft.note = loaded ? percentileText(serving.service.ttft, true)
                       : VerdictScene::tr("batch of %1").arg(qs(formatCount(input.scenario.workload.batch)));
    withBand(ttft, PointFigure::Ttft, serving.ttft);
    if (!std::isfinite(serving.ttft)) {
        ttft.empty = VerdictScene::tr("grows");
        ttft.note = VerdictScene::tr("without end");
    }
    VerdictColumn& tpot = add(0, VerdictScene::tr("TPOT"), secondsFigure(serving.tpot), QStringLiteral("ms"));
    tpot.subject = timeSubject(Phase::Decode);
    tpot.target = targetText(input.scenario, input.report, Phase::Decode);
    tpot.note = loaded ? percentileText(serving.service.tpot, true)
                       : VerdictScene::tr("context %1").arg(qs(formatCount(input.scenario.workload.meanContext())));
    withBand(tpot, PointFigure::Tpot, serving.tpot);
    VerdictColumn& device = add(1, VerdictScene::tr("Tokens/s per device"), rateFigure(serving.outputTokensPerSecondPerDevice), QString());
    const Figure all = rateFigure(serving.outputTokensPerSecond);
    device.note = VerdictScene::tr("%1 in all").arg(all.joined());
    withBand(device, PointFigure::OutputPerDevice, serving.outputTokensPerSecondPerDevice);
    if (serving.service.status == ServiceStatus::DoesNotFit || serving.service.status == ServiceStatus::IllegalPools) {
        for (VerdictColumn* column : {&columns[0], &columns[1], &columns[2]}) {
            column->empty = VerdictScene::tr("none");
            column->note.clear();
            column->band.reset();
        }
    }
    VerdictColumn& user = add(3, VerdictScene::tr("Tokens/s per user"), rateFigure(serving.tokensPerSecondPerUser), QString());
    user.note = VerdictScene::tr("1 / TPOT");
    user.subject = timeSubject(Phase::Decode);
    if (tpot.band) { // one is the other's inverse
        user.band = Spread{1 / tpot.band->high, 1 / tpot.band->low};
        user.value = serving.tokensPerSecondPerUser;
        user.range = rangeText(PointFigure::OutputPerDevice, *user.band);
    }
    VerdictColumn& cost = add(4, VerdictScene::tr("Cost, output"), {}, QStringLiteral("/Mtok"));
    if (serving.costPerMillionTokens > 0) {
        const Figure dollars = moneyFigure(serving.costPerMillionTokens);
        cost.figure = {QChar(u'$') + dollars.number, dollars.unit + QStringLiteral("/Mtok")};
        cost.note =
            VerdictScene::tr("$%1 per device hour").arg(moneyFigure(pricePerDeviceHour(input.scenario, *input.scenario.cluster)).joined());
        if (serving.paidDevices > serving.devices)
            cost.note = VerdictScene::tr("%1 of %2 devices idle")
                            .arg(qs(formatNumber(serving.paidDevices - serving.devices)), qs(formatNumber(serving.paidDevices)));
        if (serving.intervals && serving.intervals->costPerMillionTokens.high > 0) {
            const Interval80& interval = serving.intervals->costPerMillionTokens;
            cost.band = Spread{interval.low, interval.high};
            cost.value = serving.costPerMillionTokens;
            cost.range = VerdictScene::tr("$%1\u2013%2").arg(moneyFigure(interval.low).joined(), moneyFigure(interval.high).joined());
        }
    } else {
        cost.empty = VerdictScene::tr("no list price");
    }
    VerdictColumn& mfu = add(5, loaded ? VerdictScene::tr("MFU") : VerdictScene::tr("MFU, prefill"),
                             percentFigure(loaded ? serving.mfu : input.report.prefill.mfu), QStringLiteral("%"));
    mfu.reserved = std::max(textWidth(VerdictScene::tr("decode %1").arg(QStringLiteral("88.8 %")), TextRole::Note) + 1,
                            textWidth(QStringLiteral("88.8"), TextRole::Verdict) + 4 + textWidth(QStringLiteral("%"), TextRole::Body));
    mfu.note = serving.pools ? VerdictScene::tr("of both pools")
               : loaded      ? VerdictScene::tr("MBU %1").arg(percentFigure(serving.mbu).joined())
                             : VerdictScene::tr("decode %1").arg(percentFigure(input.report.decode.mfu).joined());
    if (!input.report.memory.fits) // nothing of this will be measured
        for (VerdictColumn& column : columns)
            if (column.empty.isEmpty()) {
                column.note = VerdictScene::tr("if it fitted");
                column.band.reset();
                column.target.reset();
            }
    return columns;
}

QString columnText(const VerdictColumn& column)
{
    const QString figure = column.empty.isEmpty() ? column.figure.joined() : column.empty;
    return column.label % QStringLiteral(": ") % figure % (column.note.isEmpty() ? QString() : QString(QStringLiteral(", ") % column.note));
}

} // namespace shardlens
