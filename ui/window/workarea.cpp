// SPDX-License-Identifier: Apache-2.0
#include "ui/window/workarea.h"

#include "ui/theme/theme.h"

namespace shardlens {
namespace {

constexpr int kGap = 3;
/// Below this the docks would have less room than the two columns beside them.
constexpr int kNarrowWidth = 1200;

} // namespace

WorkArea::WorkArea(QWidget* parent) : QWidget(parent)
{
    setObjectName(QStringLiteral("frame"));
    setAttribute(Qt::WA_StyledBackground);
    setMinimumSize(720, 360);
}

void WorkArea::setParts(QWidget* controls, QWidget* docks, QWidget* inspector)
{
    m_controls = controls;
    m_docks = docks;
    m_inspector = inspector;
    followTextScale(this, [this] { place(); });
}

void WorkArea::setInspectorWanted(bool wanted)
{
    m_wanted = wanted;
    place();
}

void WorkArea::setPinned(bool pinned)
{
    if (pinned == m_pinned)
        return;
    m_pinned = pinned;
    if (isNarrow())
        place();
}

bool WorkArea::isNarrow() const
{
    return width() < scaledToText(kNarrowWidth);
}

void WorkArea::resizeEvent(QResizeEvent*)
{
    place();
}

void WorkArea::place()
{
    if (m_controls == nullptr)
        return;
    const int top = kGap;
    const int h = height() - top;
    const int docksLeft = scaledToText(space::kControlColumn) + kGap;
    const bool beside = m_wanted && !isNarrow();
    const int docksRight = beside ? width() - scaledToText(space::kInspector) - kGap : width();
    m_controls->setGeometry(0, top, scaledToText(space::kControlColumn), h);
    m_docks->setGeometry(docksLeft, top, docksRight - docksLeft, h);
    m_inspector->setGeometry(width() - scaledToText(space::kInspector), top, scaledToText(space::kInspector), h);
    m_inspector->setVisible(m_wanted && (beside || m_pinned));
    m_inspector->raise();
}

} // namespace shardlens
