// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/aliases.h"

#include "core/scenario/json_reader.h"

#include <algorithm>
#include <array>

namespace shardlens {

namespace {

/// Words at the end of a name that do not change what it is.
constexpr std::array kTrailingWords = std::to_array<std::string_view>(
    {// tuning and packaging
     "instruct", "chat", "hf", "it", "base", "thinking", "preview", "dynamic", "kv", "v0", "mtp", "nextn", "moe", "only", "v2", "eagle3",
     // number formats
     "fp8", "fp4", "nvfp4", "mxfp4", "mxfp8", "bf16", "fp16", "int4", "int8", "awq", "gptq", "w4a16", "w8a8", "w4a8", "w4a4", "w8a16",
     "block",
     // revisions
     "0324", "0528", "2405", "2407", "2411", "2501", "2507", "2508", "2509", "2512", "0711", "0905",
     // systems: sockets, memory, who ran them
     "sxm", "sxm4", "sxm5", "sxm6", "oam", "nv", "amd", "cr", "trt", "nb", "dgxc", "aws", "80gb", "hbm3", "hbm3e", "slurm", "disagg"});

/// A word before the name that does not change it: "8xB200", "NVIDIA H100", "Meta-Llama".
constexpr std::array kLeadingWords = std::to_array<std::string_view>({"nvidia", "amd", "google", "meta", "intel", "hgx"});

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

std::vector<std::string> wordsOf(std::string_view name)
{
    const std::size_t slash = name.rfind('/');
    if (slash != std::string_view::npos)
        name.remove_prefix(slash + 1);
    std::vector<std::string> words;
    std::string word;
    for (char c : name) {
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || isDigit(c)) {
            word += c;
        } else if (!word.empty()) {
            words.push_back(std::move(word));
            word.clear();
        }
    }
    if (!word.empty())
        words.push_back(std::move(word));
    return words;
}

std::string joined(const std::vector<std::string>& words)
{
    std::string key;
    for (const std::string& word : words)
        key += word;
    return key;
}

/// "8xb200" -> "b200"; nothing changes in names such as "8x7b".
void dropCount(std::string& word)
{
    std::size_t digits = 0;
    while (digits < word.size() && isDigit(word[digits]))
        ++digits;
    if (digits > 0 && digits + 2 < word.size() && word[digits] == 'x' && !isDigit(word[digits + 1]))
        word.erase(0, digits + 1);
}

/// A name may lead to one entry only; one of an earlier file may be led elsewhere.
void readNames(JsonObject object, std::map<std::string, std::string, std::less<>>& names)
{
    std::map<std::string, std::string> own;
    for (const std::string& id : object.keys()) {
        const JsonArray list = object.required(id).asArray(0, 1000);
        for (std::size_t i = 0; i < list.size(); ++i) {
            JsonValue value = list.at(i);
            const std::string name = value.asString(200);
            const std::string key = nameKey(name);
            if (key.empty())
                value.fail("a name with letters or digits is needed");
            else if (const auto [place, added] = own.emplace(key, id); !added && place->second != id)
                value.fail("it is a name of " + place->second + " already");
            else
                names[key] = id;
        }
    }
    object.finish();
}

} // namespace

std::string nameKey(std::string_view name)
{
    return joined(wordsOf(name));
}

std::vector<std::string> nameKeys(std::string_view name)
{
    std::vector<std::string> words = wordsOf(name);
    std::vector<std::string> keys;
    const auto add = [&keys, &words] {
        if (std::string key = joined(words); !key.empty() && std::find(keys.begin(), keys.end(), key) == keys.end())
            keys.push_back(std::move(key));
    };
    add();
    const auto strip = [&] {
        while (words.size() > 1 && std::find(kTrailingWords.begin(), kTrailingWords.end(), words.back()) != kTrailingWords.end()) {
            words.pop_back();
            add();
        }
    };
    const std::vector<std::string> whole = words;
    strip();
    words = whole;
    if (!words.empty()) {
        dropCount(words.front());
        add();
    }
    while (words.size() > 1 && std::find(kLeadingWords.begin(), kLeadingWords.end(), words.front()) != kLeadingWords.end())
        words.erase(words.begin());
    add();
    strip();
    return keys;
}

Result<Aliases> readAliases(std::string_view text, const std::string& fileName, const Aliases& earlier)
{
    Result<JsonDocument> document = JsonDocument::parse(text, fileName, JsonLimits{std::size_t{1} << 20, 8});
    if (!document.ok())
        return document.error();
    JsonReader reader(document.value(), UnknownKeys::Refuse);
    JsonObject root = reader.root();
    Aliases aliases = earlier;
    static_cast<void>(root.requiredString("source"));
    if (std::optional<JsonObject> models = root.optionalObject("models"))
        readNames(*models, aliases.models);
    if (std::optional<JsonObject> systems = root.optionalObject("systems"))
        readNames(*systems, aliases.systems);
    if (std::optional<JsonObject> formats = root.optionalObject("fp8_checkpoints")) {
        constexpr std::array<NumberFormat, 2> kFormats{NumberFormat::Fp8, NumberFormat::Fp8Block};
        const std::array<std::string_view, 2> names{nameOf(kFormats[0]), nameOf(kFormats[1])};
        for (const std::string& id : formats->keys())
            aliases.fp8Checkpoints[id] = kFormats[formats->requiredChoice(id, names)];
        formats->finish();
    }
    root.finish();
    if (reader.failed())
        return reader.error();
    return aliases;
}

} // namespace shardlens
