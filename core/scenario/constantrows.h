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
/// "vLLM, 107 serving points"; of an engine without any what is taken instead.
[[nodiscard]] std::string servedText(const Calibration& calibration);
[[nodiscard]] Provenance servedOrigin(const Calibration& calibration);
/// What the accelerator's kernels reach alone, in tables of calls one after the other; the constants in use are those of served steps.
[[nodiscard]] KernelConstants kernelsAlone(const Calibration& calibration, KernelUse kernel);
/// Whether a share in served steps is so far from the kernels' own that it needs a word.
[[nodiscard]] inline bool isFarFrom(double served, double alone)
{
    constexpr double kFar = 1.25;
    return served * kFar < alone || alone * kFar < served;
}
/// "; the kernels alone 38 % of peak" where that is far from what served steps reach, else empty.
[[nodiscard]] std::string aloneText(const Calibration& calibration, KernelUse kernel);
/// What a calibration says of a kernel: one that serving points have moved, here or on all accelerators of its engine, is fitted.
[[nodiscard]] ConstantEvidence evidenceOf(const Calibration& calibration, KernelUse kernel);

} // namespace shardlens
