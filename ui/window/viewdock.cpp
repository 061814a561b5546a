// SPDX-License-Identifier: Apache-2.0
#include "ui/window/viewdock.h"

#include <QHelpEvent>
#include <QMenu>
#include <QPainter>
#include <QStyleOptionToolButton>
#include <QStylePainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

namespace shardlens {

QuietLabel::QuietLabel(TextRole role, Ink ink, QWidget* parent)
    : QWidget(parent),
      m_role(role),
      m_ink(ink),
      m_theme(&Theme::of(ThemeId::Light))
{
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    followTextScale(this, [this] { updateGeometry(); });
}

void QuietLabel::setText(const QString& text)
{
    if (text == m_text)
        return;
    m_text = text;
    setToolTip(m_lead.isEmpty() ? m_text : QStringLiteral("%1: %2").arg(m_lead, m_text));
    update();
}

void QuietLabel::setLead(const QString& lead)
{
    if (lead == m_lead)
        return;
    m_lead = lead;
    setToolTip(m_lead.isEmpty() ? m_text : QStringLiteral("%1: %2").arg(m_lead, m_text));
    update();
}

int QuietLabel::leadWidth(const QString& lead)
{
    return static_cast<int>(std::ceil(QFontMetricsF(fontOf(TextRole::NoteStrong)).horizontalAdvance(lead))) + 1;
}

void QuietLabel::setTheme(const Theme& theme)
{
    m_theme = &theme;
    update();
}

QSize QuietLabel::sizeHint() const
{
    const QFontMetricsF metrics(fontOf(m_role)); // rounded down, the text would be cut for a fraction of a pixel
    return {static_cast<int>(std::ceil(metrics.horizontalAdvance(m_text))) + 1, static_cast<int>(std::ceil(metrics.height()))};
}

void QuietLabel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    QRect room = rect();
    if (!m_lead.isEmpty()) {
        painter.setFont(fontOf(TextRole::NoteStrong));
        painter.setPen(m_theme->color(Ink::Text2));
        painter.drawText(room, Qt::AlignLeft | Qt::AlignVCenter, m_lead);
        room.setLeft(leadWidth(m_lead) + space::kSmall);
    }
    painter.setFont(fontOf(m_role));
    painter.setPen(m_theme->color(m_ink));
    const QString text = painter.fontMetrics().elidedText(m_text, Qt::ElideRight, std::max(room.width(), 0));
    if (!m_whole || room.width() >= sizeHint().width() * 4 / 5)
        painter.drawText(room, Qt::AlignLeft | Qt::AlignVCenter, text);
}

QString QuietButton::wantedText() const
{
    const QString all = text();
    const qsizetype colon = all.indexOf(QLatin1String(": "));
    return m_brief && colon > 0 && all.endsWith(QStringLiteral(" ▾")) ? all.left(colon) + QStringLiteral(" ▾") : all;
}

int QuietButton::wantedWidth() const
{
    const QFontMetrics metrics = fontMetrics();
    return sizeHint().width() - metrics.horizontalAdvance(text()) + metrics.horizontalAdvance(wantedText());
}

void QuietButton::setBrief(bool brief)
{
    if (brief == m_brief)
        return;
    m_brief = brief;
    update();
}

int QuietButton::leastWidth() const
{
    return std::min(wantedWidth(), scaledToText(34));
}

QString QuietButton::shownText() const
{
    // What the style adds around the text is what the hint has beyond it.
    const int around = sizeHint().width() - fontMetrics().horizontalAdvance(text());
    return width() >= wantedWidth() ? wantedText() : fontMetrics().elidedText(wantedText(), Qt::ElideRight, std::max(0, width() - around));
}

bool QuietButton::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip && toolTip().isEmpty()) {
        if (width() < sizeHint().width())
            QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(), text(), this);
        return true;
    }
    return QToolButton::event(event);
}

void QuietButton::paintEvent(QPaintEvent*)
{
    QStylePainter painter(this);
    QStyleOptionToolButton option;
    initStyleOption(&option);
    option.text = shownText();
    painter.drawComplexControl(QStyle::CC_ToolButton, option);
}

