// SPDX-License-Identifier: Apache-2.0
// Where the tensors of the shard plate stand and how large they are: geometry only, inverted by hit testing.
//
// Every side of every matrix is scale x size^exponent with one scale and one exponent for the whole picture: linear (exponent 1) where
// that leaves the smallest side readable and the picture filled, else an exponent that does, said under the picture. Bytes have bars to a
// linear scale.
#pragma once

#include "core/cost/tensorplate.h"
#include "ui/scene/scene.h"

#include <vector>

namespace shardlens {

/// How much is written round a matrix; less where there is little room, but always its notation and who holds it.
enum class PlateText : std::uint8_t {
    Full,
    Brief,  ///< no name, dimensions and section
    Owners, ///< nor bytes, which the bar shows
};

struct PlateCell {
    int tensor = 0;
    QRectF box;
    QString section;           ///< printed above it when it begins one
    std::vector<QRectF> parts; ///< the first copy of each part; in all one matrix
    double layersBytes = 0;    ///< on a device, all layers of the stage
};

struct PlateLayout {
    std::vector<PlateCell> cells;
    PlateText text = PlateText::Full;
    double exponent = 1;
    double scale = 0;
    double mostBytes = 0; ///< longest bar
    QRectF foot;          ///< the notes under the tensors
    bool totals = false;  ///< there is room for the bytes of all layers under every matrix
    int hidden = 0;       ///< tensors that found no room
};

/// Height of the lines over and under a matrix.
struct PlateLines {
    double section = 0;
    double name = 0;
    double notation = 0;
    double columns = 0; ///< dimensions over the matrix
    double owners = 0;
    double bytes = 0;
    double bar = 0;
    double rows = 0; ///< width of the dimensions left of it
    [[nodiscard]] double above() const { return section + name + notation + columns; }
    [[nodiscard]] double below() const { return owners + bytes + bar; }
};
[[nodiscard]] PlateLines plateLines(PlateText text);

/// No side is shorter, so that its tiles can be told apart; said under the picture.
inline constexpr double kPlateLeastSide = 7;
/// Sheets of further copies stand out by this much right of and below the first.
inline constexpr double kPlateSheet = 5;

/// `first`: tensors of the stage before it are left out (scrolled away). `owners`: plateOwners(), the first or
/// where there is less room the second of which the captions are to show.
[[nodiscard]] PlateLayout plateLayout(const TensorPlate& plate, int stage, QSizeF size, int first, const std::vector<QString>& owners);

/// "N 64 × H 128"
[[nodiscard]] QString plateDims(const PlatePart& part, bool rows);
[[nodiscard]] QString plateSection(TensorKind kind);
/// "W_Q[D, N_TP8, H]", without the sizes of axes where little is written.
[[nodiscard]] QString plateNotation(const PlateTensor& tensor, PlateText text);
[[nodiscard]] TextRole plateNotationRole(PlateText text);
/// "128 MiB × 80", the bytes of a device; `total`: "128 MiB × 80 = 10 GiB".
[[nodiscard]] QString plateBytes(const PlateTensor& tensor, int stage, bool total);

/// The pieces of one side of a part: the places where it is split, in order, as shares 0 to 1 of its length.
class PlateSide {
public:
    PlateSide(const PlateTensor& tensor, const PlatePart& part, bool rows);
    [[nodiscard]] std::int64_t count() const { return m_count; }
    struct Span {
        double begin = 0;
        double end = 0;
    };
    [[nodiscard]] Span span(std::int64_t index) const;
    /// What a piece of this side adds to the number of its tile.
    [[nodiscard]] std::int64_t tileOf(std::int64_t index) const;

private:
    struct Split {
        std::size_t dim = 0;
        std::int64_t size = 1;
        std::int64_t weight = 1; ///< in the tile's number
    };
    const PlateTensor& m_tensor;
    const PlatePart& m_part;
    bool m_rows;
    std::vector<Split> m_splits; ///< outermost first
    std::int64_t m_count = 1;
};

} // namespace shardlens
