// SPDX-License-Identifier: Apache-2.0
// Machines and plans that the mesh and memory pictures are held against, and checks that hold for every picture.
#pragma once

#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "scenechecks.h"
#include "ui/scene/scene.h"

#include <QTest>

#include <algorithm>
#include <memory>

namespace shardlens::pictures {

struct Case {
    const char* name;
    const char* cluster;
    int devices; ///< 0: as in the catalog
    const char* model;
    int tensor = 1;
    int pipeline = 1;
    int data = 1;
    int expert = 1;
    int sequence = 1;
    int attentionData = 1;
    int batch = 32;
};

inline const std::vector<Case>& cases()
{
    static const std::vector<Case> all{
        {"8 H100, TP 4 x PP 2", "p5.48xlarge", 0, "llama-3-70b", 4, 2},
        {"8 H100, TP 8", "p5.48xlarge", 0, "llama-3-70b", 8},
        {"8 H100, TP 2 x PP 2 x DP 2", "p5.48xlarge", 0, "llama-3-70b", 2, 2, 2},
        {"8 H100, PP 8", "p5.48xlarge", 0, "llama-3-70b", 1, 8},
        {"8 H100, TP 2, six idle, does not fit", "p5.48xlarge", 0, "llama-3-70b", 2},
        {"8 H100, TP 6: not legal", "p5.48xlarge", 0, "llama-3-70b", 6},
        {"8 H100, Mixtral EP 8 with attention DP 8", "p5.48xlarge", 0, "mixtral-8x7b", 1, 1, 1, 8, 1, 8},
        {"8 H100, batch 4,000 does not fit", "p5.48xlarge", 0, "llama-3-70b", 8, 1, 1, 1, 1, 1, 4000},
        {"8 H100, DeepSeek-V3 EP 8 does not fit", "p5.48xlarge", 0, "deepseek-v3", 8, 1, 1, 8},
        {"1,024 H100, DeepSeek-V3 EP 256 with attention DP", "p5.48xlarge", 1024, "deepseek-v3", 1, 1, 4, 256, 1, 256, 1024},
        {"one H100", "p5.48xlarge", 1, "llama-3.1-8b"},
        {"two H100", "p5.48xlarge", 2, "llama-3-70b", 2},
        {"trn2, TP 64", "trn2.48xlarge", 0, "llama-3-70b", 64},
        {"trn2, TP 8 x DP 8", "trn2.48xlarge", 0, "llama-3-70b", 8, 1, 8},
        {"trn2, TP 16 x PP 4", "trn2.48xlarge", 0, "llama-3-70b", 16, 4},
        {"v5e 4x2, TP 8", "tpu-v5e-4x2", 0, "llama-3-70b", 8},
        {"v5e 4x2, TP 2 x PP 4", "tpu-v5e-4x2", 0, "llama-3.1-8b", 2, 4},
        {"v5e 16x16, TP 16 x PP 4 x DP 4", "tpu-v5e-16x16", 0, "llama-3-70b", 16, 4, 4},
        {"v5e 16x16, TP 32 x PP 2, rest idle", "tpu-v5e-16x16", 0, "llama-3-70b", 32, 2},
        {"NVL72, TP 8 x DP 9", "gb200-nvl72", 0, "llama-3-70b", 8, 1, 9},
        {"NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4", "gb200-nvl72", 0, "deepseek-v3", 8, 1, 4, 8},
        {"32 nodes of 8, TP 8 x PP 4 x DP 8", "p5.48xlarge", 256, "llama-3-70b", 8, 4, 8},
        {"32 nodes of 8, TP 16 across two nodes", "p5.48xlarge", 256, "llama-3-70b", 16, 4, 1},
        {"32 nodes of 8, TP 4 x PP 40", "p5.48xlarge", 256, "llama-3-70b", 4, 40, 1, 1, 1, 1, 64},
        {"65,536 H100, TP 8 x DP 8,192", "p5.48xlarge", 65536, "llama-3-70b", 8, 1, 8192},
        {"65,536 H100, TP 8 x PP 80, rest idle", "p5.48xlarge", 65536, "llama-3-70b", 8, 80, 1, 1, 1, 1, 128},
        {"65,536 H100, TP 64 x PP 64 x DP 16", "p5.48xlarge", 65536, "llama-3-70b", 64, 64, 16, 1, 1, 1, 128},
        {"65,536 H100, TP 6: not legal", "p5.48xlarge", 65536, "llama-3-70b", 6},
        {"v4 8x8x8, TP 16 x PP 4 x DP 8", "tpu-v4-8x8x8", 0, "llama-3-70b", 16, 4, 8},
        {"inf2 ring, TP 4 x PP 3", "inf2.48xlarge", 0, "llama-3-70b", 4, 3},
        {"trn2 ultraserver, TP 16 x PP 4 x DP 4", "trn2-ultraserver", 0, "llama-3-70b", 16, 4, 4},
        {"MI300X, TP 4 x DP 2", "mi300x-platform", 0, "llama-3-70b", 4, 1, 2},
        {"four hosts of MI300X, TP 8 x PP 4", "mi300x-platform", 32, "llama-3-70b", 8, 4},
        {"cube mesh, TP 4 x PP 2", "dgx-1-v100", 0, "llama-3.1-8b", 4, 2},
        {"host tree, TP 4 x PP 2", "g6e.48xlarge", 0, "llama-3-70b", 4, 2},
        {"four host trees, TP 8 x DP 4", "g6e.48xlarge", 32, "llama-3-70b", 8, 1, 4},
    };
    return all;
}

inline const std::vector<QSizeF>& sizes()
{
    static const std::vector<QSizeF> all{{420, 300}, {600, 330}, {900, 600}, {1600, 900}};
    return all;
}

inline Scenario scenarioOf(const Case& given)
{
    const Catalog& catalog = builtinCatalog();
    Scenario scenario;
    scenario.model = catalog.model(given.model);
    scenario.cluster = catalog.cluster(given.cluster);
    if (!scenario.model || !scenario.cluster)
        qFatal("the catalog lacks %s or %s", given.model, given.cluster);
    if (given.devices > 0) {
        Result<Cluster> other = resized(*scenario.cluster, given.devices);
        if (!other.ok())
            qFatal("%s cannot have %d devices", given.cluster, given.devices);
        scenario.cluster = std::make_shared<const Cluster>(other.value());
    }
    if (scenario.cluster->accelerator.peakOf(scenario.formats.compute) <= 0)
        scenario.formats.compute = ComputeFormat::Fp16;
    Plan& plan = scenario.plan;
    plan[PlanAxis::Tensor] = given.tensor;
    plan[PlanAxis::Pipeline] = given.pipeline;
    plan[PlanAxis::Data] = given.data;
    plan[PlanAxis::Expert] = given.expert;
    plan[PlanAxis::Sequence] = given.sequence;
    plan[PlanAxis::AttentionData] = given.attentionData;
    plan[PlanAxis::DecodeMicrobatches] = std::min(given.pipeline, given.batch);
    scenario.workload.batch = given.batch;
    return scenario;
}

inline const Case& caseNamed(const char* name)
{
    for (const Case& given : cases()) {
        if (qstrcmp(given.name, name) == 0)
            return given;
    }
    qFatal("no case %s", name);
    return cases().front();
}

inline QString textFault(const Scene& scene)
{
    return check::textTrouble(scene);
}

inline bool hasText(const Scene& scene, const QString& part)
{
    return check::says(scene, part);
}

} // namespace shardlens::pictures
