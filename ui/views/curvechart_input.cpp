// SPDX-License-Identifier: Apache-2.0
// Pointer and keys of the curve: the ruler, a value that is loaded, the target that is dragged or typed.
#include "core/scenario/targets.h"
#include "ui/scene/curvetext.h"
#include "ui/scene/scenetext.h"
#include "ui/views/curvechart.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <utility>

namespace shardlens {
namespace {

struct CurveText {
    Q_DECLARE_TR_FUNCTIONS(CurveChart)
};

constexpr double kGrab = 5; ///< px round the target's line

/// Three significant figures: what a label can show.
double rounded(double value)
{
    if (!(value > 0))
        return value;
    const double power = std::pow(10.0, std::floor(std::log10(value)) - 2);
    return power >= 1 ? std::round(value / power) * power : std::round(value / power) / std::round(1 / power);
}

} // namespace

bool CurveChart::isOnTarget(QPointF at) const
{
    if (!m_data.target || !isDrawable(m_data, viewport()->size()))
        return false;
    const CurveLayout layout = curveLayout(m_data, viewport()->size());
    const QRectF handle = targetHandle(m_data, layout);
    return handle.adjusted(-kGrab, -kGrab, kGrab, kGrab).contains(at)
           || (std::abs(at.y() - handle.center().y()) <= kGrab && layout.plot.contains(QPointF(at.x(), layout.plot.center().y())));
}

void CurveChart::mouseMoveEvent(QMouseEvent* event)
{
    const QPointF at = event->position();
    if (m_document == nullptr || !isDrawable(m_data, viewport()->size()))
        return;
    const CurveLayout layout = curveLayout(m_data, viewport()->size());
    if (m_dragging) {
        // The axis stays while the hand moves, so that the line is where the hand is.
        const double y = std::clamp(at.y(), layout.plot.top(), layout.plot.bottom() - 1);
        setTarget(rounded(std::clamp(layout.figureAt(y), kLeastTarget, kMostTarget)), true);
        return;
    }
    const bool onTarget = isOnTarget(at);
    viewport()->setCursor(onTarget ? Qt::SizeVerCursor : Qt::ArrowCursor);
    const bool inside = layout.plot.adjusted(-6, -6, 6, 6).contains(at) && !onTarget;
    setRuler(inside ? static_cast<int>(nearestPoint(m_data, layout, at.x())) : -1);
}

void CurveChart::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || m_document == nullptr || !isDrawable(m_data, viewport()->size()))
        return;
    if (isOnTarget(event->position())) {
        m_dragging = true;
        setRuler(-1);
        return;
    }
    m_pressed = curveLayout(m_data, viewport()->size()).plot.adjusted(-6, -6, 6, 6).contains(event->position());
}

void CurveChart::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || m_document == nullptr)
        return;
    if (m_dragging) {
        m_dragging = false;
        m_document->endMerge();
        return;
    }
    if (!std::exchange(m_pressed, false) || !isDrawable(m_data, viewport()->size()))
        return;
    const CurveLayout layout = curveLayout(m_data, viewport()->size());
    if (layout.plot.adjusted(-6, -6, 6, 6).contains(event->position()))
        load(nearestPoint(m_data, layout, event->position().x()));
}

void CurveChart::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton && isOnTarget(event->position()))
        editTarget();
}

void CurveChart::leaveEvent(QEvent* event)
{
    QChartView::leaveEvent(event);
    if (!hasFocus())
        setRuler(-1);
}

void CurveChart::load(std::size_t index)
{
    if (index >= m_data.points.size() || m_document == nullptr)
        return;
    const CurvePoint& point = m_data.points[index];
    if (!point.legal)
        return; // the ruler says why
    const QString what = inputPhrase(m_data.input, point.x);
    const CurveEdit edit = withValue(m_document->scenario(), m_data.input, point.x);
    if (!edit.problem.empty())
        return;
    m_document->edit(edit.scenario, what.left(1).toUpper() + what.mid(1));
    m_document->endMerge();
}

