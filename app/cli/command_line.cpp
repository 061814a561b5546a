// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command_line.h"

#include "app/cli/fit_command.h"

#include "app/cli/catalog_list.h"
#include "app/cli/help.h"
#include "app/cli/operators_command.h"
#include "app/cli/scenario_source.h"
#include "app/cli/shard_command.h"
#include "app/cli/validate_command.h"
#include "core/base/format.h"
#include "core/scenario/catalog_check.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/operatortable.h"
#include "core/scenario/plancollectives.h"
#include "core/scenario/report_json.h"
#include "core/scenario/serve.h"
#include "core/scenario/subjectname.h"

#include <array>
#include <system_error>
#include <tuple>

namespace shardlens::cli {

namespace {

Answer badInput(const Error& error, const std::string& notices = {})
{
    return {.status = kBadInput, .out = {}, .err = notices + error.sentence() + "\n"};
}

Error usageError(Command command, const std::string& found, const std::string& allowed)
{
    const std::string_view name = specOf(command).name;
    return {.file = {}, .path = name.empty() ? "shardlens" : "shardlens " + std::string(name), .found = found, .allowed = allowed};
}

/// The sentences of what a plan breaks, one per line, after `origin`.
std::string violationLines(const Scenario& scenario, const std::vector<Finding>& violations, const std::string& origin)
{
    std::string lines;
    for (const Finding& finding : violations)
        lines += origin + sentence(finding, scenario.context(), scenario.plan) + "\n";
    return lines;
}

std::string linesOf(const std::vector<std::string>& sentences)
{
    std::string lines;
    for (const std::string& sentence : sentences)
        lines += sentence + "\n";
    return lines;
}

std::string originOf(const std::string& file)
{
    if (file.empty())
        return {};
    return (file == "-" ? "standard input" : file) + ": ";
}

Request evaluateCommand(const Arguments& arguments, std::istream& input)
{
    if (arguments.positionals.size() > 1)
        return badInput(usageError(arguments.command, arguments.positionals[1], "takes at most one FILE"));
    const std::string file = arguments.positionals.empty() ? "" : arguments.positionals.front();
    const UsersCatalog users = usersCatalog();
    const Result<ScenarioSource> source = scenarioFrom(arguments, file, users.catalog, input);
    if (!source.ok())
        return badInput(source.error(), linesOf(users.notices));
    const Scenario& scenario = source.value().scenario;
    Report report = evaluate(scenario);
    if (arguments.has(Flag::Simulate)) {
        if (scenario.serving.load.kind == LoadKind::StaticBatch || scenario.serving.pools)
            return badInput(usageError(arguments.command, "--simulate", "needs --concurrency or --rate, and one server without pools"));
        if (report.legal)
            adopt(scenario, simulate(scenario), report);
    }
    Answer answer;
    answer.err = linesOf(users.notices) + linesOf(source.value().notices);
    if (arguments.has(Flag::Json))
        answer.out = printReportJson(scenario, report);
    else if (report.legal)
        answer.out = printReportText(scenario, report) + (arguments.has(Flag::Details) ? printReportDetails(scenario, report) : "");
    if (!answer.out.empty() && answer.out.back() != '\n')
        answer.out += '\n';
    if (!report.legal) {
        answer.status = kIllegalPlan;
        answer.err += violationLines(scenario, report.violations, originOf(file));
    }
    return answer;
}

Request checkCommand(const Arguments& arguments, std::istream& input)
{
    if (arguments.positionals.size() != 1)
        return badInput(usageError(arguments.command, std::to_string(arguments.positionals.size()) + " files", "takes exactly one FILE"));
    const std::string& file = arguments.positionals.front();
    const UsersCatalog users = usersCatalog();
    const Result<ScenarioFile> read = readScenarioArgument(file, users.catalog, input);
    if (!read.ok())
        return badInput(read.error(), linesOf(users.notices));
    const Scenario& scenario = read.value().scenario;
    std::vector<Finding> violations;
    std::vector<Finding> warnings;
    checkPlan(scenario.context(), scenario.plan, violations, warnings);
    Answer answer;
    answer.out = originOf(file) + (violations.empty() ? "readable, legal\n" : "readable, not legal\n");
    for (const std::string& notice : read.value().notices)
        answer.out += originOf(file) + notice + "\n";
    answer.out += violationLines(scenario, warnings, originOf(file));
    if (!violations.empty()) {
        answer.status = kIllegalPlan;
        answer.err = violationLines(scenario, violations, originOf(file));
    }
    answer.err = linesOf(users.notices) + answer.err;
    return answer;
}

Request checkEntries(const Arguments& arguments)
{
    if (arguments.positionals.size() > 1 || arguments.has(Flag::Json))
        return badInput(usageError(arguments.command, {}, "--check takes at most one DIR and nothing else"));
    CatalogCheck check;
    if (!arguments.positionals.empty()) {
        check = checkCatalog(arguments.positionals.front(), builtinCatalog());
    } else {
        check = checkBuiltinCatalog();
        std::error_code ignored;
        if (const std::filesystem::path own = userCatalogDirectory(); !own.empty() && std::filesystem::exists(own, ignored)) {
            const CatalogCheck users = checkCatalog(own, builtinCatalog());
            check.problems.insert(check.problems.end(), users.problems.begin(), users.problems.end());
            check.models += users.models;
            check.accelerators += users.accelerators;
            check.clusters += users.clusters;
            check.unreadable += users.unreadable;
        }
    }
    Answer answer;
    answer.err = linesOf(check.problems);
    answer.out =
        formatCount(static_cast<std::int64_t>(check.models)) + " models, " + formatCount(static_cast<std::int64_t>(check.accelerators))
        + " accelerators, " + formatCount(static_cast<std::int64_t>(check.clusters)) + " clusters"
        + (check.unreadable == 0 ? ""
                                 : ", " + formatCount(static_cast<std::int64_t>(check.unreadable))
                                       + (check.unreadable == 1 ? " file that holds no entry" : " files that hold no entry"))
        + ": "
        + (check.problems.empty()
               ? "no problems"
               : formatCount(static_cast<std::int64_t>(check.problems.size())) + (check.problems.size() == 1 ? " problem" : " problems"))
        + "\n";
    answer.status = check.problems.empty() ? kAnswered : kBadInput;
    return answer;
}

Request catalogCommand(const Arguments& arguments)
{
    if (arguments.has(Flag::CheckEntries))
        return checkEntries(arguments);
    if (arguments.positionals.size() != 1)
        return badInput(usageError(arguments.command, {}, "takes one of models, accelerators, clusters, or --check"));
    const UsersCatalog users = usersCatalog();
    const std::string& kind = arguments.positionals.front();
    const Result<std::string> list = arguments.has(Flag::Json) ? catalogJson(users.catalog, kind) : catalogText(users.catalog, kind);
    if (!list.ok())
        return badInput(list.error());
    return Answer{.status = kAnswered, .out = list.value(), .err = linesOf(users.notices)};
}

Request shardCommand(const Arguments& arguments)
{
    const UsersCatalog users = usersCatalog();
    const Result<std::string> answer = shardAnswer(arguments, users.catalog);
    if (!answer.ok())
        return badInput(answer.error(), linesOf(users.notices));
    return Answer{.status = kAnswered, .out = answer.value(), .err = linesOf(users.notices)};
}

Request operatorsCommand(const Arguments& arguments, std::istream& input)
{
    if (arguments.positionals.size() > 1)
        return badInput(usageError(arguments.command, arguments.positionals[1], "takes at most one FILE"));
    const std::string file = arguments.positionals.empty() ? "" : arguments.positionals.front();
    const UsersCatalog users = usersCatalog();
    const Result<ScenarioSource> source = scenarioFrom(arguments, file, users.catalog, input);
    if (!source.ok())
        return badInput(source.error(), linesOf(users.notices));
    const Scenario& scenario = source.value().scenario;
    const Report report = evaluate(scenario);
    // A filter that cannot be read is the first thing to mend, on a legal plan and on another.
    const Result<std::string> table = operatorsAnswer(arguments, scenario, report);
    if (!table.ok())
        return badInput(table.error(), linesOf(users.notices));
    Answer answer;
    answer.err = linesOf(users.notices) + linesOf(source.value().notices);
    if (report.legal) {
        answer.out = table.value();
    } else {
        answer.status = kIllegalPlan;
        answer.err += violationLines(scenario, report.violations, originOf(file));
    }
    return answer;
}

Request validateCommand(const Arguments& arguments, std::istream& input)
{
    const UsersCatalog users = usersCatalog();
    Answer answer = validateAnswer(arguments, users.catalog, input);
    answer.err = linesOf(users.notices) + answer.err;
    return answer;
}

/// The product that a plate is to show, read as the playground reads it; nothing where none is asked for.
Result<std::optional<ProductRequest>> productOf(const Arguments& arguments, const RenderRequest& request)
{
    if (!arguments.has(Flag::Product)) {
        for (const auto& [flag, name] : {std::pair{Flag::Mesh, "--mesh"}, std::pair{Flag::Shape, "--shape"}, std::pair{Flag::Way, "--way"},
                                         std::pair{Flag::Step, "--step"}})
            if (arguments.has(flag))
                return Error{.file = {}, .path = name, .found = {}, .allowed = "says nothing without --product"};
        return std::optional<ProductRequest>{};
    }
    if (request.picture != Picture::Plate)
        return Error{.file = {}, .path = "--product", .found = {}, .allowed = "belongs to the picture plate"};
    for (const auto& [flag, name, example] :
         {std::tuple{Flag::Mesh, "--mesh", "X=4,Y=2"}, std::tuple{Flag::Shape, "--shape", "I=1024,J=8192,K=8192"}})
        if (!arguments.has(flag))
            return Error{
                .file = {}, .path = "--product", .found = {}, .allowed = std::string("needs ") + name + ", as in " + name + " " + example};
    ProductRequest product{{arguments[Flag::Product].text, arguments[Flag::Mesh].text, arguments[Flag::Shape].text}};
    const Result<PlayedProduct> played = playedProduct(product.text, request.scenario.cluster.get());
    if (!played.ok()) {
        Error error = played.error();
        error.path = "--" + error.path;
        return error;
    }
    const std::vector<MatmulWayCost>& ways = played.value().costs.ways;
    if (arguments.has(Flag::Way))
        product.way = static_cast<std::size_t>(arguments[Flag::Way].number - 1);
    if (product.way >= ways.size())
        return Error{.file = {},
                     .path = "--way",
                     .found = std::to_string(product.way + 1),
                     .allowed = "this product has " + std::to_string(ways.size()) + (ways.size() == 1 ? " way" : " ways")};
    if (arguments.has(Flag::Step))
        product.step = arguments[Flag::Step].factor;
    if (const std::size_t steps = ways[product.way].way.steps.size(); product.step > static_cast<double>(steps))
        return Error{.file = {},
                     .path = "--step",
                     .found = formatNumber(product.step),
                     .allowed = "this way ends after step " + std::to_string(steps)};
    return std::optional<ProductRequest>{std::move(product)};
}

/// The collective that a mesh is to show, by a name that the plan has.
std::optional<Error> chooseCollective(const Arguments& arguments, RenderRequest& request)
{
    if (!arguments.has(Flag::Collective))
        return std::nullopt;
    request.collective = arguments[Flag::Collective].text;
    const auto wrong = [](std::string found, std::string allowed) {
        return Error{.file = {}, .path = "--collective", .found = std::move(found), .allowed = std::move(allowed)};
    };
    if (request.picture != Picture::Mesh)
        return wrong({}, "belongs to the picture mesh");
    const std::vector<PlanCollective> all = planCollectives(request.scenario, evaluate(request.scenario));
    if (findCollective(all, request.collective))
        return std::nullopt;
    std::string names;
    for (const PlanCollective& collective : all)
        names += (names.empty() ? "" : ", ") + collective.id;
    return wrong(request.collective, all.empty() ? "this plan exchanges nothing" : "allowed is one of " + names);
}

/// Choices of the view's title, and which rows of operators there are; the view itself knows the names.
std::optional<Error> chooseShown(const Arguments& arguments, RenderRequest& request)
{
    const auto wrong = [](std::string path, std::string found, std::string allowed) {
        return Error{.file = {}, .path = std::move(path), .found = std::move(found), .allowed = std::move(allowed)};
    };
    if (arguments.has(Flag::Show)) {
        if (request.picture == Picture::Window || request.picture == Picture::Inspector)
            return wrong("--show", {}, "belongs to the picture of one view");
        for (std::size_t from = 0; from <= arguments[Flag::Show].text.size();) {
            const std::string& text = arguments[Flag::Show].text;
            const std::size_t end = std::min(text.find(',', from), text.size());
            request.shown.push_back(text.substr(from, end - from));
            from = end + 1;
        }
    }
    for (const auto& [flag, name] : {std::pair{Flag::Filter, "--filter"}, std::pair{Flag::Sort, "--sort"}})
        if (arguments.has(flag) && request.picture != Picture::Operators)
            return wrong(name, {}, "belongs to the picture operators");
    if (arguments.has(Flag::Filter)) {
        request.filter = arguments[Flag::Filter].text;
        if (const Result<OperatorFilter> filter = OperatorFilter::parse(request.filter); !filter.ok())
            return wrong("--filter", filter.error().found, filter.error().allowed);
    }
    if (arguments.has(Flag::Sort)) {
        const Result<OperatorOrder> order = parseOperatorOrder(arguments[Flag::Sort].text);
        if (!order.ok())
            return wrong("--sort", order.error().found, order.error().allowed);
        request.order = arguments[Flag::Sort].text;
    }
    return std::nullopt;
}

Request renderCommand(const Arguments& arguments, std::istream& input)
{
    const std::vector<std::string>& words = arguments.positionals;
    const std::string views = pictureList();
    if (words.empty() || words.size() > 2)
        return badInput(usageError(arguments.command, {}, "takes an optional FILE and then one of " + views));
    RenderRequest request;
    std::size_t view = 0;
    while (view < kPictureNames.size() && kPictureNames[view] != words.back())
        ++view;
    if (view == kPictureNames.size())
        return badInput(usageError(arguments.command, words.back(), "allowed is " + views));
    request.picture = static_cast<Picture>(view);
    if (!arguments.has(Flag::Picture))
        return badInput(usageError(arguments.command, {}, "needs -o and the name of the PNG file to write"));
    request.file = arguments[Flag::Picture].text;
    if (!request.file.ends_with(".png"))
        return badInput({.file = {}, .path = "-o", .found = request.file, .allowed = "allowed is a file name that ends in .png"});
    const std::string file = words.size() == 2 ? words.front() : "";
    const UsersCatalog users = usersCatalog();
    Result<ScenarioSource> source = scenarioFrom(arguments, file, users.catalog, input);
    if (!source.ok())
        return badInput(source.error(), linesOf(users.notices));
    request.notices = linesOf(users.notices);
    request.scenario = source.value().scenario;
    std::vector<Finding> violations;
    std::vector<Finding> warnings;
    checkPlan(request.scenario.context(), request.scenario.plan, violations, warnings);
    if (!violations.empty()) {
        request.status = kIllegalPlan;
        request.notices += violationLines(request.scenario, violations, originOf(file));
    }
    Result<std::optional<ProductRequest>> product = productOf(arguments, request);
    if (!product.ok())
        return badInput(product.error());
    request.product = std::move(product).value();
    // A plan that breaks a rule has nothing that could be selected or played.
    if (const std::optional<Error> wrong = violations.empty() ? chooseCollective(arguments, request) : std::nullopt)
        return badInput(*wrong);
    if (const std::optional<Error> wrong = chooseShown(arguments, request))
        return badInput(*wrong);
    if (violations.empty() && arguments.has(Flag::Select)) {
        const Result<Subject> subject = subjectNamed(arguments[Flag::Select].text, request.scenario, evaluate(request.scenario));
        if (!subject.ok())
            return badInput(subject.error());
        request.pinned = subject.value();
    }
    if (arguments.has(Flag::Size)) {
        request.width = static_cast<int>(arguments[Flag::Size].number);
        request.height = static_cast<int>(arguments[Flag::Size].second);
    }
    if (arguments.has(Flag::Scale))
        request.scale = arguments[Flag::Scale].factor;
    if (arguments.has(Flag::TextScale))
        request.textScale = arguments[Flag::TextScale].factor;
    if (arguments.has(Flag::Theme))
        request.theme = arguments[Flag::Theme].text;
    return request;
}

Request windowCommand(const Arguments& arguments, std::istream& input)
{
    if (arguments.positionals.empty())
        return WindowRequest{.file = {}, .error = {}};
    const std::string& file = arguments.positionals.front();
    if (arguments.positionals.size() > 1)
        return badInput(usageError(arguments.command, arguments.positionals[1], "opens one FILE"));
    if (file == "-")
        return badInput(usageError(arguments.command, file, "the window opens a file, not standard input"));
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        std::vector<std::string> names;
        std::string list;
        for (const CommandSpec& spec : commandSpecs())
            if (!spec.name.empty()) {
                names.emplace_back(spec.name);
                list += (list.empty() ? "" : ", ") + names.back();
            }
        const std::string near = closest(file, names);
        return badInput(
            {.file = file,
             .path = {},
             .found = {},
             .allowed = "is neither a file nor a command; " + (near.empty() ? "the commands are " + list : "did you mean " + near + "?")});
    }
    const Result<ScenarioFile> read = readScenarioArgument(file, usersCatalog().catalog, input);
    return WindowRequest{.file = file, .error = read.ok() ? std::string() : read.error().sentence()};
}

} // namespace

