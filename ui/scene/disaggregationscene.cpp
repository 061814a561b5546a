// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/disaggregationscene.h"

#include "core/base/format.h"
#include "core/scenario/poolsplit.h"
#include "core/scenario/serve.h"
#include "ui/scene/disaggregationparts.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/servicetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

struct PoolsText {
    Q_DECLARE_TR_FUNCTIONS(PoolsText)
};

constexpr double kLeastTile = 3; // px of a device drawn by itself; below, its worker is one tile
constexpr std::int64_t kMostTiles = 4096;
constexpr double kGauge = 8;
constexpr double kLimits = 0.95; ///< busy: a closed loop settles at 98 % of its slower pool

Subject poolSubject(int pool)
{
    return {.kind = Subject::Kind::Pool, .pool = pool};
}

QString number(double value)
{
    return qs(formatNumber(value));
}

const PoolSettings& settingsOf(const Scenario& scenario, int pool)
{
    return pool == 0 ? scenario.serving.pools->prefill : scenario.serving.pools->decode;
}

/// "TP 4 × PP 2, EP 8".
QString planText(const Plan& plan)
{
    QStringList axes;
    for (const PlanAxis axis : {PlanAxis::Tensor, PlanAxis::Pipeline, PlanAxis::Data, PlanAxis::Sequence, PlanAxis::AttentionData})
        if (plan[axis] > 1)
            axes << qs(shortNameOf(axis)) % QLatin1Char(' ') % QString::number(plan[axis]);
    QString text = axes.isEmpty() ? PoolsText::tr("one device") : axes.join(QStringLiteral(" × "));
    if (plan.expert() > 1)
        text += QStringLiteral(", EP ") % QString::number(plan.expert());
    return text;
}

struct PoolFigures {
    std::int64_t workers = 0;
    std::int64_t devicesEach = 1;
    double rateEach = 0;
    double utilisation = 0;
    [[nodiscard]] std::int64_t devices() const { return workers * devicesEach; }
};

std::array<PoolFigures, 2> figuresOf(const Scenario& scenario, const std::optional<DisaggregatedFigures>& f)
{
    std::array<PoolFigures, 2> pools;
    for (int i = 0; i < 2; ++i)
        pools[static_cast<std::size_t>(i)].devicesEach = settingsOf(scenario, i).plan.devices();
    if (f) {
        pools[0].workers = f->prefillWorkers;
        pools[0].rateEach = f->prefillRate;
        pools[0].utilisation = f->prefillUtilisation;
        pools[1].workers = f->decodeWorkers;
        pools[1].rateEach = f->decodeRate;
        pools[1].utilisation = f->decodeUtilisation;
    }
    return pools;
}

/// Requests/s through both pools.
double servedRate(const std::array<PoolFigures, 2>& pools)
{
    return pools[0].utilisation * pools[0].rateEach * static_cast<double>(pools[0].workers);
}

/// Requests/s that the whole pool could serve: what it serves over the share of it that this is. Infinite: nothing is asked of it.
double fullRate(const std::array<PoolFigures, 2>& pools, int pool)
{
    return pool == 0 ? pools[0].rateEach * static_cast<double>(pools[0].workers) : servedRate(pools) / pools[1].utilisation;
}

/// "35 % busy: 4 of at most 11.4 requests/s", longest first.
QStringList busyWords(const std::array<PoolFigures, 2>& pools, int pool)
{
    const QString busy = qs(formatPercent(pools[static_cast<std::size_t>(pool)].utilisation));
    const double full = fullRate(pools, pool);
    if (!std::isfinite(full))
        return {PoolsText::tr("%1 busy: requests of one token end with their prefill").arg(busy), PoolsText::tr("%1 busy").arg(busy)};
    const QString served = number(servedRate(pools));
    return {PoolsText::tr("%1 busy: %2 of at most %3 requests/s").arg(busy, served, number(full)),
            PoolsText::tr("%1 busy: %2 of %3 requests/s").arg(busy, served, number(full)),
            PoolsText::tr("%1 busy, %2 of %3/s").arg(busy, served, number(full)), PoolsText::tr("%1 busy").arg(busy)};
}

