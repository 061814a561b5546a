// SPDX-License-Identifier: Apache-2.0
#include "core/base/format.h"
#include "core/sharding/axis_subscript.h"
#include "core/sharding/notation.h"

#include <algorithm>
#include <charconv>

namespace shardlens {

namespace {

enum class TokenKind : std::uint8_t { End, Name, Underscore, Comma, OpenBracket, CloseBracket, OpenBrace, CloseBrace, Times, Arrow, Other };

struct Token {
    TokenKind kind = TokenKind::End;
    std::string text;
    int column = 1; ///< in characters, from 1
};

/// Bytes of the UTF-8 character at `at`; 1 for what is none.
std::size_t characterLength(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t length = byte(at) >= 0xf0 ? 4 : byte(at) >= 0xe0 ? 3 : byte(at) >= 0xc2 ? 2 : 1;
    if (byte(at) > 0xf4 || at + length > text.size())
        return 1;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(at + i) & 0xc0U) != 0x80U)
            return 1;
    return length;
}

/// A character for a sentence: itself, or its byte when it cannot be printed.
std::string shown(std::string_view character)
{
    const auto byte = static_cast<unsigned char>(character.front());
    if (character.size() > 1 || (byte >= 0x20 && byte < 0x7f))
        return std::string(character);
    constexpr std::string_view kDigits = "0123456789abcdef";
    return std::string("byte 0x") + kDigits[byte >> 4U] + kDigits[byte & 15U];
}

TokenKind signOf(std::string_view character)
{
    struct Sign {
        std::string_view text;
        TokenKind kind;
    };
    static constexpr Sign kSigns[] = {{"_", TokenKind::Underscore},   {",", TokenKind::Comma},      {"[", TokenKind::OpenBracket},
                                      {"]", TokenKind::CloseBracket}, {"{", TokenKind::OpenBrace},  {"}", TokenKind::CloseBrace},
                                      {".", TokenKind::Times},        {"*", TokenKind::Times},      {"@", TokenKind::Times},
                                      {"\u00b7", TokenKind::Times},   {"\u22c5", TokenKind::Times}, {"\u2219", TokenKind::Times},
                                      {"\u2022", TokenKind::Times},   {"\u2192", TokenKind::Arrow}};
    for (const Sign& sign : kSigns)
        if (sign.text == character)
            return sign.kind;
    return TokenKind::Other;
}

bool isNameCharacter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'';
}

std::vector<Token> tokensOf(std::string_view text)
{
    std::vector<Token> tokens;
    int column = 1;
    for (std::size_t at = 0; at < text.size(); ++column) {
        const std::size_t length = characterLength(text, at);
        const std::string_view character = text.substr(at, length);
        const bool space = character == " " || character == "\t" || character == "\u00a0" || character == "\n" || character == "\r";
        if (space) {
            at += length;
            continue;
        }
        Token token{TokenKind::Other, std::string(character), column};
        if (isNameCharacter(character.front())) {
            std::size_t end = at;
            while (end < text.size() && isNameCharacter(text[end]))
                ++end;
            token.kind = TokenKind::Name;
            token.text = std::string(text.substr(at, end - at));
            column += static_cast<int>(end - at) - 1;
            at = end;
        } else if (text.substr(at, 2) == "->") {
            token.kind = TokenKind::Arrow;
            token.text = "->";
            ++column;
            at += 2;
        } else {
            token.kind = signOf(character);
            if (token.kind == TokenKind::Other)
                token.text = shown(character);
            at += length;
        }
        tokens.push_back(std::move(token));
    }
    tokens.push_back({TokenKind::End, "the end", column});
    return tokens;
}

class Reader {
public:
    Reader(std::string_view text, const Mesh& mesh) : m_mesh(mesh), m_tokens(tokensOf(text)) {}

    Result<ShardingExpression> expression()
    {
        ShardingExpression result;
        if (!array(result.left))
            return m_error;
        if (take(TokenKind::Times)) {
            result.right.emplace();
            if (!array(*result.right))
                return m_error;
        }
        if (take(TokenKind::Arrow)) {
            result.result.emplace();
            if (!array(*result.result))
                return m_error;
        }
        if (next().kind != TokenKind::End) {
            refuse(next(), result.result ? "nothing after the result" : result.right ? "-> and a result, or the end" : "., -> or the end");
            return m_error;
        }
        return result;
    }

    Result<ShardedArray> onlyArray()
    {
        ShardedArray result;
        if (!array(result))
            return m_error;
        if (next().kind != TokenKind::End) {
            refuse(next(), "nothing after the array");
            return m_error;
        }
        return result;
    }

private:
    const Mesh& m_mesh;
    std::vector<Token> m_tokens;
    std::size_t m_at = 0;
    Error m_error;

