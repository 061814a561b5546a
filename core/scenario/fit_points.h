// SPDX-License-Identifier: Apache-2.0
// From tables of measurements to a calibration: what `shardlens fit` does, without files.
#pragma once

#include "core/calibration/operatorfit.h"
#include "core/calibration/servingfit.h"
#include "core/calibration/statistics.h"
#include "core/scenario/catalog.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace shardlens {

struct NamedTable {
    std::string name; ///< file name without folder and ".csv"
    std::string text;
};

struct FitTables {
    std::vector<NamedTable> kernels;              ///< operatorfit.h says their columns; the system is in the name: "gemm_h100_sxm"
    std::vector<NamedTable> points;               ///< aggregated serving points, as `shardlens validate` reads them
    std::map<std::string, std::string> relatives; ///< accelerators without tables: id of one with tables
    std::string source;                           ///< whose measurements; written into every file
};

/// Errors with some points left out of the fit that predicts them.
struct CrossValidation {
    std::string
        leftOut; ///< "nothing", "each model", "each model on each accelerator", "each engine on each accelerator", "each accelerator"
    ErrorStatistics ttft;
    ErrorStatistics tpot;
    ErrorStatistics outputPerDevice;
};

struct FitReport {
    CalibrationSet set;
    std::map<std::string, std::vector<FittedKernel>> kernels; ///< by accelerator
    std::map<std::string, FittedLinks> links;
    std::vector<std::string> skipped; ///< a sentence for each table or point that was not used
    std::vector<CrossValidation> validation;
    std::vector<MeasuredPoints> points;
    int fitted = 0; ///< points
    int parameters = 0;
    int iterations = 0;
    bool converged = false;
};

/// @param crossValidate with the folds that give the intervals; without them those of `intervals` are kept
/// @param progress told what is being done, for a person who waits
[[nodiscard]] Result<FitReport> fitTables(const FitTables& tables, const Catalog& catalog, bool crossValidate,
                                          const std::array<Intervals, kNearnessCount>& intervals,
                                          const std::function<void(const std::string&)>& progress);

/// Every third of the points that were fitted, as a table that `shardlens validate` reads: what the program shows beside its estimates.
[[nodiscard]] std::string pointsToShow(const FitReport& report, const Catalog& catalog);

/// The report as Markdown: kernels with their errors, cross-validation, what was skipped.
[[nodiscard]] std::string fitReportText(const FitReport& report);

} // namespace shardlens
