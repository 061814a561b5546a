// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/catalog.h"

#include "core/model/parameters.h"
#include "core/scenario/calibration_json.h"
#include "core/scenario/embedded_catalog.h"
#include "core/scenario/hardware_json.h"
#include "core/scenario/json_reader.h"
#include "core/scenario/model_json.h"
#include "core/scenario/scenario_file.h"
#include "core/scenario/similar.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <system_error>
#include <tuple>

namespace shardlens {

namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;

/// Collects entries file by file: accelerators before the clusters that name them.
class CatalogBuilder {
public:
    CatalogBuilder() = default;
    /// Starts from entries that later ones of the same id take the place of.
    explicit CatalogBuilder(const Catalog& shipped) : m_catalog(shipped), m_shipped(&shipped) {}

    /// One file of "models", "accelerators" or "clusters". Nothing is added when there is an error.
    std::optional<Error> add(std::string_view folder, std::string_view stem, const std::string& fileName, std::string_view text)
    {
        Result<JsonDocument> document = JsonDocument::parse(text, fileName, JsonLimits{kMaxFile, 64});
        if (!document.ok())
            return document.error();
        JsonReader reader(document.value(), UnknownKeys::Refuse);
        if (folder == "models")
            addTo(m_catalog.models, std::make_shared<const Model>(readModel(reader.root())), stem, fileName, reader);
        else if (folder == "accelerators")
            addTo(m_catalog.accelerators, readAccelerator(reader.root()), stem, fileName, reader);
        else
            addTo(m_catalog.clusters, std::make_shared<const Cluster>(readCluster(reader.root(), m_catalog.accelerators)), stem, fileName,
                  reader);
        if (reader.failed())
            return reader.error();
        return std::nullopt;
    }

    /// The file of other names.
    std::optional<Error> addAliases(const std::string& fileName, std::string_view text)
    {
        Result<Aliases> aliases = readAliases(text, fileName, m_catalog.aliases);
        if (!aliases.ok())
            return aliases.error();
        m_catalog.aliases = std::move(aliases).value();
        return std::nullopt;
    }

    Catalog finish()
    {
        sortForMenus();
        return std::move(m_catalog);
    }
    /// One sentence for each shipped entry that another took the place of.
    [[nodiscard]] const std::vector<std::string>& shadowed() const { return m_shadowed; }

private:
    static const std::string& idOf(const Accelerator& entry) { return entry.id; }
    template <class T>
    static const std::string& idOf(const std::shared_ptr<const T>& entry)
    {
        return entry->id;
    }
    static const std::vector<Accelerator>& listOf(const Catalog& catalog, const Accelerator&) { return catalog.accelerators; }
    static const auto& listOf(const Catalog& catalog, const std::shared_ptr<const Model>&) { return catalog.models; }
    static const auto& listOf(const Catalog& catalog, const std::shared_ptr<const Cluster>&) { return catalog.clusters; }
    static std::string_view nounOf(const Accelerator&) { return "accelerator"; }
    static std::string_view nounOf(const std::shared_ptr<const Model>&) { return "model"; }
    static std::string_view nounOf(const std::shared_ptr<const Cluster>&) { return "cluster"; }

    template <class Entry>
    void addTo(std::vector<Entry>& entries, Entry entry, std::string_view stem, const std::string& fileName, JsonReader& reader)
    {
        const std::string id = idOf(entry);
        if (id != stem)
            reader.fail("/id", '"' + id + '"', "the file's own name, \"" + std::string(stem) + '"');
        const auto same = [&id](const Entry& other) { return equalIgnoringCase(idOf(other), id); };
        const auto place = std::find_if(entries.begin(), entries.end(), same);
        // An id of the shipped catalog may be taken once.
        bool free = place == entries.end();
        if (!free && m_shipped) {
            const std::vector<Entry>& shipped = listOf(*m_shipped, entry);
            const auto original = std::find_if(shipped.begin(), shipped.end(), same);
            free = original != shipped.end() && *original == *place && m_taken.insert(std::string(nounOf(entry)) + id).second;
        }
        if (!free)
            reader.fail("/id", '"' + id + '"', "an id that no other file has");
        if (reader.failed())
            return;
        if (place == entries.end()) {
            entries.push_back(std::move(entry));
            return;
        }
        m_shadowed.push_back(fileName + ": takes the place of the shipped " + std::string(nounOf(entry)) + " " + id);
        useInClusters(entry);
        *place = std::move(entry);
    }

