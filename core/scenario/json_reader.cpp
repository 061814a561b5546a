// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/json_reader.h"

#include "core/base/format.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace shardlens {

namespace {

using Json = nlohmann::json;

const Json& nullJson()
{
    static const Json null;
    return null;
}

/// At most `limit` bytes of UTF-8, never cut inside a character; an ellipsis says that something is left out.
std::string shortened(std::string_view text, std::size_t limit = 60)
{
    if (text.size() <= limit)
        return std::string(text);
    std::size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return std::string(text.substr(0, end)) + "\u2026";
}

/// A reference token of a JSON pointer (RFC 6901).
std::string escaped(std::string_view key)
{
    std::string token;
    for (const char c : key) {
        if (c == '~')
            token += "~0";
        else if (c == '/')
            token += "~1";
        else
            token += c;
    }
    return token;
}

/// The shortest text that reads back as the same double; without exponent where the value is in the range of everyday numbers.
std::string plain(double value)
{
    char buffer[64];
    const bool everyday = std::abs(value) < 1e15 && (value == 0 || std::abs(value) >= 1e-3);
    const auto end = everyday ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr
                              : std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    return std::string(buffer, end);
}

std::string rangeText(const char* noun, const std::string& minimum, const std::string& maximum, bool openAbove)
{
    if (openAbove)
        return std::string(noun) + " of at least " + minimum + " is allowed";
    return std::string(noun) + " from " + minimum + " to " + maximum + " is allowed";
}

/// Builds the value while the text is read, and stops at what the limits or RFC 8259 (unique names) forbid.
class Builder {
public:
    Builder(Json& root, int maximumDepth) : m_root(root), m_maximumDepth(maximumDepth) {}

    bool null() { return add(nullptr) != nullptr; }
    bool boolean(bool value) { return add(value) != nullptr; }
    bool number_integer(Json::number_integer_t value) { return add(value) != nullptr; }
    bool number_unsigned(Json::number_unsigned_t value) { return add(value) != nullptr; }
    bool number_float(Json::number_float_t value, const Json::string_t&) { return add(value) != nullptr; }
    bool string(Json::string_t& value) { return add(std::move(value)) != nullptr; }
    bool binary(Json::binary_t&) { return false; }
    bool start_object(std::size_t) { return open(Json::object()); }
    bool start_array(std::size_t) { return open(Json::array()); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }

    bool key(Json::string_t& name)
    {
        if (m_open.back()->contains(name)) {
            m_problem = {{}, pointer() + "/" + shortened(escaped(name)), "the same key twice", "a key may stand once in an object"};
            return false;
        }
        m_key = std::move(name);
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const Json::exception& exception)
    {
        m_position = position;
        const std::string_view what = exception.what();
        // "[json.exception...] parse error at ...: syntax error while parsing value - WHAT"
        const std::size_t dash = what.find(" - ");
        const std::size_t bracket = what.find("] ");
        std::string_view detail = what;
        if (dash != std::string_view::npos)
            detail = what.substr(dash + 3);
        else if (bracket != std::string_view::npos)
            detail = what.substr(bracket + 2);
        m_problem = {{}, {}, {}, "this is not valid JSON: " + shortened(detail, 160)};
        return false;
    }

    [[nodiscard]] const Error& problem() const { return m_problem; }
    [[nodiscard]] std::optional<std::size_t> position() const { return m_position; }

private:
    template <class T>
    Json* add(T&& value)
    {
        if (m_open.empty()) {
            m_root = std::forward<T>(value);
            return &m_root;
        }
        Json& parent = *m_open.back();
        if (parent.is_array()) {
            parent.push_back(std::forward<T>(value));
            return &parent.back();
        }
        Json& place = parent[m_key];
        place = std::forward<T>(value);
        return &place;
    }

