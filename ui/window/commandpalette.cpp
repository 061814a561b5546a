// SPDX-License-Identifier: Apache-2.0
#include "ui/window/commandpalette.h"

#include "ui/window/fuzzymatch.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>

namespace shardlens {
namespace {

int paletteWidth()
{
    return scaledToText(520);
}
int rowHeight()
{
    return scaledToText(28);
}
constexpr int kMostRows = 11;
constexpr int kGroupRole = Qt::UserRole;
constexpr int kShortcutRole = Qt::UserRole + 1;
constexpr int kEntryRole = Qt::UserRole + 2;

/// Title left, group after it in the note tone, shortcut right.
class PaletteDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    const Theme* theme = &Theme::of(ThemeId::Light);

    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {paletteWidth(), rowHeight()}; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const bool enabled = (index.flags() & Qt::ItemIsEnabled) != 0;
        const bool selected = (option.state & QStyle::State_Selected) != 0;
        painter->fillRect(option.rect, theme->color(selected ? Ink::HoverRow : Ink::Surface));
        if (selected)
            painter->fillRect(QRect(option.rect.topLeft(), QSize(3, option.rect.height())), theme->color(Ink::Accent));
        const QRect row = option.rect.adjusted(space::kInset, 0, -space::kInset, 0);
        const QString shortcut = index.data(kShortcutRole).toString();
        painter->setFont(fontOf(TextRole::Note));
        painter->setPen(theme->color(enabled ? Ink::Text3 : Ink::Disabled));
        painter->drawText(row, Qt::AlignRight | Qt::AlignVCenter, shortcut);
        const int shortcutWidth = painter->fontMetrics().horizontalAdvance(shortcut);
        const QString group = index.data(kGroupRole).toString();
        const int groupWidth = painter->fontMetrics().horizontalAdvance(group);
        painter->setFont(fontOf(TextRole::BodyMedium));
        const int most = row.width() - shortcutWidth - groupWidth - 3 * space::kSmall;
        const QString title = painter->fontMetrics().elidedText(index.data(Qt::DisplayRole).toString(), Qt::ElideRight, most);
        const int titleWidth = painter->fontMetrics().horizontalAdvance(title);
        painter->setPen(theme->color(enabled ? Ink::Text : Ink::Disabled));
        painter->drawText(row, Qt::AlignLeft | Qt::AlignVCenter, title);
        painter->setFont(fontOf(TextRole::Note));
        painter->setPen(theme->color(enabled ? Ink::Text3 : Ink::Disabled));
        painter->drawText(row.adjusted(titleWidth + space::kSmall, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, group);
    }
};

} // namespace

CommandPalette::CommandPalette(QWidget* parent) : QFrame(parent), m_edit(new QLineEdit(this)), m_list(new QListWidget(this))
{
    setObjectName(QStringLiteral("palette"));
    setAccessibleName(tr("Command palette"));
    setAutoFillBackground(true);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::kSmall, space::kSmall, space::kSmall, space::kSmall);
    layout->setSpacing(space::kTight);
    m_edit->setPlaceholderText(tr("Command, model, cluster or plan"));
    m_edit->setAccessibleName(tr("Find a command"));
    m_list->setAccessibleName(tr("Matching commands"));
    m_list->setItemDelegate(new PaletteDelegate(m_list));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setUniformItemSizes(true);
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    layout->addWidget(m_edit);
    layout->addWidget(m_list);
    m_edit->installEventFilter(this);
    parent->installEventFilter(this);
    connect(m_edit, &QLineEdit::textChanged, this, &CommandPalette::filter);
    connect(m_edit, &QLineEdit::returnPressed, this, &CommandPalette::runCurrent);
    connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::runCurrent);
    hide();
}

void CommandPalette::setTheme(const Theme& theme)
{
    static_cast<PaletteDelegate*>(m_list->itemDelegate())->theme = &theme;
    m_list->viewport()->update();
}

void CommandPalette::open(std::vector<PaletteEntry> entries)
{
    m_entries = std::move(entries);
    if (!isVisible())
        m_focusBefore = QApplication::focusWidget();
    m_edit->clear();
    filter({});
    place();
    show();
    raise();
    m_edit->setFocus(Qt::ShortcutFocusReason);
}

void CommandPalette::dismiss()
{
    if (!isVisible())
        return;
    hide();
    if (m_focusBefore != nullptr)
        m_focusBefore->setFocus(Qt::OtherFocusReason);
}

QStringList CommandPalette::shownTitles() const
{
    QStringList titles;
    for (int row = 0; row < m_list->count(); ++row)
        if (m_list->item(row)->data(kEntryRole).isValid())
            titles << m_list->item(row)->text();
    return titles;
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == parentWidget() && event->type() == QEvent::Resize && isVisible())
        place();
    if (watched != m_edit)
        return QFrame::eventFilter(watched, event);
    if (event->type() == QEvent::FocusOut && static_cast<QFocusEvent*>(event)->reason() != Qt::PopupFocusReason)
        hide(); // clicked elsewhere: the focus is where it should be already
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Escape) {
            dismiss();
            return true;
        }
        if (key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_PageUp || key == Qt::Key_PageDown) {
            QApplication::sendEvent(m_list, event);
            return true;
        }
    }
    return QFrame::eventFilter(watched, event);
}

void CommandPalette::filter(const QString& pattern)
{
    struct Match {
        int score = 0;
        std::size_t entry = 0;
    };
    std::vector<Match> matches;
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        const PaletteEntry& entry = m_entries[i];
        // The title counts first; "theme dark" may also be said in the order of the group.
        const int byTitle = fuzzyScore(pattern, entry.title);
        const int withGroup = fuzzyScore(pattern, entry.group % QLatin1Char(' ') % entry.title);
        const int score = std::max(byTitle < 0 ? -1 : 2 * byTitle, withGroup);
        if (score >= 0)
            matches.push_back({score, i});
    }
    std::stable_sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) { return a.score > b.score; });
    m_list->clear();
    for (const Match& match : matches) {
        const PaletteEntry& entry = m_entries[match.entry];
        auto* item = new QListWidgetItem(entry.title, m_list);
        item->setData(kGroupRole, entry.group);
        item->setData(kShortcutRole, entry.shortcut);
        item->setData(kEntryRole, QVariant::fromValue(static_cast<qulonglong>(match.entry)));
        if (!entry.enabled)
            item->setFlags(item->flags() & ~Qt::ItemIsEnabled);
    }
    if (matches.empty()) { // an empty box would look as if it were still searching
        auto* none = new QListWidgetItem(tr("Nothing is called that"), m_list);
        none->setFlags(Qt::NoItemFlags);
    }
    m_list->setCurrentRow(0);
    place();
}

void CommandPalette::runCurrent()
{
    const QListWidgetItem* item = m_list->currentItem();
    if (item == nullptr || (item->flags() & Qt::ItemIsEnabled) == 0)
        return;
    const std::function<void()> run = m_entries[static_cast<std::size_t>(item->data(kEntryRole).toULongLong())].run;
    dismiss();
    run();
}

void CommandPalette::place()
{
    const QWidget* host = parentWidget();
    const int width = std::min(paletteWidth(), host->width() - 2 * space::kInset);
    const int rows = std::clamp(m_list->count(), 1, kMostRows);
    m_list->setFixedHeight(rows * rowHeight() + 2);
    setGeometry((host->width() - width) / 2, 40, width, sizeHint().height());
    layout()->activate();
    resize(width, layout()->sizeHint().height());
}

} // namespace shardlens
