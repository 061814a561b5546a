// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/pickerpopup.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScreen>
#include <QVBoxLayout>

#include <algorithm>
#include <numeric>

namespace shardlens {
namespace {

int rowHeight()
{
    return scaledToText(26);
}
constexpr int kMostRows = 14;
int searchHeight()
{
    return scaledToText(30);
}
int listWidth()
{
    return scaledToText(420);
}
constexpr double kInside = 10;

} // namespace

std::vector<int> matchingItems(const std::vector<PickerItem>& items, const QString& typed)
{
    const QStringList words = typed.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    std::vector<int> result;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const PickerItem& item = items[i];
        const auto has = [&item](const QString& word) {
            return item.title.contains(word, Qt::CaseInsensitive) || item.note.contains(word, Qt::CaseInsensitive)
                   || item.keywords.contains(word, Qt::CaseInsensitive);
        };
        if (std::all_of(words.begin(), words.end(), has))
            result.push_back(static_cast<int>(i));
    }
    const QString start = typed.trimmed();
    if (!start.isEmpty())
        std::stable_partition(result.begin(), result.end(), [&](int index) {
            return items[static_cast<std::size_t>(index)].title.startsWith(start, Qt::CaseInsensitive);
        });
    return result;
}

PickerList::PickerList(QWidget* parent) : QWidget(parent), m_theme(&Theme::of(ThemeId::Light))
{
    setMouseTracking(true);
    setFocusPolicy(Qt::NoFocus);
}

void PickerList::setTheme(const Theme& theme)
{
    m_theme = &theme;
    update();
}

void PickerList::setRows(const std::vector<PickerItem>& items, std::vector<int> rows)
{
    m_items = &items;
    m_rows = std::move(rows);
    m_first = 0;
    m_marked = -1;
    update();
}

int PickerList::rowsInView() const
{
    return std::max(1, height() / rowHeight());
}

void PickerList::setMarked(int position)
{
    m_marked = std::clamp(position, m_rows.empty() ? -1 : 0, static_cast<int>(m_rows.size()) - 1);
    if (m_marked >= 0)
        m_first = std::clamp(m_first, std::max(0, m_marked - rowsInView() + 1), m_marked);
    setAccessibleDescription(m_marked >= 0 ? (*m_items)[static_cast<std::size_t>(m_rows[static_cast<std::size_t>(m_marked)])].title
                                           : QString());
    update();
}

QRectF PickerList::rowRect(int position) const
{
    return {0, static_cast<double>((position - m_first) * rowHeight()), static_cast<double>(width()), static_cast<double>(rowHeight())};
}

int PickerList::positionAt(QPointF point) const
{
    const int position = m_first + static_cast<int>(point.y()) / rowHeight();
    return point.y() >= 0 && position < static_cast<int>(m_rows.size()) ? position : -1;
}

void PickerList::paintEvent(QPaintEvent*)
{
    m_scene.clear(size());
    m_scene.fill(QRectF(rect()), m_theme->color(Ink::Surface));
    if (m_rows.empty())
        m_scene.text(QRectF(kInside, 0, width() - 2 * kInside, rowHeight()), tr("Nothing has this name"), TextRole::Body,
                     m_theme->color(Ink::Text3));
    QString group;
    if (m_first > 0 && m_first < static_cast<int>(m_rows.size()))
        group = (*m_items)[static_cast<std::size_t>(m_rows[static_cast<std::size_t>(m_first) - 1])].group;
    const int last = std::min(static_cast<int>(m_rows.size()), m_first + rowsInView() + 1);
    for (int position = m_first; position < last; ++position) {
        const PickerItem& item = (*m_items)[static_cast<std::size_t>(m_rows[static_cast<std::size_t>(position)])];
        const QRectF row = rowRect(position);
        if (position == m_marked)
            m_scene.fill(row, m_theme->color(Ink::HoverRow));
        if (item.group != group && position > m_first)
            m_scene.line(row.topLeft(), row.topRight(), m_theme->color(Ink::Line));
        group = item.group;
        const double note = textWidth(item.note, TextRole::Note);
        m_scene.text(row.adjusted(kInside, 0, -kInside - note - 10, 0), item.title,
                     position == m_marked ? TextRole::BodyMedium : TextRole::Body, m_theme->color(Ink::Text),
                     Qt::AlignLeft | Qt::AlignVCenter, true);
        m_scene.text(row.adjusted(kInside, 0, -kInside, 0), item.note, TextRole::Note, m_theme->color(Ink::Text3),
                     Qt::AlignRight | Qt::AlignVCenter);
    }
    if (static_cast<int>(m_rows.size()) > rowsInView()) { // how far down the list this is
        const double part = static_cast<double>(rowsInView()) / static_cast<double>(m_rows.size());
        const double top = height() * static_cast<double>(m_first) / static_cast<double>(m_rows.size());
        m_scene.fill(QRectF(width() - 3, top, 3, std::max(12.0, height() * part)), m_theme->color(Ink::Strong));
    }
    QPainter painter(this);
    paint(painter, m_scene, *m_theme);
}

void PickerList::mouseMoveEvent(QMouseEvent* event)
{
    const int position = positionAt(event->position());
    if (position >= 0 && position < m_first + rowsInView())
        setMarked(position);
}

void PickerList::mouseReleaseEvent(QMouseEvent* event)
{
    const int position = positionAt(event->position());
    if (event->button() == Qt::LeftButton && position >= 0)
        Q_EMIT clicked(position);
}

