// SPDX-License-Identifier: Apache-2.0
#include "ui/document/document.h"

#include "core/hardware/resize.h"
#include "core/scenario/calibrate.h"
#include "core/scenario/serve.h"
#include "ui/document/adapt.h"
#include "ui/document/scenariocommand.h"

#include <QElapsedTimer>
#include <QFileInfo>
#include <QSaveFile>

#include <algorithm>

namespace shardlens {
namespace {

QString text(std::string_view utf8)
{
    return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

/// The subject in the new report, or nothing when it is gone. An operator is found again by what it is, not by its index.
Subject carriedOver(Subject subject, const Scenario& scenario, const Report& report, const std::optional<OperatorCost>& op,
                    const std::array<double, 2>& durationBefore)
{
    const Plan& plan = scenario.plan;
    if (subject.kind == Subject::Kind::None || !report.legal)
        return {};
    const PhaseReport& phase = subject.phase == Phase::Prefill ? report.prefill : report.decode;
    if (subject.device >= scenario.cluster->devices() || subject.stage >= plan.pipeline())
        return {};
    if (subject.kind == Subject::Kind::Range && phase.timeline.duration != durationBefore[static_cast<std::size_t>(subject.phase)])
        return {}; // the same seconds of another drawing are other work
    if (subject.visit >= phase.timeline.visits || (subject.kind == Subject::Kind::Pool && !report.serving.pools))
        return {};
    if (subject.microbatch >= phase.timeline.microbatches || subject.step >= phase.timeline.steps)
        return {};
    if (subject.op >= 0) {
        if (!op)
            return {};
        const auto same = [&op](const OperatorCost& other) { return other.op == op->op && other.kind == op->kind; };
        const auto found = std::find_if(phase.operators.begin(), phase.operators.end(), same);
        if (found == phase.operators.end())
            return {};
        subject.op = static_cast<int>(found - phase.operators.begin());
    }
    return subject;
}

std::optional<OperatorCost> operatorOf(const Subject& subject, const Report& report)
{
    const PhaseReport& phase = subject.phase == Phase::Prefill ? report.prefill : report.decode;
    if (subject.op < 0 || static_cast<std::size_t>(subject.op) >= phase.operators.size())
        return std::nullopt;
    return phase.operators[static_cast<std::size_t>(subject.op)];
}

} // namespace

Document::Document(const Catalog& catalog, QObject* parent) : QObject(parent), m_catalog(catalog)
{
    connect(&m_undo, &QUndoStack::cleanChanged, this, &Document::fileChanged);
    m_file.scenario = caseStudyScenario(catalog);
    apply(m_file.scenario);
}

Document::~Document()
{
    // Clearing the stack emits cleanChanged; nobody should hear about a document that is going away.
    m_undo.disconnect(this);
}

void Document::edit(const Scenario& next, const QString& what, const QString& mergeKey)
{
    Scenario whole = next;
    calibrate(whole, m_catalog.calibration); // follows from mode, engine and accelerator, whichever of them changed
    if (whole == m_file.scenario)
        return;
    m_undo.push(new ScenarioCommand(*this, m_file.scenario, std::move(whole), what, mergeKey, m_mergeGeneration));
}

void Document::refine(const ServiceFigures& figures)
{
    shardlens::adopt(m_file.scenario, figures, m_report);
    Q_EMIT reportChanged();
}

void Document::endMerge()
{
    ++m_mergeGeneration;
}

void Document::apply(const Scenario& scenario)
{
    const std::optional<OperatorCost> hovered = operatorOf(m_selection.hover(), m_report);
    const std::optional<OperatorCost> pinned = operatorOf(m_selection.pin(), m_report);
    const std::array durationBefore{m_report.prefill.timeline.duration, m_report.decode.timeline.duration};
    m_file.scenario = scenario;
    QElapsedTimer timer;
    timer.start();
    evaluate(m_file.scenario, m_report);
    m_evaluationSeconds = static_cast<double>(timer.nsecsElapsed()) * 1e-9;

    m_selection.setHover(carriedOver(m_selection.hover(), m_file.scenario, m_report, hovered, durationBefore));
    const Subject pin = carriedOver(m_selection.pin(), m_file.scenario, m_report, pinned, durationBefore);
    if (pin != m_selection.pin())
        m_selection.setPin(pin);
    Q_EMIT reportChanged();
}

void Document::replace(ScenarioFile file, const QString& fileName)
{
    m_file = std::move(file);
    calibrate(m_file.scenario, m_catalog.calibration);
    m_fileName = fileName;
    m_selection.clear();
    m_undo.clear();
    endMerge();
    apply(m_file.scenario);
    Q_EMIT fileChanged();
}

Result<bool> Document::open(const QString& fileName)
{
    Result<ScenarioFile> file = readScenario(fileName.toStdString(), m_catalog);
    if (!file.ok())
        return file.error();
    const std::vector<std::string> notices = file.value().notices;
    replace(std::move(file).value(), QFileInfo(fileName).absoluteFilePath());
    for (const std::string& sentence : notices)
        Q_EMIT notice(text(sentence));
    return true;
}

Result<bool> Document::save(const QString& fileName)
{
    const std::string json = printScenario(m_file, m_catalog);
    // Written beside the target and renamed over it: a full disk or a crash leaves the old file whole.
    QSaveFile file(fileName);
    const auto failure = [&] {
        return Error{
            fileName.toStdString(), {}, {}, tr("not saved: %1; the scenario is still open here").arg(file.errorString()).toStdString()};
    };
    if (!file.open(QIODevice::WriteOnly))
        return failure();
    const auto size = static_cast<qint64>(json.size());
    // flush() by hand: in Qt 6.4 commit() does not notice when the last buffer could not be written, and would rename half a file.
    if (file.write(json.data(), size) != size || !file.flush() || !file.commit())
        return failure();
    m_fileName = QFileInfo(fileName).absoluteFilePath();
    endMerge();
    m_undo.setClean();
    Q_EMIT fileChanged();
    return true;
}

void Document::reset()
{
    ScenarioFile file;
    file.scenario = caseStudyScenario(m_catalog);
    replace(std::move(file), {});
}

void Document::adopt(Scenario next, const QString& what)
{
    const std::vector<std::string> changes = makeLegal(next);
    endMerge();
    edit(next, what);
    endMerge();
    if (changes.empty())
        return;
    QStringList list;
    for (const std::string& change : changes)
        list << text(change);
    Q_EMIT notice(tr("%1: to stay legal, %2.").arg(what, list.join(tr(", "))));
}

void Document::setModel(std::shared_ptr<const Model> model)
{
    if (!model || *model == *m_file.scenario.model)
        return;
    Scenario next = m_file.scenario;
    next.formats = formatsForModel(next.formats, *next.model, *model);
    next.model = std::move(model);
    const bool quantized = next.formats != m_file.scenario.formats;
    const QString name = text(next.model->name);
    const QString weights = text(nameOf(next.formats.weights));
    adopt(std::move(next), quantized ? tr("Model %1, weights as published: %2").arg(name, weights) : tr("Model %1").arg(name));
}

void Document::setCluster(std::shared_ptr<const Cluster> cluster)
{
    if (!cluster || *cluster == *m_file.scenario.cluster)
        return;
    Scenario next = m_file.scenario;
    next.cluster = std::move(cluster);
    const QString name = text(next.cluster->name);
    adopt(std::move(next), tr("Cluster %1").arg(name));
}

Result<bool> Document::setDevices(int devices)
{
    const Scenario& now = m_file.scenario;
    Result<Cluster> cluster = resized(*now.cluster, devices);
    if (!cluster.ok())
        return cluster.error();
    Scenario next = now;
    next.cluster = std::make_shared<const Cluster>(std::move(cluster).value());
    // A plan that used every device goes on doing so with more replicas, where that comes out even.
    const std::int64_t replica = now.plan.devices() / std::max(1, now.plan.data());
    if (replica > 0 && now.plan.devices() == now.cluster->devices() && devices % replica == 0)
        next.plan[PlanAxis::Data] = static_cast<int>(devices / replica);
    const int replicasBefore = now.plan.data();
    const int replicasAfter = next.plan.data();
    adopt(std::move(next), tr("%1 devices").arg(devices));
    if (replicasAfter != replicasBefore && scenario().plan.data() == replicasAfter)
        Q_EMIT notice(tr("DP went from %1 to %2 to use all %3 devices.").arg(replicasBefore).arg(replicasAfter).arg(devices));
    return true;
}

} // namespace shardlens
