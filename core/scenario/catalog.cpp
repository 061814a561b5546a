// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/catalog.h"

#include "core/model/parameters.h"
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
#include <system_error>
#include <tuple>

namespace shardlens {

namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;

/// Collects entries file by file: accelerators before the clusters that name them.
class CatalogBuilder {
public:
    /// One file of "models", "accelerators" or "clusters". The error, if any, is kept.
    void add(std::string_view folder, std::string_view stem, const std::string& fileName, std::string_view text)
    {
        if (m_error)
            return;
        Result<JsonDocument> document = JsonDocument::parse(text, fileName, JsonLimits{kMaxFile, 64});
        if (!document.ok()) {
            m_error = document.error();
            return;
        }
        JsonReader reader(document.value(), UnknownKeys::Refuse);
        std::string id;
        if (folder == "models")
            id = addTo(m_catalog.models, std::make_shared<const Model>(readModel(reader.root())), reader);
        else if (folder == "accelerators")
            id = addTo(m_catalog.accelerators, readAccelerator(reader.root()), reader);
        else
            id = addTo(m_catalog.clusters, std::make_shared<const Cluster>(readCluster(reader.root(), m_catalog.accelerators)), reader);
        if (id != stem)
            reader.fail("/id", '"' + id + '"', "the file's own name, \"" + std::string(stem) + '"');
        if (reader.failed())
            m_error = reader.error();
    }

    Result<Catalog> finish()
    {
        if (m_error)
            return std::move(*m_error);
        sortForMenus();
        return std::move(m_catalog);
    }

private:
    static const std::string& idOf(const Accelerator& entry) { return entry.id; }
    template <class T>
    static const std::string& idOf(const std::shared_ptr<const T>& entry)
    {
        return entry->id;
    }

    template <class Entry>
    static std::string addTo(std::vector<Entry>& entries, Entry entry, JsonReader& reader)
    {
        std::string id = idOf(entry);
        const auto same = [&id](const Entry& other) { return equalIgnoringCase(idOf(other), id); };
        if (std::any_of(entries.begin(), entries.end(), same))
            reader.fail("/id", '"' + id + '"', "an id that no other file has");
        entries.push_back(std::move(entry));
        return id;
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
    std::optional<Error> m_error;
};

constexpr std::array<std::string_view, 3> kFolders{"models", "accelerators", "clusters"};

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
            builder.add(folder, file.stem().string(), file.string(), text.value());
        }
    }
    return builder.finish();
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
                builder.add(folder, stem, "resources/catalog/" + std::string(file.path), file.text);
            }
        }
        Result<Catalog> result = builder.finish();
        if (!result.ok()) {
            // The files were part of the build, so this is a broken build and no input; the tests load them first.
            std::fprintf(stderr, "shardlens: %s\n", result.error().sentence().c_str());
            std::abort();
        }
        return std::move(result).value();
    }();
    return catalog;
}

} // namespace shardlens
