// SPDX-License-Identifier: Apache-2.0
#include "core/search/points.h"

#include "core/schedule/pieces.h"

#include <atomic>
#include <map>
#include <tuple>

namespace shardlens {

namespace {

using CutKey = std::tuple<int, int, int>; // of a BatchCut

/// Jobs by cut, numbered at the end.
class Jobs {
public:
    using Place = std::pair<CutKey, std::uint32_t>;

    Place add(const BatchCut& cut, lean::Job job)
    {
        const CutKey key{cut.chunks, cut.microbatches, cut.larger};
        std::vector<lean::Job>& jobs = m_jobs[key];
        const auto [known, isNew] = m_known.try_emplace({key, job.larger, job.smaller}, static_cast<std::uint32_t>(jobs.size()));
        if (isNew)
            jobs.push_back(job);
        return {key, known->second};
    }
    void moveInto(LeanPoints::Phase& phase)
    {
        for (const auto& [key, jobs] : m_jobs) {
            const auto begin = static_cast<std::uint32_t>(phase.jobs.size());
            phase.jobs.insert(phase.jobs.end(), jobs.begin(), jobs.end());
            m_first[key] = {begin, static_cast<std::uint32_t>(phase.groups.size())};
            phase.groups.push_back(
                {{std::get<1>(key), std::get<2>(key), std::get<0>(key)}, begin, begin + static_cast<std::uint32_t>(jobs.size())});
        }
    }
    /// A job's index and that of its group.
    [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> find(const Place& place) const
    {
        const auto [begin, group] = m_first.at(place.first);
        return {begin + place.second, group};
    }

private:
    std::map<CutKey, std::vector<lean::Job>> m_jobs;
    std::map<std::tuple<CutKey, std::uint32_t, std::uint32_t>, std::uint32_t> m_known;
    std::map<CutKey, std::pair<std::uint32_t, std::uint32_t>> m_first; // first job, and group
};

std::uint64_t nextSerial()
{
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

Plan planOf(const LeanPoint& point)
{
    Plan plan;
    plan[PlanAxis::PrefillMicrobatches] = point.prefillMicrobatches;
    plan[PlanAxis::DecodeMicrobatches] = point.decodeMicrobatches;
    plan[PlanAxis::Chunks] = point.chunks;
    return plan;
}

} // namespace

LeanPoints::LeanPoints(std::span<const LeanPoint> points) : m_serial(nextSerial())
{
    std::map<int, std::uint32_t> batches;
    std::map<std::pair<int, int>, std::uint32_t> runs;
    std::map<int, std::uint32_t> decodePieces;
    Jobs prefill;
    Jobs decode;
    std::vector<std::pair<Jobs::Place, Jobs::Place>> places(points.size());
    const auto runOf = [&](std::int64_t sequences, int chunks) {
        const Run run{static_cast<int>(sequences), chunks, m_prefill.pieces};
        const auto [known, isNew] = runs.try_emplace({run.sequences, chunks}, static_cast<std::uint32_t>(m_runs.size()));
        if (isNew) {
            m_runs.push_back(run);
            m_prefill.pieces += static_cast<std::uint32_t>(chunks);
        }
        return known->second;
    };
    const auto decodePieceOf = [&](std::int64_t sequences) {
        const auto [known, isNew] = decodePieces.try_emplace(static_cast<int>(sequences), m_decode.pieces);
        if (isNew) {
            m_decodeSequences.push_back(static_cast<int>(sequences));
            ++m_decode.pieces;
        }
        return known->second;
    };
    m_entries.reserve(points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
        const LeanPoint& point = points[i];
        Entry& entry = m_entries.emplace_back(Entry{point});
        if (!isLegalCut({point.batch, point.chunks, 1}, planOf(point)))
            continue; // breaks a rule of every plan and workload
        const auto [batch, isNew] = batches.try_emplace(point.batch, static_cast<std::uint32_t>(m_batches.size()));
        if (isNew)
            m_batches.push_back(point.batch);
        entry.batch = batch->second;
        const BatchCut prefillCut = cutOf(point.batch, point.prefillMicrobatches, point.chunks);
        entry.prefillRun = runOf(sequencesOf(point.batch, prefillCut, false), point.chunks);
        const bool unequal = prefillCut.larger < prefillCut.microbatches;
        const std::uint32_t smallerRun = unequal ? runOf(sequencesOf(point.batch, prefillCut, true), point.chunks) : entry.prefillRun;
        places[i].first = prefill.add(prefillCut, {m_runs[entry.prefillRun].first, m_runs[smallerRun].first});
        const BatchCut decodeCut = cutOf(point.batch, point.decodeMicrobatches, 1);
        const std::int64_t sequences = sequencesOf(point.batch, decodeCut, false);
        entry.decodeSequences = static_cast<std::uint32_t>(sequences);
        const std::uint32_t piece = decodePieceOf(sequences);
        const bool unequalDecode = decodeCut.larger < decodeCut.microbatches;
        places[i].second = decode.add(decodeCut, {piece, unequalDecode ? decodePieceOf(sequencesOf(point.batch, decodeCut, true)) : piece});
        entry.prefill = 0;
    }
    prefill.moveInto(m_prefill);
    decode.moveInto(m_decode);
    for (std::size_t i = 0; i < points.size(); ++i) {
        Entry& entry = m_entries[i];
        if (entry.prefill == kNone)
            continue;
        std::tie(entry.prefill, entry.prefillGroup) = prefill.find(places[i].first);
        std::tie(entry.decode, entry.decodeGroup) = decode.find(places[i].second);
    }
}

} // namespace shardlens
