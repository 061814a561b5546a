// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/explain_point.h"

#include "core/scenario/explain_parts.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

std::string_view nameOf(PointFigure figure)
{
    switch (figure) {
    case PointFigure::Tpot: return "TPOT";
    case PointFigure::Ttft: return "TTFT";
    case PointFigure::OutputPerDevice: break;
    }
    return "tokens/s per device";
}

std::string valueText(PointFigure figure, double value)
{
    return figure == PointFigure::OutputPerDevice ? formatNumber(value) + " tokens/s" : formatSeconds(value);
}

std::string signedPercent(double fraction)
{
    return (fraction < 0 ? "−" : "+") + formatPercent(std::abs(fraction));
}

} // namespace

Explanation explainPoint(const ComparedPoint& point, PointFigure figure, const PointInputs& scenario)
{
    const auto index = static_cast<std::size_t>(figure);
    const double measured = point.measured[index];
    const PredictedFigure& predicted = point.predicted[index];
    const PointInputs& inputs = point.inputs;
    Explanation out;
    out.formulaId = "point.error";
    out.title = "Measured point";
    out.subtitle = point.modelName + ", " + formatCount(inputs.devices) + " × " + point.acceleratorName;
    out.cause = Cause::Overhead;
    if (point.has(figure)) {
        setFigure(out, valueText(figure, measured));
        out.share = std::string(nameOf(figure)) + " measured";
        const std::string error = signedPercent(predicted.value / measured - 1);
        out.formula = {{"error", "predicted / measured − 1", "", false},
                       {"", valueText(figure, predicted.value) + " / " + valueText(figure, measured) + " − 1", "", false},
                       {"", error, "", true}};
        if (predicted.hasInterval())
            out.inputs.push_back({"80 %", valueText(figure, predicted.low) + " to " + valueText(figure, predicted.high),
                                  measured >= predicted.low && measured <= predicted.high ? "holds the measured figure"
                                                                                          : "does not hold the measured figure",
                                  Provenance::Fitted});
    } else {
        out.notes.push_back("This figure was not measured, or cannot be compared.");
    }
    const auto add = [&out](const char* name, const std::string& value, const std::string& own) {
        out.inputs.push_back({name, value, value == own ? "as here" : "here " + own, Provenance::Measured});
    };
    add("engine", std::string(shardlens::nameOf(inputs.engine)), std::string(shardlens::nameOf(scenario.engine)));
    add("prompt", formatNumber(inputs.input, 4) + " tokens", formatNumber(scenario.input, 4) + " tokens");
    add("output", formatNumber(inputs.output, 4) + " tokens", formatNumber(scenario.output, 4) + " tokens");
    add("requests", formatNumber(inputs.concurrency, 4), formatNumber(scenario.concurrency, 4));
    add("TP", std::to_string(inputs.tensor), std::to_string(scenario.tensor));
    if (inputs.expert > 1 || scenario.expert > 1)
        add("EP", std::to_string(inputs.expert), std::to_string(scenario.expert));
    const double distance = pointDistance(inputs, scenario);
    out.inputs.push_back({"distance", formatNumber(distance, 2) + (distance > kFarPoint ? ", far" : ""),
                          "doublings from this scenario, and 4 for another accelerator, 2 for another engine, 1 for another model",
                          Provenance::Exact});
    if (distance > kFarPoint)
        out.notes.push_back("Far from this scenario: " + formatNumber(distance, 2) + ", where cross-validation has hardly gone beyond "
                            + formatNumber(kFarPoint) + ". It says little of the figures here.");
    for (std::size_t i = 0; i < kPointFigureCount; ++i) {
        const auto each = static_cast<PointFigure>(i);
        if (point.has(each))
            out.notes.push_back(std::string(nameOf(each)) + ": measured " + valueText(each, point.measured[i]) + ", predicted "
                                + valueText(each, point.predicted[i].value) + " ("
                                + signedPercent(point.predicted[i].value / point.measured[i] - 1) + ").");
    }
    if (!point.source.empty())
        out.notes.push_back(point.source);
    return out;
}

} // namespace shardlens
