// SPDX-License-Identifier: Apache-2.0
// A typed reader over JSON for files that cannot be trusted. Nothing throws: the first thing wrong is kept as an Error with file, JSON
// pointer, found and allowed; every later read then returns a harmless value within its limits, so that a reader is written straight
// through and asks failed() once at its end.
//
//     Result<JsonDocument> document = JsonDocument::parse(text, "plan.json");
//     if (!document.ok()) return document.error();
//     JsonReader reader(document.value(), UnknownKeys::Refuse);
//     JsonObject root = reader.root();
//     const int tensor = root.requiredInt("tensor", 1, 65536);
//     root.finish();
//     if (reader.failed()) return reader.error();
#pragma once

#include "core/base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

struct JsonLimits {
    std::size_t bytes = std::size_t{4} << 20; ///< of the whole text
    int depth = 64;                           ///< of nested objects and arrays
};

/// One parsed text. Refused: anything that is not exactly one JSON value in UTF-8, more than the limits, a key twice in one object,
/// a number that no double holds.
class JsonDocument {
public:
    [[nodiscard]] static Result<JsonDocument> parse(std::string_view text, const std::string& fileName, const JsonLimits& limits = {});

    [[nodiscard]] const nlohmann::json& json() const { return *m_json; }
    [[nodiscard]] const std::string& fileName() const { return m_fileName; }

private:
    JsonDocument(std::shared_ptr<const nlohmann::json> json, std::string fileName);
    std::shared_ptr<const nlohmann::json> m_json;
    std::string m_fileName;
};

/// What JsonObject::finish() does with a key that nobody asked for.
enum class UnknownKeys : std::uint8_t {
    Refuse,  ///< an error that names it and the known ones
    Collect, ///< kept in JsonReader::unknown()
};

class JsonObject;
class JsonArray;

/// The document being read, and the first error. Lives longer than the cursors made from it; the document lives longer still.
class JsonReader {
public:
    JsonReader(const JsonDocument& document, UnknownKeys policy);
    JsonReader(const JsonReader&) = delete;
    JsonReader& operator=(const JsonReader&) = delete;

    /// The document's top level, which must be an object.
    [[nodiscard]] JsonObject root();
    /// Records that the value at `pointer` is wrong; only the first call counts.
    void fail(const std::string& pointer, std::string found, std::string allowed);
    [[nodiscard]] bool failed() const { return m_error.has_value(); }
    /// Only when failed().
    [[nodiscard]] const Error& error() const { return *m_error; }
    [[nodiscard]] UnknownKeys policy() const { return m_policy; }
    /// JSON pointers of the keys that no finished object knew, in reading order.
    [[nodiscard]] const std::vector<std::string>& unknown() const { return m_unknown; }

private:
    friend class JsonObject;
    const JsonDocument& m_document;
    UnknownKeys m_policy;
    std::optional<Error> m_error;
    std::vector<std::string> m_unknown;
};

/// One value and where it stands. The as...() functions check type and limits, and return the lower limit (false, "", empty) on error.
class JsonValue {
public:
    JsonValue(JsonReader& reader, const nlohmann::json* json, std::string pointer);

    [[nodiscard]] bool isNull() const;
    [[nodiscard]] bool isBool() const;
    [[nodiscard]] bool isNumber() const;
    [[nodiscard]] bool isString() const;
    [[nodiscard]] bool isArray() const;
    [[nodiscard]] bool isObject() const;

    /// Whole numbers; 8.0 counts as 8, as in JSON Schema.
    [[nodiscard]] int asInt(int minimum, int maximum);
    [[nodiscard]] std::int64_t asInt64(std::int64_t minimum, std::int64_t maximum);
    [[nodiscard]] double asDouble(double minimum, double maximum);
    [[nodiscard]] bool asBool();
    [[nodiscard]] std::string asString(std::size_t maximumBytes = kMaxString);
    /// Index of the string in `names`; 0 on error.
    [[nodiscard]] std::size_t asChoice(std::span<const std::string_view> names);
    [[nodiscard]] JsonObject asObject();
    [[nodiscard]] JsonArray asArray(std::size_t minimumSize = 0, std::size_t maximumSize = kMaxArray);

