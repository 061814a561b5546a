// SPDX-License-Identifier: Apache-2.0
#include "ui/document/refiner.h"

#include "core/scenario/serve.h"

#include <QCoreApplication>

namespace shardlens {
namespace {

/// A drag takes a step every few milliseconds; nothing is simulated until it rests.
constexpr int kRestMs = 120;

bool canBeSimulated(const Scenario& scenario, const Report& report)
{
    return report.legal && scenario.serving.load.kind != LoadKind::StaticBatch && !scenario.serving.pools
           && report.serving.service.status != ServiceStatus::DoesNotFit;
}

} // namespace

Refiner::Refiner(Document& document, QObject* parent)
    : QObject(parent),
      m_document(document),
      m_simulator([](const Scenario& scenario, const SimulationControl& control) { return simulate(scenario, control); })
{
    m_pool.setMaxThreadCount(1);
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestMs);
    connect(&m_rest, &QTimer::timeout, this, &Refiner::start);
    connect(&document, &Document::reportChanged, this, &Refiner::reportChanged);
    reportChanged();
}

Refiner::~Refiner()
{
    stop();
    m_pool.waitForDone();
}

void Refiner::reportChanged()
{
    if (m_document.report().legal && m_document.report().serving.service.simulated)
        return; // what deliver() has put there
    stop();
    if (canBeSimulated(m_document.scenario(), m_document.report())) {
        m_rest.start();
        setState(State::Waiting);
    } else {
        setState(State::Idle);
    }
}

void Refiner::stop()
{
    m_rest.stop();
    ++m_generation;
    if (m_stop)
        m_stop->store(true, std::memory_order_relaxed);
    m_stop.reset();
}

void Refiner::start()
{
    m_stop = std::make_shared<std::atomic<bool>>(false);
    m_progress = 0;
    const int generation = m_generation;
    const auto told = std::make_shared<int>(0); // hundredths
    const auto work = [this, generation, told, stop = m_stop, simulator = m_simulator, scenario = m_document.scenario()] {
        SimulationControl control;
        control.stop = stop.get();
        control.progress = [this, generation, told](double share) {
            const int now = static_cast<int>(share * 100);
            if (now == *told)
                return;
            *told = now;
            QMetaObject::invokeMethod(
                this,
                [this, generation, share] {
                    if (generation != m_generation || m_state != State::Running)
                        return;
                    m_progress = share;
                    Q_EMIT changed();
                },
                Qt::QueuedConnection);
        };
        const ServiceFigures figures = simulator(scenario, control);
        // Events for an object that goes away are dropped, and it waits for this thread first.
        QMetaObject::invokeMethod(
            this, [this, generation, figures] { deliver(generation, figures); }, Qt::QueuedConnection);
    };
    setState(State::Running);
    m_pool.start(work);
}

void Refiner::deliver(int generation, const ServiceFigures& figures)
{
    if (generation != m_generation || figures.status == ServiceStatus::Cancelled)
        return;
    setState(State::Done);
    m_document.refine(figures);
}

void Refiner::cancel()
{
    if (m_state != State::Waiting && m_state != State::Running)
        return;
    stop();
    setState(State::Cancelled);
}

void Refiner::finish()
{
    if (m_state == State::Waiting) {
        m_rest.stop();
        start();
    }
    m_pool.waitForDone();
    QCoreApplication::sendPostedEvents(this, QEvent::MetaCall);
}

void Refiner::setState(State state)
{
    if (state == m_state)
        return;
    m_state = state;
    Q_EMIT changed();
}

} // namespace shardlens
