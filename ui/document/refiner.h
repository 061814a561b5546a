// SPDX-License-Identifier: Apache-2.0
// Service figures of a load that does not stand still: what evaluate() gives at once by closed forms is refined by a simulation on another
// thread. The newest scenario wins; figures of an older one are never shown.
#pragma once

#include "ui/document/document.h"

#include <QObject>
#include <QThreadPool>
#include <QTimer>

#include <atomic>
#include <functional>
#include <memory>

namespace shardlens {

class Refiner : public QObject {
    Q_OBJECT
public:
    explicit Refiner(Document& document, QObject* parent = nullptr);
    ~Refiner() override; ///< ends a running simulation

    enum class State : std::uint8_t {
        Idle,    ///< nothing to simulate: a static batch, pools, an illegal plan
        Waiting, ///< for the hand to rest
        Running,
        Done,      ///< what is shown is simulated
        Cancelled, ///< by the user: closed forms are shown until the next edit
    };
    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] double progress() const { return m_progress; } ///< 0..1, while running
    void cancel();

    using Simulator = std::function<ServiceFigures(const Scenario&, const SimulationControl&)>;
    /// Instead of simulate(), for tests.
    void setSimulator(Simulator simulator) { m_simulator = std::move(simulator); }
    /// Starts what waits and returns when it has been shown. For pictures.
    void finish();

Q_SIGNALS:
    void changed(); ///< state or progress

private:
    void reportChanged();
    void start();
    void stop();
    void deliver(int generation, const ServiceFigures& figures);
    void setState(State state);

    Document& m_document;
    Simulator m_simulator;
    QThreadPool m_pool;
    QTimer m_rest;
    std::shared_ptr<std::atomic<bool>> m_stop;
    State m_state = State::Idle;
    double m_progress = 0;
    int m_generation = 0;
};

} // namespace shardlens