void CurveChart::setTarget(std::optional<double> seconds, bool drag)
{
    if (m_document == nullptr || !takesTarget())
        return;
    Scenario next = m_document->scenario();
    const bool tpot = m_data.figure == CurveFigure::Tpot;
    (tpot ? next.targets.tpot : next.targets.ttft) = seconds;
    const QString name = figureName(m_data.figure);
    m_document->edit(next,
                     seconds ? CurveText::tr("%1 target %2").arg(name, figureText(m_data.figure, *seconds))
                             : CurveText::tr("No %1 target").arg(name),
                     drag ? QStringLiteral("target.%1").arg(name) : QString());
    if (!drag)
        m_document->endMerge();
}

void CurveChart::removeTarget()
{
    if (m_data.target)
        setTarget(std::nullopt, false);
}

void CurveChart::editTarget()
{
    if (m_document == nullptr || !takesTarget())
        return;
    if (m_editor == nullptr) {
        m_editor = new QLineEdit(this);
        m_editor->setObjectName(QStringLiteral("targetEditor"));
        m_editor->installEventFilter(this);
        connect(m_editor, &QLineEdit::returnPressed, this, [this] { closeEditor(true); });
    }
    m_editor->setAccessibleName(CurveText::tr("%1 target").arg(figureName(m_data.figure)));
    const double shown = m_data.target ? *m_data.target : m_data.own.has(m_data.figure) ? rounded(m_data.own.of(m_data.figure) * 1.25) : 1;
    m_editor->setText(secondsFigure(shown).joined());
    const QSize hint(static_cast<int>(textWidth(QStringLiteral("0,000.00 ms"), TextRole::Body)) + 24, m_editor->sizeHint().height());
    QPoint corner(width() - hint.width() - 16, 24);
    if (m_data.target && isDrawable(m_data, viewport()->size())) {
        const QPointF at = targetHandle(m_data, curveLayout(m_data, viewport()->size())).center();
        corner.setY(std::clamp(static_cast<int>(at.y()) - hint.height() / 2, 0, std::max(0, height() - hint.height())));
    }
    m_editor->setGeometry(QRect(corner, hint));
    m_editor->show();
    m_editor->raise();
    m_editor->selectAll();
    m_editor->setFocus();
}

void CurveChart::closeEditor(bool accept)
{
    if (m_editor == nullptr || !m_editor->isVisible())
        return;
    if (accept) {
        const QString text = m_editor->text().trimmed();
        if (text.isEmpty()) {
            removeTarget();
        } else {
            const Result<double> seconds = parseTarget(text.toStdString());
            if (!seconds.ok()) {
                QToolTip::showText(m_editor->mapToGlobal(QPoint(0, m_editor->height())), qs(seconds.error().allowed), m_editor);
                return;
            }
            setTarget(seconds.value(), false);
        }
    }
    m_editor->hide();
    setFocus();
}

bool CurveChart::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_editor && m_editor != nullptr) {
        if (event->type() == QEvent::KeyPress && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
            closeEditor(false);
            return true;
        }
        if (event->type() == QEvent::FocusOut && static_cast<QFocusEvent*>(event)->reason() != Qt::PopupFocusReason)
            m_editor->hide();
    }
    return QChartView::eventFilter(watched, event);
}

void CurveChart::keyPressEvent(QKeyEvent* event)
{
    const int last = static_cast<int>(m_data.points.size()) - 1;
    const auto own =
        std::find_if(m_data.points.begin(), m_data.points.end(), [this](const CurvePoint& point) { return point.x == m_data.own.x; });
    const int from = m_ruler >= 0 ? m_ruler : static_cast<int>(own - m_data.points.begin());
    switch (event->key()) {
    case Qt::Key_Left: setRuler(std::clamp(from - 1, 0, std::max(last, 0))); return;
    case Qt::Key_Right: setRuler(std::clamp(from + 1, 0, std::max(last, 0))); return;
    case Qt::Key_Home: setRuler(last >= 0 ? 0 : -1); return;
    case Qt::Key_End: setRuler(last); return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (m_ruler >= 0)
            load(static_cast<std::size_t>(m_ruler));
        return;
    case Qt::Key_T: editTarget(); return;
    case Qt::Key_Delete: removeTarget(); return;
    case Qt::Key_Escape:
        if (m_ruler < 0)
            event->ignore();
        setRuler(-1);
        return;
    default: QChartView::keyPressEvent(event); return;
    }
}

} // namespace shardlens
