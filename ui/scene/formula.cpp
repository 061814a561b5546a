// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/formula.h"

#include "ui/scene/formulatree.h"
#include "ui/scene/scenetext.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

using formula::Node;
using Piece = FormulaBox::Piece;

constexpr double kLeastRoom = 40;
constexpr double kBarOverhang = 4; ///< of the bar of a fraction beyond its longer side
constexpr double kBarGap = 2;

double spaceWidth()
{
    return textWidth(QStringLiteral(" "), TextRole::Formula);
}

/// Joins boxes; knows the role of the text and whether the branch holds.
class Setter {
public:
    Setter(bool result, bool dim) : m_role(result ? TextRole::FormulaResult : TextRole::Formula), m_result(result), m_dim(dim) {}

    [[nodiscard]] FormulaBox set(const Node& node, double width) const
    {
        switch (node.kind) {
        case Node::Kind::Text:
        case Node::Kind::Operator: return words(node.text, m_role, width);
        case Node::Kind::Row: return row(node, width);
        case Node::Kind::Fraction: return fraction(node, width);
        case Node::Kind::Scripts: return scripts(node, width);
        case Node::Kind::Sum: return sum(node, width);
        case Node::Kind::Parentheses: return parentheses(node, width);
        case Node::Kind::Branches: return branches(node, width);
        }
        return {};
    }

private:
    static void add(FormulaBox& whole, const FormulaBox& part, double dx, double dy)
    {
        for (Piece piece : part.pieces) {
            piece.rect.translate(dx, dy);
            whole.pieces.push_back(std::move(piece));
        }
        whole.width = std::max(whole.width, dx + part.width);
        whole.above = std::max(whole.above, part.above - dy);
        whole.below = std::max(whole.below, part.below + dy);
    }

    /// Boxes under each other, centred or not, the axis through the middle.
    [[nodiscard]] static FormulaBox stack(const std::vector<FormulaBox>& lines, double gap, bool centred)
    {
        double height = -gap;
        double width = 0;
        for (const FormulaBox& line : lines) {
            height += line.height() + gap;
            width = std::max(width, line.width);
        }
        FormulaBox whole;
        double y = -height / 2;
        for (const FormulaBox& line : lines) {
            add(whole, line, centred ? (width - line.width) / 2 : 0, y + line.above);
            y += line.height() + gap;
        }
        return whole;
    }

    [[nodiscard]] FormulaBox line(const QString& text, TextRole role) const
    {
        FormulaBox box;
        const double height = lineHeight(role);
        const QString shown = QString(text).replace(QChar(u'\u00A0'), QChar(u' ')); // what kept number and unit together
        box.width = textWidth(shown, role);
        box.above = box.below = height / 2;
        box.pieces.push_back({Piece::Kind::Text, QRectF(0, -height / 2, box.width, height), shown, role, m_dim, false});
        return box;
    }

    [[nodiscard]] FormulaBox words(const QString& text, TextRole role, double width) const
    {
        if (textWidth(text, role) <= width)
            return line(text, role);
        std::vector<FormulaBox> lines;
        for (const QString& each : wrapText(text, role, width))
            lines.push_back(line(each, role));
        return stack(lines, 0, false);
    }

    /// A sign that a line may break before without taking a product apart.
    [[nodiscard]] static bool separates(const Node& node)
    {
        return node.kind == Node::Kind::Operator && node.text != QString(QChar(u'\u00D7')) && node.text != QString(QChar(u'\u00B7'));
    }

    /// Parts from `from` on that stay on one line: a sign with its term, or in a term too wide for a line a sign with what it acts on.
    [[nodiscard]] static std::size_t groupEnd(const Node& node, std::size_t from, bool wholeTerm)
    {
        std::size_t end = from;
        while (end < node.parts.size() && node.parts[end].kind == Node::Kind::Operator)
            ++end;
        end = std::min(end + 1, node.parts.size());
        while (wholeTerm && end < node.parts.size() && !separates(node.parts[end]))
            ++end;
        return end;
    }

    [[nodiscard]] double widthOf(const Node& node, std::size_t from, std::size_t end) const
    {
        double wanted = -spaceWidth();
        for (std::size_t i = from; i < end; ++i)
            wanted += set(node.parts[i], 1e6).width + spaceWidth();
        return wanted;
    }