    bool open(Json container)
    {
        if (static_cast<int>(m_open.size()) >= m_maximumDepth) {
            m_problem = {{},
                         shortened(pointer(), 200),
                         "deeper nesting",
                         "at most " + std::to_string(m_maximumDepth) + " nested objects and arrays are allowed"};
            return false;
        }
        std::string step;
        if (!m_open.empty())
            step = m_open.back()->is_array() ? std::to_string(m_open.back()->size()) : escaped(m_key);
        m_steps.push_back(shortened(step));
        // References into std::map and into the vectors of ancestors stay valid: only the innermost container grows.
        m_open.push_back(add(std::move(container)));
        return true;
    }

    bool close()
    {
        m_open.pop_back();
        m_steps.pop_back();
        return true;
    }

    [[nodiscard]] std::string pointer() const
    {
        std::string text;
        for (std::size_t i = 1; i < m_steps.size(); ++i)
            text += "/" + m_steps[i];
        return text;
    }

    Json& m_root;
    int m_maximumDepth;
    std::vector<Json*> m_open;
    std::vector<std::string> m_steps;
    std::string m_key;
    Error m_problem;
    std::optional<std::size_t> m_position;
};

std::string lineAndColumn(std::string_view text, std::size_t position)
{
    const std::string_view before = text.substr(0, std::min(position, text.size()));
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const std::size_t lineStart = before.rfind('\n');
    const std::size_t column = lineStart == std::string_view::npos ? before.size() : before.size() - lineStart - 1;
    return "line " + std::to_string(lines + 1) + ", column " + std::to_string(column);
}

} // namespace

std::string listOf(std::span<const std::string_view> names)
{
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0)
            text += i + 1 == names.size() ? " or " : ", ";
        text += names[i];
    }
    return text;
}

JsonDocument::JsonDocument(std::shared_ptr<const Json> json, std::string fileName)
    : m_json(std::move(json)),
      m_fileName(std::move(fileName))
{}

Result<JsonDocument> JsonDocument::parse(std::string_view text, const std::string& fileName, const JsonLimits& limits)
{
    if (text.size() > limits.bytes)
        return Error{fileName,
                     {},
                     formatBytes(static_cast<double>(text.size())),
                     "at most " + formatBytes(static_cast<double>(limits.bytes)) + " are read"};
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return Error{fileName, {}, text.empty() ? "an empty file" : "nothing but blanks", "a JSON object is expected"};
    // The parser takes a NUL for the end of its input and would drop what follows without a word.
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
        return Error{fileName, lineAndColumn(text, nul), "a NUL byte", "not valid JSON: text without NUL bytes is expected"};
    auto root = std::make_shared<Json>();
    Builder builder(*root, limits.depth);
    if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
        Error error = builder.problem();
        error.file = fileName;
        if (builder.position())
            error.path = lineAndColumn(text, *builder.position());
        return error;
    }
    return JsonDocument(std::move(root), fileName);
}

JsonReader::JsonReader(const JsonDocument& document, UnknownKeys policy) : m_document(document), m_policy(policy) {}

JsonObject JsonReader::root()
{
    return JsonValue(*this, &m_document.json(), {}).asObject();
}

void JsonReader::fail(const std::string& pointer, std::string found, std::string allowed)
{
    if (!m_error)
        m_error = Error{m_document.fileName(), shortened(pointer, 300), std::move(found), std::move(allowed)};
}

JsonValue::JsonValue(JsonReader& reader, const Json* json, std::string pointer)
    : m_reader(&reader),
      m_json(json),
      m_pointer(std::move(pointer))
{}

bool JsonValue::isNull() const
{
    return m_json->is_null();
}

bool JsonValue::isBool() const
{
    return m_json->is_boolean();
}

bool JsonValue::isNumber() const
{
    return m_json->is_number();
}

bool JsonValue::isString() const
{
    return m_json->is_string();
}

bool JsonValue::isArray() const
{
    return m_json->is_array();
}

bool JsonValue::isObject() const
{
    return m_json->is_object();
}

std::string JsonValue::text() const
{
    switch (m_json->type()) {
    case Json::value_t::object: return "an object";
    case Json::value_t::array: return "an array of " + std::to_string(m_json->size());
    case Json::value_t::string: return '"' + shortened(m_json->get_ref<const std::string&>()) + '"';
    case Json::value_t::number_float: return plain(m_json->get<double>());
    default: return m_json->dump();
    }
}

