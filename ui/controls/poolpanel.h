// SPDX-License-Identifier: Apache-2.0
// Prefill and decode together or in pools of their own, and of each pool its plan, its cluster and how many workers: behind one button.
#pragma once

#include "ui/document/document.h"
#include "ui/theme/theme.h"

#include <QWidget>

#include <array>
#include <functional>

class QLabel;
class QVBoxLayout;

namespace shardlens {

class FoldButton;
class LegalSlider;
class NumberField;
class Picker;
class Segmented;

class PoolPanel : public QWidget {
    Q_OBJECT
public:
    /// Axes of a worker's plan that can be set here.
    static constexpr std::array kAxes{PlanAxis::Tensor, PlanAxis::Pipeline, PlanAxis::Data,
                                      PlanAxis::Expert, PlanAxis::Sequence, PlanAxis::AttentionData};

    /// `width` is that of the column's contents.
    PoolPanel(Document& document, int width, QWidget* parent);

    void setTheme(const Theme& theme);
    void refresh(); ///< the report has changed
    [[nodiscard]] bool shown() const { return m_shown; }
    void setShown(bool shown);
    [[nodiscard]] Segmented& mode() const { return *m_mode; } ///< 0 together, 1 in pools
    /// Of the prefill (0) or decode (1) pool.
    [[nodiscard]] LegalSlider& slider(int pool, PlanAxis axis) const;
    [[nodiscard]] Picker& cluster(int pool) const { return *rows(pool).cluster; }      ///< 0: the scenario's
    [[nodiscard]] NumberField& workers(int pool) const { return *rows(pool).workers; } ///< 0: as many as the load needs
    [[nodiscard]] QString problem(int pool) const;                                     ///< what is wrong with it; empty: nothing

Q_SIGNALS:
    void unfolded(QWidget* body); ///< by its button

private:
    struct Rows {
        QWidget* body = nullptr;
        QLabel* heading = nullptr;
        std::array<LegalSlider*, kAxes.size()> sliders{};
        QLabel* clusterName = nullptr;
        Picker* cluster = nullptr;
        QLabel* workersName = nullptr;
        NumberField* workers = nullptr;
        QLabel* problem = nullptr;
    };
    [[nodiscard]] const Rows& rows(int pool) const { return m_pools[static_cast<std::size_t>(pool)]; }
    void addPool(int pool, QVBoxLayout& column);
    void addSlider(int pool, std::size_t axis, QVBoxLayout& column);
    void refreshPool(int pool);
    [[nodiscard]] const PoolSettings& settings(int pool) const;
    /// One edit of one pool; with a key it joins the one before.
    void change(int pool, const QString& what, const QString& mergeKey, const std::function<void(PoolSettings&)>& edit);
    void chooseAxis(int pool, std::size_t axis, int index, bool dragging);

    Document& m_document;
    int m_width;
    FoldButton* m_button;
    QWidget* m_body;
    Segmented* m_mode;
    std::array<Rows, 2> m_pools{};
    LegalSlider* m_dragged = nullptr; ///< its choices stay those of the start
    bool m_shown = false;
};

} // namespace shardlens
