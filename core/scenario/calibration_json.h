// SPDX-License-Identifier: Apache-2.0
// Calibration files: resources/calibration/accelerators/ID.json, engines/KEY.json and intervals.json. Written by `shardlens fit`, read with
// the catalog. Shares are fractions, times carry their unit in the key; six significant figures, so that a fit's files are the same bytes
// wherever it runs.
#pragma once

#include "core/base/result.h"
#include "core/calibration/calibration.h"

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace shardlens {

/// The files of a set, by path below the calibration's folder.
[[nodiscard]] std::map<std::string, std::string> calibrationFiles(const CalibrationSet& set);

/// Adds one file to a set. `path` is that of calibrationFiles(). Accelerators that name a relative are completed by finishCalibration().
[[nodiscard]] std::optional<Error> addCalibrationFile(CalibrationSet& set, std::string_view path, const std::string& fileName,
                                                      std::string_view text);
/// Gives accelerators without measurements the constants of their relatives; an error names one whose relative is not there.
[[nodiscard]] std::optional<Error> finishCalibration(CalibrationSet& set);

} // namespace shardlens
