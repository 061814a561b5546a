// SPDX-License-Identifier: Apache-2.0
// One undo step: the scenario before and after. Values, so that undo is exact whatever the edit was.
#pragma once

#include "core/scenario/scenario.h"

#include <QUndoCommand>

namespace shardlens {

class Document;

class ScenarioCommand : public QUndoCommand {
public:
    /// `generation` separates two drags of the same control.
    ScenarioCommand(Document& document, Scenario before, Scenario after, const QString& what, QString mergeKey, int generation);

    void undo() override;
    void redo() override;
    [[nodiscard]] int id() const override { return 1; }
    [[nodiscard]] bool mergeWith(const QUndoCommand* other) override;

private:
    Document& m_document;
    Scenario m_before;
    Scenario m_after;
    QString m_mergeKey;
    int m_generation;
};

} // namespace shardlens