/// The pools as they are, or as they would be.
class PoolsPicture {
public:
    PoolsPicture(const ViewInput& input, const DisaggregationOptions& options, const Scenario& scenario, const Report& report, Scene& scene)
        : m_input(input),
          m_theme(input.theme),
          m_options(options),
          m_scenario(scenario),
          m_report(report),
          m_scene(scene),
          m_line(lineHeight(TextRole::Note)),
          m_area(QRectF(QPointF(0, 0), input.size).adjusted(space::kInset, space::kTight, -space::kInset, -space::kTight)),
          m_pools(figuresOf(scenario, report.serving.pools))
    {}

    void draw()
    {
        if (m_area.width() < 80 || m_area.height() < 2 * m_line)
            return;
        if (imagined())
            drawAggregated();
        drawState();
        drawBottleneck();
        drawFigures();
        drawPools();
    }

private:
    [[nodiscard]] QColor ink(Ink ink) const { return m_theme.color(ink); }
    [[nodiscard]] bool served() const
    {
        return m_report.serving.service.status == ServiceStatus::Served || m_report.serving.service.status == ServiceStatus::Saturated;
    }
    [[nodiscard]] bool imagined() const { return &m_scenario != &m_input.scenario; }
    [[nodiscard]] QColor colorOf(int pool) const { return poolColour(m_theme, pool); }
    [[nodiscard]] int binding() const { return m_pools[0].utilisation >= m_pools[1].utilisation ? 0 : 1; }
    /// Whether the busier pool is about full; else the clients, or what arrives, are what limits.
    [[nodiscard]] bool limits() const { return m_pools[static_cast<std::size_t>(binding())].utilisation >= kLimits; }

    double words(const QString& text, TextRole role, Ink color, int most)
    {
        const double used = drawWrapped(m_scene, m_area, text, role, ink(color), most);
        m_area.setTop(m_area.top() + used + 2);
        return used;
    }

    void drawAggregated()
    {
        const double devices = m_input.report.serving.devices;
        words(
            PoolsText::tr("Aggregated: prefill and decode share %1")
                .arg(devices == 1 ? PoolsText::tr("one device") : PoolsText::tr("%1 devices").arg(qs(formatCount(std::llround(devices))))),
            TextRole::BodyStrong, Ink::Text, 2);
        if (m_area.height() < 9 * m_line)
            return;
        if (m_input.scenario.serving.pools)
            words(PoolsText::tr("The pools are idle: a static batch is served by the plan. With %1 in flight it would be:")
                      .arg(qs(formatCount(m_scenario.serving.load.concurrency))),
                  TextRole::Note, Ink::Text2, 2);
        else
            words(PoolsText::tr("“Split into pools” above (--prefill-plan and --decode-plan) gives prefill and decode devices of their "
                                "own. With the same plan in each and as many workers as %1 in flight need, it would be:")
                      .arg(qs(formatCount(m_scenario.serving.load.concurrency))),
                  TextRole::Note, Ink::Text2, 2);
    }