    /// Breaks before the signs of a sum and before equals signs, inside a product only where it is wider than the line.
    [[nodiscard]] FormulaBox row(const Node& node, double width) const
    {
        std::vector<FormulaBox> lines;
        FormulaBox current;
        double x = 0;
        const auto flush = [&] {
            if (!current.pieces.empty())
                lines.push_back(std::move(current));
            current = {};
            x = 0;
        };
        for (std::size_t i = 0; i < node.parts.size();) {
            std::size_t end = groupEnd(node, i, true);
            double wanted = widthOf(node, i, end);
            if (wanted > width) {
                end = groupEnd(node, i, false);
                wanted = widthOf(node, i, end);
            }
            if (x > 0 && x + spaceWidth() + wanted > width)
                flush();
            for (; i < end; ++i) {
                const double lead = x > 0 ? spaceWidth() : 0;
                const FormulaBox box = set(node.parts[i], std::max(width - x - lead, kLeastRoom));
                if (x > 0 && x + lead + box.width > width + 0.01) {
                    flush();
                    const FormulaBox alone = set(node.parts[i], width);
                    add(current, alone, 0, 0);
                    x = alone.width;
                    continue;
                }
                add(current, box, x + lead, 0);
                x += lead + box.width;
            }
        }
        flush();
        // What stands before the row is level with its first line.
        FormulaBox whole;
        double y = 0;
        for (const FormulaBox& each : lines) {
            y += whole.pieces.empty() ? 0 : each.above + 3;
            add(whole, each, 0, y);
            y += each.below;
        }
        return whole;
    }

    [[nodiscard]] FormulaBox fraction(const Node& node, double width) const
    {
        const double room = std::max(width - 2 * kBarOverhang, kLeastRoom / 2);
        const FormulaBox over = set(node.parts[0], room);
        const FormulaBox under = set(node.parts[1], room);
        const double inner = std::max(over.width, under.width);
        FormulaBox box;
        add(box, over, kBarOverhang + (inner - over.width) / 2, -kBarGap - over.below);
        add(box, under, kBarOverhang + (inner - under.width) / 2, kBarGap + under.above);
        box.width = inner + 2 * kBarOverhang;
        box.pieces.push_back({Piece::Kind::Rule, QRectF(0, 0, box.width, 0), {}, m_role, m_dim, false});
        return box;
    }

    [[nodiscard]] FormulaBox scripts(const Node& node, double width) const
    {
        const FormulaBox base = set(node.parts[0], width);
        const double room = std::max(width - base.width - 1, kLeastRoom / 2);
        const FormulaBox sub = words(node.lower, TextRole::Note, room);
        const FormulaBox sup = words(node.upper, TextRole::Note, room);
        const double shift = lineHeight(TextRole::Note) * 0.38;
        FormulaBox box;
        add(box, base, 0, 0);
        const bool beside = base.width + 1 + std::max(sub.width, sup.width) <= width;
        if (!beside) // hardly ever: a name as wide as the column
            return words(node.parts[0].text + QChar(u'_') + node.lower, m_role, width);
        if (!node.lower.isEmpty())
            add(box, sub, base.width + 1, node.upper.isEmpty() ? shift : std::max(shift, sub.above + 0.5));
        if (!node.upper.isEmpty())
            add(box, sup, base.width + 1, node.lower.isEmpty() ? -shift : -std::max(shift, sup.below + 0.5));
        return box;
    }

    /// The sign with its limits over and under it.
    [[nodiscard]] FormulaBox sum(const Node& node, double width) const
    {
        FormulaBox box = line(QString(QChar(u'\u03A3')), TextRole::Title);
        std::vector<FormulaBox> lines;
        const double sign = box.width;
        const FormulaBox lower = words(node.lower, TextRole::Note, width);
        const FormulaBox upper = words(node.upper, TextRole::Note, width);
        const double wide = std::max({sign, lower.width, upper.width});
        FormulaBox whole;
        add(whole, box, (wide - sign) / 2, 0);
        // Letters are lower than their line: limits move in a little.
        if (!node.upper.isEmpty())
            add(whole, upper, (wide - upper.width) / 2, -box.above - upper.below + 2);
        if (!node.lower.isEmpty())
            add(whole, lower, (wide - lower.width) / 2, box.below + lower.above - 1);
        whole.width = wide;
        return whole;
    }

    [[nodiscard]] static double parenthesisWidth(double height) { return height > 24 ? 7 : 5; }

    [[nodiscard]] FormulaBox parentheses(const Node& node, double width) const
    {
        const FormulaBox inner = set(node.parts[0], std::max(width - 14, kLeastRoom / 2));
        const double side = parenthesisWidth(inner.height());
        FormulaBox box;
        add(box, inner, side, 0);
        box.width = inner.width + 2 * side;
        box.pieces.push_back({Piece::Kind::Parenthesis, QRectF(0, -inner.above, side, inner.height()), {}, m_role, m_dim, false});
        box.pieces.push_back(
            {Piece::Kind::Parenthesis, QRectF(side + inner.width, -inner.above, side, inner.height()), {}, m_role, m_dim, true});
        return box;
    }

