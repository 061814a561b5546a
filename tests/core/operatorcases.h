// SPDX-License-Identifier: Apache-2.0
// What the tests of the operator table start from.
#pragma once

#include "core/scenario/operatortable.h"
#include "scenarios.h"

#include <QtGlobal>

namespace shardlens::test {

/// TP 4 x PP 2 of the case study, two microbatches in each phase: operators of both stages, collectives and sends.
inline Scenario operatorScenario()
{
    Scenario s = caseStudy("p5.48xlarge", 4, 1, Bytes{80} << 30);
    s.plan[PlanAxis::Pipeline] = 2;
    s.plan[PlanAxis::PrefillMicrobatches] = s.plan[PlanAxis::DecodeMicrobatches] = 2;
    s.workload.batch = 32;
    return s;
}

inline OperatorTableOptions filtered(const char* text)
{
    OperatorTableOptions options;
    const Result<OperatorFilter> filter = OperatorFilter::parse(text);
    if (!filter.ok())
        qFatal("%s", filter.error().sentence().c_str());
    options.filter = filter.value();
    return options;
}

} // namespace shardlens::test
