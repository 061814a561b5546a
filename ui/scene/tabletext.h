// SPDX-License-Identifier: Apache-2.0
// A table as a scene draws it: columns as wide as their texts, lesser ones dropped where they do not fit, the first one cut.
#pragma once

#include "ui/scene/scene.h"

namespace shardlens {

struct TableText {
    struct Column {
        QString title;
        bool right = false; ///< numbers
        int rank = 0;       ///< the highest drops first; 0 never does
        bool whole = false; ///< words that are not cut
    };
    struct Row {
        std::vector<QString> cells; ///< one for each column
        Subject subject{};
        bool dim = false;
    };
    std::vector<Column> columns;
    std::vector<Row> rows;
};

/// That it takes with every column and every word.
[[nodiscard]] double tableWidth(const TableText& table);
/// Of each line, at the size of text that is set.
[[nodiscard]] double tableRowHeight();
/// From row `first` on, as many as fit. Returns the height used.
double drawTable(Scene& scene, const Theme& theme, const QRectF& area, const TableText& table, int first);

} // namespace shardlens
