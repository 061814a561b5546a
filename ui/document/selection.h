// SPDX-License-Identifier: Apache-2.0
// The one selection: what is hovered (a preview) and what is pinned (a choice). Shared by all views.
#pragma once

#include "core/scenario/explain.h"

#include <QObject>

namespace shardlens {

class Selection : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    [[nodiscard]] const Subject& hover() const { return m_hover; }
    [[nodiscard]] const Subject& pin() const { return m_pin; }
    /// The pin if there is one, else the hover: what the inspector explains.
    [[nodiscard]] const Subject& shown() const { return m_pin.kind != Subject::Kind::None ? m_pin : m_hover; }
    void setHover(const Subject& subject);
    void setPin(const Subject& subject); ///< the same subject again clears it
    void clear();

Q_SIGNALS:
    void changed();

private:
    Subject m_hover;
    Subject m_pin;
};

} // namespace shardlens
