// SPDX-License-Identifier: Apache-2.0
#include "ui/window/operatorsbody.h"

#include "ui/views/sceneview.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QMouseEvent>
#include <QResizeEvent>
#include <QVBoxLayout>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr int kRowsPerStep = 3;
constexpr int kFieldHeight = 26;
constexpr int kLeastWithField = 130; ///< lower bodies are all table

QString columnTitle(OperatorColumn column)
{
    return QCoreApplication::translate("OperatorColumns", specOf(column).title.data());
}

} // namespace

OperatorsBody::OperatorsBody(Document& document, QWidget* parent) : QWidget(parent), m_document(document), m_filter(new QLineEdit(this))
{
    setObjectName(QStringLiteral("dockBody"));
    setAttribute(Qt::WA_StyledBackground);
    m_filter->setObjectName(QStringLiteral("operatorFilter"));
    m_filter->setPlaceholderText(tr("Filter: a name, bound:hbm, phase:decode, time>1ms"));
    m_filter->setAccessibleName(tr("Filter of the operators"));
    m_filter->setToolTip(tr("All terms must hold. A word of the name; phase, bound, collective or kind with a colon;\n"
                            "time, total, share, flop, bytes, intensity with <, > or =. A minus before a term turns it round."));
    m_filter->setClearButtonEnabled(true);
    m_filter->installEventFilter(this);
    connect(m_filter, &QLineEdit::textChanged, this, &OperatorsBody::filterEdited);
    SceneView::Options options;
    options.accessibleName = tr("Operators");
    options.description = [this](const Scenario& scenario, const Report& report) { return describeOperators(scenario, report, m_options); };
    options.tooltip = operatorsTooltip;
    m_view = new SceneView(document, {}, options, this);
    m_view->installEventFilter(this);
    setFocusProxy(m_view);
    followTextScale(m_filter, [this] {
        m_filter->setFont(fontOf(TextRole::Body));
        m_filter->setFixedHeight(scaledToText(kFieldHeight));
    });
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(static_cast<int>(space::kInset), 2, static_cast<int>(space::kInset), 2);
    row->addWidget(m_filter);
    column->addLayout(row);
    column->addWidget(m_view, 1);
    connect(&document.selection(), &Selection::changed, this, &OperatorsBody::selectionChanged);
    redraw();
}

void OperatorsBody::setTheme(const Theme& theme)
{
    QPalette colours = m_filter->palette();
    colours.setColor(QPalette::Base, theme.color(Ink::Surface));
    colours.setColor(QPalette::Text, theme.color(Ink::Text));
    colours.setColor(QPalette::PlaceholderText, theme.color(Ink::Text3));
    m_filter->setPalette(colours);
    m_view->setTheme(theme);
}

void OperatorsBody::redraw()
{
    m_view->setBuilder([options = m_options](const ViewInput& input, Scene& scene) { buildOperators(input, options, scene); });
    Q_EMIT optionsChanged();
}

OperatorTable OperatorsBody::table() const
{
    return {m_document.scenario(), m_document.report(), m_options.table};
}

OperatorsLayout OperatorsBody::layout() const
{
    // The theme changes no geometry.
    return operatorsLayout({m_document.scenario(), m_document.report(), m_view->size(), Theme::of(ThemeId::Light)}, m_options);
}

void OperatorsBody::setPhases(PhaseChoice phases)
{
    m_options.table.phases = phases;
    m_options.firstRow = 0;
    redraw();
}

void OperatorsBody::setAmount(OperatorAmount amount)
{
    m_options.table.amount = amount;
    redraw();
}

void OperatorsBody::setGrouped(bool grouped)
{
    m_options.table.grouped = grouped;
    m_options.firstRow = 0;
    redraw();
}

void OperatorsBody::setAllColumns(bool all)
{
    m_options.allColumns = all;
    m_options.firstColumn = 0;
    redraw();
}

void OperatorsBody::setFilter(const QString& text)
{
    m_filter->setText(text);
}

void OperatorsBody::filterEdited(const QString& text)
{
    Result<OperatorFilter> filter = OperatorFilter::parse(text.toStdString());
    m_options.error = filter.ok() ? QString() : qs(filter.error().sentence());
    if (filter.ok())
        m_options.table.filter = std::move(filter).value();
    m_options.firstRow = 0;
    redraw();
}

void OperatorsBody::sortBy(OperatorColumn column)
{
    m_options.table.order = nextOrder(m_options.table.order, column);
    redraw();
}

void OperatorsBody::setOrder(const OperatorOrder& order)
{
    m_options.table.order = order;
    redraw();
}

