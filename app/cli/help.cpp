// SPDX-License-Identifier: Apache-2.0
#include "app/cli/help.h"

#include "app/cli/command_line.h"

#include <array>

namespace shardlens::cli {

namespace {

constexpr std::string_view kStatuses =
    "Exit status: 0 answered (also when the answer is \"does not fit\"), 2 bad usage or unreadable input, 3 the plan is illegal.\n";

/// What --show takes: names of ui/window/viewchoices.h, which a test holds against this list.
constexpr std::string_view kRenderDetails =
    "A plan that breaks a rule is drawn as the window draws it, with the rule's name; the rule is also said on standard error, and the\n"
    "status is 3. Choices of a view's title for --show (WHAT:NAME where two have one name; a wrong name lists those of the view):\n"
    "  mesh        stage-tp-rank, tp-rank, pp-stage, dp-replica, ep-rank, sp-rank, attention-dp, kv-head, load, memory; axes\n"
    "  plate       tensors, playground\n"
    "  memory      per-device, per-stage, grouped; axis-as-suits, axis-to-the-capacity, axis-of-what-is-used; automatic, never\n"
    "  latency     both, bars, curve; tpot, ttft, end-to-end, free-memory; over:batch, over:context, over:tp, over:devices;\n"
    "              horizontal-axis:linear, vertical-axis:logarithmic\n"
    "  roofline    hbm, link; both, prefill, decode\n"
    "  operators   both, prefill, decode; one-run, all-runs; in-order, grouped; fitting, all\n"
    "  experts     decode, prefill; mean-of-all-orders, one-order\n"
    "  trust       tpot, ttft, tokens/s-per-device; engine, gpu, model; nearest-points, constants\n";

/// Headings of the long lists, each above the first flag of its part of the table.
struct FlagGroup {
    Flag first;
    std::string_view title;
};
constexpr std::array kFlagGroups{
    FlagGroup{Flag::Model, "Model and machine"},
    FlagGroup{Flag::Tensor, "Plan"},
    FlagGroup{Flag::Batch, "Workload"},
    FlagGroup{Flag::Weights, "Formats"},
    FlagGroup{Flag::Attention, "How the plan is carried out (the first of the words is the default)"},
    FlagGroup{Flag::Mode, "Other flags"},
};

constexpr std::size_t kWidth = 130; ///< of a line, at most

/// Two columns, the second aligned and broken between words; the first may be too long for it and then has a line of its own.
void addRow(std::string& text, const std::string& left, std::string_view right)
{
    constexpr std::size_t kColumn = 26;
    const std::string indent = "\n" + std::string(kColumn + 2, ' ');
    text += "  " + left;
    text += left.size() + 2 > kColumn ? indent : std::string(kColumn - left.size(), ' ');
    constexpr std::size_t kRoom = kWidth - kColumn - 2;
    while (right.size() > kRoom) {
        const std::size_t space = right.rfind(' ', kRoom);
        if (space == std::string_view::npos || space == 0)
            break;
        text += std::string(right.substr(0, space)) + indent;
        right.remove_prefix(space + 1);
    }
    text += right;
    text += "\n";
}

std::string flagColumn(const FlagSpec& spec)
{
    // The short spelling is the one people type where there is one.
    std::string left(spec.alias.empty() ? spec.name : spec.alias);
    if (!spec.alias.empty())
        left += ", " + std::string(spec.name);
    if (!spec.argument.empty())
        left += " " + std::string(spec.argument);
    return left;
}

} // namespace

std::string helpText(Command command)
{
    const CommandSpec& spec = specOf(command);
    std::string text;
    if (command == Command::Window) {
        text += "ShardLens shows what happens when a large language model is served with a parallel plan.\n\nUsage:\n";
        for (const CommandSpec& each : commandSpecs())
            text += "  " + std::string(each.usage) + "\n      " + std::string(each.summary) + "\n";
        text += "\n`shardlens COMMAND --help` lists the flags of a command.\n";
    } else {
        text += "Usage: " + std::string(spec.usage) + "\n\n";
        text += "Does: " + std::string(spec.summary) + ".\n";
    }
    if (command == Command::Render)
        text += "\nPICTURE is " + pictureList() + ".\n\n" + std::string(kRenderDetails);
    if (!spec.details.empty())
        text += "\n" + std::string(spec.details);
    const bool grouped = takes(command, specOf(Flag::Model));
    text += grouped ? "" : "\nFlags:\n";
    for (const FlagSpec& flag : flagSpecs()) {
        if (!takes(command, flag))
            continue;
        for (const FlagGroup& group : kFlagGroups)
            if (grouped && group.first == flag.flag)
                text += "\n" + std::string(group.title) + ":\n";
        addRow(text, flagColumn(flag), flag.help);
    }
    text += "\n" + std::string(kStatuses);
    return text;
}

std::string versionText()
{
    return "shardlens " SHARDLENS_VERSION "\n";
}

} // namespace shardlens::cli
