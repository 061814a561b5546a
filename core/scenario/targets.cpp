// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/targets.h"

#include <array>
#include <charconv>
#include <limits>

namespace shardlens {

namespace {

constexpr double kNoFigure = std::numeric_limits<double>::infinity();

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

} // namespace

std::vector<TargetCheck> checkTargets(const Scenario& scenario, const Report& report)
{
    std::vector<TargetCheck> checks;
    const ServiceStatus status = report.serving.service.status;
    const bool served = report.legal && (status == ServiceStatus::Served || status == ServiceStatus::Cancelled);
    const auto check = [&](std::string_view key, std::string_view name, const std::optional<double>& target, double value) {
        if (!target)
            return;
        // A figure of 0 is none: requests of one token have no TPOT, and every TPOT keeps the target.
        const double reached = served ? value : kNoFigure;
        checks.push_back({key, name, *target, reached, reached <= *target});
    };
    check("ttft_s", "TTFT", scenario.targets.ttft, report.serving.ttft);
    check("tpot_s", "TPOT", scenario.targets.tpot, report.serving.tpot);
    return checks;
}

Result<double> parseTarget(std::string_view text)
{
    const auto bad = [text] {
        return Error{.file = {},
                     .path = {},
                     .found = std::string(text),
                     .allowed = "allowed is a time from 1 us to 1,000,000 s, such as 20ms or 0.02"};
    };
    std::string_view rest = trimmed(text);
    double number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc())
        return bad();
    rest = trimmed(rest.substr(static_cast<std::size_t>(end - rest.data())));
    struct Unit {
        std::string_view name;
        double perSecond;
    };
    // Divided, not multiplied: 20 / 1000 is the double that 0.02 is.
    constexpr std::array kUnits{Unit{"", 1}, Unit{"s", 1}, Unit{"ms", 1e3}, Unit{"us", 1e6}, Unit{"\u00B5s", 1e6}, Unit{"\u03BCs", 1e6}};
    for (const Unit& unit : kUnits) {
        const double seconds = number / unit.perSecond;
        if (rest == unit.name && seconds >= kLeastTarget && seconds <= kMostTarget)
            return seconds;
    }
    return bad();
}

} // namespace shardlens
