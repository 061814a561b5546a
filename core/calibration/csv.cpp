// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/csv.h"

#include <cstring>

namespace shardlens {

CsvReader::CsvReader(std::string& text, std::string fileName) : m_text(text.data()), m_size(text.size()), m_fileName(std::move(fileName))
{
    const std::string_view all = text;
    if (all.substr(0, 3) == "\xEF\xBB\xBF")
        m_at = 3;
    else if (all.substr(0, 2) == "\xFF\xFE" || all.substr(0, 2) == "\xFE\xFF")
        static_cast<void>(fail("UTF-16", "UTF-8 is allowed"));
    if (m_size > kMostCsvBytes)
        static_cast<void>(fail(std::to_string(m_size) + " bytes", "at most 1 GiB is allowed"));
}

bool CsvReader::fail(std::string found, std::string allowed)
{
    m_error = Error{m_fileName, "line " + std::to_string(m_line), std::move(found), std::move(allowed)};
    m_at = m_size;
    return false;
}

bool CsvReader::plainField(std::string_view& field)
{
    const std::size_t begin = m_at;
    while (!atEnd()) {
        const char c = m_text[m_at];
        if (c == ',' || c == '\n' || c == '\r')
            break;
        if (c == '"')
            return fail("a quote inside a field",
                        "a field with quotes is allowed only when all of it is quoted and its quotes are doubled");
        if (c == '\0')
            return fail("a byte of zero", "text is allowed");
        ++m_at;
    }
    field = std::string_view(m_text + begin, m_at - begin);
    return true;
}

bool CsvReader::quotedField(std::string_view& field)
{
    ++m_at;
    const std::size_t begin = m_at;
    const std::int64_t openLine = m_line;
    std::size_t end = begin; // what is kept never runs ahead of what is read
    while (true) {
        if (atEnd()) {
            m_line = openLine;
            return fail("a quote that is not closed", "a quoted field is allowed to end only with a quote");
        }
        const char c = m_text[m_at++];
        if (c == '\0')
            return fail("a byte of zero", "text is allowed");
        if (c == '"') {
            if (atEnd() || m_text[m_at] != '"')
                break;
            ++m_at;
        }
        if (c == '\n')
            ++m_line;
        m_text[end++] = c;
    }
    field = std::string_view(m_text + begin, end - begin);
    if (!atEnd() && m_text[m_at] != ',' && m_text[m_at] != '\n' && m_text[m_at] != '\r')
        return fail("text after a closing quote", "a comma or the end of the line is allowed");
    return true;
}

bool CsvReader::takeSeparator()
{
    if (atEnd())
        return false;
    const char c = m_text[m_at++];
    if (c == ',')
        return true;
    if (c == '\r' && !atEnd() && m_text[m_at] == '\n')
        ++m_at;
    ++m_line;
    return false;
}

bool CsvReader::next(std::vector<std::string_view>& fields)
{
    while (!atEnd()) {
        fields.clear();
        m_recordLine = m_line;
        bool quoted = false;
        do {
            std::string_view field;
            const bool isQuoted = !atEnd() && m_text[m_at] == '"';
            quoted = quoted || isQuoted;
            if (!(isQuoted ? quotedField(field) : plainField(field)))
                return false;
            if (fields.size() == kMostCsvColumns)
                return fail("more than " + std::to_string(kMostCsvColumns) + " columns", "at most that many are allowed");
            fields.push_back(field);
        } while (takeSeparator());
        const bool blank = fields.size() == 1 && !quoted && fields.front().find_first_not_of(" \t") == std::string_view::npos;
        if (!blank)
            return true;
    }
    return false;
}

std::string csvField(std::string_view text)
{
    if (text.find_first_of(",\"\r\n") == std::string_view::npos)
        return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"')
            quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

} // namespace shardlens
