// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/catalog_check.h"

#include "core/base/format.h"
#include "core/model/parameters.h"
#include "core/scenario/embedded_catalog.h"
#include "core/scenario/hardware_json.h"
#include "core/scenario/json_reader.h"
#include "core/scenario/model_json.h"
#include "core/scenario/scenario_file.h"
#include "core/scenario/similar.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <system_error>

namespace shardlens {

namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;
constexpr std::size_t kShortestSource = 10;

bool isLowerCase(const std::string& id)
{
    return std::none_of(id.begin(), id.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

template <class Entry>
void checkNames(const Entry& entry, std::vector<std::string>& problems)
{
    if (!isLowerCase(entry.id))
        problems.push_back("/id: found \"" + entry.id + "\"; lower case is expected");
    if (entry.source.text.size() < kShortestSource)
        problems.push_back("/source: found \"" + entry.source.text + "\"; document, page or repository, and date are expected");
}

/// Published less computed: named to the unit, or the rest explained.
void checkCounts(const Model& model, std::vector<std::string>& problems)
{
    const ParameterCount count = countParameters(model);
    constexpr std::int64_t kSmallest = 1'000'000;
    if (count.total < kSmallest)
        problems.push_back("/: " + formatCount(count.total) + " parameters in all; a model has a million or more");
    if (model.publishedParameters == 0) {
        if (!model.publishedExtras.empty())
            problems.push_back("/published_extras: published_parameters is needed beside it");
        return;
    }
    std::int64_t rest = model.publishedParameters - count.total;
    for (const PublishedExtra& extra : publishedExtras(model))
        rest -= extra.parameters;
    const std::string found = "/published_parameters: found " + formatCount(model.publishedParameters) + ", computed "
                              + formatCount(model.publishedParameters - rest) + " with prediction layers and scales";
    constexpr int kLargestShare = 20; // a vision tower is below a twentieth of a model
    if (rest < 0 || rest > model.publishedParameters / kLargestShare)
        problems.push_back(found + "; the layers do not give the published count");
    else if (rest != 0 && model.publishedExtras.empty())
        problems.push_back(found + "; published_extras is needed to say what the other " + formatCount(rest) + " are");
    else if (rest == 0 && !model.publishedExtras.empty())
        problems.push_back(found + "; nothing remains for published_extras to explain");
}

void checkKinds(const Model& model, std::vector<std::string>& problems)
{
    std::vector<bool> used(model.kinds.size(), false);
    for (const std::uint8_t kind : model.layers)
        used[kind] = true;
    if (model.prediction.layers > 0)
        used[model.prediction.kind] = true;
    bool indexed = false;
    for (std::size_t i = 0; i < model.layers.size() && !indexed; ++i) {
        const SparseIndex& index = model.kinds[model.layers[i]].attention.index;
        if (index.heads > 0 && index.shared) {
            problems.push_back("/layers: layer " + std::to_string(i) + " shares the index of an earlier layer, and none has one");
            break;
        }
        indexed = index.heads > 0;
    }
    for (std::size_t i = 0; i < used.size(); ++i) {
        const std::string path = "/kinds/" + std::to_string(i);
        if (!used[i])
            problems.push_back(path + ": no layer is of this kind");
        for (std::size_t other = 0; other < i; ++other)
            if (model.kinds[i] == model.kinds[other])
                problems.push_back(path + ": the same as kind " + std::to_string(other));
        const Attention& a = model.kinds[i].attention;
        if (model.maxPositions > 0 && a.window > model.maxPositions)
            problems.push_back(path + "/attention/window: found " + formatCount(a.window) + "; at most max_positions, "
                               + formatCount(model.maxPositions) + ", is expected");
    }
}

/// Collects entries of one folder after the other.
class Checker {
public:
    explicit Checker(const Catalog* shipped) : m_accelerators(shipped ? shipped->accelerators : std::vector<Accelerator>{}) {}

    /// True when the file holds an entry.
    bool add(std::string_view folder, const std::string& stem, const std::string& fileName, std::string_view text)
    {
        const Result<JsonDocument> document = JsonDocument::parse(text, fileName, JsonLimits{kMaxFile, 64});
        if (!document.ok()) {
            say(document.error().sentence());
            return false;
        }
        JsonReader reader(document.value(), UnknownKeys::Refuse);
        if (folder == "models") {
            const Model model = readModel(reader.root());
            if (!report(reader, model, folder, stem, fileName))
                return false;
            const auto claim = [&](const std::string& key, const std::string& id) {
                if (!id.empty() && !m_huggingFaceIds.insert(id).second)
                    say(fileName + ": /" + key + ": found \"" + id + "\"; an id that no other file has is expected");
            };
            claim("hugging_face_id", model.huggingFaceId);
            for (std::size_t i = 0; i < model.formerHuggingFaceIds.size(); ++i)
                claim("former_hugging_face_ids/" + std::to_string(i), model.formerHuggingFaceIds[i]);
        } else if (folder == "accelerators") {
            const Accelerator accelerator = readAccelerator(reader.root());
            if (!report(reader, accelerator, folder, stem, fileName))
                return false;
            std::erase_if(m_accelerators, [&](const Accelerator& other) { return equalIgnoringCase(other.id, accelerator.id); });
            m_accelerators.push_back(accelerator);
        } else {
            return report(reader, readCluster(reader.root(), m_accelerators), folder, stem, fileName);
        }
        return true;
    }
    /// The file of other names, after all entries: each leads to an entry, and to one that has no such name of its own.
    void addAliases(const std::string& fileName, std::string_view text, const Catalog* shipped)
    {
        const Result<Aliases> aliases = readAliases(text, fileName);
        if (!aliases.ok()) {
            say(aliases.error().sentence());
            return;
        }
        const auto known = [&](const char* folder, const std::string& id) {
            if (m_ids[folder].count(lowered(id)) > 0)
                return true;
            return shipped && (folder == std::string_view("models") ? shipped->model(id) != nullptr : shipped->cluster(id) != nullptr);
        };
        const auto check = [&](const char* key, const char* folder, const std::map<std::string, std::string, std::less<>>& names) {
            std::map<std::string, std::string> own;
            for (const std::string& id : m_ids[folder])
                own[nameKey(id)] = id;
            for (const auto& [name, id] : names) {
                const std::string where = fileName + ": /" + key + "/" + id + ": ";
                if (!known(folder, id))
                    say(where + "no entry has this id");
                if (const auto taken = own.find(name); taken != own.end() && taken->second != lowered(id))
                    say(where + "found \"" + name + "\"; it is a name of " + taken->second + " already");
            }
        };
        check("models", "models", aliases.value().models);
        check("systems", "clusters", aliases.value().systems);
        for (const auto& [id, format] : aliases.value().fp8Checkpoints)
            if (!known("models", id))
                say(fileName + ": /fp8_checkpoints/" + id + ": no entry has this id");
    }
    void say(std::string sentence) { m_problems.push_back(std::move(sentence)); }
    [[nodiscard]] std::vector<std::string> problems() const { return m_problems; }

private:
    template <class Entry>
    bool report(JsonReader& reader, const Entry& entry, std::string_view folder, const std::string& stem, const std::string& fileName)
    {
        if (!reader.failed() && entry.id != stem)
            reader.fail("/id", '"' + entry.id + '"', "the file's own name, \"" + stem + '"');
        if (!reader.failed() && !m_ids[std::string(folder)].insert(lowered(entry.id)).second)
            reader.fail("/id", '"' + entry.id + '"', "an id that no other file has");
        if (reader.failed()) {
            say(reader.error().sentence());
            return false;
        }
        for (const std::string& problem : problemsOf(entry))
            say(fileName + ": " + problem);
        return true;
    }
    static std::string lowered(std::string text)
    {
        for (char& c : text)
            if (c >= 'A' && c <= 'Z')
                c = static_cast<char>(c - 'A' + 'a');
        return text;
    }

    std::vector<Accelerator> m_accelerators;
    std::vector<std::string> m_problems;
    std::map<std::string, std::set<std::string>> m_ids;
    std::set<std::string> m_huggingFaceIds;
};

constexpr std::array<std::string_view, 3> kFolders{"models", "accelerators", "clusters"};

std::size_t& countOf(CatalogCheck& check, std::string_view folder)
{
    return folder == kFolders[0] ? check.models : folder == kFolders[1] ? check.accelerators : check.clusters;
}

} // namespace

std::vector<std::string> problemsOf(const Model& model)
{
    std::vector<std::string> problems;
    checkNames(model, problems);
    checkCounts(model, problems);
    checkKinds(model, problems);
    return problems;
}

std::vector<std::string> problemsOf(const Accelerator& accelerator)
{
    std::vector<std::string> problems;
    checkNames(accelerator, problems);
    if (accelerator.units.empty())
        problems.push_back("/units: this key is missing; what the figures mean is expected, e.g. \"dense, per GPU\"");
    if (accelerator.peakOf(ComputeFormat::Bf16) <= 0 && accelerator.peakOf(ComputeFormat::Fp16) <= 0)
        problems.push_back("/dense_flop_per_s: a rate of bf16 or fp16 is expected");
    // Devices that serve language models multiply tens to thousands of times for each byte they read; far beyond, a unit is wrong.
    constexpr double kLeast = 5;
    constexpr double kMost = 5'000;
    const double intensity =
        std::max(accelerator.peakOf(ComputeFormat::Bf16), accelerator.peakOf(ComputeFormat::Fp16)) / accelerator.memoryBandwidth;
    if (intensity > 0 && (intensity < kLeast || intensity > kMost))
        problems.push_back("/dense_flop_per_s: " + formatNumber(intensity)
                           + " FLOP in 16 bits for each byte read; 5 to 5,000 are expected: a unit is wrong");
    return problems;
}

std::vector<std::string> problemsOf(const Cluster& cluster)
{
    std::vector<std::string> problems;
    checkNames(cluster, problems);
    if (cluster.units.empty())
        problems.push_back("/units: this key is missing; what bandwidths mean is expected, e.g. \"one direction, per GPU\"");
    for (std::size_t i = 0; i < cluster.levels.size(); ++i) {
        const FabricLevel& level = cluster.levels[i];
        const std::string path = "/levels/" + std::to_string(i);
        if (level.source.text.empty())
            problems.push_back(path + "/source: a source is expected");
        if (i > 0 && level.bandwidth > cluster.levels[i - 1].bandwidth)
            problems.push_back(path + "/bandwidth_bytes_per_s: found " + formatBandwidth(level.bandwidth)
                               + "; at most that of the level inside it, " + formatBandwidth(cluster.levels[i - 1].bandwidth)
                               + ", is expected");
        if (level.bandwidth > cluster.accelerator.memoryBandwidth)
            problems.push_back(path + "/bandwidth_bytes_per_s: found " + formatBandwidth(level.bandwidth) + "; at most the memory's, "
                               + formatBandwidth(cluster.accelerator.memoryBandwidth) + ", is expected");
    }
    if (cluster.pricePerDeviceHour > 0 && cluster.priceSource.find("20") == std::string::npos)
        problems.push_back("/price_source: found \"" + cluster.priceSource + "\"; a price list with its date is expected");
    return problems;
}

CatalogCheck checkCatalog(const std::filesystem::path& directory, const Catalog& shipped)
{
    CatalogCheck check;
    Checker checker(&shipped);
    std::size_t folders = 0;
    // Accelerators first: clusters name them.
    for (const std::string_view folder : kFolders) {
        std::error_code problem;
        if (!std::filesystem::exists(directory / folder, problem))
            continue;
        ++folders;
        std::vector<std::filesystem::path> files;
        std::filesystem::directory_iterator entry(directory / folder, problem);
        for (; !problem && entry != std::filesystem::directory_iterator(); entry.increment(problem))
            if (entry->path().extension() == ".json")
                files.push_back(entry->path());
        if (problem)
            checker.say((directory / folder).string() + ": it cannot be listed: " + problem.message());
        std::sort(files.begin(), files.end());
        for (const std::filesystem::path& file : files) {
            const Result<std::string> text = readTextFile(file, kMaxFile);
            if (!text.ok())
                checker.say(text.error().sentence());
            const bool read = text.ok() && checker.add(folder, file.stem().string(), file.string(), text.value());
            ++(read ? countOf(check, folder) : check.unreadable);
        }
    }
    std::error_code absent;
    if (const std::filesystem::path file = directory / "aliases.json"; std::filesystem::exists(file, absent)) {
        ++folders;
        const Result<std::string> text = readTextFile(file, kMaxFile);
        if (text.ok())
            checker.addAliases(file.string(), text.value(), &shipped);
        else
            checker.say(text.error().sentence());
    }
    if (folders == 0)
        checker.say(directory.string() + ": a directory with folders models, accelerators or clusters is expected");
    check.problems = checker.problems();
    return check;
}

CatalogCheck checkBuiltinCatalog()
{
    CatalogCheck check;
    Checker checker(nullptr);
    for (const std::string_view folder : kFolders)
        for (const EmbeddedFile& file : embeddedCatalog()) {
            const std::size_t slash = file.path.find('/');
            if (file.path.substr(0, slash) != folder)
                continue;
            std::string_view stem = file.path.substr(slash + 1);
            stem.remove_suffix(std::string_view(".json").size());
            const bool read = checker.add(folder, std::string(stem), "resources/catalog/" + std::string(file.path), file.text);
            ++(read ? countOf(check, folder) : check.unreadable);
        }
    for (const EmbeddedFile& file : embeddedCatalog())
        if (file.path == "aliases.json")
            checker.addAliases("resources/catalog/" + std::string(file.path), file.text, nullptr);
    check.problems = checker.problems();
    return check;
}

} // namespace shardlens
