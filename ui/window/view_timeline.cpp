// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/timelinescene.h"
#include "ui/window/timelinehands.h"
#include "ui/window/viewparts.h"

#include <QToolButton>

namespace shardlens {

View makeTimelineView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Pipeline timeline"), parent);
    auto* scene = new SceneView(document, {}, viewOptions(false, "Pipeline timeline", describeTimeline, timelineTooltip), parent);
    auto* hands = new TimelineHands(document, *scene);
    QToolButton* play = title->addChoice(viewText("Play"), viewText("Play the timeline"));
    play->setToolTip(viewText("Space plays and pauses"));
    QObject::connect(play, &QToolButton::clicked, hands, [hands] { hands->player().toggle(); });
    QObject::connect(&hands->player(), &Player::stateChanged, play,
                     [play, hands] { play->setText(hands->player().isPlaying() ? viewText("Pause") : viewText("Play")); });
    QToolButton* step = title->addChoice(viewText("Step"), viewText("Go on to the next event"));
    step->setToolTip(viewText("To the next begin or end of a piece: > and <"));
    QObject::connect(step, &QToolButton::clicked, hands, [hands] { hands->stepEvent(true); });
    QToolButton* range = title->addChoice(viewText("Select range"), viewText("Dragging marks a range"));
    range->setToolTip(viewText("Dragging marks a range and sums it up; so does Shift+drag"));
    range->setCheckable(true);
    QObject::connect(range, &QToolButton::toggled, hands, &TimelineHands::setSelecting);
    QObject::connect(hands, &TimelineHands::selectingChanged, range, &QToolButton::setChecked);
    QToolButton* fit = title->addChoice(viewText("Fit"), viewText("Show the whole timeline"));
    fit->setToolTip(viewText("Wheel zooms, dragging moves"));
    QObject::connect(fit, &QToolButton::clicked, hands, &TimelineHands::fit);
    QToolButton* keys = title->addChoice(viewText("?"), viewText("Keys of the timeline"));
    keys->setToolTip(viewText("Keys"));
    QObject::connect(keys, &QToolButton::clicked, hands, &TimelineHands::toggleKeys);
    View view = sceneOnly(title, scene, [title, &document] {
        showFitCondition(*title, document.report());
        title->setSubtitle(timelineSubtitle(document.scenario(), document.report()));
    });
    return view;
}

} // namespace shardlens