QString OperatorsBody::asMarkdown() const
{
    return qs(printMarkdown(table(), layout().shownColumns()));
}

QString OperatorsBody::asCsv() const
{
    return qs(printCsv(table(), layout().shownColumns()));
}

void OperatorsBody::copyMarkdown()
{
    QApplication::clipboard()->setText(asMarkdown());
}

void OperatorsBody::copyCsv()
{
    QApplication::clipboard()->setText(asCsv());
}

int OperatorsBody::rowOf(const Subject& subject) const
{
    if (subject.kind != Subject::Kind::Operator)
        return -1;
    const OperatorTable now = table();
    const auto found = std::find(now.rows().begin(), now.rows().end(), OperatorRow{subject.phase, subject.op});
    return found == now.rows().end() ? -1 : static_cast<int>(found - now.rows().begin());
}

/// What is chosen in another view comes into sight.
void OperatorsBody::selectionChanged()
{
    if (m_view->visibleRegion().isEmpty())
        return;
    const Subject& pin = m_document.selection().pin();
    if (pin.kind == Subject::Kind::Operator && m_document.selection().hover().kind == Subject::Kind::None)
        showRow(rowOf(pin));
}

void OperatorsBody::scrollTo(int firstRow)
{
    const OperatorsLayout now = layout();
    const int first = std::clamp(firstRow, 0, now.lastFirst);
    if (first == m_options.firstRow)
        return;
    m_options.firstRow = first;
    redraw();
}

void OperatorsBody::showRow(int row)
{
    if (row < 0)
        return;
    const OperatorsLayout now = layout();
    if (row < now.firstRow)
        scrollTo(row);
    else if (row >= now.firstRow + now.shown)
        scrollTo(row - now.shown + 1);
}

void OperatorsBody::walk(int rows)
{
    const OperatorTable now = table();
    const auto count = static_cast<int>(now.rows().size());
    if (count == 0)
        return;
    Selection& selection = m_document.selection();
    int row = rowOf(selection.hover());
    if (row < 0)
        row = rowOf(selection.pin());
    if (rows <= -count || rows >= count) // to an end, wherever it starts
        row = rows < 0 ? 0 : count - 1;
    else
        row = row < 0 ? (rows > 0 ? layout().firstRow : count - 1) : std::clamp(row + rows, 0, count - 1);
    const auto isGroup = [&now](int at) { return now.rows()[static_cast<std::size_t>(at)].isGroup(); };
    if (isGroup(row)) // the operator beyond it; the first of all has none above
        row = rows > 0 || row == 0 ? row + 1 : row - 1;
    showRow(row);
    selection.setHover(subjectOf(now.rows()[static_cast<std::size_t>(row)]));
}

bool OperatorsBody::key(const QKeyEvent& event)
{
    if (event.matches(QKeySequence::Copy)) {
        copyMarkdown();
        return true;
    }
    if (event.key() == Qt::Key_Slash && event.modifiers() == Qt::NoModifier) {
        m_filter->setFocus(Qt::ShortcutFocusReason);
        m_filter->selectAll();
        return true;
    }
    const bool shift = event.modifiers() == Qt::ShiftModifier;
    if ((event.modifiers() & ~(Qt::KeypadModifier | Qt::ShiftModifier)) != 0)
        return false;
    const OperatorsLayout now = layout();
    if (shift && (event.key() == Qt::Key_Left || event.key() == Qt::Key_Right) && !now.columns.empty()) {
        // The order moves from column to column; it starts at the last, the share.
        const auto count = static_cast<int>(now.columns.size());
        int at = event.key() == Qt::Key_Left ? count : -1;
        for (int i = 0; i < count; ++i)
            if (m_options.table.order && now.columns[static_cast<std::size_t>(i)].column == m_options.table.order->column)
                at = i;
        at += event.key() == Qt::Key_Left ? -1 : 1;
        at = at < 0 ? count - 1 : at >= count ? 0 : at; // round the ends
        const OperatorColumn column = now.columns[static_cast<std::size_t>(at)].column;
        m_options.table.order = OperatorOrder{column, specOf(column).number};
        redraw();
        return true;
    }
    if (shift && (event.key() == Qt::Key_Up || event.key() == Qt::Key_Down)) {
        sortBy(m_options.table.order ? m_options.table.order->column : OperatorColumn::Share);
        return true;
    }
    if (shift)
        return false;
    switch (event.key()) {
    case Qt::Key_Up: walk(-1); return true;
    case Qt::Key_Down: walk(1); return true;
    case Qt::Key_PageUp: walk(-now.shown); return true;
    case Qt::Key_PageDown: walk(now.shown); return true;
    case Qt::Key_Home: walk(-now.rows); return true;
    case Qt::Key_End: walk(now.rows); return true;
    case Qt::Key_Left:
    case Qt::Key_Right: {
        const int first = std::clamp(m_options.firstColumn + (event.key() == Qt::Key_Right ? 1 : -1), 0, now.lastFirstColumn);
        if (first != m_options.firstColumn) {
            m_options.firstColumn = first;
            redraw();
        }
        return true;
    }
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        if (rowOf(m_document.selection().hover()) < 0)
            return false;
        m_document.selection().setPin(m_document.selection().hover());
        return true;
    default: return false;
    }
}