void JsonValue::fail(std::string allowed)
{
    m_reader->fail(m_pointer, text(), std::move(allowed));
}

int JsonValue::asInt(int minimum, int maximum)
{
    return static_cast<int>(asInt64(minimum, maximum));
}

std::int64_t JsonValue::asInt64(std::int64_t minimum, std::int64_t maximum)
{
    constexpr double kExact = 9007199254740992.0; // 2^53: whole doubles up to here are unambiguous
    std::optional<std::int64_t> value;
    if (m_json->is_number_unsigned()) {
        const auto number = m_json->get<std::uint64_t>();
        if (number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            value = static_cast<std::int64_t>(number);
    } else if (m_json->is_number_integer()) {
        value = m_json->get<std::int64_t>();
    } else if (m_json->is_number_float()) {
        const double number = m_json->get<double>();
        if (std::abs(number) <= kExact && std::trunc(number) == number)
            value = static_cast<std::int64_t>(number);
    }
    if (value && *value >= minimum && *value <= maximum)
        return *value;
    fail(rangeText("a whole number", formatCount(minimum), formatCount(maximum), false));
    return minimum;
}

double JsonValue::asDouble(double minimum, double maximum)
{
    if (m_json->is_number()) {
        const double value = m_json->get<double>();
        if (std::isfinite(value) && value >= minimum && value <= maximum)
            return value;
    }
    fail(rangeText("a number", plain(minimum), plain(maximum), maximum >= std::numeric_limits<double>::max()));
    return minimum;
}

bool JsonValue::asBool()
{
    if (m_json->is_boolean())
        return m_json->get<bool>();
    fail("true or false is allowed");
    return false;
}

std::string JsonValue::asString(std::size_t maximumBytes)
{
    if (m_json->is_string() && m_json->get_ref<const std::string&>().size() <= maximumBytes)
        return m_json->get<std::string>();
    fail("a text of at most " + formatCount(static_cast<std::int64_t>(maximumBytes)) + " bytes is allowed");
    return {};
}

std::size_t JsonValue::asChoice(std::span<const std::string_view> names)
{
    if (m_json->is_string()) {
        const auto place = std::find(names.begin(), names.end(), std::string_view(m_json->get_ref<const std::string&>()));
        if (place != names.end())
            return static_cast<std::size_t>(place - names.begin());
    }
    fail((names.size() == 1 ? "only " : "one of ") + listOf(names) + " is allowed");
    return 0;
}

JsonObject JsonValue::asObject()
{
    if (m_json->is_object())
        return JsonObject(*m_reader, m_json, m_pointer);
    fail("an object is expected");
    return JsonObject(*m_reader, &nullJson(), m_pointer);
}

JsonArray JsonValue::asArray(std::size_t minimumSize, std::size_t maximumSize)
{
    if (m_json->is_array() && m_json->size() >= minimumSize && m_json->size() <= maximumSize)
        return JsonArray(*m_reader, m_json, m_pointer);
    fail(minimumSize == maximumSize ? "an array of exactly " + std::to_string(minimumSize) + " is expected"
                                    : "an array of " + formatCount(static_cast<std::int64_t>(minimumSize)) + " to "
                                          + formatCount(static_cast<std::int64_t>(maximumSize)) + " values is expected");
    return JsonArray(*m_reader, &nullJson(), m_pointer);
}

JsonArray::JsonArray(JsonReader& reader, const Json* json, std::string pointer)
    : m_reader(&reader),
      m_json(json),
      m_pointer(std::move(pointer))
{}

std::size_t JsonArray::size() const
{
    return m_json->is_array() ? m_json->size() : 0;
}

JsonValue JsonArray::at(std::size_t index) const
{
    return JsonValue(*m_reader, index < size() ? &(*m_json)[index] : &nullJson(), m_pointer + "/" + std::to_string(index));
}

} // namespace shardlens
