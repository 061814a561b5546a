// SPDX-License-Identifier: Apache-2.0
// The shipped measured points and a user's own, with what is predicted for them in each mode. Predicted on another thread, once, when
// somebody looks; nothing is done before.
#pragma once

#include "core/scenario/comparedpoints.h"

#include <QObject>
#include <QString>
#include <QThreadPool>

#include <array>
#include <atomic>
#include <memory>

namespace shardlens {

class Measurements : public QObject {
    Q_OBJECT
public:
    /// `shippedCsv`: a table of measured points, as readPoints() reads it; empty: none. `catalog` outlives this.
    Measurements(const Catalog& catalog, std::string_view shippedCsv, QObject* parent = nullptr);
    ~Measurements() override;

    /// Somebody looks at the points of a mode: predicts what is not there yet.
    void want(Mode mode);
    /// Reads a user's table and shows it beside the shipped points, in place of an earlier one. What goes wrong is said by failed().
    void load(const QString& fileName);
    [[nodiscard]] std::shared_ptr<const ComparedPoints> shipped(Mode mode) const { return m_shipped.compared[indexOf(mode)]; }
    [[nodiscard]] std::shared_ptr<const ComparedPoints> own(Mode mode) const { return m_own.compared[indexOf(mode)]; }
    [[nodiscard]] QString ownName() const { return m_ownName; }
    [[nodiscard]] double progress() const { return m_jobs > 0 ? m_progress : -1; } ///< negative: nothing runs
    /// Until everything that was wanted is there. For pictures and tests.
    void finish();

Q_SIGNALS:
    void changed(); ///< points have come
    void progressed();
    void failed(const QString& sentence);
    void loaded(const QString& sentence);

private:
    struct Table {
        std::shared_ptr<const MeasuredPoints> points; ///< null: not read, or there are none
        std::array<std::shared_ptr<const ComparedPoints>, 2> compared;
        std::array<bool, 2> started{};
    };
    static std::size_t indexOf(Mode mode) { return mode == Mode::Calibrated ? 1 : 0; }
    void run(std::function<void(const std::atomic<bool>& stop)> work);
    void compare(bool own, Mode mode);
    void tell(double share);

    const Catalog& m_catalog;
    std::string m_shippedCsv;
    QThreadPool m_pool;
    std::atomic<bool> m_stop{false};
    Table m_shipped;
    Table m_own;
    QString m_ownName;
    Mode m_wanted = Mode::Calibrated;
    int m_ownGeneration = 0;
    int m_jobs = 0;
    double m_progress = 0;
};

} // namespace shardlens
