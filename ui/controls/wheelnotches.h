// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWheelEvent>

namespace shardlens {

/// Whole steps of a wheel that turns. A touchpad and a free wheel send parts of a notch: they add up here until a step is whole.
class WheelNotches {
public:
    /// Steps that a turn by `angle` completes, one each `step` (both in eighths of a degree, as QWheelEvent::angleDelta(); a notch is
    /// 120); positive away from the user.
    [[nodiscard]] int take(int angle, int step = QWheelEvent::DefaultDeltasPerStep)
    {
        m_angle += angle;
        const int steps = m_angle / step;
        m_angle -= steps * step;
        return steps;
    }

private:
    int m_angle = 0; ///< not yet a step
};

} // namespace shardlens
