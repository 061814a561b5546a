// SPDX-License-Identifier: Apache-2.0
#include "ui/window/inspectorpanel.h"

#include "ui/scene/inspectorscene.h"
#include "ui/views/sceneview.h"
#include "ui/window/viewdock.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QScrollArea>
#include <QVBoxLayout>

#include <cmath>

namespace shardlens {

InspectorPanel::InspectorPanel(Document& document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_title(new ViewTitle(tr("Inspector"), this)),
      m_scroll(new QScrollArea(this))
{
    setObjectName(QStringLiteral("inspectorBody"));
    setAttribute(Qt::WA_StyledBackground);
    const auto build = [this](const ViewInput& input, Scene& scene) {
        ViewInput shown = input;
        if (m_view->previewsOwn()) // a row of this very arithmetic, which would go from under the pointer
            shown.hover = {};
        InspectorOptions options;
        options.hints = m_hints;
        options.explanation = own(inspected(shown));
        buildInspector(shown, options, scene);
        const int wanted = static_cast<int>(std::ceil(scene.size.height()));
        if (wanted == m_wantedHeight)
            return;
        m_wantedHeight = wanted;
        // Not inside a paint event, where this may run.
        QMetaObject::invokeMethod(
            this, [this] { m_view->setFixedHeight(std::max(m_wantedHeight, 1)); }, Qt::QueuedConnection);
    };
    m_view = new SceneView(document, build, {true, tr("Inspector"), describeInspector, {}, true}, m_scroll);
    m_scroll->setWidget(m_view);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_title);
    column->addWidget(m_scroll, 1);
    connect(&document.selection(), &Selection::changed, this, &InspectorPanel::refreshTitle);
    refreshTitle();
}

void InspectorPanel::setTheme(const Theme& theme)
{
    m_title->setTheme(theme);
    m_view->setTheme(theme);
}

void InspectorPanel::setHints(bool hints)
{
    m_hints = hints;
    refreshTitle();
    m_view->rebuild();
}

void InspectorPanel::settle()
{
    // The width decides the height, and the height whether a scroll bar takes some of the width.
    for (int pass = 0; pass < 3; ++pass) {
        m_view->rebuild();
        m_view->setFixedHeight(std::max(m_wantedHeight, 1));
        QApplication::processEvents();
    }
}

int InspectorPanel::naturalHeight() const
{
    return m_title->height() + std::max(m_wantedHeight, 1);
}

QString InspectorPanel::text() const
{
    const Selection& selection = m_document.selection();
    const ViewInput input{m_document.scenario(),     m_document.report(), QSizeF(),
                          Theme::of(ThemeId::Light), selection.hover(),   selection.pin()};
    return inspectorText(input, {own(inspected(input)), m_hints});
}

void InspectorPanel::copyText() const
{
    QGuiApplication::clipboard()->setText(text());
}

void InspectorPanel::keyPressEvent(QKeyEvent* event)
{
    if (!event->matches(QKeySequence::Copy)) {
        QWidget::keyPressEvent(event);
        return;
    }
    copyText();
    event->accept();
}

void InspectorPanel::contextMenuEvent(QContextMenuEvent* event)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    QAction* copy = menu->addAction(tr("&Copy the arithmetic"), this, &InspectorPanel::copyText);
    copy->setShortcut(QKeySequence::Copy);
    menu->popup(event->globalPos());
}

void InspectorPanel::refreshTitle()
{
    if (!m_hints) {
        m_title->setSubtitle(QString());
        return;
    }
    const Selection& selection = m_document.selection();
    m_title->setSubtitle(selection.pin().kind != Subject::Kind::None     ? tr("pinned, Esc clears")
                         : selection.hover().kind != Subject::Kind::None ? tr("preview, click pins")
                                                                         : tr("click anything to pin it"));
}

} // namespace shardlens
