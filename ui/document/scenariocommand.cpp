// SPDX-License-Identifier: Apache-2.0
#include "ui/document/scenariocommand.h"

#include "ui/document/document.h"

namespace shardlens {

ScenarioCommand::ScenarioCommand(Document& document, Scenario before, Scenario after, const QString& what, QString mergeKey, int generation)
    : QUndoCommand(what),
      m_document(document),
      m_before(std::move(before)),
      m_after(std::move(after)),
      m_mergeKey(std::move(mergeKey)),
      m_generation(generation)
{}

void ScenarioCommand::undo()
{
    m_document.apply(m_before);
}

void ScenarioCommand::redo()
{
    m_document.apply(m_after);
}

bool ScenarioCommand::mergeWith(const QUndoCommand* other)
{
    // id() is the same for ScenarioCommand only, and the stack holds nothing else.
    const auto* next = static_cast<const ScenarioCommand*>(other);
    if (m_mergeKey.isEmpty() || next->m_mergeKey != m_mergeKey || next->m_generation != m_generation)
        return false;
    m_after = next->m_after;
    setText(next->text());
    // A drag that came back to where it started leaves no step.
    setObsolete(m_before == m_after);
    return true;
}

} // namespace shardlens
