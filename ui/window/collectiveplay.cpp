// SPDX-License-Identifier: Apache-2.0
#include "ui/window/collectiveplay.h"

#include "core/base/format.h"
#include "ui/window/viewdock.h"

#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QToolButton>

#include <algorithm>

namespace shardlens {
namespace {

constexpr double kWholeSeconds = 12; // a long collective takes as long as this on screen
constexpr double kMostStepSeconds = 0.9;
constexpr double kFirstLook = 0.5; // packets on their way: a still picture says where they go

} // namespace

CollectivePlay::CollectivePlay(Document& document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_theme(&Theme::of(ThemeId::Light))
{
    setObjectName(QStringLiteral("collectivePlay"));
    setAttribute(Qt::WA_OpaquePaintEvent);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Collective, step by step"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    hide();
    connect(&document, &Document::reportChanged, this, [this] {
        m_mesh.forget();
        markStale();
    });
    connect(&document.selection(), &Selection::changed, this, [this] {
        if (m_chosen
            && collectiveDevice(m_document.scenario(), m_document.selection().hover(), m_document.selection().pin()) != m_picture.device)
            markStale();
    });
    connect(&m_player, &Player::moved, this, &CollectivePlay::moved);
    connect(&m_player, &Player::stateChanged, this, [this] { update(); });
    followTextScale(this, [this] { updateGeometry(); });
}

QToolButton* CollectivePlay::addChoice(ViewTitle& title)
{
    m_button = title.addChoice(tr("Play ▾"), tr("Collective to play"));
    auto* menu = new QMenu(m_button);
    connect(menu, &QMenu::aboutToShow, this, [this, menu] { fillMenu(*menu); });
    m_button->setMenu(menu);
    return m_button;
}

void CollectivePlay::fillMenu(QMenu& menu)
{
    menu.clear();
    QAction* off = menu.addAction(tr("Off"), this, &CollectivePlay::stop);
    off->setCheckable(true);
    off->setChecked(!m_chosen);
    const std::vector<PlanCollective> all = planCollectives(m_document.scenario(), m_document.report());
    if (all.empty()) {
        menu.addAction(tr("This plan exchanges nothing"))->setEnabled(false);
        return;
    }
    for (const PlanCollective& c : all) {
        QAction* action = menu.addAction(qs(c.title) + QStringLiteral(" · ") + qs(formatCount(c.times)) + QStringLiteral(" × ")
                                             + qs(formatSeconds(c.cost.time)),
                                         this, [this, id = c.id] {
                                             if (choose(id) && !m_frames) {
                                                 m_player.seek(0);
                                                 m_player.play();
                                             }
                                         });
        action->setCheckable(true);
        action->setChecked(m_chosen && m_picture.collective.id == c.id);
    }
    menu.addSeparator();
    QAction* frames = menu.addAction(tr("Frames"), this, &CollectivePlay::setFrames);
    frames->setCheckable(true);
    frames->setChecked(m_frames);
}

bool CollectivePlay::choose(const std::string& id)
{
    const std::vector<PlanCollective> all = planCollectives(m_document.scenario(), m_document.report());
    if (all.empty() || (!id.empty() && !findCollective(all, id)))
        return false;
    m_id = id;
    m_chosen = true;
    m_player.pause();
    m_stale = true;
    refresh();
    m_player.seek(std::min(kFirstLook, m_player.length()));
    setVisible(!m_frames);
    Q_EMIT changed();
    return true;
}

void CollectivePlay::stop()
{
    m_player.pause();
    m_chosen = false;
    hide();
    Q_EMIT changed();
}

void CollectivePlay::setFrames(bool frames)
{
    m_frames = frames;
    if (frames)
        m_player.pause();
    if (frames && !m_chosen)
        choose({});
    setVisible(m_chosen && !m_frames);
    Q_EMIT changed();
}

void CollectivePlay::markStale()
{
    m_stale = true;
    if (!m_chosen)
        return;
    update();
    Q_EMIT changed();
}

void CollectivePlay::refresh()
{
    if (!m_stale)
        return;
    m_stale = false;
    const Scenario& scenario = m_document.scenario();
    const Selection& selection = m_document.selection();
    const int device = collectiveDevice(scenario, selection.hover(), selection.pin());
    const std::vector<PlanCollective> all = planCollectives(scenario, m_document.report());
    const PlanCollective* found = findCollective(all, m_id);
    const Subject& pin = selection.pin();
    if (!found && pin.kind == Subject::Kind::Operator)
        for (const PlanCollective& c : all)
            if (!found && c.phase == pin.phase && c.op == pin.op)
                found = &c;
    if (!found && !all.empty())
        found = &all.front();
    const double position = m_player.position();
    if (found) {
        m_picture = collectivePicture(scenario, *found, device);
    } else {
        m_picture = {};
        m_picture.why = tr("This plan exchanges nothing");
        m_picture.device = device;
    }
    const int steps = m_picture.hops ? m_picture.hops->steps() : 0;
    const QSignalBlocker quiet(m_player);
    m_player.setLength(steps, std::min(kMostStepSeconds, kWholeSeconds / std::max(1, steps)));
    m_picture.position = std::min(position, m_player.length());
}

const CollectivePicture& CollectivePlay::picture()
{
    refresh();
    m_picture.position = m_player.position();
    return m_picture;
}

void CollectivePlay::moved()
{
    update();
    setAccessibleDescription(m_player.isPlaying() ? QString() : describeCollective(m_document.scenario(), picture()));
    Q_EMIT changed();
}

void CollectivePlay::draw(const ViewInput& input, const MeshOptions& options, Scene& scene)
{
    if (!m_chosen || !input.report.legal) {
        buildMesh(input, options, scene);
        return;
    }
    const CollectivePicture& now = picture();
    if (m_frames || input.theme.id() == ThemeId::Print) {
        buildCollectiveFrames(input, options, now, scene);
        return;
    }
    m_mesh.draw(input, options, now, scene);
}

void CollectivePlay::setTheme(const Theme& theme)
{
    m_theme = &theme;
    setVisible(m_chosen && !m_frames && theme.id() != ThemeId::Print);
    update();
}

QSize CollectivePlay::sizeHint() const
{
    return {200, static_cast<int>(std::ceil(playStripHeight(width())))};
}

void CollectivePlay::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    updateGeometry();
}

bool CollectivePlay::key(int key)
{
    if (!m_chosen || m_player.length() <= 0)
        return false;
    switch (key) {
    case Qt::Key_Space: m_player.toggle(); return true;
    case Qt::Key_Comma: m_player.step(-1); return true;
    case Qt::Key_Period: m_player.step(1); return true;
    default: return false;
    }
}

void CollectivePlay::paintEvent(QPaintEvent*)
{
    Scene scene;
    buildPlayStrip({m_document.scenario(), m_document.report(), QSizeF(size()), *m_theme}, picture(), m_player.isPlaying(), scene);
    QPainter painter(this);
    painter.fillRect(rect(), m_theme->color(Ink::Surface));
    paint(painter, scene, *m_theme);
    if (hasFocus()) {
        painter.setPen(m_theme->color(Ink::Accent));
        painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

void CollectivePlay::mousePressEvent(QMouseEvent* event)
{
    const PlayStripLayout layout = layoutPlayStrip(QSizeF(size()));
    const QPointF at = event->position();
    m_scrubbing = false;
    if (layout.play.contains(at))
        m_player.toggle();
    else if (layout.back.contains(at))
        m_player.step(-1);
    else if (layout.forward.contains(at))
        m_player.step(1);
    else if (layout.track.adjusted(-6, -10, 6, 10).contains(at)) {
        m_scrubbing = true;
        m_player.pause();
        m_player.seek(layout.positionAt(at.x(), static_cast<int>(m_player.length())));
    }
}

void CollectivePlay::mouseMoveEvent(QMouseEvent* event)
{
    if (m_scrubbing && (event->buttons() & Qt::LeftButton))
        m_player.seek(layoutPlayStrip(QSizeF(size())).positionAt(event->position().x(), static_cast<int>(m_player.length())));
}

void CollectivePlay::keyPressEvent(QKeyEvent* event)
{
    if (key(event->key()))
        return;
    switch (event->key()) {
    case Qt::Key_Left: m_player.step(-1); break;
    case Qt::Key_Right: m_player.step(1); break;
    case Qt::Key_Home: m_player.seek(0); break;
    case Qt::Key_End: m_player.seek(m_player.length()); break;
    default: QWidget::keyPressEvent(event); break;
    }
}

} // namespace shardlens
