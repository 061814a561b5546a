// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/inspectorscene.h"

#include "ui/scene/formula.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/textlayout.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace shardlens {
namespace {

struct InspectorScene {
    Q_DECLARE_TR_FUNCTIONS(InspectorScene)
};

constexpr double kInset = space::kLarge;
constexpr double kPlateInset = space::kInset;

/// Draws downwards and knows where it is.
class Column {
public:
    Column(Scene& scene, const ViewInput& input) : m_scene(scene), m_theme(input.theme), m_width(input.size.width() - 2 * kInset) {}

    void hint(const QString& text)
    {
        m_y += drawWrapped(m_scene, {kInset, m_y, m_width, 0}, text, TextRole::Note, ink(Ink::Text3)) + space::kInset;
    }
    void heading(const Explanation& what, bool pinned);
    void figure(const Explanation& what);
    void formula(const Explanation& what);
    void inputs(const Explanation& what);
    void alternatives(const Explanation& what);
    void notes(const Explanation& what);
    void violations(const ViewInput& input);
    [[nodiscard]] double bottom() const { return m_y; }
    void advance(double height) { m_y += height; }

private:
    [[nodiscard]] QColor ink(Ink which) const { return m_theme.color(which); }
    void section(const QString& title)
    {
        m_y += drawWrapped(m_scene, {kInset, m_y, m_width, 0}, title, TextRole::NoteStrong, ink(Ink::Text2)) + space::kTight;
    }
    double formulaLine(const Explanation& what, const Explanation::Line& line, double left, double top, double symbols, double width);
    void drawTerms(const Explanation& what, const FormulaBox& box, QPointF origin);
    void input(const Explanation::Input& input, double symbols, bool last);
    /// Opens other arithmetic when clicked.
    void reference(const QRectF& text, const Subject& subject)
    {
        m_scene.line({text.left(), text.bottom() - 0.5}, {text.right(), text.bottom() - 0.5}, ink(Ink::Strong), 1, true);
        m_scene.hit(text, subject);
    }
    /// Colour of what a bar shows: a part of memory or a cause of time.
    template <class Shown>
    [[nodiscard]] QColor colorOf(const Shown& shown) const
    {
        return shown.memoryClass >= 0 ? m_theme.color(static_cast<MemoryClass>(shown.memoryClass)) : m_theme.color(shown.cause);
    }