ViewTitle::ViewTitle(const QString& title, QWidget* parent)
    : QWidget(parent),
      m_title(new QuietLabel(TextRole::Title, Ink::Text, this)),
      m_subtitle(new QuietLabel(TextRole::Note, Ink::Text3, this))
{
    setObjectName(QStringLiteral("dockTitle"));
    setAttribute(Qt::WA_StyledBackground);
    m_title->setObjectName(QStringLiteral("viewTitle"));
    m_title->setText(title);
    m_subtitle->setObjectName(QStringLiteral("viewSubtitle"));
    m_subtitle->setWhole(true);
    followTextScale(this, [this] {
        setFixedHeight(scaledToText(space::kDockTitle));
        arrange();
    });
}

void ViewTitle::setTabs(const std::vector<Tab>& tabs, int current)
{
    if (tabs == m_tabs)
        return;
    m_tabs = tabs;
    for (std::vector<QuietButton*>* side : {&m_before, &m_after}) {
        for (QuietButton* button : *side) {
            button->hide();
            button->deleteLater(); // it may be the one that is being clicked
        }
        side->clear();
    }
    bool before = true;
    QWidget* previous = nullptr;
    for (const Tab& tab : tabs) {
        if (tab.id == current) {
            before = false;
            continue;
        }
        auto* button = new QuietButton(this);
        button->setObjectName(QStringLiteral("viewTab"));
        button->setText(tab.name);
        button->setAccessibleName(tr("Show %1").arg(tab.name));
        button->setFocusPolicy(Qt::TabFocus);
        connect(button, &QToolButton::clicked, this, [this, id = tab.id] { Q_EMIT tabChosen(id); });
        (before ? m_before : m_after).push_back(button);
        button->show();
        if (previous != nullptr)
            setTabOrder(previous, button);
        previous = button;
    }
    if (previous != nullptr && !m_choices.empty())
        setTabOrder(previous, m_choices.front());
    arrange();
}

void ViewTitle::setSubtitle(const QString& subtitle)
{
    if (subtitle == m_subtitle->text())
        return;
    m_subtitle->setText(subtitle);
    arrange();
}

void ViewTitle::setCondition(const QString& condition, bool holds)
{
    m_subtitle->setLead(holds ? condition : QString());
    if (condition == m_condition)
        return;
    m_condition = condition;
    arrange();
}

void ViewTitle::setTheme(const Theme& theme)
{
    m_title->setTheme(theme);
    m_subtitle->setTheme(theme);
}

QToolButton* ViewTitle::addChoice(const QString& text, const QString& accessibleName)
{
    auto* button = new QuietButton(this);
    button->setObjectName(QStringLiteral("viewChoice"));
    button->setText(text);
    button->setAccessibleName(accessibleName);
    button->setFocusPolicy(Qt::TabFocus);
    button->setPopupMode(QToolButton::InstantPopup);
    button->installEventFilter(this);
    m_choices.push_back(button);
    if (isVisible())
        button->show();
    arrange();
    return button;
}

bool ViewTitle::event(QEvent* event)
{
    switch (event->type()) {
    case QEvent::LayoutRequest: // a choice has another text
    case QEvent::Polish:
    case QEvent::StyleChange: arrange(); break;
    default: break;
    }
    return QWidget::event(event);
}

bool ViewTitle::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::ShowToParent || event->type() == QEvent::HideToParent)
        arrange();
    return QWidget::eventFilter(watched, event);
}

namespace {

/// Takes `excess` pixels from widths that may shrink to `least`, the widest first; returns what is left of it.
int shrink(std::vector<int>& widths, const std::vector<int>& least, int excess)
{
    while (excess > 0) {
        std::size_t widest = widths.size();
        for (std::size_t i = 0; i < widths.size(); ++i)
            if (widths[i] > least[i] && (widest == widths.size() || widths[i] > widths[widest]))
                widest = i;
        if (widest == widths.size())
            break;
        --widths[widest];
        --excess;
    }
    return excess;
}

struct Wanted {
    explicit Wanted(const std::vector<QuietButton*>& buttons)
    {
        for (const QuietButton* button : buttons) {
            widths.push_back(button->wantedWidth());
            least.push_back(button->leastWidth());
        }
    }
    [[nodiscard]] int total() const { return std::accumulate(widths.begin(), widths.end(), 0); }
    std::vector<int> widths;
    std::vector<int> least;
};

} // namespace

