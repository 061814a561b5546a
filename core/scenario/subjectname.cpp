// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/subjectname.h"

#include "core/base/format.h"
#include "core/cost/tensorplate.h"
#include "core/scenario/expertfacts.h"
#include "core/scenario/timelinesums.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace shardlens {
namespace {

using Kind = Subject::Kind;

constexpr std::array<std::string_view, kMemoryClassCount> kMemoryWords{"weights", "kv", "activations", "buffers", "reserve"};
constexpr std::array<std::string_view, kMeshAxisCount + 1> kAxisWords{"tp", "sp", "attention-dp", "pp", "dp", "ep"}; ///< kExpertAxis last
constexpr std::array<std::string_view, 3> kPoolWords{"prefill", "decode", "transfer"};

template <typename Number>
std::optional<Number> numberIn(std::string_view text)
{
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(value) : std::nullopt;
}

/// The names of operators have capitals that nobody remembers; those of tensors spaces that a shell takes apart.
bool sameName(std::string_view a, std::string_view b)
{
    const auto plain = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == ' ' ? '_' : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [plain](char x, char y) { return plain(x) == plain(y); });
}

/// What a name of a kind may be, and what it selects.
class Names {
public:
    Names(const Scenario& scenario, const Report& report) : m_scenario(scenario), m_report(report) {}

    /// In the order in which they are listed.
    [[nodiscard]] std::vector<std::string> all() const
    {
        std::vector<std::string> names{"tpot", "ttft", "fit"};
        const auto add = [&names](const std::vector<std::string>& more) { names.insert(names.end(), more.begin(), more.end()); };
        for (const std::string_view kind : {"device", "stage", "memory", "axis", "tensor", "expert", "rank", "pool"})
            add(members(kind));
        for (const Phase phase : {Phase::Prefill, Phase::Decode})
            add(members(phase));
        return names;
    }

    /// Those that begin with "kind:"; empty: there are none in this report.
    [[nodiscard]] std::vector<std::string> members(std::string_view kind) const
    {
        if (kind == "memory")
            return withLead("memory:", kMemoryWords);
        if (kind == "axis") {
            std::vector<std::string> names = withLead("axis:", kAxisWords);
            if (!hasExperts())
                names.pop_back();
            return names;
        }
        if (kind == "pool")
            return m_report.serving.pools ? withLead("pool:", kPoolWords) : std::vector<std::string>{};
        if (kind == "tensor") {
            std::vector<std::string> names;
            for (const PlateTensor& tensor : tensors()) {
                std::string name = "tensor:" + tensor.name;
                std::replace(name.begin(), name.end(), ' ', '_');
                if (std::find(names.begin(), names.end(), name) == names.end())
                    names.push_back(std::move(name));
            }
            return names;
        }
        const std::int64_t count = countOf(kind);
        const std::string lead = std::string(kind) + ":";
        if (count <= 0)
            return {};
        return {count == 1 ? lead + "0" : lead + "0 to " + lead + std::to_string(count - 1)};
    }

    [[nodiscard]] std::vector<std::string> members(Phase phase) const
    {
        const std::string lead = std::string(nameOf(phase)) + "/";
        std::vector<std::string> names;
        const auto add = [&names, &lead](std::string_view what) {
            if (std::find(names.begin(), names.end(), lead + std::string(what)) == names.end())
                names.push_back(lead + std::string(what));
        };
        for (std::size_t i = 0; i < kCauseCount; ++i)
            add(nameOf(static_cast<Cause>(i)));
        for (const OperatorCost& op : phaseReport(phase).operators)
            add(nameOf(op.op));
        add("piece:STAGE,MICROBATCH");
        add("range:FROM,TO in seconds up to " + formatSeconds(phaseReport(phase).timeline.duration));
        return names;
    }

    [[nodiscard]] std::optional<Subject> find(std::string_view name) const
    {
        if (sameName(name, "tpot") || sameName(name, "ttft"))
            return Subject{.kind = Kind::Time, .phase = sameName(name, "ttft") ? Phase::Prefill : Phase::Decode};
        if (sameName(name, "fit"))
            return Subject{.kind = Kind::Fit};
        if (const std::optional<Phase> phase = phaseIn(name))
            return ofPhase(*phase, name.substr(name.find('/') + 1));
        const std::size_t colon = name.find(':');
        return colon == std::string_view::npos ? std::nullopt : ofKind(name.substr(0, colon), name.substr(colon + 1));
    }

