// SPDX-License-Identifier: Apache-2.0
// The operator table with its filter field: headers sort, the wheel and the arrow keys move, Ctrl+C copies what is shown.
#pragma once

#include "ui/controls/wheelnotches.h"
#include "ui/document/document.h"
#include "ui/scene/operatorsscene.h"

#include <QWidget>

class QKeyEvent;
class QLineEdit;
class QMenu;
class QWheelEvent;

namespace shardlens {

class SceneView;

class OperatorsBody : public QWidget {
    Q_OBJECT
public:
    OperatorsBody(Document& document, QWidget* parent);
    void setTheme(const Theme& theme);
    void setPhases(PhaseChoice phases);
    void setAmount(OperatorAmount amount);
    void setGrouped(bool grouped);
    void setAllColumns(bool all);
    void setFilter(const QString& text); ///< as if typed
    void sortBy(OperatorColumn column);  ///< as a click on its header: one way, the other, program order
    void setOrder(const OperatorOrder& order);
    /// What is shown, in the order shown: rows that pass the filter, columns that have room; exact figures.
    [[nodiscard]] QString asMarkdown() const;
    [[nodiscard]] QString asCsv() const;
    void copyMarkdown();
    void copyCsv();
    [[nodiscard]] const OperatorsOptions& options() const { return m_options; }
    [[nodiscard]] SceneView& view() const { return *m_view; }
    [[nodiscard]] QLineEdit& filterField() const { return *m_filter; }
    [[nodiscard]] OperatorsLayout layout() const;
    [[nodiscard]] int hiddenColumns() const; ///< for which there is no room
    [[nodiscard]] int naturalHeight() const; ///< of the table with all of its rows

Q_SIGNALS:
    void optionsChanged(); ///< the title follows

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void redraw();
    void filterEdited(const QString& text);
    void selectionChanged();
    void scrollTo(int firstRow);
    void showRow(int row);
    void walk(int rows);
    bool key(const QKeyEvent& event);
    bool wheel(QWheelEvent& event);
    void showMenu(const QPoint& global);
    [[nodiscard]] int rowOf(const Subject& subject) const; ///< -1: not in the table
    [[nodiscard]] OperatorTable table() const;

    Document& m_document;
    QLineEdit* m_filter;
    SceneView* m_view;
    OperatorsOptions m_options;
    WheelNotches m_wheel;
};

} // namespace shardlens