bool OperatorsBody::wheel(QWheelEvent& event)
{
    const QPoint turn = event.angleDelta();
    const bool across = std::abs(turn.x()) > std::abs(turn.y()) || (event.modifiers() & Qt::ShiftModifier) != 0;
    const int steps = m_wheel.take(across && turn.x() != 0 ? turn.x() : turn.y());
    if (steps == 0)
        return true;
    if (across) {
        const OperatorsLayout now = layout();
        m_options.firstColumn = std::clamp(m_options.firstColumn - steps, 0, now.lastFirstColumn);
        redraw();
    } else {
        scrollTo(m_options.firstRow - steps * kRowsPerStep);
    }
    return true;
}

void OperatorsBody::showMenu(const QPoint& global)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Copy as Markdown"), this, &OperatorsBody::copyMarkdown)->setShortcut(QKeySequence::Copy);
    menu->addAction(tr("Copy as CSV"), this, &OperatorsBody::copyCsv);
    menu->addSeparator();
    QMenu* sort = menu->addMenu(tr("Sort by"));
    const std::vector<OperatorColumn> columns = layout().shownColumns();
    for (const OperatorColumn column : columns) {
        QAction* action = sort->addAction(columnTitle(column), this, [this, column] { sortBy(column); });
        action->setCheckable(true);
        action->setChecked(m_options.table.order && m_options.table.order->column == column);
    }
    sort->addSeparator();
    sort->addAction(tr("Program order"), this, [this] {
        m_options.table.order.reset();
        redraw();
    });
    menu->popup(global);
}

bool OperatorsBody::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_filter) {
        if (event->type() != QEvent::KeyPress)
            return false;
        const auto* press = static_cast<QKeyEvent*>(event);
        if (press->key() == Qt::Key_Escape && !m_filter->text().isEmpty()) {
            m_filter->clear();
            return true;
        }
        if (press->key() == Qt::Key_Escape || press->key() == Qt::Key_Down || press->key() == Qt::Key_Return) {
            m_view->setFocus(Qt::OtherFocusReason);
            return true;
        }
        return false;
    }
    switch (event->type()) {
    case QEvent::Wheel: return wheel(*static_cast<QWheelEvent*>(event));
    case QEvent::ShortcutOverride:
        if (static_cast<QKeyEvent*>(event)->matches(QKeySequence::Copy)) {
            event->accept(); // the table's own before the window's
            return true;
        }
        break;
    case QEvent::KeyPress: return key(*static_cast<QKeyEvent*>(event));
    case QEvent::MouseButtonPress: {
        const auto* press = static_cast<QMouseEvent*>(event);
        const OperatorsLayout now = layout();
        const OperatorsLayout::Column* column = press->button() == Qt::LeftButton ? now.columnAt(press->position()) : nullptr;
        if (!column)
            break;
        sortBy(column->column);
        return true;
    }
    case QEvent::ContextMenu: showMenu(static_cast<QContextMenuEvent*>(event)->globalPos()); return true;
    default: break;
    }
    return QWidget::eventFilter(watched, event);
}

int OperatorsBody::hiddenColumns() const
{
    return m_options.allColumns
               ? 0
               : operatorsHiddenColumns({m_document.scenario(), m_document.report(), m_view->size(), Theme::of(ThemeId::Light)}, m_options);
}

int OperatorsBody::naturalHeight() const
{
    const ViewInput input{m_document.scenario(), m_document.report(), m_view->size(), Theme::of(ThemeId::Light)};
    return static_cast<int>(std::ceil(operatorsHeight(input, m_options)));
}

void OperatorsBody::resizeEvent(QResizeEvent* event)
{
    m_filter->setVisible(height() >= kLeastWithField);
    if (event->size().width() != event->oldSize().width())
        Q_EMIT optionsChanged(); // the title says how many columns have no room
}

} // namespace shardlens
