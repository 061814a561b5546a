// SPDX-License-Identifier: Apache-2.0
// Comma-separated values as RFC 4180 has them: quoted fields with commas, line ends and doubled quotes, CRLF or LF, an optional UTF-8 byte
// order mark. Fields are views of one buffer; nothing is allocated for each row.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

/// Largest file and most columns that are read.
inline constexpr std::size_t kMostCsvBytes = std::size_t{1} << 30;
inline constexpr std::size_t kMostCsvColumns = 4096;

/// Walks over the records of a text. Doubled quotes are undone in place, so that every field is a view of `text`, which must outlive them.
class CsvReader {
public:
    CsvReader(std::string& text, std::string fileName);

    /// The next record that is not blank; false at the end, and after an error.
    [[nodiscard]] bool next(std::vector<std::string_view>& fields);
    /// Line on which the record of the last next() begins, from 1.
    [[nodiscard]] std::int64_t line() const { return m_recordLine; }
    /// What broke the text's own form: an open quote, a quote inside a plain field, a byte of zero, too many columns, another encoding.
    [[nodiscard]] const std::optional<Error>& error() const { return m_error; }

private:
    [[nodiscard]] bool fail(std::string found, std::string allowed);
    [[nodiscard]] bool plainField(std::string_view& field);
    [[nodiscard]] bool quotedField(std::string_view& field);
    /// After a field: true when another one of the same record follows.
    [[nodiscard]] bool takeSeparator();
    [[nodiscard]] bool atEnd() const { return m_at >= m_size; }

    char* m_text;
    std::size_t m_size;
    std::string m_fileName;
    std::size_t m_at = 0;
    std::int64_t m_line = 1;
    std::int64_t m_recordLine = 1;
    std::optional<Error> m_error;
};

/// `text` as one field, quoted where it must be.
[[nodiscard]] std::string csvField(std::string_view text);

} // namespace shardlens
