// SPDX-License-Identifier: Apache-2.0
// Pictures without a user: the same widgets as in the window, drawn into a PNG. Needs a QApplication, but no display.
#pragma once

#include "core/base/result.h"
#include "core/collective/playedproduct.h"
#include "core/scenario/explain.h"
#include "core/scenario/scenario.h"
#include "ui/theme/theme.h"

#include <QSize>

#include <string>
#include <string_view>

class QImage;

namespace shardlens {

/// Smallest and largest picture, in pixels a side: below nothing can be read, above a PNG takes gigabytes of memory.
inline constexpr int kLeastPicture = 100;
inline constexpr int kMostPicture = 16384;

/// A moment of a product of sharded arrays, which the plate shows in place of the tensors.
struct ProductPicture {
    ProductText text;
    std::size_t way = 0;
    double position = 0; ///< in steps
};

/// What a picture shows beside the scenario itself.
struct PictureDetail {
    const ProductPicture* product = nullptr; ///< on the plate; none: the tensors
    std::string collective;                  ///< of the plan, which the mesh shows as a strip of frames; empty: none
    Subject pinned;                          ///< selected in every view, and what the inspector explains
    std::vector<std::string> shown = {};     ///< choices of the view's title, as viewChoices() names them
    QString filter = {};                     ///< of the rows of operators
    std::string order = {};                  ///< of them, as parseOperatorOrder() reads it
    double textScale = 1;                    ///< 1 to 1.5
};

/// `what`: window, inspector, or a view by its name (nameOf(ViewKind)). `size` in units of the layout; the PNG has `scale` times as many pixels a side.
/// A height of 0 makes the inspector as high as its text.
[[nodiscard]] Result<bool> renderPicture(const Scenario& scenario, std::string_view what, const QString& pngFile, QSize size, double scale,
                                         ThemeId theme, const PictureDetail& detail = {});
/// Atomic; errors are sentences.
[[nodiscard]] Result<bool> savePicture(const QImage& image, const QString& pngFile);

} // namespace shardlens
