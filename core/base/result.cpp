// SPDX-License-Identifier: Apache-2.0
#include "core/base/result.h"

namespace shardlens {

std::string Error::sentence() const
{
    std::string text;
    const auto add = [&text](const std::string& part, const char* before, const char* separator) {
        if (part.empty())
            return;
        if (!text.empty())
            text += separator;
        text += before;
        text += part;
    };
    add(file, "", ": ");
    add(path, "", ": ");
    add(found, "found ", ": ");
    add(allowed, "", found.empty() ? ": " : "; ");
    // A value from a hostile file may carry line breaks or control characters; an error stays one line.
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            c = ' ';
    return text;
}

} // namespace shardlens