    /// "prefill/..." and "decode/...".
    [[nodiscard]] static std::optional<Phase> phaseIn(std::string_view name)
    {
        for (const Phase phase : {Phase::Prefill, Phase::Decode})
            if (const std::string_view lead = nameOf(phase);
                name.size() > lead.size() && name[lead.size()] == '/' && name.starts_with(lead))
                return phase;
        return std::nullopt;
    }

private:
    template <std::size_t count>
    static std::vector<std::string> withLead(const std::string& lead, const std::array<std::string_view, count>& words)
    {
        std::vector<std::string> names;
        names.reserve(words.size());
        for (const std::string_view word : words)
            names.push_back(lead + std::string(word));
        return names;
    }

    [[nodiscard]] const PhaseReport& phaseReport(Phase phase) const { return phase == Phase::Prefill ? m_report.prefill : m_report.decode; }

    [[nodiscard]] std::int64_t countOf(std::string_view kind) const
    {
        if (kind == "device")
            return m_scenario.plan.devices();
        if (kind == "stage")
            return std::ssize(m_report.memory.stages);
        const std::optional<ExpertLoadTable> table = kind == "expert" || kind == "rank" ? experts() : std::nullopt;
        return !table ? 0 : kind == "expert" ? std::int64_t{table->experts()} : std::int64_t{table->ranks()};
    }

    [[nodiscard]] bool hasExperts() const
    {
        return std::any_of(m_scenario.model->kinds.begin(), m_scenario.model->kinds.end(),
                           [](const LayerKind& kind) { return kind.feedForward.isMoe(); });
    }
    [[nodiscard]] std::optional<ExpertLoadTable> experts() const { return expertTableOf(m_scenario, m_report, Phase::Decode); }
    [[nodiscard]] std::vector<PlateTensor> tensors() const
    {
        return tensorPlate(m_scenario.context(), m_scenario.plan, m_scenario.reserve).tensors;
    }

    template <std::size_t count>
    static std::optional<int> wordIn(const std::array<std::string_view, count>& words, std::string_view rest)
    {
        const auto found = std::find_if(words.begin(), words.end(), [rest](std::string_view word) { return sameName(word, rest); });
        return found == words.end() ? std::nullopt : std::optional(static_cast<int>(found - words.begin()));
    }

    [[nodiscard]] std::optional<Subject> ofKind(std::string_view kind, std::string_view rest) const
    {
        Subject subject;
        if (kind == "memory" || kind == "axis" || kind == "pool") {
            const std::optional<int> word = kind == "memory" ? wordIn(kMemoryWords, rest)
                                            : kind == "axis" ? wordIn(kAxisWords, rest)
                                                             : wordIn(kPoolWords, rest);
            if (!word || (kind == "pool" && !m_report.serving.pools) || (kind == "axis" && *word == kExpertAxis && !hasExperts()))
                return std::nullopt;
            subject.kind = kind == "memory" ? Kind::MemoryClass : kind == "axis" ? Kind::Axis : Kind::Pool;
            (kind == "memory" ? subject.cause : kind == "axis" ? subject.axis : subject.pool) = *word;
            return subject;
        }
        if (kind == "tensor")
            return ofTensor(rest);
        const std::optional<int> number = numberIn<int>(rest);
        if (!number || *number < 0 || *number >= countOf(kind))
            return std::nullopt;
        if (kind == "device")
            return Subject{.kind = Kind::Device, .device = *number};
        if (kind == "stage")
            return Subject{.kind = Kind::Stage, .stage = *number};
        if (kind == "rank")
            return Subject{.kind = Kind::Expert, .rank = *number};
        return Subject{.kind = Kind::Expert, .expert = *number, .rank = rankOf(*number)};
    }

    /// The first rank that holds an expert where places are known, else -1.
    [[nodiscard]] int rankOf(int expert) const
    {
        const std::optional<ExpertLoadTable> table = experts();
        for (int rank = 0; rank < table->ranks(); ++rank)
            for (const ExpertLoadTable::Slot& slot : table->slotsOf(rank))
                if (slot.expert == expert)
                    return rank;
        return -1;
    }

