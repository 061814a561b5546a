// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/formulatree.h"

#include <algorithm>
#include <utility>

namespace shardlens::formula {
namespace {

constexpr QChar kMinus(u'\u2212');
constexpr QChar kTimes(u'\u00D7');
constexpr QChar kDot(u'\u00B7');
constexpr QChar kSigma(u'\u03A3');
constexpr int kDeepest = 24; ///< nested parentheses; text from a file may have any number

bool isOperatorSign(QChar c)
{
    return c == u'+' || c == kMinus || c == kTimes || c == kDot || c == u'=' || c == u'<' || c == u'>' || c == QChar(u'\u2264')
           || c == QChar(u'\u2265') || c == QChar(u'\u2248');
}

bool endsWord(QChar c)
{
    return c.isSpace() || c == u'(' || c == u')' || c == u',' || c == u'/' || c == u'_' || c == u'^' || isOperatorSign(c);
}

bool startsNumber(const QString& word)
{
    if (word.isEmpty())
        return false;
    const bool sign = word[0] == kMinus || word[0] == u'$';
    return sign ? word.size() > 1 && word[1].isDigit() : word[0].isDigit();
}

class Reader {
public:
    explicit Reader(const QString& text) : m_text(text) {}

    Node row(int depth)
    {
        Node result;
        result.kind = Node::Kind::Row;
        while (m_at < m_text.size()) {
            skipSpaces();
            if (m_at >= m_text.size() || (depth > 0 && (peek() == u')' || peek() == u',')))
                break;
            const QChar c = peek();
            if (c == u'/' && !result.parts.empty() && isOperand(result.parts.back())) {
                ++m_at;
                skipSpaces();
                divide(result, depth);
            } else if (isSignHere()) {
                ++m_at;
                result.parts.push_back(textNode(Node::Kind::Operator, c == u'-' ? QString(kMinus) : QString(c)));
            } else {
                append(result, atom(depth));
            }
        }
        if (result.parts.size() == 1)
            return std::move(result.parts.front());
        return result;
    }

private:
    [[nodiscard]] QChar peek(qsizetype ahead = 0) const { return m_at + ahead < m_text.size() ? m_text[m_at + ahead] : QChar(u' '); }
    void skipSpaces()
    {
        while (m_at < m_text.size() && m_text[m_at].isSpace())
            ++m_at;
    }
    /// A hyphen is a minus between spaces only: "feed-forward".
    [[nodiscard]] bool isSignHere() const
    {
        const QChar c = peek();
        if (c == u'-')
            return peek(1).isSpace() && m_at > 0 && m_text[m_at - 1].isSpace();
        // The sign of a number: "−3 ms"
        return isOperatorSign(c) && !(c == kMinus && peek(1).isDigit() && (m_at == 0 || !m_text[m_at - 1].isDigit()) && !afterOperand());
    }
    [[nodiscard]] bool afterOperand() const
    {
        qsizetype i = m_at - 1;
        while (i >= 0 && m_text[i].isSpace())
            --i;
        return i >= 0 && !isOperatorSign(m_text[i]) && m_text[i] != u'(' && m_text[i] != u',';
    }

    static Node textNode(Node::Kind kind, const QString& text)
    {
        Node node;
        node.kind = kind;
        node.text = text;
        return node;
    }
    static bool isOperand(const Node& node) { return node.kind != Node::Kind::Operator && node.kind != Node::Kind::Sum; }

    /// Words that follow each other are one text.
    static void append(Node& row, Node next)
    {
        if (next.kind == Node::Kind::Text && !row.parts.empty() && row.parts.back().kind == Node::Kind::Text)
            row.parts.back().text += QChar(u' ') + next.text;
        else
            row.parts.push_back(std::move(next));
    }

    static Node unwrapped(Node node)
    {
        if (node.kind != Node::Kind::Parentheses)
            return node;
        Node inner = std::move(node.parts.front()); // the bar groups already
        return inner;
    }

    void divide(Node& row, int depth)
    {
        Node fraction;
        fraction.kind = Node::Kind::Fraction;
        fraction.parts.push_back(unwrapped(std::move(row.parts.back())));
        row.parts.pop_back();
        Node under = m_at < m_text.size() && peek() != u')' && peek() != u',' ? unwrapped(atom(depth)) : textNode(Node::Kind::Text, {});
        fraction.parts.push_back(std::move(under));
        row.parts.push_back(std::move(fraction));
    }

    Node atom(int depth)
    {
        if (peek() == u'(' && depth < kDeepest) {
            ++m_at;
            Node node;
            node.kind = Node::Kind::Parentheses;
            node.parts.push_back(list(depth));
            return scripted(std::move(node));
        }
        if (peek() == kSigma) {
            ++m_at;
            Node node = textNode(Node::Kind::Sum, QString(kSigma));
            limits(node);
            return node;
        }
        const QString read = word();
        if ((read == QStringLiteral("max") || read == QStringLiteral("min")) && peek() == u'(' && depth < kDeepest)
            return branches(read, depth);
        return scripted(textNode(Node::Kind::Text, read));
    }

