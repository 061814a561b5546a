// SPDX-License-Identifier: Apache-2.0
// A clock for pictures that play: a position that runs from 0 to an end while playing, and moves by whole steps on demand. Views draw the
// position; nothing else moves. Stands still unless asked.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

namespace shardlens {

class Player : public QObject {
    Q_OBJECT
public:
    explicit Player(QObject* parent = nullptr);

    /// `length` in steps, 0: nothing to play; `secondsPerStep` of real time, above 0. A position beyond the end moves to it.
    void setLength(double length, double secondsPerStep);
    [[nodiscard]] double length() const { return m_length; }
    [[nodiscard]] double position() const { return m_position; } ///< in steps, 0 to length()
    [[nodiscard]] bool isPlaying() const { return m_timer.isActive(); }
    void play(); ///< from the start when it stands at the end
    void pause();
    void toggle() { isPlaying() ? pause() : play(); }
    /// To the next (or before) whole step; pauses.
    void step(int steps);
    void seek(double position);
    /// At the end it starts again instead of pausing there.
    void setLooping(bool looping) { m_looping = looping; }

Q_SIGNALS:
    void moved();        ///< position()
    void stateChanged(); ///< isPlaying()

private:
    void advance();

    QTimer m_timer;
    QElapsedTimer m_clock;
    double m_length = 0;
    double m_secondsPerStep = 1;
    double m_position = 0;
    bool m_looping = false;
};

} // namespace shardlens