std::string pictureList()
{
    std::string list;
    for (const std::string_view name : kPictureNames)
        list += (list.empty() ? "" : name == kPictureNames.back() ? " or " : ", ") + std::string(name);
    return list;
}

Request interpret(const std::vector<std::string>& words, std::istream& input)
{
    const Result<Arguments> parsed = parseArguments(words);
    if (!parsed.ok())
        return badInput(parsed.error());
    const Arguments& arguments = parsed.value();
    if (arguments.has(Flag::Help))
        return Answer{.status = kAnswered, .out = helpText(arguments.command), .err = {}};
    if (arguments.has(Flag::Version))
        return Answer{.status = kAnswered, .out = versionText(), .err = {}};
    switch (arguments.command) {
    case Command::Evaluate: return evaluateCommand(arguments, input);
    case Command::Check: return checkCommand(arguments, input);
    case Command::Catalog: return catalogCommand(arguments);
    case Command::Render: return renderCommand(arguments, input);
    case Command::Shard: return shardCommand(arguments);
    case Command::Validate: return validateCommand(arguments, input);
    case Command::Operators: return operatorsCommand(arguments, input);
    case Command::Fit: return fitAnswer(arguments, usersCatalog().catalog);
    case Command::Window: break;
    }
    return windowCommand(arguments, input);
}

} // namespace shardlens::cli