    [[nodiscard]] std::optional<Subject> ofTensor(std::string_view rest) const
    {
        const std::vector<PlateTensor> all = tensors();
        const auto found = std::find_if(all.begin(), all.end(), [rest](const PlateTensor& tensor) { return sameName(tensor.name, rest); });
        if (found == all.end())
            return std::nullopt;
        const auto stage = std::find_if(found->layers.begin(), found->layers.end(), [](std::int64_t layers) { return layers > 0; });
        return Subject{.kind = Kind::Tensor,
                       .stage = stage == found->layers.end() ? 0 : static_cast<int>(stage - found->layers.begin()),
                       .cause = static_cast<int>(found->kind),
                       .tensor = static_cast<int>(found - all.begin()),
                       .holders = holdersCode(*found)};
    }

    [[nodiscard]] std::optional<Subject> ofPhase(Phase phase, std::string_view rest) const
    {
        const std::vector<OperatorCost>& operators = phaseReport(phase).operators;
        for (std::size_t i = 0; i < operators.size(); ++i)
            if (sameName(nameOf(operators[i].op), rest))
                return Subject{.kind = Kind::Operator, .phase = phase, .op = static_cast<int>(i)};
        for (std::size_t i = 0; i < kCauseCount; ++i)
            if (sameName(nameOf(static_cast<Cause>(i)), rest))
                return Subject{.kind = Kind::CauseOfTime, .phase = phase, .cause = static_cast<int>(i)};
        const std::size_t colon = rest.find(':');
        const std::size_t comma = rest.find(',');
        if (colon == std::string_view::npos || comma == std::string_view::npos || comma < colon)
            return std::nullopt;
        const std::string_view first = rest.substr(colon + 1, comma - colon - 1);
        const std::string_view second = rest.substr(comma + 1);
        return rest.starts_with("piece:")   ? ofPiece(phase, numberIn<int>(first), numberIn<int>(second))
               : rest.starts_with("range:") ? ofRange(phase, numberIn<double>(first), numberIn<double>(second))
                                            : std::nullopt;
    }

    [[nodiscard]] std::optional<Subject> ofPiece(Phase phase, std::optional<int> stage, std::optional<int> microbatch) const
    {
        if (!stage || !microbatch || *stage < 0 || *microbatch < 0)
            return std::nullopt;
        Subject piece{.kind = Kind::Piece, .phase = phase, .stage = *stage, .microbatch = *microbatch, .step = 0};
        piece.visit = phaseReport(phase).timeline.visits > 1 ? 0 : -1;
        return cellOf(m_report, piece) != nullptr ? std::optional(piece) : std::nullopt;
    }

    [[nodiscard]] std::optional<Subject> ofRange(Phase phase, std::optional<double> begin, std::optional<double> end) const
    {
        if (!begin || !end || !(*begin >= 0) || !(*end > *begin) || *end > phaseReport(phase).timeline.duration)
            return std::nullopt;
        return Subject{.kind = Kind::Range, .phase = phase, .begin = *begin, .end = *end};
    }

    const Scenario& m_scenario;
    const Report& m_report;
};

std::string joined(const std::vector<std::string>& names)
{
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i)
        text += (i > 0 ? ", " : "") + names[i];
    return text;
}

std::string allowedFor(const std::string& name, const Names& names, const Scenario& scenario)
{
    if (const std::optional<Phase> phase = Names::phaseIn(name))
        return "allowed is one of " + joined(names.members(*phase));
    const std::string kind = name.substr(0, name.find(':'));
    if (const std::vector<std::string> members = names.members(kind); name.find(':') != std::string::npos && !members.empty())
        return (members.size() == 1 ? "allowed is " : "allowed is one of ") + joined(members);
    if (kind == "expert" || kind == "rank")
        return scenario.model->name + " has no routed experts";
    if (kind == "pool")
        return "prefill and decode share their devices: --prefill-plan makes pools";
    return "allowed is one of tpot, ttft, fit, device:N, stage:N, memory:CLASS, axis:AXIS, tensor:NAME, expert:N, rank:N, pool:NAME, "
           "prefill/WHAT, decode/WHAT; a kind with a wrong name, such as memory:?, lists its names";
}

} // namespace

std::vector<std::string> subjectNames(const Scenario& scenario, const Report& report)
{
    return Names(scenario, report).all();
}

Result<Subject> subjectNamed(const std::string& name, const Scenario& scenario, const Report& report)
{
    if (!report.legal)
        return Error{.file = {}, .path = "--select", .found = name, .allowed = "nothing can be selected under a plan that is not legal"};
    const Names names(scenario, report);
    if (const std::optional<Subject> subject = names.find(name))
        return *subject;
    return Error{.file = {}, .path = "--select", .found = name, .allowed = allowedFor(name, names, scenario)};
}

} // namespace shardlens