void PickerList::wheelEvent(QWheelEvent* event)
{
    const int steps = m_wheel.take(event->angleDelta().y(), 40); // three rows per notch
    m_first = std::clamp(m_first - steps, 0, std::max(0, static_cast<int>(m_rows.size()) - rowsInView()));
    update();
    event->accept();
}

PickerPopup::PickerPopup(const QString& name, QWidget* parent)
    : QFrame(parent, Qt::Popup),
      m_theme(&Theme::of(ThemeId::Light)),
      m_search(new QLineEdit(this)),
      m_list(new PickerList(this))
{
    setAccessibleName(tr("%1 list").arg(name));
    m_search->setFrame(false);
    m_search->setPlaceholderText(tr("Type to search"));
    m_search->setAccessibleName(tr("Search %1").arg(name));
    m_search->setTextMargins(6, 0, 6, 0);
    followTextScale(m_search, [this] {
        m_search->setFont(fontOf(TextRole::Body));
        m_search->setFixedHeight(searchHeight());
    });
    m_search->setMaxLength(80);
    m_search->installEventFilter(this);
    m_list->setAccessibleName(tr("%1 choices").arg(name));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(1, 1, 1, 1);
    column->setSpacing(1);
    column->addWidget(m_search);
    column->addWidget(m_list, 1);
    setFocusProxy(m_search);
    connect(m_search, &QLineEdit::textEdited, this, [this] { filter(0); });
    connect(m_list, &PickerList::clicked, this, &PickerPopup::accept);
}

void PickerPopup::setTheme(const Theme& theme)
{
    m_theme = &theme;
    QPalette colors = m_search->palette();
    colors.setColor(QPalette::Base, theme.color(Ink::Surface));
    colors.setColor(QPalette::Text, theme.color(Ink::Text));
    colors.setColor(QPalette::PlaceholderText, theme.color(Ink::Text3));
    colors.setColor(QPalette::Highlight, theme.color(Ink::Line));
    colors.setColor(QPalette::HighlightedText, theme.color(Ink::Text));
    m_search->setPalette(colors);
    m_list->setTheme(theme);
    update();
}

void PickerPopup::setItems(const std::vector<PickerItem>& items)
{
    m_items = items;
    filter(0);
}

void PickerPopup::openUnder(const QRect& box, int current, const QString& typed)
{
    m_search->setText(typed);
    filter(0);
    const int rows = std::clamp(static_cast<int>(m_list->rows().size()), 6, kMostRows);
    const QRect screenRect = screen() ? screen()->availableGeometry() : QRect(0, 0, 1 << 14, 1 << 14);
    const int below = screenRect.bottom() - box.bottom();
    const int above = box.top() - screenRect.top();
    const int wanted = searchHeight() + rows * rowHeight() + 3;
    const bool up = below < wanted && above > below;
    const int high = std::min(wanted, std::max(searchHeight() + rowHeight() * 3, up ? above : below));
    const int wide = std::min(std::max(box.width(), listWidth()), screenRect.width());
    const int left = std::clamp(box.left(), screenRect.left(), std::max(screenRect.left(), screenRect.right() - wide + 1));
    setGeometry(left, up ? box.top() - high - 2 : box.bottom() + 3, wide, high);
    show();
    layout()->activate();
    const auto& shown = m_list->rows();
    const auto found = std::find(shown.begin(), shown.end(), current);
    m_list->setMarked(typed.isEmpty() && found != shown.end() ? static_cast<int>(found - shown.begin()) : 0);
    m_search->setFocus(Qt::PopupFocusReason);
}

void PickerPopup::filter(int marked)
{
    m_list->setRows(m_items, matchingItems(m_items, m_search->text()));
    m_list->setMarked(marked);
}

void PickerPopup::accept(int position)
{
    const std::vector<int>& rows = m_list->rows();
    if (position < 0 || static_cast<std::size_t>(position) >= rows.size())
        return;
    const int index = rows[static_cast<std::size_t>(position)];
    hide();
    Q_EMIT chosen(index);
}

bool PickerPopup::eventFilter(QObject* watched, QEvent* event)
{
    if (watched != m_search || event->type() != QEvent::KeyPress)
        return QFrame::eventFilter(watched, event);
    const auto* key = static_cast<QKeyEvent*>(event);
    const int page = m_list->rowsInView() - 1;
    switch (key->key()) {
    case Qt::Key_Down: m_list->setMarked(m_list->marked() + 1); return true;
    case Qt::Key_Up: m_list->setMarked(m_list->marked() - 1); return true;
    case Qt::Key_PageDown: m_list->setMarked(m_list->marked() + page); return true;
    case Qt::Key_PageUp: m_list->setMarked(m_list->marked() - page); return true;
    case Qt::Key_Return:
    case Qt::Key_Enter: accept(m_list->marked()); return true;
    case Qt::Key_Escape: hide(); return true;
    default: return QFrame::eventFilter(watched, event);
    }
}

void PickerPopup::hideEvent(QHideEvent* event)
{
    QFrame::hideEvent(event);
    if (QWidget* owner = parentWidget(); owner && owner->isVisible()) {
        owner->activateWindow();
        owner->setFocus(Qt::PopupFocusReason);
    }
}

void PickerPopup::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_theme->color(Ink::Strong));
    painter.fillRect(QRect(1, 1 + searchHeight(), width() - 2, 1), m_theme->color(Ink::Line));
}

} // namespace shardlens