    [[nodiscard]] const Token& next() const { return m_tokens[m_at]; }

    bool take(TokenKind kind)
    {
        if (next().kind != kind)
            return false;
        ++m_at;
        return true;
    }

    bool refuse(const Token& token, std::string allowed)
    {
        constexpr std::size_t kMostShown = 40;
        std::string found = token.text.size() > kMostShown ? token.text.substr(0, kMostShown) + "..." : token.text;
        m_error = {.file = {},
                   .path = "column " + formatCount(token.column),
                   .found = std::move(found),
                   .allowed = "allowed is " + std::move(allowed)};
        return false;
    }

    bool need(TokenKind kind, const char* allowed) { return take(kind) || refuse(next(), allowed); }

    bool name(std::string& into, const char* what)
    {
        const Token& token = next();
        if (token.kind != TokenKind::Name || !isShardingName(token.text))
            return refuse(token, std::string(what) + " (a letter, then letters and digits, at most "
                                     + formatCount(static_cast<std::int64_t>(kMostNameLength)) + ")");
        into = token.text;
        ++m_at;
        return true;
    }

    bool array(ShardedArray& into)
    {
        if (!name(into.name, "an array such as A[I_X, J]") || !need(TokenKind::OpenBracket, "[ and the array's dimensions"))
            return false;
        if (!take(TokenKind::CloseBracket)) {
            do {
                if (into.dims.size() == kMostDims)
                    return refuse(next(), "at most " + formatCount(static_cast<std::int64_t>(kMostDims)) + " dimensions");
                if (!dimension(into, into.dims.emplace_back()))
                    return false;
            } while (take(TokenKind::Comma));
            if (!need(TokenKind::CloseBracket, ", and another dimension, or ]"))
                return false;
        }
        return next().kind != TokenKind::OpenBrace || unreduced(into);
    }

    bool dimension(const ShardedArray& in, ShardedDim& into)
    {
        const Token& token = next();
        if (!name(into.name, "a dimension"))
            return false;
        if (in.find(into.name) != static_cast<int>(in.dims.size()) - 1)
            return refuse(token, "each dimension of an array once");
        return !take(TokenKind::Underscore) || subscript(in, into.axes);
    }

    /// `XY`, `TP`, `{X,Y}`, `{TP SP}`: appended to `axes`, which belongs to `in`.
    bool subscript(const ShardedArray& in, std::vector<int>& axes)
    {
        if (!take(TokenKind::OpenBrace))
            return axisNames(in, axes, false);
        do
            if (!axisNames(in, axes, true))
                return false;
        while (take(TokenKind::Comma) || next().kind == TokenKind::Name);
        return need(TokenKind::CloseBrace, "another axis, or }");
    }

    bool axisNames(const ShardedArray& in, std::vector<int>& axes, bool inBraces)
    {
        const Token& token = next();
        if (token.kind != TokenKind::Name)
            return refuse(token, axisList());
        std::vector<std::vector<int>> readings;
        // In braces, where names are apart, a name of the mesh is that axis, even if it could be taken apart.
        if (const int whole = m_mesh.find(token.text); inBraces && whole >= 0)
            readings = {{whole}};
        else
            readings = readSubscript(token.text, m_mesh);
        if (readings.empty())
            return refuse(token, axisList());
        if (readings.size() > 1)
            return refuse(token, "one of the readings " + listed(readings[0]) + " and " + listed(readings[1]) + ", in braces");
        for (const int axis : readings.front()) {
            if (in.dimOn(axis) >= 0 || in.isUnreduced(axis) || std::find(axes.begin(), axes.end(), axis) != axes.end())
                return refuse(token, "each mesh axis once in an array; " + m_mesh.name(axis) + " is used already");
            axes.push_back(axis);
        }
        ++m_at;
        return true;
    }

    [[nodiscard]] std::string listed(const std::vector<int>& axes) const
    {
        std::string text;
        for (const int axis : axes)
            text += (text.empty() ? "{" : ",") + m_mesh.name(axis);
        return text + "}";
    }

    [[nodiscard]] std::string axisList() const
    {
        if (m_mesh.axisCount() == 0)
            return "no axis, because the mesh has none";
        std::string text = "names of mesh axes: ";
        for (int axis = 0; axis < m_mesh.axisCount(); ++axis)
            text += (axis == 0 ? "" : ", ") + m_mesh.name(axis);
        return text;
    }