    template <class Entry>
    void useInClusters(const Entry&)
    {}
    /// Clusters hold their accelerator as a value: those that name it get the new one.
    void useInClusters(const Accelerator& accelerator)
    {
        for (std::shared_ptr<const Cluster>& cluster : m_catalog.clusters)
            if (equalIgnoringCase(cluster->accelerator.id, accelerator.id)) {
                auto changed = std::make_shared<Cluster>(*cluster);
                changed->accelerator = accelerator;
                cluster = std::move(changed);
            }
    }

    /// Leading letters of an id: "llama" of "llama-3.1-8b", "qwen" of "qwen2.5-7b".
    static std::string_view familyOf(std::string_view id)
    {
        const auto end = std::find_if(id.begin(), id.end(), [](char c) { return c < 'a' || c > 'z'; });
        return id.substr(0, static_cast<std::size_t>(end - id.begin()));
    }

    void sortForMenus()
    {
        using Key = std::tuple<std::string_view, std::int64_t, std::string_view>;
        std::vector<std::pair<Key, std::shared_ptr<const Model>>> keyed;
        for (const auto& model : m_catalog.models)
            keyed.emplace_back(Key{familyOf(model->id), countParameters(*model).total, model->id}, model);
        std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (std::size_t i = 0; i < keyed.size(); ++i)
            m_catalog.models[i] = std::move(keyed[i].second);
        std::sort(m_catalog.accelerators.begin(), m_catalog.accelerators.end(),
                  [](const auto& a, const auto& b) { return naturallyLess(a.name, b.name); });
        std::sort(m_catalog.clusters.begin(), m_catalog.clusters.end(),
                  [](const auto& a, const auto& b) { return naturallyLess(a->name, b->name); });
    }

    Catalog m_catalog;
    const Catalog* m_shipped = nullptr;
    std::set<std::string> m_taken;
    std::vector<std::string> m_shadowed;
};

constexpr std::array<std::string_view, 3> kFolders{"models", "accelerators", "clusters"};
constexpr std::string_view kAliases = "aliases.json";

/// Reads DIR/aliases.json where it is there.
std::optional<Error> addAliasesOf(const std::filesystem::path& directory, CatalogBuilder& builder)
{
    const std::filesystem::path file = directory / kAliases;
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored))
        return std::nullopt;
    const Result<std::string> text = readTextFile(file, kMaxFile);
    return text.ok() ? builder.addAliases(file.string(), text.value()) : std::optional(text.error());
}

/// The entry that one of the keys of a name leads to: an alias, or an entry whose own names have that key.
template <class Find, class Own>
auto namedBy(std::string_view name, const std::map<std::string, std::string, std::less<>>& aliases, Find&& find, Own&& own)
    -> decltype(find(name))
{
    for (const std::string& key : nameKeys(name)) {
        if (auto entry = own(key))
            return entry;
        if (const auto alias = aliases.find(key); alias != aliases.end())
            if (auto entry = find(alias->second))
                return entry;
    }
    return nullptr;
}

Result<std::vector<std::filesystem::path>> jsonFilesIn(const std::filesystem::path& directory)
{
    std::vector<std::filesystem::path> files;
    std::error_code problem;
    std::filesystem::directory_iterator entry(directory, problem);
    for (; !problem && entry != std::filesystem::directory_iterator(); entry.increment(problem))
        if (entry->path().extension() == ".json")
            files.push_back(entry->path());
    if (problem)
        return Error{directory.string(), "", "", "it cannot be listed: " + problem.message()};
    std::sort(files.begin(), files.end());
    return files;
}

template <class T>
std::shared_ptr<const T> find(const std::vector<std::shared_ptr<const T>>& entries, std::string_view id)
{
    for (const auto& entry : entries)
        if (equalIgnoringCase(entry->id, id))
            return entry;
    return nullptr;
}

} // namespace