    Scene& m_scene;
    const Theme& m_theme;
    double m_width;
    double m_y = space::kInset;
};

void Column::heading(const Explanation& what, bool pinned)
{
    const double top = m_y;
    const double left = kInset + 12;
    m_y += drawWrapped(m_scene, {left, m_y, m_width - 12, 0}, qs(what.title), TextRole::Title, ink(Ink::Text));
    if (!what.subtitle.empty())
        m_y += 1 + drawWrapped(m_scene, {left, m_y + 1, m_width - 12, 0}, qs(what.subtitle), TextRole::Note, ink(Ink::Text2));
    // Accent says that this was chosen; a preview keeps the grey of the frame.
    m_scene.fill({kInset, top, 4, m_y - top}, ink(pinned ? Ink::Accent : Ink::Strong));
    m_y += space::kInset;
}

void Column::figure(const Explanation& what)
{
    const QString value = qs(what.value);
    const QString unit = qs(what.unit);
    const QString share = qs(what.share);
    if (value.isEmpty())
        return;
    // The number sets the size: a sentence in place of a number is set smaller and may wrap.
    const TextRole role = textWidth(value, TextRole::Result) <= m_width ? TextRole::Result : TextRole::Title;
    const double height = lineHeight(role);
    const double used = role == TextRole::Result ? textWidth(value, role) : m_width;
    const double drawn = drawWrapped(m_scene, {kInset, m_y, m_width, 0}, value, role, ink(Ink::Text));
    double x = kInset + used + 6;
    const double small = lineHeight(TextRole::Body);
    const double smallTop = m_y + ascentOf(role) - ascentOf(TextRole::Body); // on one base line with the figure
    if (!unit.isEmpty() && x + textWidth(unit, TextRole::Body) <= kInset + m_width && drawn <= height) {
        m_scene.text({x, smallTop, kInset + m_width - x, small}, unit, TextRole::Body, ink(Ink::Text2));
        x += textWidth(unit, TextRole::Body) + space::kInset;
        m_y += drawn;
    } else {
        m_y += drawn;
        m_y += drawWrapped(m_scene, {kInset, m_y, m_width, 0}, unit, TextRole::Body, ink(Ink::Text2));
        x = kInset + m_width;
    }
    if (!share.isEmpty()) {
        if (x + textWidth(share, TextRole::Body) <= kInset + m_width) {
            m_scene.text({x, smallTop, kInset + m_width - x, small}, share, TextRole::Body, ink(Ink::Text),
                         Qt::AlignRight | Qt::AlignVCenter);
        } else {
            m_y += drawWrapped(m_scene, {kInset, m_y, m_width, 0}, share, TextRole::Body, ink(Ink::Text));
        }
    }
    m_y += space::kTight;
    if (what.shareFraction >= 0) {
        const QRectF bed(kInset, m_y, m_width, 6);
        const double filled = std::clamp(what.shareFraction, 0.0, 1.0) * bed.width();
        m_scene.fill(bed, ink(Ink::Sunken), ink(Ink::Line));
        if (filled > 0 && what.cause == Cause::Bubble)
            m_scene.hatch({bed.left(), bed.top(), filled, bed.height()}, Hatch::IdleSwatch);
        else if (filled > 0)
            m_scene.fill({bed.left(), bed.top(), filled, bed.height()}, colorOf(what), m_theme.edgeOf(colorOf(what)));
        m_y += bed.height();
    }
    m_y += space::kLarge;
}

/// Where a constant is from: the words, then the citation.
QString sourceTip(const Explanation::Input& input)
{
    if (input.source.empty())
        return {};
    return qs(input.symbol) + QStringLiteral(" = ") + qs(input.value) + QChar(u'\n') + qs(input.note) + QStringLiteral("\n\n")
           + InspectorScene::tr("Source: %1").arg(qs(input.source));
}

/// "t =" -> "t": the sign is drawn in a column of its own.
QString symbolOf(const Explanation::Line& line)
{
    QString left = qs(line.left).trimmed();
    if (left.endsWith(u'='))
        left = left.chopped(1).trimmed();
    return left;
}

/// A formula; the indices that have arithmetic of their own react to the pointer, underlined with dots.
void Column::drawTerms(const Explanation& what, const FormulaBox& box, QPointF origin)
{
    drawFormula(m_scene, m_theme, box, origin);
    for (const FormulaBox::Piece& piece : box.pieces) {
        if (piece.kind != FormulaBox::Piece::Kind::Text || piece.role != TextRole::Note)
            continue;
        const auto link = std::find_if(what.links.begin(), what.links.end(),
                                       [&piece](const Explanation::Link& each) { return qs(each.name) == piece.text; });
        if (link != what.links.end())
            reference(piece.rect.translated(origin), link->subject);
    }
}

double Column::formulaLine(const Explanation& what, const Explanation::Line& line, double left, double top, double symbols, double width)
{
    const QString symbol = symbolOf(line);
    const double sign = textWidth(QStringLiteral("="), TextRole::Formula);
    double y = top;
    const FormulaBox name = layoutFormula(symbol, line.result, width);
    const bool ownLine = name.width > symbols;
    if (ownLine && !symbol.isEmpty()) { // a name too long to stand before the sign
        drawTerms(what, name, {left, y + name.above});
        y += name.height();
    }
    const double signX = left + (symbols > 0 ? symbols + 6 : 0);
    const double x = signX + sign + 8;
    const FormulaBox box = layoutFormula(qs(line.numerator), qs(line.denominator), line.result, left + width - x);
    const bool named = !ownLine && !symbol.isEmpty();
    const double half = lineHeight(TextRole::Formula) / 2;
    const double axis = y + std::max({box.above, half, named ? name.above : 0.0});
    if (named)
        drawTerms(what, name, {left + symbols - name.width, axis});
    if (!line.numerator.empty())
        m_scene.text({signX, axis - half, sign + 1, 2 * half}, QStringLiteral("="), TextRole::Formula, ink(Ink::Text));
    drawTerms(what, box, {x, axis});
    return axis + std::max({box.below, half, named ? name.below : 0.0}) - top;
}

void Column::formula(const Explanation& what)
{
    if (what.formula.empty())
        return;
    section(InspectorScene::tr("Formula"));
    // The plate goes behind its text but is as high as the text turns out: reserve its place in the list of items.
    const double top = m_y;
    const std::size_t plate = m_scene.items.size();
    m_scene.roundedRect({kInset, top, m_width, 1}, 2, ink(Ink::Sunken), ink(Ink::Line));
    m_y += kPlateInset;
    const double inner = m_width - 2 * kPlateInset;
    double symbols = 0;
    for (const Explanation::Line& line : what.formula) {
        const double width = layoutFormula(symbolOf(line), line.result, inner).width;
        if (width <= inner * 0.3)
            symbols = std::max(symbols, width);
    }
    for (std::size_t i = 0; i < what.formula.size(); ++i) {
        m_y += formulaLine(what, what.formula[i], kInset + kPlateInset, m_y, symbols, inner);
        m_y += i + 1 < what.formula.size() ? space::kSmall : 0;
    }
    m_y += kPlateInset;
    m_scene.items[plate].rect.setHeight(m_y - top);
    m_y += space::kLarge;
}

void Column::input(const Explanation::Input& input, double symbols, bool last)
{
    const double top = m_y;
    const QString word = qs(nameOf(input.provenance));
    const double mark = 14 + textWidth(word, TextRole::Note);
    const double line = lineHeight(TextRole::BodyMedium) + 2;
    const double right = kInset + m_width;
    m_scene.text({right - mark + 14, m_y, mark - 14, line}, word, TextRole::Note, ink(Ink::Text2));
    drawProvenance(m_scene, m_theme, {right - mark + 5, m_y + line / 2}, input.provenance);
    const QString symbol = qs(input.symbol);
    double x = kInset + symbols;
    const double room = right - mark - space::kSmall;
    const FormulaBox name = layoutFormula(symbol, false, room - kInset);
    if (name.width + space::kSmall > symbols) { // too long for its column: a line of its own
        drawFormula(m_scene, m_theme, name, {kInset, m_y + 1 + name.above});
        m_y += std::max(line, name.height() + 3);
        m_y += drawWrapped(m_scene, {x, m_y, right - x, 0}, qs(input.value), TextRole::BodyMedium, ink(Ink::Text));
    } else {
        drawFormula(m_scene, m_theme, name, {kInset, m_y + std::max(line / 2, name.above)});
        const double drawn = drawWrapped(m_scene, {x, m_y + 1, room - x, 0}, qs(input.value), TextRole::BodyMedium, ink(Ink::Text));
        m_y += std::max(line, drawn + 1);
    }
    if (!input.note.empty()) {
        m_y += drawWrapped(m_scene, {x, m_y, right - x, 0}, qs(input.note), TextRole::Note, ink(Ink::Text3));
        if (!input.source.empty()) // dotted, as a link that hovering follows
            m_scene.line({x, m_y - 0.5}, {std::min(right, x + textWidth(qs(input.note), TextRole::Note)), m_y - 0.5}, ink(Ink::Strong), 1,
                         true);
        m_scene.tip({kInset, top, right - kInset, m_y - top}, sourceTip(input));
    }
    m_y += 5;
    if (!last)
        m_scene.line({kInset, m_y}, {right, m_y}, ink(Ink::Grid));
    m_y += last ? 0 : 5;
}

void Column::inputs(const Explanation& what)
{
    if (what.inputs.empty())
        return;
    section(InspectorScene::tr("Where the numbers come from"));
    double symbols = 36;
    for (const Explanation::Input& each : what.inputs) {
        const double width = layoutFormula(qs(each.symbol), false, m_width).width + space::kSmall;
        if (width <= m_width * 0.34)
            symbols = std::max(symbols, width);
    }
    for (std::size_t i = 0; i < what.inputs.size(); ++i)
        input(what.inputs[i], symbols, i + 1 == what.inputs.size());
    m_y += space::kInset;
}

void Column::alternatives(const Explanation& what)
{
    if (what.alternatives.empty())
        return;
    section(what.alternativesTitle.empty() ? InspectorScene::tr("Also considered") : qs(what.alternativesTitle));
    double most = 0;
    double names = 0;
    double values = 0;
    for (const Explanation::Alternative& each : what.alternatives) {
        most = std::max(most, each.amount);
        names = std::max(names, textWidth(qs(each.name), TextRole::Body));
        values = std::max(values, textWidth(qs(each.value), TextRole::BodyMedium));
    }
    // Long names stand above their bars, so that bars keep one scale and one left edge.
    const bool above = names + values + 2 * space::kSmall + 60 > m_width;
    values = std::min(values, m_width * 0.6);
    const double left = kInset + (above ? 0 : names + space::kSmall);
    const double track = kInset + m_width - values - space::kSmall - left;
    for (const Explanation::Alternative& each : what.alternatives) {
        const double line = lineHeight(TextRole::Body) + 4;
        const double top = m_y;
        const double nameWidth = std::min(textWidth(qs(each.name), TextRole::Body), m_width);
        if (above)
            m_y += drawWrapped(m_scene, {kInset, m_y, m_width, 0}, qs(each.name), TextRole::Body, ink(Ink::Text2));
        else
            m_scene.text({kInset, m_y, names + 1, line}, qs(each.name), TextRole::Body, ink(Ink::Text2));
        if (each.subject.kind != Subject::Kind::None) { // the whole row
            const double under = above ? m_y - 0.5 : m_y + (line + lineHeight(TextRole::Body)) / 2 - 1.5;
            m_scene.line({kInset, under}, {kInset + nameWidth, under}, ink(Ink::Strong), 1, true);
            m_scene.hit({kInset, top, m_width, m_y + line - top}, each.subject);
        }
        const double bar = most > 0 ? std::clamp(each.amount / most, 0.0, 1.0) * track : 0;
        const QRectF rect(left, m_y + (line - 10) / 2, bar, 10);
        if (bar > 0 && each.cause == Cause::Bubble)
            m_scene.hatch(rect, Hatch::IdleSwatch);
        else if (bar > 0)
            m_scene.fill(rect, colorOf(each), m_theme.edgeOf(colorOf(each)));
        m_scene.text({kInset + m_width - values, m_y, values, line}, qs(each.value), TextRole::BodyMedium, ink(Ink::Text),
                     Qt::AlignRight | Qt::AlignVCenter, true);
        m_y += line + 2;
    }
    m_y += space::kInset;
}

void Column::notes(const Explanation& what)
{
    for (const std::string& note : what.notes)
        m_y += drawWrapped(m_scene, {kInset, m_y, m_width, 0}, qs(note), TextRole::Note, ink(Ink::Text2)) + space::kTight + 2;
}

void Column::violations(const ViewInput& input)
{
    drawSign(m_scene, m_theme, {kInset + 8, m_y + 8}, Sign::Bad);
    m_y += std::max(16.0, drawWrapped(m_scene, {kInset + 24, m_y, m_width - 24, 0}, InspectorScene::tr("The plan is not legal"),
                                      TextRole::Title, ink(Ink::Text)));
    m_y += space::kSmall;
    for (const Finding& finding : input.report.violations) {
        m_y += drawWrapped(m_scene, {kInset, m_y, m_width, 0}, qs(sentence(finding, input.scenario.context(), input.scenario.plan)),
                           TextRole::Body, ink(Ink::Text));
        m_y += space::kSmall;
    }
    m_y += drawWrapped(m_scene, {kInset, m_y, m_width, 0},
                       InspectorScene::tr("Figures return when every rule is kept. A mark on each slider shows the legal values."),
                       TextRole::Note, ink(Ink::Text3));
}

} // namespace

