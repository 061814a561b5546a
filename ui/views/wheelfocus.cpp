// SPDX-License-Identifier: Apache-2.0
#include "ui/views/wheelfocus.h"

#include <QApplication>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QTextDocument>

namespace shardlens {

void focusByWheel(QWidget& view)
{
    const QWidget* focused = QApplication::focusWidget();
    if (focused == &view)
        return;
    const auto* field = qobject_cast<const QLineEdit*>(focused);
    const auto* text = qobject_cast<const QPlainTextEdit*>(focused);
    if ((field != nullptr && field->isModified()) || (text != nullptr && text->document()->isModified()))
        return;
    view.setFocus(Qt::MouseFocusReason);
}

} // namespace shardlens
