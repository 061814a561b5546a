// SPDX-License-Identifier: Apache-2.0
// The constants of a calibration in words: value, where it is from, how many samples, how far off.
#pragma once

#include "core/scenario/explain.h"

#include <optional>
#include <string>
#include <vector>

namespace shardlens {

/// A group of constants that have their evidence in common.
struct ConstantRow {
    std::string name;  ///< "Matrix products, fp8"
    std::string value; ///< "62 % of peak, 84 % of HBM, 3.1 µs"
    ConstantOrigin origin = ConstantOrigin::Assumed;
    int samples = 0;    ///< kernel calls, or serving points
    double error = 0;   ///< median, relative; 0: not known
    std::string source; ///< file of the samples, or the relative
    bool used = false;  ///< by an operator of the report
};

/// Kernels by class and format (those the report uses, then the other measured ones), links, and what an engine step adds.
[[nodiscard]] std::vector<ConstantRow> constantRows(const Scenario& scenario, const Report& report, const Calibration& calibration);

[[nodiscard]] std::string_view nameOf(KernelClass kernel);  ///< "Matrix products", "MLA decode", ...
[[nodiscard]] std::string_view nameOf(KernelFormat format); ///< "16-bit", "fp8, 128 × 128 scales", ...
[[nodiscard]] Provenance provenanceOf(ConstantOrigin origin);
/// The kernel of an operator of a report.
[[nodiscard]] std::optional<KernelUse> kernelOf(const Scenario& scenario, const OperatorCost& op, bool decode);
/// "fitted to 107 points, median error 4.2 %: h100_sxm.csv".
[[nodiscard]] std::string evidenceText(const ConstantEvidence& evidence);
/// What a calibration says of a kernel, with the points of its engine: kernels that serving points have moved are fitted.
[[nodiscard]] ConstantEvidence evidenceOf(const Calibration& calibration, KernelUse kernel);

} // namespace shardlens