Subject inspected(const ViewInput& input)
{
    if (input.pin.kind != Subject::Kind::None)
        return input.pin;
    if (input.hover.kind != Subject::Kind::None)
        return input.hover;
    Subject tpot;
    tpot.kind = Subject::Kind::Time;
    tpot.phase = Phase::Decode;
    return tpot;
}

void buildInspector(const ViewInput& input, const InspectorOptions& options, Scene& scene)
{
    scene.clear(input.size);
    if (input.size.width() < 140)
        return; // nothing would be readable
    Column column(scene, input);
    const bool pinned = input.pin.kind != Subject::Kind::None;
    if (!input.report.legal) {
        column.violations(input);
    } else {
        const Explanation what = options.explanation ? *options.explanation : explain(input.scenario, input.report, inspected(input));
        if (options.hints)
            column.hint(pinned                                    ? InspectorScene::tr("Pinned; Esc clears")
                        : input.hover.kind != Subject::Kind::None ? InspectorScene::tr("Preview; a click pins it")
                                                                  : InspectorScene::tr("Click anything to see its arithmetic; Esc clears"));
        column.heading(what, pinned);
        column.figure(what);
        column.formula(what);
        column.inputs(what);
        column.alternatives(what);
        column.notes(what);
    }
    scene.size = {input.size.width(), column.bottom() + space::kInset};
}

