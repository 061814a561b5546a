// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/subjectname.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace shardlens {
namespace {

constexpr std::array<std::string_view, kMemoryClassCount> kMemoryWords{"weights", "kv", "activations", "buffers", "reserve"};

std::optional<int> numberIn(std::string_view text)
{
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string rangeText(const std::string& kind, std::int64_t count)
{
    return count == 1 ? kind + ":0" : kind + ":0 to " + kind + ":" + std::to_string(count - 1);
}

std::optional<Subject> numbered(std::string_view kind, std::string_view rest, const Scenario& scenario, const Report& report)
{
    Subject subject;
    if (kind == "memory") {
        const auto found = std::find(kMemoryWords.begin(), kMemoryWords.end(), rest);
        if (found == kMemoryWords.end())
            return std::nullopt;
        subject.kind = Subject::Kind::MemoryClass;
        subject.cause = static_cast<int>(found - kMemoryWords.begin());
        return subject;
    }
    const std::optional<int> number = numberIn(rest);
    if (!number || *number < 0)
        return std::nullopt;
    if (kind == "device" && *number < scenario.plan.devices()) {
        subject.kind = Subject::Kind::Device;
        subject.device = *number;
        return subject;
    }
    if (kind == "stage" && *number < static_cast<int>(report.memory.stages.size())) {
        subject.kind = Subject::Kind::Stage;
        subject.stage = *number;
        return subject;
    }
    return std::nullopt;
}

/// The names of operators have capitals that nobody remembers.
bool sameName(std::string_view a, std::string_view b)
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [lower](char x, char y) { return lower(x) == lower(y); });
}

std::optional<Subject> ofPhase(Phase phase, std::string_view rest, const Report& report)
{
    Subject subject;
    subject.phase = phase;
    const std::vector<OperatorCost>& operators = (phase == Phase::Prefill ? report.prefill : report.decode).operators;
    for (std::size_t i = 0; i < operators.size(); ++i)
        if (sameName(nameOf(operators[i].op), rest)) {
            subject.kind = Subject::Kind::Operator;
            subject.op = static_cast<int>(i);
            return subject;
        }
    for (std::size_t i = 0; i < kCauseCount; ++i)
        if (nameOf(static_cast<Cause>(i)) == rest) {
            subject.kind = Subject::Kind::CauseOfTime;
            subject.cause = static_cast<int>(i);
            return subject;
        }
    return std::nullopt;
}

std::optional<Subject> lookUp(const std::string& name, const Scenario& scenario, const Report& report)
{
    Subject subject;
    subject.kind = Subject::Kind::Time;
    if (name == "tpot" || name == "ttft") {
        subject.phase = name == "ttft" ? Phase::Prefill : Phase::Decode;
        return subject;
    }
    if (name == "fit") {
        subject.kind = Subject::Kind::Fit;
        return subject;
    }
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        const std::string lead = std::string(nameOf(phase)) + "/";
        if (name.starts_with(lead))
            return ofPhase(phase, std::string_view(name).substr(lead.size()), report);
    }
    const std::size_t colon = name.find(':');
    if (colon == std::string::npos)
        return std::nullopt;
    return numbered(std::string_view(name).substr(0, colon), std::string_view(name).substr(colon + 1), scenario, report);
}

} // namespace

std::vector<std::string> subjectNames(const Scenario& scenario, const Report& report)
{
    std::vector<std::string> names{"tpot", "ttft", "fit", rangeText("device", scenario.plan.devices())};
    if (!report.memory.stages.empty())
        names.push_back(rangeText("stage", static_cast<std::int64_t>(report.memory.stages.size())));
    for (const std::string_view word : kMemoryWords)
        names.push_back("memory:" + std::string(word));
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        const std::string lead = std::string(nameOf(phase)) + "/";
        const auto add = [&names, &lead](std::string_view what) {
            if (std::find(names.begin(), names.end(), lead + std::string(what)) == names.end())
                names.push_back(lead + std::string(what));
        };
        for (std::size_t i = 0; i < kCauseCount; ++i)
            add(nameOf(static_cast<Cause>(i)));
        for (const OperatorCost& op : (phase == Phase::Prefill ? report.prefill : report.decode).operators)
            add(nameOf(op.op));
    }
    return names;
}

Result<Subject> subjectNamed(const std::string& name, const Scenario& scenario, const Report& report)
{
    if (const std::optional<Subject> subject = lookUp(name, scenario, report))
        return *subject;
    std::string allowed = "allowed is one of ";
    const std::vector<std::string> names = subjectNames(scenario, report);
    for (std::size_t i = 0; i < names.size(); ++i)
        allowed += (i > 0 ? ", " : "") + names[i];
    return Error{.file = {}, .path = "--select", .found = name, .allowed = allowed};
}

} // namespace shardlens
