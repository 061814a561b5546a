// SPDX-License-Identifier: Apache-2.0
// `shardlens fit`: calibration files from tables of measurements.
#pragma once

#include "app/cli/command_line.h"
#include "app/cli/flags.h"
#include "core/scenario/catalog.h"

namespace shardlens::cli {

/// Reads every CSV of --operators DIR and the files of --points, fits, and writes the calibration into DIR: accelerators/, engines/,
/// intervals.json, points.csv and report.md. Nothing is written when anything cannot be read.
[[nodiscard]] Answer fitAnswer(const Arguments& arguments, const Catalog& catalog);

} // namespace shardlens::cli
