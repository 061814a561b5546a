// SPDX-License-Identifier: Apache-2.0
// The open scenario: its value, its undo history, its file, and the report that belongs to it.
#pragma once

#include "core/scenario/evaluate.h"
#include "core/scenario/scenario_file.h"
#include "ui/document/selection.h"

#include <QObject>
#include <QString>
#include <QUndoStack>

namespace shardlens {

class Document : public QObject {
    Q_OBJECT
public:
    explicit Document(const Catalog& catalog, QObject* parent = nullptr);
    ~Document() override;

    [[nodiscard]] const Catalog& catalog() const { return m_catalog; }
    [[nodiscard]] const Scenario& scenario() const { return m_file.scenario; }
    [[nodiscard]] const Report& report() const { return m_report; }
    [[nodiscard]] Selection& selection() { return m_selection; }
    [[nodiscard]] QUndoStack& undoStack() { return m_undo; }
    [[nodiscard]] QString fileName() const { return m_fileName; } ///< empty: never saved
    [[nodiscard]] bool isModified() const { return !m_undo.isClean(); }
    [[nodiscard]] double evaluationSeconds() const { return m_evaluationSeconds; } ///< of the last evaluation

    /// One edit. `what` names it in the history ("TP 4 -> 8"). Edits with the same non-empty `mergeKey` and no endMerge() between them
    /// become one undo step; an edit that changes nothing leaves none.
    void edit(const Scenario& next, const QString& what, const QString& mergeKey = {});
    /// Simulated service figures of the scenario as it is take the place of the analytic ones. No edit.
    void refine(const ServiceFigures& figures);
    /// A drag has ended, the focus has moved: the next edit starts a new undo step.
    void endMerge();

    /// Errors are sentences; on error nothing changes.
    [[nodiscard]] Result<bool> open(const QString& fileName);
    [[nodiscard]] Result<bool> save(const QString& fileName); ///< atomic: QSaveFile
    void reset();                                             ///< the case study, untitled
    /// One undo step each. What stays legal stays; the rest moves to the nearest legal values, and notice() says what moved.
    void setModel(std::shared_ptr<const Model> model);
    void setCluster(std::shared_ptr<const Cluster> cluster);
    /// Another device count of the same cluster; the error names the nearest counts that work. A plan that used every device still does,
    /// by its replicas, where that comes out even.
    [[nodiscard]] Result<bool> setDevices(int devices);

Q_SIGNALS:
    void reportChanged(); ///< scenario() and report() are new and belong together
    void fileChanged();   ///< name or modified state
    void notice(const QString& sentence);

private:
    friend class ScenarioCommand;
    void apply(const Scenario& scenario);
    void replace(ScenarioFile file, const QString& fileName);
    void adopt(Scenario next, const QString& what);

    const Catalog& m_catalog;
    ScenarioFile m_file;
    Report m_report;
    Selection m_selection;
    QUndoStack m_undo;
    QString m_fileName;
    int m_mergeGeneration = 0;
    double m_evaluationSeconds = 0;
};

} // namespace shardlens
