// SPDX-License-Identifier: Apache-2.0
#include "tests/core/schema.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <stdexcept>

namespace shardlens {

namespace {

using nlohmann::json;

const json& schemaFile(const std::string& name)
{
    static std::map<std::string, json> files;
    const auto found = files.find(name);
    if (found != files.end())
        return found->second;
    std::ifstream stream(SHARDLENS_SOURCE_DIR "/resources/schema/" + name);
    return files.emplace(name, json::parse(stream)).first->second;
}

bool hasType(const json& value, const std::string& type)
{
    if (type == "object")
        return value.is_object();
    if (type == "array")
        return value.is_array();
    if (type == "string")
        return value.is_string();
    if (type == "boolean")
        return value.is_boolean();
    if (type == "null")
        return value.is_null();
    if (type == "integer")
        return value.is_number_integer();
    if (type == "number")
        return value.is_number();
    throw std::runtime_error("unknown type " + type);
}

class Checker {
public:
    std::vector<std::string> problems;

    void check(const std::string& file, const json& schema, const json& value, const std::string& at)
    {
        for (const auto& [keyword, rule] : schema.items()) {
            if (keyword == "$ref")
                checkReference(file, rule, value, at);
            else if (keyword == "anyOf")
                checkAny(file, rule, value, at);
            else if (keyword == "properties" || keyword == "required" || keyword == "additionalProperties" || keyword == "minProperties")
                checkObject(file, schema, keyword, rule, value, at);
            else if (keyword == "items" || keyword == "minItems" || keyword == "maxItems")
                checkArray(file, keyword, rule, value, at);
            else if (!isNote(keyword))
                checkValue(keyword, rule, value, at);
        }
    }

private:
    static bool isNote(const std::string& keyword)
    {
        return keyword == "$schema" || keyword == "title" || keyword == "description" || keyword == "$defs";
    }
    void report(const std::string& at, const std::string& what) { problems.push_back(at + ": " + what); }

    void checkReference(const std::string& file, const std::string& reference, const json& value, const std::string& at)
    {
        const std::size_t hash = reference.find('#');
        const std::string other = hash == 0 ? file : reference.substr(0, hash);
        const json& root = schemaFile(other);
        const std::string pointer = hash == std::string::npos ? "" : reference.substr(hash + 1);
        check(other, root.at(json::json_pointer(pointer)), value, at);
    }

    void checkAny(const std::string& file, const json& choices, const json& value, const std::string& at)
    {
        std::vector<std::string> all;
        for (const json& choice : choices) {
            Checker part;
            part.check(file, choice, value, at);
            if (part.problems.empty())
                return;
            all.insert(all.end(), part.problems.begin(), part.problems.end());
        }
        report(at, "fits no alternative:");
        problems.insert(problems.end(), all.begin(), all.end());
    }

    void checkObject(const std::string& file, const json& schema, const std::string& keyword, const json& rule, const json& value,
                     const std::string& at)
    {
        if (!value.is_object())
            return;
        if (keyword == "properties") {
            for (const auto& [key, part] : rule.items())
                if (value.contains(key))
                    check(file, part, value[key], at + '/' + key);
        } else if (keyword == "required") {
            for (const json& key : rule)
                if (!value.contains(key.get<std::string>()))
                    report(at, "lacks " + key.get<std::string>());
        } else if (keyword == "minProperties") {
            if (value.size() < rule.get<std::size_t>())
                report(at, "has too few properties");
        } else if (rule != true) {
            for (const auto& [key, part] : value.items()) {
                if (schema.contains("properties") && schema["properties"].contains(key))
                    continue;
                if (rule == false)
                    report(at, "has the unknown " + key);
                else
                    check(file, rule, part, at + '/' + key);
            }
        }
    }

    void checkArray(const std::string& file, const std::string& keyword, const json& rule, const json& value, const std::string& at)
    {
        if (!value.is_array())
            return;
        if (keyword == "items") {
            for (std::size_t i = 0; i < value.size(); ++i)
                check(file, rule, value[i], at + '/' + std::to_string(i));
        } else if (keyword == "minItems" ? value.size() < rule.get<std::size_t>() : value.size() > rule.get<std::size_t>()) {
            report(at, "breaks " + keyword);
        }
    }

    void checkValue(const std::string& keyword, const json& rule, const json& value, const std::string& at)
    {
        bool good = true;
        if (keyword == "type")
            good = rule.is_string() ? hasType(value, rule)
                                    : std::any_of(rule.begin(), rule.end(), [&value](const json& type) { return hasType(value, type); });
        else if (keyword == "enum")
            good = std::find(rule.begin(), rule.end(), value) != rule.end();
        else if (keyword == "const")
            good = value == rule;
        else if (keyword == "minimum")
            good = !value.is_number() || value >= rule;
        else if (keyword == "maximum")
            good = !value.is_number() || value <= rule;
        else if (keyword == "minLength")
            good = !value.is_string() || value.get_ref<const std::string&>().size() >= rule.get<std::size_t>();
        else
            report(at, "the schema says " + keyword + ", which is not checked");
        if (!good)
            report(at, value.dump().substr(0, 60) + " breaks " + keyword + ' ' + rule.dump());
    }
};

} // namespace

std::vector<std::string> schemaProblems(const std::string& name, const nlohmann::json& json)
{
    Checker checker;
    checker.check(name, schemaFile(name), json, "");
    return checker.problems;
}

std::string schemaProblemsOfText(const std::string& name, const std::string& text)
{
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded())
        return "not JSON";
    std::string lines;
    for (const std::string& problem : schemaProblems(name, json))
        lines += problem + '\n';
    return lines;
}

} // namespace shardlens