void ViewTitle::makeMore()
{
    if (m_more != nullptr)
        return;
    m_more = new QuietButton(this);
    m_more->setObjectName(QStringLiteral("viewChoice"));
    m_more->setText(QStringLiteral("⋯"));
    m_more->setToolTip(tr("More of this place and its choices"));
    m_more->setAccessibleName(tr("More choices"));
    m_more->setFocusPolicy(Qt::TabFocus);
    m_more->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(m_more);
    m_more->setMenu(menu);
    connect(menu, &QMenu::aboutToShow, this, &ViewTitle::fillMore);
}

std::size_t ViewTitle::gather(const std::vector<QuietButton*>& choices, int excess)
{
    if (choices.size() < 2)
        return 0; // a menu of one choice is no shorter
    makeMore();
    int freed = -m_more->wantedWidth() - space::kTight;
    std::size_t moved = 0;
    while (moved < choices.size() && freed < excess)
        freed += choices[moved++]->wantedWidth() + space::kTight;
    return std::max<std::size_t>(moved, 2);
}

void ViewTitle::setGathered(const std::vector<QuietButton*>& choices, bool tabs)
{
    m_gathered = choices;
    m_tabsGathered = tabs;
    for (const std::vector<QuietButton*>* side : {&m_before, &m_after})
        for (QuietButton* tab : *side)
            tab->setFocusPolicy(tabs ? Qt::NoFocus : Qt::TabFocus);
    for (QuietButton* choice : m_choices) {
        const bool in = std::find(choices.begin(), choices.end(), choice) != choices.end();
        if (in)
            choice->setGeometry(0, 0, 0, 0);
        choice->setFocusPolicy(in ? Qt::NoFocus : Qt::TabFocus); // nobody should land on what cannot be seen
    }
    if (m_more != nullptr)
        m_more->setVisible(!choices.empty() || tabs);
}

void ViewTitle::fillMore()
{
    QMenu* menu = m_more->menu();
    menu->clear();
    if (m_tabsGathered) {
        for (const std::vector<QuietButton*>* side : {&m_before, &m_after})
            for (QuietButton* tab : *side)
                menu->addAction(tab->text(), tab, &QToolButton::click);
        if (!m_gathered.empty())
            menu->addSeparator();
    }
    for (QuietButton* choice : m_gathered) {
        QString text = choice->text();
        if (choice->menu() != nullptr) {
            text.remove(QStringLiteral(" ▾"));
            menu->addAction(choice->menu()->menuAction());
            choice->menu()->setTitle(text);
            continue;
        }
        QAction* action = menu->addAction(text, choice, &QToolButton::click);
        action->setEnabled(choice->isEnabled());
        action->setCheckable(choice->isCheckable());
        action->setChecked(choice->isChecked());
    }
}

