// SPDX-License-Identifier: Apache-2.0
// Selections by what they name, for the tests of scenes and views.
#pragma once

#include "core/scenario/explain.h"

namespace shardlens::subjects {

inline Subject subject(Subject::Kind kind)
{
    Subject result;
    result.kind = kind;
    return result;
}
inline Subject device(int index)
{
    Subject result = subject(Subject::Kind::Device);
    result.device = index;
    return result;
}

} // namespace shardlens::subjects