    [[nodiscard]] const std::string& pointer() const { return m_pointer; }
    /// The value for a sentence: short, one line, containers only by kind and size.
    [[nodiscard]] std::string text() const;
    /// Records that this value is wrong.
    void fail(std::string allowed);
    [[nodiscard]] const nlohmann::json& json() const { return *m_json; }

    static constexpr std::size_t kMaxString = 4096;
    static constexpr std::size_t kMaxArray = 100'000;

private:
    JsonReader* m_reader;
    const nlohmann::json* m_json;
    std::string m_pointer;
};

class JsonArray {
public:
    JsonArray(JsonReader& reader, const nlohmann::json* json, std::string pointer);
    [[nodiscard]] std::size_t size() const;
    /// index < size()
    [[nodiscard]] JsonValue at(std::size_t index) const;
    [[nodiscard]] const std::string& pointer() const { return m_pointer; }

private:
    JsonReader* m_reader;
    const nlohmann::json* m_json;
    std::string m_pointer;
};

/// An object that remembers which keys were asked for. "Optional" means the key may be absent; null is a value like any other and fits
/// only where it is allowed.
class JsonObject {
public:
    JsonObject(JsonReader& reader, const nlohmann::json* json, std::string pointer);

    [[nodiscard]] bool has(std::string_view key) const;
    /// Present and not null. Marks the key as known.
    [[nodiscard]] bool hasValue(std::string_view key);
    [[nodiscard]] std::optional<JsonValue> optional(std::string_view key);
    [[nodiscard]] JsonValue required(std::string_view key);

    [[nodiscard]] int requiredInt(std::string_view key, int minimum, int maximum);
    [[nodiscard]] std::int64_t requiredInt64(std::string_view key, std::int64_t minimum, std::int64_t maximum);
    [[nodiscard]] double requiredDouble(std::string_view key, double minimum, double maximum);
    [[nodiscard]] bool requiredBool(std::string_view key);
    [[nodiscard]] std::string requiredString(std::string_view key, std::size_t maximumBytes = JsonValue::kMaxString);
    [[nodiscard]] std::size_t requiredChoice(std::string_view key, std::span<const std::string_view> names);
    [[nodiscard]] JsonObject requiredObject(std::string_view key);
    [[nodiscard]] JsonArray requiredArray(std::string_view key, std::size_t minimumSize = 0,
                                          std::size_t maximumSize = JsonValue::kMaxArray);

    [[nodiscard]] std::optional<int> optionalInt(std::string_view key, int minimum, int maximum);
    [[nodiscard]] std::optional<std::int64_t> optionalInt64(std::string_view key, std::int64_t minimum, std::int64_t maximum);
    [[nodiscard]] std::optional<double> optionalDouble(std::string_view key, double minimum, double maximum);
    [[nodiscard]] std::optional<bool> optionalBool(std::string_view key);
    [[nodiscard]] std::optional<std::string> optionalString(std::string_view key, std::size_t maximumBytes = JsonValue::kMaxString);
    [[nodiscard]] std::optional<std::size_t> optionalChoice(std::string_view key, std::span<const std::string_view> names);
    [[nodiscard]] std::optional<JsonObject> optionalObject(std::string_view key);
    [[nodiscard]] std::optional<JsonArray> optionalArray(std::string_view key, std::size_t minimumSize = 0,
                                                         std::size_t maximumSize = JsonValue::kMaxArray);

    /// Every key, in the order of the map.
    [[nodiscard]] std::vector<std::string> keys() const;
    /// Keys nobody asked for so far.
    [[nodiscard]] std::vector<std::string> unknownKeys() const;
    /// Call once after the last key: refuses or collects the unknown ones.
    void finish();
    /// Records that the value of `key` is wrong.
    void fail(std::string_view key, std::string allowed);
    /// JSON pointer of a key in this object.
    [[nodiscard]] std::string pointerTo(std::string_view key) const;
    [[nodiscard]] const std::string& pointer() const { return m_pointer; }
    [[nodiscard]] const nlohmann::json& json() const { return *m_json; }
    [[nodiscard]] JsonReader& reader() const { return *m_reader; }

private:
    void know(std::string_view key);
    JsonReader* m_reader;
    const nlohmann::json* m_json;
    std::string m_pointer;
    std::vector<std::string> m_known;
};

/// "a, b or c", for sentences.
[[nodiscard]] std::string listOf(std::span<const std::string_view> names);

} // namespace shardlens
