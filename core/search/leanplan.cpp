// SPDX-License-Identifier: Apache-2.0
#include "core/search/leanplan.h"

#define SHARDLENS_LANES portable
#define SHARDLENS_LANES_BYTES 16
#include "core/search/lanes.h"

#include <algorithm>
#include <new>

namespace shardlens {

namespace {

using lean::kLanes;
using portable::Lanes;

std::size_t packsOf(std::size_t pieces)
{
    return (pieces + kLanes - 1) / kLanes;
}

} // namespace

void LeanPlan::Free::operator()(std::byte* bytes) const
{
    ::operator delete (bytes, std::align_val_t{lean::kAlignment});
}

std::byte* LeanPlan::Room::of(std::size_t bytes)
{
    if (bytes > m_size) {
        m_bytes.reset(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{lean::kAlignment})));
        m_size = bytes;
    }
    return m_bytes.get();
}

LeanPlan::LeanPlan(const lean::Kernel& kernel) : m_kernel(kernel)
{
    m_decode.decode = true;
}

void LeanPlan::compile(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve)
{
    m_model = &context.model;
    m_cluster = &context.cluster;
    m_work = context.workload;
    m_constants = context.constants ? *context.constants : rooflineConstants();
    m_plan = plan;
    m_reserve = reserve;
    m_step.reset();
    m_runPoints = 0;
    reformat(context.formats);
}

void LeanPlan::reformat(const Formats& formats)
{
    m_legal = false;
    if (m_model == nullptr)
        return;
    const PlanContext context{*m_model, *m_cluster, m_work, formats};
    m_legal = isLegalMap(context, m_plan);
    if (!m_legal)
        return;
    m_memory.emplace(context, m_plan, m_reserve);
    if (m_step) {
        m_step->reformat(formats);
        return;
    }
    m_step.emplace(*m_model, *m_cluster, formats, m_plan, m_work.routing, StepDetail::Times, m_constants);
    compileMap();
}

void LeanPlan::compileMap()
{
    m_layout.assign(*m_model, m_plan);
    const auto visits = static_cast<std::size_t>(m_layout.blocks());
    m_types.clear();
    for (Phase* phase : {&m_prefill, &m_decode}) {
        phase->busyColumn.clear();
        phase->busyColumn.reserve(visits);
    }
    for (int stage = 0; stage < m_layout.stages(); ++stage)
        for (int visit = 0; visit < m_layout.visits(); ++visit) {
            const lean::StageType type{m_layout.kindCounts(stage, visit), m_layout.holdsEmbedding(stage, visit),
                                       m_layout.holdsHead(stage, visit)};
            const auto known = std::find_if(m_types.begin(), m_types.end(), [&type](const lean::StageType& other) {
                return type.embedding == other.embedding && type.head == other.head && std::ranges::equal(type.layersOf, other.layersOf);
            });
            const auto column = static_cast<std::uint16_t>(known - m_types.begin());
            if (known == m_types.end())
                m_types.push_back(type);
            m_prefill.busyColumn.push_back(column);
            m_decode.busyColumn.push_back(column);
        }
    compileLinks(m_prefill);
    compileLinks(m_decode);
}

void LeanPlan::compileLinks(Phase& phase)
{
    const int stages = m_layout.stages();
    phase.links.clear();
    phase.sendColumn.clear();
    for (int stage = 0; stage < stages; ++stage)
        for (int visit = 0; visit < m_layout.visits(); ++visit) {
            const HandOver next = handOverOf(stage, stages, visit + 1 == m_layout.visits(), phase.decode);
            Link link{next.payload, {}};
            if (next.payload != HandOver::Payload::Nothing)
                link.line = sendLine(*m_cluster, m_step->placement().firstDevice(stage, 0), m_step->placement().firstDevice(next.stage, 0));
            const auto known = std::find_if(phase.links.begin(), phase.links.end(), [&link](const Link& other) {
                return link.payload == other.payload && link.line.latency == other.line.latency
                       && link.line.secondsPerByte == other.line.secondsPerByte;
            });
            phase.sendColumn.push_back(static_cast<std::uint16_t>(m_types.size() + static_cast<std::size_t>(known - phase.links.begin())));
            if (known == phase.links.end())
                phase.links.push_back(link);
        }
    phase.columns = m_types.size() + phase.links.size();
    phase.points = 0;
}