    /// What keeps the pools from serving, in words.
    void drawState()
    {
        const ServiceStatus status = m_report.serving.service.status;
        QString sentence;
        if (status == ServiceStatus::IllegalPools) {
            const std::vector<std::string> problems = poolProblems(m_scenario);
            sentence = problems.empty() ? PoolsText::tr("A pool's plan is not legal.") : qs(problems.front());
        } else if (status == ServiceStatus::DoesNotFit && m_report.serving.pools) {
            const DisaggregatedFigures& f = *m_report.serving.pools;
            const QString pool = f.lacking == DisaggregatedFigures::Lacking::Prefill ? PoolsText::tr("prefill") : PoolsText::tr("decode");
            sentence =
                f.weightsDoNotFit
                    ? PoolsText::tr("The %1 pool does not fit: weights and activations of a worker exceed its memory.").arg(pool)
                    : PoolsText::tr("The %1 pool does not fit: beside the weights a worker has no room for the cache of one request.")
                          .arg(pool);
            if (const Bytes lacks = poolShortage(m_scenario, f.lacking == DisaggregatedFigures::Lacking::Prefill ? 0 : 1); lacks > 0)
                sentence += PoolsText::tr(" For one request each device lacks %1.").arg(qs(formatBytes(static_cast<double>(lacks))));
        } else if (status == ServiceStatus::Saturated) {
            sentence =
                PoolsText::tr("More arrives than the pools can serve: %1 requests/s arrive, %2 can be served; waits grow without end.")
                    .arg(number(m_scenario.serving.load.rate), number(m_report.serving.service.saturationRate));
        }
        if (sentence.isEmpty())
            return;
        drawSign(m_scene, m_theme, {m_area.left() + 8, m_area.top() + m_line / 2 + 1},
                 status == ServiceStatus::Saturated ? Sign::Warning : Sign::Bad);
        m_area.setLeft(m_area.left() + 22);
        words(sentence, TextRole::Body, Ink::Text, 3);
        m_area.setLeft(m_area.left() - 22);
    }

    /// Which pool is full first, and when.
    void drawBottleneck()
    {
        if (!m_report.serving.pools || m_report.serving.service.status != ServiceStatus::Served
            || !std::isfinite(fullRate(m_pools, binding())) || m_area.height() < (imagined() ? 16 : 11) * m_line)
            return;
        const PoolFigures& f = m_pools[static_cast<std::size_t>(binding())];
        const QString name = binding() == 0 ? PoolsText::tr("Prefill") : PoolsText::tr("Decode");
        const QString busy = qs(formatPercent(f.utilisation));
        const QString now = number(servedRate(m_pools));
        const QString full = number(fullRate(m_pools, binding()));
        words(limits() ? PoolsText::tr("%1 limits: %2 busy at %3 requests/s, full at %4.").arg(name, busy, now, full)
                       : PoolsText::tr("%1 would fill first, at %4 requests/s: %2 busy at %3.").arg(name, busy, now, full),
              TextRole::Body, Ink::Text, 1);
    }

    /// What the pools are against one, in one line, where the table has no room.
    void drawComparisonLine()
    {
        const QStringList words = poolComparisonWords(m_scenario, m_report, m_options);
        const auto fitting = std::find_if(words.begin(), words.end(),
                                          [&](const QString& text) { return textWidth(text, TextRole::Note) <= m_area.width(); });
        if (fitting == words.end() || m_area.height() < 5 * m_line)
            return;
        m_scene.text({m_area.left(), m_area.bottom() - m_line, m_area.width(), m_line}, *fitting, TextRole::Note, ink(Ink::Text),
                     Qt::AlignLeft | Qt::AlignVCenter);
        m_area.setBottom(m_area.bottom() - m_line - space::kTight);
    }

    /// The way of a request and the table, side by side where both fit, else the table, else its sum in one line.
    void drawFigures()
    {
        if (!m_report.serving.pools || !served())
            return;
        const Report* joined = m_options.joined && m_options.joined->legal ? m_options.joined : nullptr;
        const double table = comparisonHeight(joined != nullptr);
        const double bar = std::clamp(m_area.height() / 28, 14.0, 26.0);
        const double path = requestPath(m_report) ? requestPathHeight(bar) : 0;
        const double pools = 8 * m_line; // the least that the pools keep
        const bool beside = path > 0 && m_area.width() >= 44 * m_line && m_area.height() >= std::max(table, path) + pools;
        const bool above = !beside && path > 0 && m_area.height() >= table + path + pools + 6 * m_line;
        if (!beside && !above && m_area.height() < table + pools) {
            drawComparisonLine();
            return;
        }
        const double tall = beside ? std::max(table, path) : above ? table + path + space::kSmall : table;
        QRectF area(m_area.left(), m_area.bottom() - tall, m_area.width(), tall);
        m_area.setBottom(area.top() - space::kSmall);
        if (beside) {
            const double wide = std::min(30 * m_line, area.width() * 0.48);
            drawPoolComparison(m_scene, m_theme, {area.left(), area.bottom() - table, wide, table}, m_scenario, m_report, m_options);
            drawRequestPath(m_scene, m_theme,
                            {area.left() + wide + space::kLarge, area.bottom() - path, area.width() - wide - space::kLarge, path}, bar,
                            m_scenario, m_report, joined);
            return;
        }
        if (above)
            drawRequestPath(m_scene, m_theme, {area.left(), area.top(), area.width(), path}, bar, m_scenario, m_report, joined);
        drawPoolComparison(m_scene, m_theme, {area.left(), area.bottom() - table, area.width(), table}, m_scenario, m_report, m_options);
    }

