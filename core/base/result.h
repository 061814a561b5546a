// SPDX-License-Identifier: Apache-2.0
// The one class of error sentence, and a value that is either a result or such a sentence.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace shardlens {

/// What is wrong with an input, said so that a user can mend it: which file (empty if none), where in it (a JSON
/// path such as /plan/tensor, a column, a flag), what was found and what is allowed. `sentence()` is all a user sees.
struct Error {
    std::string file;    ///< file name, flag or other origin; may be empty
    std::string path;    ///< JSON pointer, line, column or flag; may be empty
    std::string found;   ///< the offending value as text; may be empty
    std::string allowed; ///< what would be accepted, or simply what is wrong; never empty

    /// "FILE: /path: found X; allowed Y" with the empty parts left out, on one line.
    [[nodiscard]] std::string sentence() const;
    friend bool operator==(const Error&, const Error&) = default;
};

/// Either a T or an Error. Reading value() of an error, or error() of a value, is a programming mistake
/// (std::bad_variant_access); neither can be reached by input when callers test ok() first.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : m_value(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_value(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return m_value.index() == 0; }
    [[nodiscard]] const T& value() const& { return std::get<0>(m_value); }
    [[nodiscard]] T& value() & { return std::get<0>(m_value); }
    [[nodiscard]] T&& value() && { return std::get<0>(std::move(m_value)); }
    [[nodiscard]] const Error& error() const { return std::get<1>(m_value); }

private:
    std::variant<T, Error> m_value;
};

} // namespace shardlens