/// Everything about pieces that does not hang on formats: quantities, hand-overs.
void LeanPlan::preparePieces(const LeanPoints& points, Phase& phase)
{
    const StepTable& table = m_step->table(phase.decode);
    if (phase.points == points.serial() && phase.recipes == table.quantities)
        return;
    phase.points = points.serial();
    phase.recipes = table.quantities;
    const std::size_t pieces = (phase.decode ? points.decode() : points.prefill()).pieces;
    const std::size_t packs = packsOf(pieces);
    phase.rows.resize(packs * kLanes * phase.columns);
    phase.runsHead.assign(packs * kLanes, 0.0);
    const std::size_t count = table.quantities.size();
    auto* const quantity = reinterpret_cast<double*>(phase.quantities.of(packs * count * kLanes * sizeof(double)));
    double sequences[kLanes] = {};
    double newTokens[kLanes] = {};
    double past[kLanes] = {};
    double contexts[kLanes] = {};
    std::size_t index = 0;
    const auto flush = [&](std::size_t filled) {
        for (std::size_t lane = filled; lane < kLanes; ++lane) {
            sequences[lane] = sequences[0];
            newTokens[lane] = newTokens[0];
            past[lane] = past[0];
            contexts[lane] = contexts[0];
        }
        const PieceTokens<Lanes> tokens{Lanes::load(sequences), Lanes::load(newTokens), Lanes::load(past), Lanes::load(contexts)};
        double* out = quantity + (index - filled) * count;
        for (std::size_t i = 0; i < count; ++i, out += kLanes)
            quantityOf(table, table.quantities[i], tokens).store(out);
    };
    const auto add = [&](const StepTokens& tokens) {
        const std::size_t lane = index % kLanes;
        const PieceTokens<double> scalars = tokens.scalars();
        sequences[lane] = scalars.sequences;
        newTokens[lane] = scalars.newTokens;
        past[lane] = scalars.past;
        contexts[lane] = scalars.contexts;
        phase.runsHead[index] = tokens.decode || tokens.lastPiece ? 1.0 : 0.0;
        double* const sends = phase.rows.data() + index * phase.columns + m_types.size();
        for (std::size_t i = 0; i < phase.links.size(); ++i)
            sends[i] = evaluateLine(phase.links[i].line, handOverBytes(phase.links[i].payload, *m_step, tokens));
        if (++index % kLanes == 0)
            flush(kLanes);
    };
    if (phase.decode) {
        for (const int size : points.decodeSequences())
            add(decodePiece(m_work, size));
    } else {
        for (const LeanPoints::Run& run : points.runs())
            for (int chunk = 0; chunk < run.chunks; ++chunk)
                add(prefillPiece(m_work, run.sequences, run.chunks, chunk));
    }
    if (index % kLanes != 0)
        flush(index % kLanes);
}

void LeanPlan::evaluatePhase(const LeanPoints& points, Phase& phase)
{
    preparePieces(points, phase);
    const LeanPoints::Phase& jobs = phase.decode ? points.decode() : points.prefill();
    const StepTable& table = m_step->table(phase.decode);
    const std::size_t packs = packsOf(jobs.pieces);
    const auto* const quantity =
        reinterpret_cast<const double*>(phase.quantities.of(packs * table.quantities.size() * kLanes * sizeof(double)));
    m_kernel.pieces({&table, quantity, phase.runsHead.data(), packs, m_types}, phase.rows.data(), phase.columns);
    phase.seconds.resize(jobs.jobs.size());
    const int visits = m_layout.visits();
    for (std::size_t index = 0; index < jobs.groups.size(); ++index) {
        const LeanPoints::Group& group = jobs.groups[index];
        if (phase.wanted[index] == 0)
            continue;
        if (phase.decode && !decodeIsClosed(visits, group.cut)) {
            evaluateUnequalDecode(jobs, group, phase);
            continue;
        }
        lean::PhaseInput input;
        input.rows = phase.rows.data();
        input.columns = phase.columns;
        input.busyColumn = phase.busyColumn.data();
        input.sendColumn = phase.sendColumn.data();
        input.stages = m_layout.stages();
        input.visits = visits;
        input.sends = m_plan.options.sends;
        input.decode = phase.decode;
        input.microbatches = group.cut.microbatches;
        input.larger = group.cut.larger;
        input.chunks = group.cut.chunks;
        input.jobs = std::span(jobs.jobs).subspan(group.begin, group.end - group.begin);
        input.room = m_phaseRoom.of(lean::phaseRoom(input.stages, visits, group.cut.classes(), phase.columns));
        m_kernel.phases(input, phase.seconds.data() + group.begin);
    }
}

/// Decode rounds of unequal microbatches, or with several visits to a stage: one job after the other.
void LeanPlan::evaluateUnequalDecode(const LeanPoints::Phase& points, const LeanPoints::Group& group, Phase& phase)
{
    const auto classes = static_cast<std::size_t>(group.cut.classes());
    const std::size_t visits = phase.busyColumn.size();
    m_busy.resize(visits * classes);
    m_send.resize(visits * classes);
    m_state.resize(2 * decodeStateSize(m_layout.stages(), group.cut.microbatches));
    for (std::uint32_t index = group.begin; index < group.end; ++index) {
        const lean::Job& job = points.jobs[index];
        for (std::size_t c = 0; c < classes; ++c) {
            const double* const row = phase.rows.data() + (c == 0 ? job.larger : job.smaller) * phase.columns;
            for (std::size_t visit = 0; visit < visits; ++visit) {
                m_busy[visit * classes + c] = row[phase.busyColumn[visit]];
                m_send[visit * classes + c] = row[phase.sendColumn[visit]];
            }
        }
        const PipelineTimes<double> times{m_busy.data(),     m_send.data(),       m_layout.stages(),
                                          m_layout.visits(), group.cut.classes(), m_plan.options.sends};
        phase.seconds[index] = decodePeriod(times, group.cut, m_state.data());
    }
}

