// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/scenario.h"

#include <algorithm>

namespace shardlens {

namespace {

template <class T>
bool equalValues(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b)
{
    return a == b || (a && b && *a == *b);
}

/// `formats` with the weights as published, where a class of them is quantized; else bf16, in which wider files are served too.
Formats withPublishedWeights(Formats formats, const Model& model)
{
    formats.weights = NumberFormat::Bf16;
    formats.own = {};
    if (!model.nativeFormats)
        return formats;
    const StoredFormats& stored = *model.nativeFormats;
    const auto quantized = [](NumberFormat format) { return bitsOf(format) < bitsOf(NumberFormat::Bf16); };
    const bool any = quantized(stored.weights)
                     || std::any_of(stored.own.begin(), stored.own.end(), [&](const auto& own) { return own && quantized(*own); });
    if (any) {
        formats.weights = stored.weights;
        formats.own = stored.own;
    }
    return formats;
}

} // namespace

Formats formatsForModel(const Formats& formats, const Model& from, const Model& to)
{
    return formats == withPublishedWeights(formats, from) ? withPublishedWeights(formats, to) : formats;
}

bool operator==(const PoolSettings& a, const PoolSettings& b)
{
    return a.plan == b.plan && a.workers == b.workers && equalValues(a.cluster, b.cluster);
}

bool operator==(const Scenario& a, const Scenario& b)
{
    return a.formats == b.formats && a.workload == b.workload && a.plan == b.plan && a.mode == b.mode && a.reserve == b.reserve
           && a.serving == b.serving && a.targets == b.targets && equalValues(a.model, b.model) && equalValues(a.cluster, b.cluster);
}

} // namespace shardlens
