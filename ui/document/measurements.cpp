// SPDX-License-Identifier: Apache-2.0
#include "ui/document/measurements.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>

namespace shardlens {
namespace {

/// Beyond it a table is no longer something to look at, and reading it whole would take the memory of the machine.
constexpr qint64 kMostFileBytes = qint64{256} << 20;

ConstantsSource constantsOf(const Catalog& catalog, Mode mode)
{
    if (mode == Mode::Roofline)
        return [](const ResolvedPoint&) { return PointConstants{}; };
    return [&catalog](const ResolvedPoint& point) { return pointConstants(catalog.calibration, point); };
}

} // namespace

Measurements::Measurements(const Catalog& catalog, std::string_view shippedCsv, QObject* parent)
    : QObject(parent),
      m_catalog(catalog),
      m_shippedCsv(shippedCsv)
{
    m_pool.setMaxThreadCount(1);
}

Measurements::~Measurements()
{
    m_stop = true;
    m_pool.clear();
    m_pool.waitForDone();
}

void Measurements::run(std::function<void(const std::atomic<bool>& stop)> work)
{
    if (m_jobs++ == 0)
        m_progress = 0;
    m_pool.start([this, work = std::move(work)] {
        if (!m_stop)
            work(m_stop);
        QMetaObject::invokeMethod(
            this,
            [this] {
                --m_jobs;
                Q_EMIT changed();
            },
            Qt::QueuedConnection);
    });
}

void Measurements::tell(double share)
{
    QMetaObject::invokeMethod(
        this,
        [this, share] {
            m_progress = share;
            Q_EMIT progressed();
        },
        Qt::QueuedConnection);
}

void Measurements::want(Mode mode)
{
    m_wanted = mode;
    if (!m_shipped.started[indexOf(mode)] && !m_shippedCsv.empty())
        compare(false, mode);
    if (m_own.points && !m_own.started[indexOf(mode)])
        compare(true, mode);
}

void Measurements::compare(bool own, Mode mode)
{
    Table& table = own ? m_own : m_shipped;
    table.started[indexOf(mode)] = true;
    run([this, own, mode, points = table.points, generation = m_ownGeneration](const std::atomic<bool>& stop) mutable {
        if (!points) {
            Result<MeasuredPoints> read = readPoints(m_shippedCsv, "points.csv");
            points = std::make_shared<const MeasuredPoints>(read.ok() ? std::move(read).value() : MeasuredPoints{});
        }
        auto compared = std::make_shared<const ComparedPoints>(
            comparePoints(*points, m_catalog, constantsOf(m_catalog, mode), &stop, [this](double share) { tell(share); }));
        QMetaObject::invokeMethod(
            this,
            [this, own, mode, points, generation, compared] {
                if (own && generation != m_ownGeneration)
                    return;
                Table& target = own ? m_own : m_shipped;
                target.points = points;
                target.compared[indexOf(mode)] = compared;
                if (own && !compared->refusals.empty())
                    Q_EMIT failed(tr("%1: %2 of %3 rows could not be predicted: %4")
                                      .arg(m_ownName)
                                      .arg(compared->rows - compared->points.size())
                                      .arg(compared->rows)
                                      .arg(QString::fromStdString(compared->refusals.front())));
                else if (own)
                    Q_EMIT loaded(tr("%1: %2 points beside the measured ones.").arg(m_ownName).arg(compared->points.size()));
                Q_EMIT changed();
            },
            Qt::QueuedConnection);
    });
}

void Measurements::load(const QString& fileName)
{
    const int generation = ++m_ownGeneration;
    const QString name = QFileInfo(fileName).fileName();
    run([this, fileName, name, generation](const std::atomic<bool>&) {
        QString complaint;
        std::shared_ptr<const MeasuredPoints> points;
        QFile file(fileName);
        if (!file.open(QIODevice::ReadOnly)) {
            complaint = tr("%1 cannot be read: %2").arg(fileName, file.errorString());
        } else if (file.size() > kMostFileBytes) {
            complaint = tr("%1 is larger than 256 MiB: no table of points to look at.").arg(fileName);
        } else {
            Result<MeasuredPoints> read = readPoints(file.readAll().toStdString(), fileName.toStdString());
            if (read.ok())
                points = std::make_shared<const MeasuredPoints>(std::move(read).value());
            else
                complaint = QString::fromStdString(read.error().sentence());
        }
        QMetaObject::invokeMethod(
            this,
            [this, name, generation, points, complaint] {
                if (generation != m_ownGeneration)
                    return;
                if (!points) {
                    Q_EMIT failed(complaint);
                    return; // an earlier table stays
                }
                m_own = {};
                m_own.points = points;
                m_ownName = name;
                want(m_wanted);
            },
            Qt::QueuedConnection);
    });
}

void Measurements::finish()
{
    while (m_jobs > 0) {
        m_pool.waitForDone();
        QCoreApplication::sendPostedEvents(this, QEvent::MetaCall);
    }
}

} // namespace shardlens