namespace {

QString plainLine(const Explanation::Line& line)
{
    const QString over = plainFormula(qs(line.numerator));
    const QString under = plainFormula(qs(line.denominator));
    const auto grouped = [](const QString& text, const char* signs) {
        const bool bare = std::none_of(text.cbegin(), text.cend(), [&](QChar c) { return QString::fromUtf8(signs).contains(c); });
        return bare ? text : QString(QChar(u'(') + text + QChar(u')'));
    };
    const QString right = under.isEmpty() ? over : grouped(over, "+\u2212") + QStringLiteral(" / ") + grouped(under, "+\u2212\u00D7");
    const QString symbol = plainFormula(symbolOf(line));
    return (symbol.isEmpty() ? QStringLiteral("  ") : QString(symbol + QChar(u' '))) + QStringLiteral("= ") + right;
}

} // namespace

QString inspectorText(const ViewInput& input, const InspectorOptions& options)
{
    QStringList lines;
    const Explanation what = options.explanation ? *options.explanation : explain(input.scenario, input.report, inspected(input));
    lines << qs(what.title);
    if (!what.subtitle.empty())
        lines << qs(what.subtitle);
    if (!what.value.empty())
        lines << QString(qs(what.value) + QChar(u' ') + qs(what.unit)).trimmed()
                     + (what.share.empty() ? QString() : QStringLiteral(", ") + qs(what.share));
    if (!what.formula.empty())
        lines << QString();
    for (const Explanation::Line& line : what.formula)
        lines << plainLine(line);
    if (!what.inputs.empty())
        lines << QString() << InspectorScene::tr("Where the numbers come from");
    for (const Explanation::Input& each : what.inputs) {
        QString line =
            plainFormula(qs(each.symbol)) + QStringLiteral(" = ") + qs(each.value) + QStringLiteral(" (") + qs(nameOf(each.provenance));
        line += (each.note.empty() ? QString() : QStringLiteral("; ") + qs(each.note)) + QChar(u')');
        lines << (each.source.empty() ? line : line + QStringLiteral(" ") + InspectorScene::tr("Source: %1").arg(qs(each.source)));
    }
    if (!what.alternatives.empty())
        lines << QString() << (what.alternativesTitle.empty() ? InspectorScene::tr("Also considered") : qs(what.alternativesTitle));
    for (const Explanation::Alternative& each : what.alternatives)
        lines << qs(each.name) + QStringLiteral(": ") + qs(each.value);
    if (!what.notes.empty())
        lines << QString();
    for (const std::string& note : what.notes)
        lines << qs(note);
    return lines.join(QChar(u'\n')) + QChar(u'\n');
}

QString describeInspector(const Scenario& scenario, const Report& report)
{
    if (!report.legal)
        return InspectorScene::tr("The plan is not legal; the broken rules are listed.");
    Subject tpot;
    tpot.kind = Subject::Kind::Time;
    tpot.phase = Phase::Decode;
    const Explanation what = explain(scenario, report, tpot);
    return InspectorScene::tr("The arithmetic of what is selected; with nothing selected, %1: %2 %3.")
        .arg(qs(what.title), qs(what.value), qs(what.unit));
}

} // namespace shardlens