    [[nodiscard]] QString countText(int pool) const
    {
        const PoolFigures& f = m_pools[static_cast<std::size_t>(pool)];
        const QString chip = qs(clusterOf(m_scenario, settingsOf(m_scenario, pool)).accelerator.name);
        if (f.workers == 0)
            return PoolsText::tr("a worker of %1 × %2").arg(qs(formatCount(f.devicesEach)), chip);
        return PoolsText::tr("%1 × %2 = %3 %4")
            .arg(qs(formatCount(f.workers)), qs(formatCount(f.devicesEach)), qs(formatCount(f.devices())), chip);
    }

    /// The words at the left of the devices, which have all of the height.
    [[nodiscard]] PoolPlaces placesBeside(double words, double between, const std::array<std::int64_t, 2>& workers,
                                          const std::array<std::int64_t, 2>& devices) const
    {
        PoolPlaces out;
        const double wide = (m_area.width() - between) / 2;
        out.areas = {QRectF(m_area.left(), m_area.top(), wide, m_area.height()),
                     QRectF(m_area.right() - wide, m_area.top(), wide, m_area.height())};
        out.tiles = poolTiles({out.areas[0].adjusted(words, 1, 0, -1), out.areas[1].adjusted(words, 1, 0, -1)}, workers, devices);
        const double from = out.areas[0].left() + words + out.tiles[0].size().width();
        out.arrow = QRectF(from, m_area.top(), out.areas[1].left() - from, m_area.height());
        return out;
    }

    void drawPools()
    {
        const double head = 4 * m_line + kGauge + 8;
        const bool stacked = m_area.width() < 360;
        const std::array<std::int64_t, 2> workers{std::max<std::int64_t>(1, m_pools[0].workers),
                                                  std::max<std::int64_t>(1, m_pools[1].workers)};
        const std::array<std::int64_t, 2> devices{m_pools[0].devicesEach, m_pools[1].devicesEach};
        const double height = stacked ? (m_area.height() - 2 * m_line - 6) / 2 : m_area.height();
        const bool full = height >= head + 12;
        const double above = full ? head : std::min(height, 2 * m_line + 2);
        const double wordy = std::max(textWidth(countText(0), TextRole::Note), textWidth(countText(1), TextRole::Note)) + space::kSmall;
        const double between = std::clamp(m_area.width() * 0.2, 90.0, 16 * m_line);
        PoolPlaces places;
        if (stacked) {
            places.areas = {QRectF(m_area.left(), m_area.top(), m_area.width(), height),
                            QRectF(m_area.left(), m_area.bottom() - height, m_area.width(), height)};
            // Under the words where there is height for that, else beside them.
            const bool beside = !full && m_area.width() - wordy > 60;
            const auto part = [&](const QRectF& area) { return beside ? area.adjusted(wordy, 1, 0, -1) : area.adjusted(0, above, 0, 0); };
            places.tiles = poolTiles({part(places.areas[0]), part(places.areas[1])}, workers, devices);
            places.arrow = QRectF(m_area.left(), places.areas[0].bottom() + 3, m_area.width(), 2 * m_line);
        } else {
            places = poolPlaces(m_area.adjusted(0, above, 0, 0), between, std::min(std::max(14 * m_line, wordy), m_area.width() * 0.36),
                                workers, devices);
            for (std::size_t i = 0; i < 2; ++i) // the words right above the devices
                places.areas[i].setTop(places.tiles[i].area.top() - above);
        }
        // In a wide, low picture the words stand beside the devices where that makes them larger.
        bool low = !stacked && full && m_area.width() >= between + 2 * (wordy + 5 * m_line);
        if (low) {
            const PoolPlaces beside = placesBeside(wordy, between, workers, devices);
            low = beside.tiles[0].tile > 1.2 * places.tiles[0].tile;
            if (low)
                places = beside;
        }
        for (int pool = 0; pool < 2; ++pool) {
            const auto i = static_cast<std::size_t>(pool);
            QRectF words = places.areas[i];
            if (low)
                words.setWidth(wordy - space::kSmall);
            drawHead(pool, words, full);
            drawTiles(pool, places.tiles[i]);
            m_scene.hit(places.areas[i], poolSubject(pool));
        }
        if (!m_report.serving.pools || !served())
            return;
        double y = places.arrow.top() + m_line;
        if (!stacked) {
            // Across from the devices, where both pools have some.
            const double common = std::min(places.tiles[0].size().height(), places.tiles[1].size().height());
            y = std::clamp(places.tiles[0].area.top() + common / 2, m_area.top() + 2 * m_line + 5, m_area.bottom() - 2 * m_line - 5);
            if (m_area.height() < 4 * m_line + 10)
                y = m_area.center().y();
            places.arrow.setTop(m_area.top());
        }
        drawTransfer(places.arrow, y, stacked);
    }

