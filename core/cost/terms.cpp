// SPDX-License-Identifier: Apache-2.0
#include "core/cost/terms.h"

namespace shardlens {

std::string_view nameOf(Quantity quantity)
{
    switch (quantity) {
    case Quantity::One: return "step";
    case Quantity::Rows: return "rows on the device";
    case Quantity::GlobalRows: return "rows of the group";
    case Quantity::RowShare: return "rows of its share";
    case Quantity::Sequences: return "sequences on the device";
    case Quantity::SequenceShare: return "sequences of its share";
    case Quantity::GlobalSequences: return "sequences of the group";
    case Quantity::Pairs: return "query-key pairs";
    case Quantity::KeysRead:
    case Quantity::KeysGathered: return "cached tokens read";
    case Quantity::Rectangle: return "query-key pairs, masked ones included";
    case Quantity::KeysPresent: return "tokens so far";
    case Quantity::ChunkRows: return "rows in whole chunks";
    case Quantity::ExpertsTouched: return "experts read";
    case Quantity::ExpertPairs: return "token-expert pairs of the hottest rank";
    case Quantity::Queries: return "tokens of a sequence";
    case Quantity::LocalQueries: return "tokens of a sequence on the device";
    case Quantity::Keys: return "keys of a sequence";
    case Quantity::LocalKeys: return "keys of a sequence on the device";
    case Quantity::GlobalKeysPresent: return "tokens so far, of the group";
    case Quantity::ExpertRows: return "rows of an expert";
    case Quantity::ExchangedRows: return "rows that the busiest rank sends or receives";
    case Quantity::ExpertDrops: return "of all token-expert pairs";
    case Quantity::ExpertsRead: return "experts";
    }
    return "";
}

} // namespace shardlens