void LeanPlan::evaluateMemory(const LeanPoints& points)
{
    const MemoryTerms& memory = *m_memory;
    const auto classes = static_cast<std::size_t>(memory.stageClasses());
    m_stored.assign(points.batches().size() * classes, 0);
    Bytes* stored = m_stored.data();
    for (const int batch : points.batches()) {
        for (int stage = 0; stage < memory.stages(); ++stage) {
            Bytes& most = stored[memory.classOf(stage)];
            most = std::max(most, memory.stored(stage, batch, m_work.input));
        }
        stored += classes;
    }
    evaluateRuns(points);
}

/// Of activations and buffers only the keys and values that SP ranks gather hang on formats: all else is kept from those before.
void LeanPlan::evaluateRuns(const LeanPoints& points)
{
    const MemoryTerms& memory = *m_memory;
    if (m_runPoints == points.serial() && m_plan.sequence() == 1)
        return;
    m_runPoints = points.serial();
    m_runMemory.clear();
    m_runSequences.clear();
    for (const LeanPoints::Run& run : points.runs()) {
        m_runSequences.push_back(memory.sequencesOf(run.sequences));
        const MemoryTerms::Piece piece{m_runSequences.back(), m_work.input, run.chunks};
        for (int each = 0; each < memory.stageClasses(); ++each) {
            RunMemory part;
            if (memory.countsActivations()) {
                part.activations = memory.activationsOf(memory.stageOfClass(each), piece);
                part.beside = memory.buffersOf(memory.stageOfClass(each), piece) + memory.reserve();
            }
            m_runMemory.push_back(part);
        }
    }
}

Bytes LeanPlan::freeAt(const LeanPoints::Entry& entry) const
{
    const MemoryTerms& memory = *m_memory;
    const auto classes = static_cast<std::size_t>(memory.stageClasses());
    const Bytes* const stored = m_stored.data() + entry.batch * classes;
    const RunMemory* const run = m_runMemory.data() + entry.prefillRun * classes;
    const std::int64_t sequences = std::max(m_runSequences[entry.prefillRun], memory.sequencesOf(entry.decodeSequences));
    Bytes most = 0;
    for (std::size_t each = 0; each < classes; ++each) {
        Bytes activations = run[each].activations;
        if (each + 1 == classes && memory.countsActivations()) // the last stage
            activations = memory.withLogits(activations, sequences);
        most = std::max(most, stored[each] + activations + run[each].beside);
    }
    return memory.capacity() - most;
}

bool LeanPlan::judge(const LeanPoints& points, std::span<LeanResult> results)
{
    bool any = false;
    m_prefill.wanted.assign(points.prefill().groups.size(), 0);
    m_decode.wanted.assign(points.decode().groups.size(), 0);
    Workload work = m_work;
    for (std::size_t i = 0; i < results.size(); ++i) {
        const LeanPoints::Entry& entry = points.entries()[i];
        results[i] = {};
        if (entry.prefill == LeanPoints::kNone)
            continue;
        work.batch = entry.point.batch;
        m_plan[PlanAxis::PrefillMicrobatches] = entry.point.prefillMicrobatches;
        m_plan[PlanAxis::DecodeMicrobatches] = entry.point.decodeMicrobatches;
        m_plan[PlanAxis::Chunks] = entry.point.chunks;
        if (!isLegalCut(work, m_plan))
            continue;
        results[i].legal = true;
        m_prefill.wanted[entry.prefillGroup] = 1;
        m_decode.wanted[entry.decodeGroup] = 1;
        results[i].free = freeAt(entry);
        results[i].fits = results[i].free >= 0;
        any = any || results[i].fits;
    }
    return any;
}

void LeanPlan::evaluate(const LeanPoints& points, std::span<LeanResult> results, LeanScope scope)
{
    results = results.first(std::min(results.size(), points.size()));
    if (!m_legal) {
        std::fill(results.begin(), results.end(), LeanResult{});
        return;
    }
    evaluateMemory(points);
    if (!judge(points, results) && scope == LeanScope::Fitting)
        return;
    evaluatePhase(points, m_prefill);
    evaluatePhase(points, m_decode);
    Workload work = m_work;
    for (std::size_t i = 0; i < results.size(); ++i) {
        LeanResult& result = results[i];
        if (!result.legal)
            continue;
        const LeanPoints::Entry& entry = points.entries()[i];
        work.batch = entry.point.batch;
        result.ttft = m_prefill.seconds[entry.prefill];
        result.tpot = m_decode.seconds[entry.decode];
        result.outputTokensPerSecond = outputTokensPerSecond(work, m_plan.data(), endToEndTime(work, result.ttft, result.tpot));
    }
}

} // namespace shardlens