    void drawHead(int pool, const QRectF& area, bool full)
    {
        const PoolFigures& f = m_pools[static_cast<std::size_t>(pool)];
        double y = area.top();
        const auto row = [&](const QString& text, TextRole role, Ink color) {
            if (y + m_line > area.bottom() + 0.5)
                return;
            m_scene.text({area.left(), y, area.width(), m_line}, text, role, ink(color), Qt::AlignLeft | Qt::AlignVCenter, true);
            y += m_line;
        };
        const bool binds = f.workers > 0 && served() && pool == binding();
        const QString role = limits() ? PoolsText::tr(", limits") : PoolsText::tr(", fills first");
        const QString name = pool == 0 ? PoolsText::tr("Prefill pool") : PoolsText::tr("Decode pool");
        row(binds ? QString(name % role) : name, TextRole::BodyStrong, Ink::Text);
        row(countText(pool), TextRole::Note, Ink::Text2);
        if (!full)
            return;
        row(planText(settingsOf(m_scenario, pool).plan)
                % (pool == 1 && m_report.serving.pools && served()
                       ? PoolsText::tr(", batch %1").arg(number(m_report.serving.service.meanBatch))
                       : QString()),
            TextRole::Note, Ink::Text2);
        if (f.workers == 0 || !served())
            return;
        const QStringList words = busyWords(m_pools, pool);
        const auto fitting = std::find_if(words.begin(), words.end() - 1,
                                          [&](const QString& text) { return textWidth(text, TextRole::Note) <= area.width(); });
        row(*fitting, TextRole::Note, Ink::Text2);
        const QRectF bed(area.left(), y + 2, area.width(), kGauge);
        m_scene.fill(bed, ink(Ink::Sunken), ink(Ink::Strong));
        m_scene.fill({bed.left(), bed.top(), bed.width() * std::clamp(f.utilisation, 0.0, 1.0), bed.height()},
                     ink(pool == binding() ? Ink::Text : Ink::Strong));
    }