std::shared_ptr<const Model> Catalog::model(std::string_view idOrHuggingFaceId) const
{
    if (auto byId = find(models, idOrHuggingFaceId))
        return byId;
    for (const auto& entry : models)
        if (!entry->huggingFaceId.empty() && equalIgnoringCase(entry->huggingFaceId, idOrHuggingFaceId))
            return entry;
    for (const auto& entry : models)
        for (const std::string& former : entry->formerHuggingFaceIds)
            if (equalIgnoringCase(former, idOrHuggingFaceId))
                return entry;
    return nullptr;
}

std::shared_ptr<const Cluster> Catalog::cluster(std::string_view id) const
{
    return find(clusters, id);
}

const Accelerator* Catalog::accelerator(std::string_view id) const
{
    for (const Accelerator& entry : accelerators)
        if (equalIgnoringCase(entry.id, id))
            return &entry;
    return nullptr;
}

std::shared_ptr<const Model> Catalog::modelNamed(std::string_view name) const
{
    if (auto entry = model(name))
        return entry;
    return namedBy(
        name, aliases.models, [this](std::string_view id) { return model(id); },
        [this](const std::string& key) -> std::shared_ptr<const Model> {
            for (const auto& entry : models)
                if (nameKey(entry->id) == key || nameKey(entry->name) == key || nameKey(entry->huggingFaceId) == key)
                    return entry;
            return nullptr;
        });
}

std::shared_ptr<const Cluster> Catalog::systemNamed(std::string_view name) const
{
    if (auto entry = cluster(name))
        return entry;
    return namedBy(
        name, aliases.systems, [this](std::string_view id) { return cluster(id); },
        [this](const std::string& key) -> std::shared_ptr<const Cluster> {
            for (const auto& entry : clusters)
                if (nameKey(entry->id) == key)
                    return entry;
            return nullptr;
        });
}

std::vector<std::string> Catalog::similarModels(std::string_view text) const
{
    std::vector<Candidate> candidates;
    for (const auto& entry : models) {
        candidates.push_back({entry->id, entry->id});
        if (!entry->huggingFaceId.empty())
            candidates.push_back({entry->id, entry->huggingFaceId});
    }
    return similarTo(text, candidates);
}

std::vector<std::string> Catalog::similarClusters(std::string_view text) const
{
    std::vector<Candidate> candidates;
    for (const auto& entry : clusters)
        candidates.push_back({entry->id, entry->id});
    return similarTo(text, candidates);
}

Result<Catalog> loadCatalog(const std::filesystem::path& directory)
{
    CatalogBuilder builder;
    for (const std::string_view folder : kFolders) {
        Result<std::vector<std::filesystem::path>> files = jsonFilesIn(directory / folder);
        if (!files.ok())
            return files.error();
        for (const std::filesystem::path& file : files.value()) {
            Result<std::string> text = readTextFile(file, kMaxFile);
            if (!text.ok())
                return text.error();
            if (const std::optional<Error> error = builder.add(folder, file.stem().string(), file.string(), text.value()))
                return *error;
        }
    }
    if (const std::optional<Error> error = addAliasesOf(directory, builder))
        return *error;
    return builder.finish();
}

std::filesystem::path userCatalogDirectory()
{
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::filesystem::path(value ? value : "");
    };
    const std::filesystem::path end = std::filesystem::path("shardlens") / "catalog";
#if defined(_WIN32)
    const std::filesystem::path data = variable("LOCALAPPDATA");
    return data.empty() ? data : data / end;
#else
    // XDG Base Directory Specification: a relative path is to be ignored.
    if (const std::filesystem::path data = variable("XDG_DATA_HOME"); data.is_absolute())
        return data / end;
    const std::filesystem::path home = variable("HOME");
#if defined(__APPLE__)
    return home.empty() ? home : home / "Library" / "Application Support" / end;
#else
    return home.empty() ? home : home / ".local" / "share" / end;
#endif
#endif
}

