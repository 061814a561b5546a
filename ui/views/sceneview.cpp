// SPDX-License-Identifier: Apache-2.0
#include "ui/views/sceneview.h"

#include "ui/controls/platetip.h"

#include <QAccessibleWidget>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <limits>

namespace shardlens {

/// Says what the picture shows at the time a screen reader asks: descriptions cost formatting, and few listen.
class SceneViewAccessible : public QAccessibleWidget {
public:
    explicit SceneViewAccessible(SceneView* view) : QAccessibleWidget(view, QAccessible::Graphic) {}

    QString text(QAccessible::Text kind) const override
    {
        if (kind == QAccessible::Description)
            return static_cast<SceneView*>(widget())->describe();
        return QAccessibleWidget::text(kind);
    }

    static QAccessibleInterface* make(const QString&, QObject* object)
    {
        SceneView* view = qobject_cast<SceneView*>(object);
        return view ? new SceneViewAccessible(view) : nullptr;
    }
};

SceneView::SceneView(Document& document, Builder builder, Options options, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_builder(std::move(builder)),
      m_options(std::move(options)),
      m_theme(&Theme::of(ThemeId::Light))
{
    static const bool registered = [] {
        QAccessible::installFactory(&SceneViewAccessible::make);
        return true;
    }();
    Q_UNUSED(registered)
    setAttribute(Qt::WA_OpaquePaintEvent);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setAccessibleName(m_options.accessibleName);
    connect(&document, &Document::reportChanged, this, &SceneView::reportChanged);
    connect(&document.selection(), &Selection::changed, this, &SceneView::selectionChanged);
    followTextScale(this, [this] { markStale(); });
}

void SceneView::setTheme(const Theme& theme)
{
    if (m_theme == &theme)
        return;
    m_theme = &theme;
    markStale();
}

void SceneView::setBuilder(Builder builder)
{
    m_builder = std::move(builder);
    markStale();
}

void SceneView::rebuild()
{
    if (!size().isEmpty())
        build();
    update();
}

Subject SceneView::subjectAt(QPointF point) const
{
    const Subject subject = m_scene.subjectAt(point);
    return m_refine ? m_refine(subject, point) : subject;
}

bool SceneView::previewsOwn() const
{
    return m_previewed.kind != Subject::Kind::None && m_previewed == m_document.selection().hover();
}

void SceneView::reportChanged()
{
    markStale();
    if (m_tip)
        m_tip->hide();
    if (QAccessible::isActive()) {
        QAccessibleEvent changed(this, QAccessible::DescriptionChanged);
        QAccessible::updateAccessibility(&changed);
    }
}

void SceneView::selectionChanged()
{
    if (m_options.rebuildOnHover)
        markStale();
    else if (isVisible())
        update();
}

void SceneView::markStale()
{
    m_stale = true;
    if (isVisible()) // hidden views build when they are shown
        update();
}

void SceneView::build()
{
    const Subject walked = m_keyboardRegion >= 0 && static_cast<std::size_t>(m_keyboardRegion) < m_scene.hits.size()
                               ? m_scene.hits[static_cast<std::size_t>(m_keyboardRegion)].subject
                               : Subject{};
    Selection& selection = m_document.selection();
    m_scene.clear(QSizeF(size()));
    m_builder({m_document.scenario(), m_document.report(), QSizeF(size()), *m_theme, selection.hover(), selection.pin()}, m_scene);
    ++m_builds;
    m_stale = false;
    m_painted = false;
    m_keyboardRegion = -1;
    if (walked.kind == Subject::Kind::None)
        return;
    const auto again =
        std::find_if(m_scene.hits.begin(), m_scene.hits.end(), [&](const HitRegion& region) { return region.subject == walked; });
    if (again != m_scene.hits.end())
        m_keyboardRegion = static_cast<int>(again - m_scene.hits.begin());
}

void SceneView::paintEvent(QPaintEvent*)
{
    if (m_stale)
        build();
    const qreal ratio = devicePixelRatioF();
    const QSize pixels(static_cast<int>(std::lround(width() * ratio)), static_cast<int>(std::lround(height() * ratio)));
    QPainter painter(this);
    const auto replay = [this](QPainter& target) {
        target.fillRect(rect(), m_theme->color(Ink::Surface));
        paint(target, m_scene, *m_theme);
    };
    if (!m_painted) {
        replay(painter);
        m_painted = true;
        m_picture = QPixmap();
    } else {
        if (m_picture.size() != pixels || m_picture.devicePixelRatio() != ratio) {
            m_picture = QPixmap(pixels);
            m_picture.setDevicePixelRatio(ratio);
            QPainter onPicture(&m_picture);
            replay(onPicture);
        }
        painter.drawPixmap(0, 0, m_picture);
    }
    Selection& selection = m_document.selection();
    const auto marked = [this](const Subject& selected) {
        const bool all = !m_options.aboutSelection;
        const auto same = [&selected](const HitRegion& region) { return region.subject == selected; };
        return all || std::any_of(m_scene.hits.begin(), m_scene.hits.end(), same) ? selected : Subject{};
    };
    paintHighlights(painter, m_scene, *m_theme, marked(selection.hover()), marked(selection.pin()), m_document.report());
    if (hasFocus() && m_keyboardFocus) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(m_theme->color(Ink::Accent), 2));
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 3, 3);
    }
}