    void drawTiles(int pool, const PoolTiles& tiles)
    {
        const QColor color = imagined() ? m_theme.faded(colorOf(pool), 0.55) : colorOf(pool);
        const QColor edge = m_theme.edgeOf(colorOf(pool));
        const bool lacking = m_report.serving.pools
                             && m_report.serving.pools->lacking
                                    == (pool == 0 ? DisaggregatedFigures::Lacking::Prefill : DisaggregatedFigures::Lacking::Decode);
        if (tiles.tile <= 0)
            return;
        if (tiles.workers > kMostTiles || tiles.worker(0).width() < 2) { // one block of the right area
            QRectF all = tiles.worker(0);
            all.setRight(tiles.worker(tiles.workerColumns - 1).right());
            all.setBottom(tiles.worker(tiles.workers - 1).bottom());
            m_scene.fill(all, color, edge);
            return;
        }
        const bool devices = tiles.tile >= kLeastTile && tiles.workers * tiles.devices <= kMostTiles;
        const bool ranks = devices && m_report.serving.service.status != ServiceStatus::IllegalPools;
        const Placement placement(ranks ? settingsOf(m_scenario, pool).plan.meshSizes() : MeshSizes{});
        for (std::int64_t worker = 0; worker < tiles.workers; ++worker) {
            if (!devices)
                m_scene.fill(tiles.worker(worker), color, edge);
            for (std::int64_t device = 0; devices && device < tiles.devices; ++device) {
                const QRectF tile = tiles.device(worker, device);
                m_scene.fill(tile, color, edge);
                if (ranks && !lacking)
                    drawRank(placement, static_cast<int>(device), tile, color);
            }
            if (lacking)
                m_scene.hatch(tiles.worker(worker), Hatch::OverCapacity);
        }
    }

    /// Where in its worker's plan a device stands, in as many lines as fit whole.
    void drawRank(const Placement& placement, int device, const QRectF& tile, const QColor& ground)
    {
        if (tile.height() < 2 * m_line)
            return;
        QStringList names;
        for (const MeshAxis axis : kDefaultOrder)
            if (placement.size(axis) > 1)
                names << qs(nameOf(axis)) % QLatin1Char(' ') % QString::number(placement.coordinate(device, axis));
        const double tall = static_cast<double>(names.size()) * m_line;
        double y = tile.center().y() - tall / 2;
        const bool fits = tall <= tile.height() - 4 && std::all_of(names.begin(), names.end(), [&](const QString& name) {
                              return textWidth(name, TextRole::Note) <= tile.width() - 8;
                          });
        for (const QString& name : names) {
            if (!fits)
                break;
            m_scene.text({tile.left(), y, tile.width(), m_line}, name, TextRole::Note, Theme::textOn(ground), Qt::AlignCenter);
            y += m_line;
        }
    }

    void drawTransfer(const QRectF& area, double y, bool stacked)
    {
        const DisaggregatedFigures& f = *m_report.serving.pools;
        const KvTransfer link = poolTransfer(m_scenario);
        const double ttft = m_report.serving.ttft;
        const QString bytes = qs(formatBytes(f.transferBytes));
        const QString time = qs(formatSeconds(f.transferTime));
        const QString share =
            std::isfinite(ttft) && ttft > 0 ? PoolsText::tr("%1 of TTFT").arg(qs(formatPercent(f.transferTime / ttft))) : QString();
        if (stacked) {
            m_scene.text({area.left() + 18, area.top(), area.width() - 18, m_line},
                         firstFitting({PoolsText::tr("KV %1 in %2, %3").arg(bytes, time, share),
                                       PoolsText::tr("KV %1 in %2").arg(bytes, time), time},
                                      TextRole::Note, area.width() - 18),
                         TextRole::Note, ink(Ink::Text2));
            m_scene.arrow({area.left() + 8, area.top()}, {area.left() + 8, area.bottom()}, ink(Ink::Send), 2.5, true);
            m_scene.hit(area, poolSubject(2));
            return;
        }
        const QRectF box = area.adjusted(12, 0, -12, 0);
        m_scene.arrow({box.left(), y}, {box.right(), y}, ink(Ink::Send), 2.5, true, 8);
        const auto line = [&](double top, const QString& text, TextRole role, Ink color) {
            if (top >= area.top() && top + m_line <= area.bottom() + 0.5)
                m_scene.text({box.left(), top, box.width(), m_line}, text, role, ink(color), Qt::AlignHCenter | Qt::AlignVCenter, true);
        };
        line(y - 2 * m_line - 5, PoolsText::tr("KV cache"), TextRole::NoteStrong, Ink::Text);
        line(y - m_line - 5, firstFitting({PoolsText::tr("%1 per request").arg(bytes), bytes}, TextRole::Note, box.width()), TextRole::Note,
             Ink::Text2);
        line(y + 5,
             firstFitting({PoolsText::tr("%1 at %2").arg(time, qs(formatBandwidth(link.bandwidth()))), time}, TextRole::Note, box.width()),
             TextRole::Note, Ink::Text2);
        line(y + 5 + m_line, share, TextRole::Note, Ink::Text2);
        m_scene.hit({area.left(), std::max(area.top(), y - 2 * m_line - 5), area.width(),
                     std::min(area.bottom(), y + 5 + 2 * m_line) - std::max(area.top(), y - 2 * m_line - 5)},
                    poolSubject(2));
    }

