// SPDX-License-Identifier: Apache-2.0
// Controls, docks and inspector side by side. In a narrow window the inspector lies over the docks, and only while something is pinned.
#pragma once

#include <QWidget>

namespace shardlens {

class WorkArea : public QWidget {
    Q_OBJECT
public:
    explicit WorkArea(QWidget* parent);
    void setParts(QWidget* controls, QWidget* docks, QWidget* inspector);
    void setInspectorWanted(bool wanted);
    void setPinned(bool pinned);
    [[nodiscard]] bool isNarrow() const;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void place();

    QWidget* m_controls = nullptr;
    QWidget* m_docks = nullptr;
    QWidget* m_inspector = nullptr;
    bool m_wanted = true;
    bool m_pinned = false;
};

} // namespace shardlens
