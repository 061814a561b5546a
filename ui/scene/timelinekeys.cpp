// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/timelinekeys.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens {
namespace {

struct TimelineKeys {
    Q_DECLARE_TR_FUNCTIONS(TimelineKeys)
};

struct KeyLine {
    const char* keys;
    const char* does;
};

constexpr std::array kLines{
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "wheel, W S, + \342\210\222"), QT_TRANSLATE_NOOP("TimelineKeys", "zoom, at the pointer")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "drag, Shift+wheel, A D"), QT_TRANSLATE_NOOP("TimelineKeys", "move")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "Shift+drag"), QT_TRANSLATE_NOOP("TimelineKeys", "mark a range; its edges move")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "Ctrl+click"), QT_TRANSLATE_NOOP("TimelineKeys", "add a piece to a sum")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "R"), QT_TRANSLATE_NOOP("TimelineKeys", "the pinned piece as a range")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "F, 0"), QT_TRANSLATE_NOOP("TimelineKeys", "fit the choice, everything")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "[ ]"), QT_TRANSLATE_NOOP("TimelineKeys", "zoom before, after")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", ". ,"), QT_TRANSLATE_NOOP("TimelineKeys", "next, previous piece")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "arrows"), QT_TRANSLATE_NOOP("TimelineKeys", "from the pinned piece to its neighbours")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "Space, > <"), QT_TRANSLATE_NOOP("TimelineKeys", "play; one event on, back")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "double click"), QT_TRANSLATE_NOOP("TimelineKeys", "fit a piece; a stage on top, or not")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "P, M"), QT_TRANSLATE_NOOP("TimelineKeys", "keep the row on top; mark a time")},
    KeyLine{QT_TRANSLATE_NOOP("TimelineKeys", "wheel on stages"), QT_TRANSLATE_NOOP("TimelineKeys", "scroll rows; with Ctrl how many")},
};

} // namespace

void drawTimelineKeys(Scene& scene, const Theme& theme)
{
    const double line = lineHeight(TextRole::Note) + 2;
    double keys = 0;
    double does = 0;
    for (const KeyLine& each : kLines) {
        keys = std::max(keys, textWidth(TimelineKeys::tr(each.keys), TextRole::NoteStrong));
        does = std::max(does, textWidth(TimelineKeys::tr(each.does), TextRole::Note));
    }
    const double column = keys + 10 + does;
    // As few columns as the height asks for and the width allows.
    const double inset = 10;
    const auto most = static_cast<std::size_t>(std::max(1.0, std::floor((scene.size.height() - 2 * inset - 8) / line)));
    const auto wide = static_cast<std::size_t>(std::max(1.0, std::floor((scene.size.width() - 2 * inset) / (column + 20))));
    const std::size_t columns = std::clamp<std::size_t>((kLines.size() + most - 1) / most, 1, wide);
    const std::size_t rows = std::min((kLines.size() + columns - 1) / columns, most);
    const double width = std::min(static_cast<double>(columns) * (column + 20) - 20 + 2 * inset, scene.size.width() - 8);
    const double height = static_cast<double>(rows) * line + 2 * inset;
    const QRectF plate((scene.size.width() - width) / 2, std::max((scene.size.height() - height) / 2, 0.0), width,
                       std::min(height, scene.size.height()));
    // Nothing below shows through or can be pointed at.
    std::erase_if(scene.items, [&](const SceneItem& item) {
        return item.kind == SceneItem::Kind::Text && plate.adjusted(-2, -2, 2, 2).intersects(scene.textBounds(item));
    });
    std::erase_if(scene.hits, [&](const HitRegion& hit) { return plate.intersects(hit.rect); });
    scene.roundedRect(plate, 3, theme.color(Ink::Tooltip));
    for (std::size_t i = 0; i < kLines.size() && i / rows < columns; ++i) {
        const std::size_t across = i / rows;
        const double left = plate.left() + inset + static_cast<double>(across) * (column + 20);
        const double top = plate.top() + inset + static_cast<double>(i % rows) * line;
        const double room = plate.right() - inset - left;
        scene.text({left, top, std::min(keys, room), line}, TimelineKeys::tr(kLines[i].keys), TextRole::NoteStrong,
                   theme.color(Ink::TooltipText), Qt::AlignLeft | Qt::AlignVCenter, true);
        if (room > keys + 20)
            scene.text({left + keys + 10, top, std::min(does, room - keys - 10), line}, TimelineKeys::tr(kLines[i].does), TextRole::Note,
                       theme.color(Ink::TooltipDim), Qt::AlignLeft | Qt::AlignVCenter, true);
    }
}

} // namespace shardlens