    const ViewInput& m_input;
    const Theme& m_theme;
    const DisaggregationOptions& m_options;
    const Scenario& m_scenario;
    const Report& m_report;
    Scene& m_scene;
    double m_line;
    QRectF m_area;
    std::array<PoolFigures, 2> m_pools;
};

} // namespace

void buildDisaggregation(const ViewInput& input, const DisaggregationOptions& options, Scene& scene)
{
    if (!input.report.legal) {
        drawNotLegal(scene, input);
        return;
    }
    if (input.scenario.serving.pools && input.scenario.serving.load.kind != LoadKind::StaticBatch)
        PoolsPicture(input, options, input.scenario, input.report, scene).draw();
    else if (options.split && options.splitReport)
        PoolsPicture(input, options, *options.split, *options.splitReport, scene).draw();
}

QString disaggregationSubtitle(const Scenario& scenario, const Report& report)
{
    if (!scenario.serving.pools)
        return PoolsText::tr("aggregated");
    if (!report.serving.pools || report.serving.pools->prefillWorkers == 0)
        return PoolsText::tr("pools, no figures");
    return PoolsText::tr("%1 prefill : %2 decode").arg(report.serving.pools->prefillWorkers).arg(report.serving.pools->decodeWorkers);
}

QString describeDisaggregation(const Scenario& scenario, const Report& report)
{
    if (!scenario.serving.pools || !report.serving.pools)
        return PoolsText::tr("Prefill and decode share the same devices.");
    const DisaggregatedFigures& f = *report.serving.pools;
    return PoolsText::tr("%1 prefill workers on %2 devices are %3 busy, %4 decode workers on %5 devices are %6 busy; the cache of a "
                         "request takes %7 between.")
        .arg(f.prefillWorkers)
        .arg(f.prefillDevices)
        .arg(qs(formatPercent(f.prefillUtilisation)))
        .arg(f.decodeWorkers)
        .arg(f.decodeDevices)
        .arg(qs(formatPercent(f.decodeUtilisation)), qs(formatSeconds(f.transferTime)));
}

QString disaggregationTooltip(const Scenario& scenario, const Report& report, const Subject& subject)
{
    if (subject.kind != Subject::Kind::Pool || !scenario.serving.pools || !report.serving.pools)
        return {};
    const DisaggregatedFigures& f = *report.serving.pools;
    if (subject.pool == 2)
        return PoolsText::tr("KV cache of a mean prompt\n%1 in %2")
            .arg(qs(formatBytes(f.transferBytes)), qs(formatSeconds(f.transferTime)));
    const std::array<PoolFigures, 2> pools = figuresOf(scenario, f);
    const PoolFigures& pool = pools[static_cast<std::size_t>(std::clamp(subject.pool, 0, 1))];
    return PoolsText::tr("%1\n%2 workers of %3 devices, %4\n%5")
        .arg(subject.pool == 0 ? PoolsText::tr("Prefill pool") : PoolsText::tr("Decode pool"))
        .arg(pool.workers)
        .arg(pool.devicesEach)
        .arg(planText(settingsOf(scenario, subject.pool).plan), busyWords(pools, std::clamp(subject.pool, 0, 1)).constFirst());
}

} // namespace shardlens