void ViewTitle::arrange()
{
    constexpr int kTop = 2;
    std::vector<QuietButton*> tabs = m_before;
    tabs.insert(tabs.end(), m_after.begin(), m_after.end());
    std::vector<QuietButton*> choices;
    std::copy_if(m_choices.begin(), m_choices.end(), std::back_inserter(choices),
                 [](const QuietButton* each) { return !each->isHidden(); });
    for (QuietButton* choice : choices)
        choice->setBrief(false);
    Wanted wantedTabs(tabs);
    Wanted wantedChoices(choices);
    const int between = space::kInset * static_cast<int>(tabs.size()) + space::kTight * static_cast<int>(choices.size());
    const int lead = m_condition.isEmpty() ? 0 : QuietLabel::leadWidth(m_condition);
    const int condition = lead > 0 ? lead + space::kInset : 0;
    const int room = width() - space::kInset - space::kSmall - between - condition;
    std::vector<int> name{m_title->sizeHint().width()};
    int excess = name[0] + wantedTabs.total() + wantedChoices.total() - room;
    if (excess > 0) {
        excess -= wantedChoices.total();
        for (QuietButton* choice : choices)
            choice->setBrief(true);
        wantedChoices = Wanted(choices);
        excess += wantedChoices.total();
    }
    std::vector<QuietButton*> shown = choices;
    std::size_t moved = excess > 0 ? gather(choices, excess) : 0;
    // A name of a few letters names nothing: when the other views cannot be read, they go into the menu as well.
    bool tabsMoved = false;
    const auto reckon = [&] {
        shown.assign(choices.begin() + static_cast<std::ptrdiff_t>(moved), choices.end());
        if (moved > 0 || tabsMoved)
            shown.push_back(m_more);
        wantedChoices = Wanted(shown);
        wantedTabs = Wanted(tabsMoved ? std::vector<QuietButton*>() : tabs);
        const int gaps = (tabsMoved ? 0 : space::kInset * static_cast<int>(tabs.size())) + space::kTight * static_cast<int>(shown.size());
        excess = name[0] + wantedTabs.total() + wantedChoices.total() + gaps + condition + space::kInset + space::kSmall - width();
    };
    if (moved > 0)
        reckon();
    if (excess > wantedTabs.total() / 4 && !tabs.empty()) {
        makeMore();
        tabsMoved = true;
        reckon();
    }
    // What has room beside the menu stays in sight, the last of the choices first: it is the one most asked for.
    std::vector<QuietButton*> gathered(choices.begin(), choices.begin() + static_cast<std::ptrdiff_t>(moved));
    for (std::size_t i = moved; i-- > 0 && (gathered.size() > 2 || tabsMoved);) {
        const int wide = choices[i]->wantedWidth() + space::kTight;
        if (excess + wide > 0)
            continue;
        excess += wide;
        gathered.erase(std::find(gathered.begin(), gathered.end(), choices[i]));
    }
    if (gathered.size() < moved) {
        std::vector<QuietButton*> kept;
        std::copy_if(choices.begin(), choices.end(), std::back_inserter(kept),
                     [&gathered](QuietButton* each) { return std::find(gathered.begin(), gathered.end(), each) == gathered.end(); });
        if (!gathered.empty() || tabsMoved)
            kept.push_back(m_more);
        shown = kept;
        wantedChoices = Wanted(shown);
    }
    setGathered(gathered, tabsMoved);
    excess = shrink(wantedTabs.widths, wantedTabs.least, excess);
    excess = shrink(wantedChoices.widths, wantedChoices.least, excess);
    shrink(name, {scaledToText(34)}, excess);
    wantedTabs.widths.resize(tabs.size(), 0);
    choices = shown;

    const int h = height() - kTop;
    int x = space::kInset;
    const auto put = [&](QWidget* widget, int wide, int gap) {
        widget->setGeometry(x, kTop, wide, h);
        x += wide > 0 ? wide + gap : 0;
    };
    for (std::size_t i = 0; i < tabs.size(); ++i) {
        if (i == m_before.size())
            put(m_title, name[0], space::kInset);
        put(tabs[i], wantedTabs.widths[i], space::kInset);
    }
    if (m_before.size() == tabs.size())
        put(m_title, name[0], space::kInset);
    const int left = x;
    x = width() - space::kSmall - wantedChoices.total() - space::kTight * (static_cast<int>(choices.size()) - 1);
    // Half a subtitle says nothing.
    const int rest = x - space::kInset - left;
    const bool told = lead > 0 ? rest >= lead : rest >= m_subtitle->sizeHint().width() * 4 / 5;
    m_subtitle->setGeometry(left, kTop, told ? rest : 0, h);
    for (std::size_t i = 0; i < choices.size(); ++i)
        put(choices[i], wantedChoices.widths[i], space::kTight);
}

ViewDock::ViewDock(const QString& id, ViewTitle* title, QWidget* body, QWidget* parent) : QDockWidget(parent), m_title(title)
{
    setObjectName(id);
    setWindowTitle(title->title());
    setFeatures(DockWidgetClosable | DockWidgetMovable | DockWidgetFloatable);
    setTitleBarWidget(title);
    setWidget(body);
    title->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(title, &QWidget::customContextMenuRequested, this, &ViewDock::showTitleMenu);
}

void ViewDock::showTitleMenu(const QPoint& position)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(isFloating() ? tr("Dock again") : tr("Float"), this, [this] { setFloating(!isFloating()); });
    menu->addAction(tr("Hide"), this, &QWidget::close);
    menu->popup(m_title->mapToGlobal(position));
}

} // namespace shardlens
