// SPDX-License-Identifier: Apache-2.0
// JsonObject: the keys of one object, and which of them were asked for.
#include "core/scenario/json_reader.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace shardlens {

namespace {

const nlohmann::json& missingValue()
{
    static const nlohmann::json null;
    return null;
}

} // namespace

JsonObject::JsonObject(JsonReader& reader, const nlohmann::json* json, std::string pointer)
    : m_reader(&reader),
      m_json(json),
      m_pointer(std::move(pointer))
{}

std::string JsonObject::pointerTo(std::string_view key) const
{
    return m_pointer + nlohmann::json::json_pointer().operator/=(std::string(key)).to_string();
}

void JsonObject::know(std::string_view key)
{
    if (std::find(m_known.begin(), m_known.end(), key) == m_known.end())
        m_known.emplace_back(key);
}

bool JsonObject::has(std::string_view key) const
{
    return m_json->is_object() && m_json->contains(std::string(key));
}

bool JsonObject::hasValue(std::string_view key)
{
    const std::optional<JsonValue> value = optional(key);
    return value && !value->isNull();
}

std::optional<JsonValue> JsonObject::optional(std::string_view key)
{
    know(key);
    if (!m_json->is_object())
        return std::nullopt;
    const auto place = m_json->find(std::string(key));
    if (place == m_json->end())
        return std::nullopt;
    return JsonValue(*m_reader, &*place, pointerTo(key));
}

JsonValue JsonObject::required(std::string_view key)
{
    if (const std::optional<JsonValue> value = optional(key))
        return *value;
    m_reader->fail(pointerTo(key), {}, "this key is missing");
    return JsonValue(*m_reader, &missingValue(), pointerTo(key));
}

int JsonObject::requiredInt(std::string_view key, int minimum, int maximum)
{
    return required(key).asInt(minimum, maximum);
}

std::int64_t JsonObject::requiredInt64(std::string_view key, std::int64_t minimum, std::int64_t maximum)
{
    return required(key).asInt64(minimum, maximum);
}

double JsonObject::requiredDouble(std::string_view key, double minimum, double maximum)
{
    return required(key).asDouble(minimum, maximum);
}

bool JsonObject::requiredBool(std::string_view key)
{
    return required(key).asBool();
}

std::string JsonObject::requiredString(std::string_view key, std::size_t maximumBytes)
{
    return required(key).asString(maximumBytes);
}

std::size_t JsonObject::requiredChoice(std::string_view key, std::span<const std::string_view> names)
{
    return required(key).asChoice(names);
}

JsonObject JsonObject::requiredObject(std::string_view key)
{
    return required(key).asObject();
}

JsonArray JsonObject::requiredArray(std::string_view key, std::size_t minimumSize, std::size_t maximumSize)
{
    return required(key).asArray(minimumSize, maximumSize);
}

std::optional<int> JsonObject::optionalInt(std::string_view key, int minimum, int maximum)
{
    std::optional<JsonValue> value = optional(key);
    return value ? std::optional(value->asInt(minimum, maximum)) : std::nullopt;
}

std::optional<std::int64_t> JsonObject::optionalInt64(std::string_view key, std::int64_t minimum, std::int64_t maximum)
{
    std::optional<JsonValue> value = optional(key);
    return value ? std::optional(value->asInt64(minimum, maximum)) : std::nullopt;
}

std::optional<double> JsonObject::optionalDouble(std::string_view key, double minimum, double maximum)
{
    std::optional<JsonValue> value = optional(key);
    return value ? std::optional(value->asDouble(minimum, maximum)) : std::nullopt;
}

std::optional<bool> JsonObject::optionalBool(std::string_view key)
{
    std::optional<JsonValue> value = optional(key);
    return value ? std::optional(value->asBool()) : std::nullopt;
}

std::optional<std::string> JsonObject::optionalString(std::string_view key, std::size_t maximumBytes)
{
    std::optional<JsonValue> value = optional(key);
    return value ? std::optional(value->asString(maximumBytes)) : std::nullopt;
}

std::optional<std::size_t> JsonObject::optionalChoice(std::string_view key, std::span<const std::string_view> names)
{
    std::optional<JsonValue> value = optional(key);
    return value ? std::optional(value->asChoice(names)) : std::nullopt;
}

std::optional<JsonObject> JsonObject::optionalObject(std::string_view key)
{
    std::optional<JsonValue> value = optional(key);
    return value ? std::optional(value->asObject()) : std::nullopt;
}

std::optional<JsonArray> JsonObject::optionalArray(std::string_view key, std::size_t minimumSize, std::size_t maximumSize)
{
    std::optional<JsonValue> value = optional(key);
    return value ? std::optional(value->asArray(minimumSize, maximumSize)) : std::nullopt;
}

std::vector<std::string> JsonObject::keys() const
{
    std::vector<std::string> result;
    if (m_json->is_object())
        for (const auto& item : m_json->items())
            result.push_back(item.key());
    return result;
}

std::vector<std::string> JsonObject::unknownKeys() const
{
    std::vector<std::string> result = keys();
    std::erase_if(result, [this](const std::string& key) { return std::find(m_known.begin(), m_known.end(), key) != m_known.end(); });
    return result;
}

void JsonObject::finish()
{
    if (m_reader->failed())
        return;
    const std::vector<std::string> unknown = unknownKeys();
    if (m_reader->policy() == UnknownKeys::Collect) {
        for (const std::string& key : unknown)
            m_reader->m_unknown.push_back(pointerTo(key));
        return;
    }
    if (unknown.empty())
        return;
    const std::vector<std::string_view> known(m_known.begin(), m_known.end());
    m_reader->fail(pointerTo(unknown.front()), "an unknown key", "known here are " + listOf(known));
}

void JsonObject::fail(std::string_view key, std::string allowed)
{
    if (std::optional<JsonValue> value = optional(key))
        value->fail(std::move(allowed));
    else
        m_reader->fail(pointerTo(key), {}, std::move(allowed));
}

} // namespace shardlens