    /// max { a
    ///     { b  <
    [[nodiscard]] FormulaBox branches(const Node& node, double width) const
    {
        const FormulaBox name = line(node.text, m_role);
        constexpr double kBrace = 8;
        constexpr double kMark = 9;
        const bool marked = node.winner >= 0;
        const double room = std::max(width - name.width - kBrace - 6 - (marked ? kMark + 4 : 0), kLeastRoom);
        std::vector<FormulaBox> lines;
        for (std::size_t i = 0; i < node.parts.size(); ++i) {
            const bool holds = !marked || node.winner == static_cast<int>(i);
            FormulaBox each = Setter(m_result, m_dim || !holds).set(node.parts[i], room);
            if (marked && holds) {
                each.pieces.push_back({Piece::Kind::Mark, QRectF(each.width + 4, -4, kMark, 8), {}, m_role, false, false});
                each.width += 4 + kMark;
            }
            lines.push_back(std::move(each));
        }
        const FormulaBox list = stack(lines, 4, false);
        FormulaBox box;
        add(box, name, 0, 0);
        add(box, list, name.width + 4 + kBrace + 2, 0);
        box.pieces.push_back({Piece::Kind::Brace, QRectF(name.width + 4, -list.above, kBrace, list.height()), {}, m_role, m_dim, false});
        return box;
    }

    TextRole m_role;
    bool m_result;
    bool m_dim;
};

void drawParenthesis(Scene& scene, const QRectF& rect, bool closes, const QColor& ink)
{
    const double near = closes ? rect.left() + 1 : rect.right() - 1;
    const double far = closes ? rect.right() - 1 : rect.left() + 1;
    QPainterPath path;
    path.moveTo(near, rect.top() + 1);
    path.quadTo(far, rect.top() + std::min(8.0, rect.height() * 0.3), far, rect.center().y());
    path.quadTo(far, rect.bottom() - std::min(8.0, rect.height() * 0.3), near, rect.bottom() - 1);
    scene.path(path, QColor(), ink, 1.2);
}

void drawBrace(Scene& scene, const QRectF& rect, const QColor& ink)
{
    const double spine = rect.center().x();
    const double bend = std::min(5.0, rect.height() / 4);
    QPainterPath path;
    path.moveTo(rect.right(), rect.top() + 1);
    path.quadTo(spine, rect.top() + 1, spine, rect.top() + 1 + bend);
    path.lineTo(spine, rect.center().y() - bend);
    path.quadTo(spine, rect.center().y(), rect.left(), rect.center().y());
    path.quadTo(spine, rect.center().y(), spine, rect.center().y() + bend);
    path.lineTo(spine, rect.bottom() - 1 - bend);
    path.quadTo(spine, rect.bottom() - 1, rect.right(), rect.bottom() - 1);
    scene.path(path, QColor(), ink, 1.2);
}

} // namespace

FormulaBox layoutFormula(const QString& text, bool result, double width)
{
    return Setter(result, false).set(formula::parse(text), std::max(width, kLeastRoom));
}

FormulaBox layoutFormula(const QString& numerator, const QString& denominator, bool result, double width)
{
    if (denominator.isEmpty())
        return layoutFormula(numerator, result, width);
    Node fraction;
    fraction.kind = Node::Kind::Fraction;
    fraction.parts = {formula::parse(numerator), formula::parse(denominator)};
    return Setter(result, false).set(fraction, std::max(width, kLeastRoom));
}

void drawFormula(Scene& scene, const Theme& theme, const FormulaBox& box, QPointF origin)
{
    for (const Piece& piece : box.pieces) {
        const QColor ink = theme.color(piece.dim ? Ink::Text3 : Ink::Text);
        const QRectF rect = piece.rect.translated(origin);
        switch (piece.kind) {
        case Piece::Kind::Text: scene.text(rect, piece.text, piece.role, ink); break;
        case Piece::Kind::Rule: scene.line(rect.topLeft(), rect.topRight(), ink); break;
        case Piece::Kind::Parenthesis: drawParenthesis(scene, rect, piece.closes, ink); break;
        case Piece::Kind::Brace: drawBrace(scene, rect, ink); break;
        case Piece::Kind::Mark: {
            QPainterPath path;
            path.addPolygon(QPolygonF{QPointF(rect.left(), rect.center().y()), QPointF(rect.left() + 6, rect.top()),
                                      QPointF(rect.left() + 6, rect.bottom())});
            path.closeSubpath();
            scene.path(path, ink);
            break;
        }
        }
    }
}

QString plainFormula(const QString& text)
{
    return formula::plain(formula::parse(text));
}

} // namespace shardlens