    /// {U_X}, {U_XY}, {U_X, U_Y}, {U_{TP,SP}}
    bool unreduced(ShardedArray& into)
    {
        ++m_at; // the brace
        do {
            if (next().kind != TokenKind::Name || next().text != "U")
                return refuse(next(), "U_ and the axes that are unreduced, such as {U_X}");
            ++m_at;
            std::vector<int> axes = into.unreduced;
            if (!need(TokenKind::Underscore, "_ and the axes that are unreduced") || !subscript(into, axes))
                return false;
            into.unreduced = std::move(axes);
        } while (take(TokenKind::Comma));
        std::sort(into.unreduced.begin(), into.unreduced.end());
        return need(TokenKind::CloseBrace, ", and another U_, or }");
    }
};

Error tooLong(std::string_view text, const char* what)
{
    return {.file = {},
            .path = what,
            .found = formatCount(static_cast<std::int64_t>(text.size())) + " bytes",
            .allowed = "allowed is at most " + formatCount(static_cast<std::int64_t>(kMostNotationLength))};
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// "X=4,Y=2"; an empty text is an empty list.
Result<std::vector<NamedSize>> namedSizes(std::string_view text, const char* what, const char* example)
{
    if (text.size() > kMostNotationLength)
        return tooLong(text, what);
    std::vector<NamedSize> sizes;
    std::string_view rest = trimmed(text);
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string_view part = trimmed(rest.substr(0, comma));
        const bool last = comma == rest.size();
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        const std::size_t equals = std::min(part.find('='), part.size());
        const std::string_view name = trimmed(part.substr(0, equals));
        const std::string_view number = trimmed(part.substr(std::min(equals + 1, part.size())));
        NamedSize size{std::string(name), 0};
        const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), size.size);
        const bool whole = failure == std::errc() && end == number.data() + number.size() && size.size >= 1 && size.size <= kMostDimSize;
        if (!isShardingName(name) || !whole || (!last && rest.empty()))
            return Error{.file = {},
                         .path = what,
                         .found = part.empty() || (whole && isShardingName(name)) ? "nothing between or after commas"
                                                                                  : std::string(part.substr(0, 40)),
                         .allowed = std::string("allowed is NAME=SIZE, ..., such as ") + example + ", with sizes from 1 to "
                                    + formatCount(kMostDimSize)};
        for (const NamedSize& other : sizes)
            if (other.name == size.name)
                return Error{.file = {}, .path = what, .found = size.name + " twice", .allowed = "give each size once"};
        sizes.push_back(std::move(size));
    }
    return sizes;
}

} // namespace

Result<ShardingExpression> parseSharding(std::string_view text, const Mesh& mesh)
{
    if (text.size() > kMostNotationLength)
        return tooLong(text, "product");
    return Reader(text, mesh).expression();
}

Result<ShardedArray> parseShardedArray(std::string_view text, const Mesh& mesh)
{
    if (text.size() > kMostNotationLength)
        return tooLong(text, "array");
    return Reader(text, mesh).onlyArray();
}

Result<Mesh> parseMesh(std::string_view text)
{
    Result<std::vector<NamedSize>> sizes = namedSizes(text, "mesh", "X=4,Y=2");
    if (!sizes.ok())
        return sizes.error();
    std::vector<NamedAxis> axes;
    for (NamedSize& size : sizes.value())
        axes.push_back({std::move(size.name), size.size});
    return Mesh::make(axes);
}

Result<std::vector<NamedSize>> parseShape(std::string_view text)
{
    return namedSizes(text, "shape", "I=1024,J=8192");
}

Result<ShardingExpression> withShape(ShardingExpression expression, const std::vector<NamedSize>& shape, const Mesh& mesh)
{
    const auto refuse = [](std::string found, std::string allowed) {
        return Error{.file = {}, .path = "shape", .found = std::move(found), .allowed = std::move(allowed)};
    };
    std::vector<bool> used(shape.size(), false);
    std::vector<ShardedArray*> arrays{&expression.left};
    if (expression.right)
        arrays.push_back(&*expression.right);
    if (expression.result)
        arrays.push_back(&*expression.result);
    for (ShardedArray* array : arrays) {
        for (ShardedDim& dim : array->dims) {
            const auto size = std::find_if(shape.begin(), shape.end(), [&](const NamedSize& each) { return each.name == dim.name; });
            if (size == shape.end())
                return refuse("no size of " + dim.name, "give every dimension a size, such as " + dim.name + "=1024");
            dim.size = size->size;
            used[static_cast<std::size_t>(size - shape.begin())] = true;
        }
        if (std::optional<Error> error = problemOf(mesh, *array))
            return std::move(*error);
    }
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (!used[i])
            return refuse(shape[i].name, "no array has this dimension");
    return expression;
}

} // namespace shardlens
