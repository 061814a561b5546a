// SPDX-License-Identifier: Apache-2.0
// What a reader's hands do in the timeline: zoom and pan, ranges, stepping from piece to piece, playing, rows on top. The scene draws its
// state; nothing here draws.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/timelinecolumns.h"
#include "ui/scene/timelinescene.h"
#include "ui/views/player.h"

#include <QElapsedTimer>
#include <QObject>

#include <memory>

class QKeyEvent;
class QMouseEvent;
class QWheelEvent;

namespace shardlens {

class SceneView;
class TimelineMarker;

class TimelineHands : public QObject {
    Q_OBJECT
public:
    /// Lives with the view and gives it its scene.
    TimelineHands(Document& document, SceneView& view);
    [[nodiscard]] const TimelineOptions& options() const { return m_options; }
    [[nodiscard]] Player& player() { return m_player; }
    [[nodiscard]] const TimelineMarker& marker() const { return *m_marker; }
    /// Everything: all times, all rows.
    void fit();
    /// The range, else the pinned piece; everything when that is shown already.
    void fitSelection();
    void stepEvent(bool forward);
    void setSelecting(bool selecting); ///< drags mark a range instead of moving
    void toggleKeys();

Q_SIGNALS:
    void selectingChanged(bool selecting);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    /// What a zoom is good for: with another pipeline or duration it would show an arbitrary piece.
    struct Shape {
        int stages = 0;
        double duration = 0;
        friend bool operator==(const Shape&, const Shape&) = default;
    };
    enum class Drag : std::uint8_t { None, Pan, Rows, Range };

    void follow(); ///< fits the phases whose shape has changed
    void selectionChanged();
    void followPointer();
    /// What lies under the pointer: an operator where these are drawn, else a piece.
    [[nodiscard]] QString wordsAt(const TimelineLayout& layout) const;
    void redraw();
    [[nodiscard]] const TimelineOptions& prepared(); ///< with indexes and sums
    [[nodiscard]] TimelineLayout layout();
    [[nodiscard]] const PhaseReport& phaseOf(Phase phase) const;
    [[nodiscard]] TimelineRange pinnedPiece() const; ///< empty when none is pinned
    void show(Phase phase, TimeRange range);
    /// Before a change of what is shown: so that it can be taken back. Turns of a wheel that follow each other are one.
    void remember(bool once);
    void goBack(bool back);
    void setRange(std::optional<TimelineRange> range);
    void choose(QPointF at); ///< the piece there joins the sum, or leaves it
    void setCursor();
    bool wheel(QWheelEvent& event);
    void wheelOnRows(const TimelineLayout& layout, QPointF at, int turn, bool zooms);
    bool key(const QKeyEvent& event);
    bool zoomKey(int key);
    bool rangeKey(int key);
    bool walkKey(const QString& text, int key);
    bool escape();
    void nextPiece(bool forward);
    void neighbourStage(bool below); ///< the pinned piece on the stage before or after
    void pinRow();
    void mark();
    bool press(const QMouseEvent& event);
    bool move(const QMouseEvent& event);
    bool release(const QMouseEvent& event);
    bool doubleClick(const QMouseEvent& event); ///< fits the piece; a stage's row goes to the top
    void dragRows(double dy);
    /// The nearest edge of a piece within a few pixels, else the time itself.
    [[nodiscard]] double snapped(const TimelineLayout& layout, const TimelinePanel& panel, QPointF at) const;
    /// 0 and 1: the edges of the range; -1 when none is within reach.
    [[nodiscard]] int edgeAt(const TimelineLayout& layout, QPointF at) const;
    void scrollTo(int stage);

    Document& m_document;
    SceneView& m_view;
    TimelineMarker* m_marker; ///< a child of the view
    Player m_player;
    TimelineOptions m_options;
    TimelineOptions m_prepared;
    std::array<std::unique_ptr<TimelineIndex>, 2> m_indexes; ///< by Phase; of the present report
    std::optional<TimelineSums> m_sums;                      ///< of the present range or the chosen pieces
    std::array<Shape, 2> m_shapes{};                         ///< by Phase
    std::vector<std::array<TimeRange, 2>> m_before;
    std::vector<std::array<TimeRange, 2>> m_after;
    QElapsedTimer m_lastChange;
    Subject m_pin;
    Subject m_piece; ///< pinned last: where walking goes on after a range was marked
    QPointF m_pointer{-1, -1};
    bool m_selecting = false;
    bool m_forwarding = false;
    Drag m_drag = Drag::None;
    bool m_moved = false;
    QPointF m_pressed;
    Phase m_pressedPhase = Phase::Prefill;
    TimeRange m_pressedRange; ///< visible when the button went down
    int m_pressedStage = 0;   ///< the first row's
    double m_anchor = 0;      ///< of a range that is being drawn: the edge that stays
};

} // namespace shardlens
