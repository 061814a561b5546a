// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/taborder.h"

#include <QLabel>
#include <QLayout>
#include <QWidget>

namespace shardlens {
namespace {

/// QWidget::setTabOrder passes over what takes no focus, and a compact slider takes it again later.
class Focusable {
public:
    explicit Focusable(QWidget& widget) : m_widget(widget), m_policy(widget.focusPolicy())
    {
        if (m_policy == Qt::NoFocus)
            m_widget.setFocusPolicy(Qt::TabFocus);
    }
    ~Focusable()
    {
        if (m_policy == Qt::NoFocus)
            m_widget.setFocusPolicy(Qt::NoFocus);
    }
    Focusable(const Focusable&) = delete;
    Focusable& operator=(const Focusable&) = delete;

private:
    QWidget& m_widget;
    Qt::FocusPolicy m_policy;
};

class Chain {
public:
    void append(QLayout& layout)
    {
        for (int i = 0; i < layout.count(); ++i) {
            QLayoutItem* item = layout.itemAt(i);
            if (item->layout())
                append(*item->layout());
            else if (item->widget())
                append(*item->widget());
        }
    }

private:
    void append(QWidget& widget)
    {
        if (qobject_cast<QLabel*>(&widget) || widget.isWindow())
            return;
        if (m_last) {
            const Focusable before(*m_last);
            const Focusable after(widget);
            QWidget::setTabOrder(m_last, &widget);
        }
        m_last = &widget;
        if (widget.layout())
            append(*widget.layout());
        else // a control with a field of its own
            for (QWidget* child : widget.findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly))
                append(*child);
    }

    QWidget* m_last = nullptr;
};

} // namespace

void setTabOrderByLayout(QWidget& root)
{
    if (root.layout())
        Chain().append(*root.layout());
}

} // namespace shardlens