UsersCatalog withUserEntries(const Catalog& shipped, const std::filesystem::path& directory)
{
    CatalogBuilder builder(shipped);
    UsersCatalog result;
    std::error_code ignored;
    if (directory.empty() || !std::filesystem::exists(directory, ignored)) {
        result.catalog = shipped;
        return result;
    }
    for (const std::string_view folder : kFolders) {
        if (!std::filesystem::exists(directory / folder, ignored))
            continue;
        const Result<std::vector<std::filesystem::path>> files = jsonFilesIn(directory / folder);
        if (!files.ok()) {
            result.notices.push_back(files.error().sentence());
            continue;
        }
        for (const std::filesystem::path& file : files.value()) {
            const Result<std::string> text = readTextFile(file, kMaxFile);
            const std::optional<Error> error =
                text.ok() ? builder.add(folder, file.stem().string(), file.string(), text.value()) : std::optional(text.error());
            if (error)
                result.notices.push_back(error->sentence() + "; this entry is left out");
        }
    }
    if (const std::optional<Error> error = addAliasesOf(directory, builder))
        result.notices.push_back(error->sentence() + "; these names are left out");
    result.notices.insert(result.notices.begin(), builder.shadowed().begin(), builder.shadowed().end());
    result.catalog = builder.finish();
    return result;
}

void useCalibration(const std::filesystem::path& directory, UsersCatalog& catalog)
{
    std::error_code code;
    if (!std::filesystem::is_directory(directory, code))
        return;
    CalibrationSet set;
    std::vector<std::filesystem::path> files;
    for (const char* folder : {"accelerators", "engines"})
        if (const Result<std::vector<std::filesystem::path>> found = jsonFilesIn(directory / folder); found.ok())
            files.insert(files.end(), found.value().begin(), found.value().end());
    files.push_back(directory / "intervals.json");
    for (const std::filesystem::path& file : files) {
        const std::string path = file.lexically_relative(directory).generic_string();
        const Result<std::string> text = readTextFile(file, kMaxFile);
        const std::optional<Error> error =
            text.ok() ? addCalibrationFile(set, path, file.string(), text.value()) : std::optional(text.error());
        if (error) {
            catalog.notices.push_back(error->sentence() + "; the calibration of this folder is left out");
            return;
        }
    }
    if (const std::optional<Error> error = finishCalibration(set)) {
        catalog.notices.push_back(directory.string() + ": " + error->sentence() + "; the calibration of this folder is left out");
        return;
    }
    catalog.notices.push_back(directory.string() + ": takes the place of the shipped calibration");
    catalog.catalog.calibration = std::move(set);
}

UsersCatalog usersCatalog()
{
    const std::filesystem::path directory = userCatalogDirectory();
    UsersCatalog own = withUserEntries(builtinCatalog(), directory);
    if (!directory.empty())
        useCalibration(directory.parent_path() / "calibration", own);
    return own;
}

const Catalog& builtinCatalog()
{
    static const Catalog catalog = [] {
        CatalogBuilder builder;
        for (const std::string_view folder : kFolders) {
            for (const EmbeddedFile& file : embeddedCatalog()) {
                const std::size_t slash = file.path.find('/');
                if (file.path.substr(0, slash) != folder)
                    continue;
                std::string_view stem = file.path.substr(slash + 1);
                stem.remove_suffix(std::string_view(".json").size());
                if (const auto error = builder.add(folder, stem, "resources/catalog/" + std::string(file.path), file.text)) {
                    // The files were part of the build, so this is a broken build and no input; the tests load them first.
                    std::fprintf(stderr, "shardlens: %s\n", error->sentence().c_str());
                    std::abort();
                }
            }
        }
        for (const EmbeddedFile& file : embeddedCatalog())
            if (file.path == kAliases)
                if (const auto error = builder.addAliases("resources/catalog/" + std::string(file.path), file.text)) {
                    std::fprintf(stderr, "shardlens: %s\n", error->sentence().c_str());
                    std::abort();
                }
        Catalog shipped = builder.finish();
        for (const EmbeddedFile& file : embeddedCalibration())
            if (file.path.ends_with(".json"))
                if (const auto error =
                        addCalibrationFile(shipped.calibration, file.path, "resources/calibration/" + std::string(file.path), file.text)) {
                    std::fprintf(stderr, "shardlens: %s\n", error->sentence().c_str());
                    std::abort();
                }
        if (const auto error = finishCalibration(shipped.calibration)) {
            std::fprintf(stderr, "shardlens: %s\n", error->sentence().c_str());
            std::abort();
        }
        return shipped;
    }();
    return catalog;
}

} // namespace shardlens
