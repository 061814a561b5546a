// SPDX-License-Identifier: Apache-2.0
#include "ui/document/selection.h"

namespace shardlens {

void Selection::setHover(const Subject& subject)
{
    if (subject == m_hover)
        return;
    m_hover = subject;
    Q_EMIT changed();
}

void Selection::setPin(const Subject& subject)
{
    if (subject == m_pin && subject.kind == Subject::Kind::None)
        return;
    m_pin = subject == m_pin ? Subject{} : subject;
    Q_EMIT changed();
}

void Selection::clear()
{
    if (m_hover == Subject{} && m_pin == Subject{})
        return;
    m_hover = {};
    m_pin = {};
    Q_EMIT changed();
}

} // namespace shardlens