void SceneView::resizeEvent(QResizeEvent*)
{
    markStale();
}

void SceneView::showEvent(QShowEvent*)
{
    update();
}

void SceneView::mouseMoveEvent(QMouseEvent* event)
{
    if (m_stale)
        build();
    const Subject subject = subjectAt(event->position());
    if (m_tip && subject != m_document.selection().hover())
        m_tip->hide();
    m_previewed = subject;
    m_document.selection().setHover(subject);
}

void SceneView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    if (m_stale)
        build();
    if (m_tip)
        m_tip->hide();
    const Subject subject = subjectAt(event->position());
    if (subject.kind != Subject::Kind::None) // a click beside everything keeps the choice; Escape clears it
        m_document.selection().setPin(subject);
}

void SceneView::leaveEvent(QEvent*)
{
    if (m_tip)
        m_tip->hide();
    m_previewed = {};
    m_document.selection().setHover({});
}

void SceneView::focusInEvent(QFocusEvent* event)
{
    m_keyboardFocus =
        event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason || event->reason() == Qt::ShortcutFocusReason;
    update();
}

void SceneView::focusOutEvent(QFocusEvent*)
{
    m_keyboardFocus = false;
    m_previewed = {};
    update();
}

int SceneView::neighbour(int key) const
{
    if (m_scene.hits.empty())
        return -1;
    if (m_keyboardRegion < 0)
        return 0;
    const QPointF from = m_scene.hits[static_cast<std::size_t>(m_keyboardRegion)].rect.center();
    int best = -1;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < m_scene.hits.size(); ++i) {
        const QPointF way = m_scene.hits[i].rect.center() - from;
        const bool horizontal = key == Qt::Key_Left || key == Qt::Key_Right;
        const double sign = key == Qt::Key_Left || key == Qt::Key_Up ? -1 : 1;
        const double ahead = sign * (horizontal ? way.x() : way.y());
        const double aside = std::abs(horizontal ? way.y() : way.x());
        // Within 60 degrees of the key's direction; sideways counts double, so that a row is walked to its end first.
        if (ahead < 0.5 || aside > 1.75 * ahead)
            continue;
        const double cost = ahead + 2 * aside;
        if (cost < least) {
            least = cost;
            best = static_cast<int>(i);
        }
    }
    return best;
}

void SceneView::walkTo(int region)
{
    if (region < 0)
        return;
    m_keyboardRegion = region;
    m_keyboardFocus = true;
    m_previewed = m_scene.hits[static_cast<std::size_t>(region)].subject;
    m_document.selection().setHover(m_previewed);
    update();
}

void SceneView::keyPressEvent(QKeyEvent* event)
{
    if (m_stale && !size().isEmpty())
        build();
    const int last = static_cast<int>(m_scene.hits.size()) - 1;
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
    case Qt::Key_Up:
    case Qt::Key_Down: walkTo(neighbour(event->key())); return;
    case Qt::Key_Home: walkTo(last >= 0 ? 0 : -1); return;
    case Qt::Key_End: walkTo(last); return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        if (m_keyboardRegion >= 0)
            m_document.selection().setPin(m_scene.hits[static_cast<std::size_t>(m_keyboardRegion)].subject);
        return;
    case Qt::Key_Escape:
        if (m_keyboardRegion < 0 && m_document.selection().pin().kind == Subject::Kind::None)
            event->ignore(); // nothing to clear: the window closes its message
        m_keyboardRegion = -1;
        m_document.selection().clear();
        return;
    default: QWidget::keyPressEvent(event); return;
    }
}

bool SceneView::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        showTip(help->pos(), help->globalPos());
        return true;
    }
    return QWidget::event(event);
}

void SceneView::showTip(const QPoint& position, const QPoint& global)
{
    const Subject subject = subjectAt(QPointF(position));
    QString text = m_scene.tipAt(QPointF(position));
    if (!text.isEmpty()) {
        // said by the scene itself
    } else if (subject.kind == Subject::Kind::None)
        text = describe();
    else if (m_options.tooltip)
        text = m_options.tooltip(m_document.scenario(), m_document.report(), subject);
    if (text.isEmpty()) {
        if (m_tip)
            m_tip->hide();
        return;
    }
    if (!m_tip)
        m_tip = new PlateTip(this);
    m_tip->showText(global, text, *m_theme, [&](const QRect& place) {
        const QRectF here = QRectF(QRect(mapFromGlobal(place.topLeft()), place.size()));
        return std::any_of(m_scene.hits.begin(), m_scene.hits.end(), [&](const HitRegion& region) {
            // The thing under the pointer always lies partly below the plate; its peers elsewhere stay in sight.
            return region.rect.intersects(here) && !region.rect.contains(QPointF(position))
                   && belongs(region.subject, subject, m_document.report());
        });
    });
}

QString SceneView::describe() const
{
    return m_options.description ? m_options.description(m_document.scenario(), m_document.report()) : QString();
}

} // namespace shardlens
