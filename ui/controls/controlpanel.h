// SPDX-License-Identifier: Apache-2.0
// The column on the left: model, cluster, precision, workload, parallelism. Every control is an edit of the document's scenario.
#pragma once

#include "ui/document/document.h"
#include "ui/theme/theme.h"

#include <QWidget>

#include <optional>

class QLabel;
class QVBoxLayout;

namespace shardlens {

class AxisPanel;
class NumberField;
class OptionPanel;
class PoolPanel;
class Picker;
class Segmented;
class ServingPanel;
class ValueSlider;

class ControlPanel : public QWidget {
    Q_OBJECT
public:
    ControlPanel(Document& document, QWidget* parent);

    void setTheme(const Theme& theme);
    [[nodiscard]] bool devicesLocked() const;
    void setDevicesLocked(bool locked);
    [[nodiscard]] bool moreShown() const;
    void setMoreShown(bool shown);
    [[nodiscard]] bool advancedShown() const;
    void setAdvancedShown(bool shown);
    [[nodiscard]] OptionPanel& options() const { return *m_options; }
    [[nodiscard]] ServingPanel& serving() const { return *m_serving; }
    [[nodiscard]] PoolPanel& pools() const { return *m_pools; }
    [[nodiscard]] AxisPanel& axes() const { return *m_axes; }

Q_SIGNALS:
    void devicesLockedChanged(bool locked);
    void message(const QString& sentence);

protected:
    void paintEvent(QPaintEvent*) override;
    void resizeEvent(QResizeEvent*) override;

private:
    enum class Length : std::uint8_t { Batch, Input, Output };
    enum class Format : std::uint8_t { Weights, Kv, Math };

    void addHeading(const QString& text, QVBoxLayout& column);
    void addDevices(QVBoxLayout& column);
    void addFormat(Format which, const QString& label, QVBoxLayout& column);
    void addLength(Length which, ValueSlider* slider, const std::vector<int>& ticks, QVBoxLayout& column);
    void fillCatalog();
    void refresh();
    void refreshPickers();
    void refreshFormats();
    void chooseFormat(Format which, int index); ///< of those on the switch
    void chooseOther(Format which, int index);  ///< of all
    void takeFormats(const Formats& formats, Format which, const QString& chosen);
    void chooseLength(Length which, int value, bool dragging);
    void endDrag();
    void setDevices(int devices);
    void stepDevices(int steps);
    void reveal(QWidget* body); ///< scrolls what has just unfolded into sight

    Document& m_document;
    Picker* m_model;
    Picker* m_cluster;
    NumberField* m_devices = nullptr;
    std::array<Segmented*, 3> m_formats{};
    std::array<Picker*, 3> m_allFormats{}; ///< beside the switch: every format there is
    std::array<ValueSlider*, 3> m_lengths{};
    AxisPanel* m_axes;
    ServingPanel* m_serving;
    PoolPanel* m_pools;
    OptionPanel* m_options;
    std::vector<QLabel*> m_headings;
    std::vector<QLabel*> m_labels;
    /// The scenario a drag of a length started from: what each step changes, so that going back restores all of it.
    std::optional<Scenario> m_dragStart;
    std::vector<std::string> m_moved; ///< by the running drag, to stay legal
    std::shared_ptr<const Model> m_shownModel;
    std::shared_ptr<const Cluster> m_shownCluster;
};

} // namespace shardlens
