// SPDX-License-Identifier: Apache-2.0
#include "ui/views/player.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr int kFrameMilliseconds = 16;
/// A window that was busy goes on where it was instead of leaping.
constexpr double kMostSecondsPerFrame = 0.1;

} // namespace

Player::Player(QObject* parent) : QObject(parent)
{
    m_timer.setInterval(kFrameMilliseconds);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &Player::advance);
}

void Player::setLength(double length, double secondsPerStep)
{
    m_length = std::max(0.0, length);
    m_secondsPerStep = secondsPerStep;
    if (m_length <= 0)
        pause();
    if (m_position > m_length)
        seek(m_length);
}

void Player::play()
{
    if (m_length <= 0 || isPlaying())
        return;
    if (m_position >= m_length)
        seek(0);
    m_clock.start();
    m_timer.start();
    Q_EMIT stateChanged();
}

void Player::pause()
{
    if (!isPlaying())
        return;
    m_timer.stop();
    Q_EMIT stateChanged();
}

void Player::step(int steps)
{
    pause();
    // From between two steps the first goes to the nearer boundary in its direction.
    const double from = steps > 0 ? std::floor(m_position + 1e-9) : std::ceil(m_position - 1e-9);
    seek(from + steps);
}

void Player::seek(double position)
{
    const double next = std::clamp(position, 0.0, m_length);
    if (next == m_position)
        return;
    m_position = next;
    Q_EMIT moved();
}

void Player::advance()
{
    const double elapsed = std::min(static_cast<double>(m_clock.restart()) / 1000, kMostSecondsPerFrame);
    const double next = m_position + elapsed / m_secondsPerStep;
    if (next < m_length) {
        seek(next);
    } else if (m_looping) {
        seek(std::fmod(next, m_length));
    } else {
        seek(m_length);
        pause();
    }
}

} // namespace shardlens
