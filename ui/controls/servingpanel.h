// SPDX-License-Identifier: Apache-2.0
// How the plan is served: roofline or calibrated times, the engine, the load with its number, lengths of outputs, the price of a device.
#pragma once

#include "ui/document/document.h"
#include "ui/theme/theme.h"

#include <QWidget>

#include <functional>

class QLabel;
class QVBoxLayout;

namespace shardlens {

class NumberField;
class Picker;
class Segmented;
class ValueSlider;

class ServingPanel : public QWidget {
    Q_OBJECT
public:
    /// `width` is that of the column's contents.
    ServingPanel(Document& document, int width, QWidget* parent);

    void setTheme(const Theme& theme);
    void refresh(); ///< the report has changed
    [[nodiscard]] Segmented& mode() const { return *m_mode; }
    [[nodiscard]] Picker& engine() const { return *m_engine; }
    [[nodiscard]] Segmented& load() const { return *m_load; }
    [[nodiscard]] ValueSlider& concurrency() const { return *m_concurrency; }
    [[nodiscard]] ValueSlider& rate() const { return *m_rate; } ///< hundredths of requests/s
    [[nodiscard]] Picker& outputs() const { return *m_outputs; }
    [[nodiscard]] NumberField& price() const { return *m_price; } ///< cents of an hour

private:
    void addRow(const QString& text, QWidget* control, int (*length)(), QVBoxLayout& column);
    void connectControls();
    void refreshPrice();
    /// One edit; with a key it joins the one before.
    void change(const QString& what, const QString& mergeKey, const std::function<void(Scenario&)>& edit);
    void slide(const QString& what, const QString& mergeKey, bool dragging, const std::function<void(Scenario&)>& edit);
    void setPrice(int cents, const QString& mergeKey);

    Document& m_document;
    int m_width;
    Segmented* m_mode;
    Picker* m_engine;
    Segmented* m_load;
    ValueSlider* m_concurrency;
    ValueSlider* m_rate;
    Picker* m_outputs;
    NumberField* m_price;
    QLabel* m_priceNote;
    int m_noted = -1; ///< text scale that the note is cut for
    std::vector<QLabel*> m_labels;
};

} // namespace shardlens