    /// What stands between parentheses; commas stay as they are.
    Node list(int depth)
    {
        Node whole;
        whole.kind = Node::Kind::Row;
        for (;;) {
            Node part = row(depth + 1);
            whole.parts.push_back(std::move(part));
            if (m_at >= m_text.size() || peek() == u')') {
                ++m_at;
                break;
            }
            ++m_at; // a comma
            whole.parts.push_back(textNode(Node::Kind::Text, QStringLiteral(",")));
        }
        if (whole.parts.size() == 1)
            return std::move(whole.parts.front());
        return whole;
    }

    Node branches(const QString& name, int depth)
    {
        ++m_at;
        Node node = textNode(Node::Kind::Branches, name);
        for (;;) {
            skipSpaces();
            if (peek() == u'*') {
                node.winner = static_cast<int>(node.parts.size());
                ++m_at;
            }
            node.parts.push_back(row(depth + 1));
            const bool more = m_at < m_text.size() && peek() == u',';
            ++m_at;
            if (!more)
                break;
        }
        return node;
    }

    /// A word, or a number with its unit: "3,350 GB/s".
    QString word()
    {
        const qsizetype begin = m_at;
        if (peek() == kMinus || peek() == u'$')
            ++m_at;
        while (m_at < m_text.size() && (!endsWord(peek()) || isPartOfNumber()))
            ++m_at;
        if (m_at == begin)
            ++m_at; // a lone comma or underscore
        QString read = m_text.mid(begin, m_at - begin);
        if (!startsNumber(read) || peek() != u' ')
            return read;
        const QString unit = unitAt(m_at + 1);
        if (unit.isEmpty())
            return read;
        m_at += 1 + unit.size();
        return read + QChar(u'\u00A0') + unit;
    }

    [[nodiscard]] bool isPartOfNumber() const { return peek() == u',' && m_at > 0 && m_text[m_at - 1].isDigit() && peek(1).isDigit(); }

    /// The unit that begins here; empty: none. A word after a number, with what it is divided by.
    [[nodiscard]] QString unitAt(qsizetype from) const
    {
        qsizetype end = from;
        while (end < m_text.size() && (m_text[end].isLetter() || m_text[end] == u'%' || m_text[end] == u'\u00B5'))
            ++end;
        if (end == from)
            return {};
        if (end + 1 < m_text.size() && m_text[end] == u'/' && m_text[end + 1].isLetter()) {
            ++end;
            while (end < m_text.size() && m_text[end].isLetter())
                ++end;
        }
        return m_text.mid(from, end - from);
    }

    /// After _ or ^: one word or what is in braces.
    QString script()
    {
        ++m_at;
        if (peek() == u'{') {
            const qsizetype close = m_text.indexOf(u'}', m_at);
            const qsizetype end = close < 0 ? m_text.size() : close;
            QString inner = m_text.mid(m_at + 1, end - m_at - 1);
            m_at = std::min(end + 1, m_text.size());
            return inner;
        }
        const qsizetype begin = m_at;
        while (m_at < m_text.size() && !endsWord(peek()))
            ++m_at;
        return m_text.mid(begin, m_at - begin);
    }

    void limits(Node& node)
    {
        while (peek() == u'_' || peek() == u'^') {
            const bool low = peek() == u'_';
            (low ? node.lower : node.upper) = script();
        }
    }

    Node scripted(Node base)
    {
        if (peek() != u'_' && peek() != u'^')
            return base;
        Node node;
        node.kind = Node::Kind::Scripts;
        node.parts.push_back(std::move(base));
        limits(node);
        return node;
    }

    const QString& m_text;
    qsizetype m_at = 0;
};

} // namespace

Node parse(const QString& text)
{
    return Reader(text).row(0);
}

QString plain(const Node& node)
{
    const auto grouped = [](const Node& part) {
        const QString text = plain(part);
        return part.kind == Node::Kind::Row ? QString(QChar(u'(') + text + QChar(u')')) : text;
    };
    QString text;
    switch (node.kind) {
    case Node::Kind::Text:
    case Node::Kind::Operator: return QString(node.text).replace(QChar(u'\u00A0'), QChar(u' '));
    case Node::Kind::Row:
        for (const Node& part : node.parts)
            text += (text.isEmpty() || part.text == QStringLiteral(",") ? QString() : QStringLiteral(" ")) + plain(part);
        return text;
    case Node::Kind::Fraction: return grouped(node.parts[0]) + QStringLiteral(" / ") + grouped(node.parts[1]);
    case Node::Kind::Scripts: text = plain(node.parts[0]); [[fallthrough]];
    case Node::Kind::Sum:
        if (node.kind == Node::Kind::Sum)
            text = node.text;
        if (!node.lower.isEmpty())
            text += QChar(u'_') + (node.lower.contains(u' ') ? QChar(u'{') + node.lower + QChar(u'}') : node.lower);
        if (!node.upper.isEmpty())
            text += QChar(u'^') + (node.upper.contains(u' ') ? QChar(u'{') + node.upper + QChar(u'}') : node.upper);
        return text;
    case Node::Kind::Parentheses: return QChar(u'(') + plain(node.parts[0]) + QChar(u')');
    case Node::Kind::Branches:
        for (const Node& part : node.parts)
            text += (text.isEmpty() ? QString() : QStringLiteral(", ")) + plain(part);
        return node.text + QChar(u'(') + text + QChar(u')');
    }
    return text;
}

} // namespace shardlens::formula
