// SPDX-License-Identifier: Apache-2.0
// What a plan chooses beside its sizes, behind one button: formats by class of tensor, experts, how stages compute and send, placement; and
// how its engine schedules.
// Everything is as usual until somebody opens it; the button says what is not.
#pragma once

#include "core/plan/optionnames.h"
#include "ui/document/document.h"
#include "ui/theme/theme.h"

#include <QWidget>

#include <functional>
#include <optional>

class QLabel;
class QVBoxLayout;

namespace shardlens {

class FoldButton;
class NumberField;
class Picker;
class Segmented;
struct PickerItem;

class OptionPanel : public QWidget {
    Q_OBJECT
public:
    /// `width` is that of the column's contents: the button's text is cut to it.
    OptionPanel(Document& document, int width, QWidget* parent);

    void setTheme(const Theme& theme);
    void refresh(); ///< the report has changed
    [[nodiscard]] bool shown() const { return m_shown; }
    void setShown(bool shown);
    /// The control of an option: a Segmented, NumberField or Picker; the first of Capacity is its factor.
    [[nodiscard]] QWidget* control(PlanOption option) const;
    /// Of what is no option of the plan, by its label: "Token budget".
    [[nodiscard]] QWidget* control(const QString& label) const;

Q_SIGNALS:
    void refused(const QString& sentence); ///< a choice that would make the plan illegal, and why
    void unfolded(QWidget* body);          ///< by its button

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Row {
        std::optional<PlanOption> option; ///< unset: a setting of the engine or the load
        QLabel* label;
        QWidget* control;
        QString help;                              ///< what it does
        std::function<void(const Scenario&)> show; ///< puts the scenario's value into the control
    };
    using Get = std::function<int(const Scenario&)>;
    using Set = std::function<void(Scenario&, int)>;

    void build(QVBoxLayout& column);
    void buildFormats(QVBoxLayout& column);
    void buildExperts(QVBoxLayout& column);
    void buildStages(QVBoxLayout& column);
    void buildPlacement(QVBoxLayout& column);
    void buildEngine(QVBoxLayout& column);
    void addHeading(const QString& text, QVBoxLayout& column);
    void addRow(std::optional<PlanOption> option, const QString& label, const QString& help, QWidget* control, int (*length)(),
                std::function<void(const Scenario&)> show, QVBoxLayout& column);
    /// Words in the order of the values 0, 1, ...
    void addSwitch(std::optional<PlanOption> option, const QString& label, const QString& help, const QStringList& words, const Get& get,
                   const Set& set, QVBoxLayout& column);
    struct Range {
        int least = 0;
        int most = 1;
        int step = 1;
        bool hundredths = false;
    };
    void addNumber(std::optional<PlanOption> option, const QString& label, const QString& help, const Range& range, const Get& get,
                   const Set& set, QVBoxLayout& column);
    void addClassFormat(PlanOption option, WeightClass weightClass, const QString& label, const QString& help, QVBoxLayout& column);
    void addOrder(QVBoxLayout& column);
    void refreshRow(const Row& row);
    /// One edit; a step of the same control right after another joins it when there is a key.
    void change(const QString& what, const QString& mergeKey, const std::function<void(Scenario&)>& edit);

    Document& m_document;
    int m_width;
    FoldButton* m_button;
    QWidget* m_body;
    std::vector<Row> m_rows;
    std::vector<QLabel*> m_labels;
    std::vector<Segmented*> m_switches;
    std::vector<NumberField*> m_fields;
    std::vector<Picker*> m_pickers;
    QString m_refusal; ///< why the last change was not made; empty: it was
    bool m_shown = false;
};

/// Every storage format with its bits per value, scales included, for a picker.
[[nodiscard]] std::vector<PickerItem> numberFormatItems();

} // namespace shardlens
