// SPDX-License-Identifier: Apache-2.0
// The operator table as a scene: a header that stays, rows, totals that stay, columns as room allows.
#pragma once

#include "core/scenario/operatortable.h"
#include "ui/scene/scene.h"

namespace shardlens {

struct OperatorsOptions {
    OperatorTableOptions table;
    bool allColumns = false; ///< else lesser ones drop where there is no room
    int firstRow = 0;
    int firstColumn = 0; ///< with allColumns: of those right of the operator's name
    QString error;       ///< why the filter cannot be read; it is not applied then
};

struct OperatorsLayout {
    struct Column {
        OperatorColumn column = OperatorColumn::Operator;
        double left = 0;
        double width = 0;
    };
    std::vector<Column> columns; ///< shown, from the left
    QRectF header;
    QRectF body; ///< of the rows
    QRectF totals;
    double rowHeight = 0;
    int rows = 0;      ///< of the table
    int shown = 0;     ///< that the body has room for
    int firstRow = 0;  ///< as asked, kept in range
    int lastFirst = 0; ///< greatest that firstRow can be
    int firstColumn = 0;
    int lastFirstColumn = 0;
    [[nodiscard]] const Column* columnAt(QPointF point) const; ///< by its header; null elsewhere
    [[nodiscard]] int rowAt(QPointF point) const;              ///< -1 where there is none
    [[nodiscard]] QRectF rowRect(int row) const;
    [[nodiscard]] std::vector<OperatorColumn> shownColumns() const;
};

[[nodiscard]] OperatorsLayout operatorsLayout(const ViewInput& input, const OperatorsOptions& options);
void buildOperators(const ViewInput& input, const OperatorsOptions& options, Scene& scene);
[[nodiscard]] QString operatorsTooltip(const Scenario& scenario, const Report& report, const Subject& subject);
/// One sentence for a screen reader.
[[nodiscard]] QString describeOperators(const Scenario& scenario, const Report& report, const OperatorsOptions& options);
/// "46 operators", "12 of 46 operators", with what the table has no room for: "3 columns hidden".
[[nodiscard]] QString operatorsSubtitle(const Scenario& scenario, const Report& report, const OperatorsOptions& options,
                                        int hiddenColumns = 0);
/// Columns that have something to say and no room.
[[nodiscard]] int operatorsHiddenColumns(const ViewInput& input, const OperatorsOptions& options);
/// As high as all rows need, whatever the height of `input`.
[[nodiscard]] double operatorsHeight(const ViewInput& input, const OperatorsOptions& options);
[[nodiscard]] Subject subjectOf(const OperatorRow& row);

} // namespace shardlens
