// SPDX-License-Identifier: Apache-2.0
// A translator under which every text is 40 % longer, as German or Finnish would be.
#pragma once

#include <QCoreApplication>
#include <QTranslator>

#include <cmath>

namespace shardlens::pictures {

class LongStrings : public QTranslator {
public:
    [[nodiscard]] bool isEmpty() const override { return false; }
    [[nodiscard]] QString translate(const char*, const char* source, const char*, int) const override
    {
        const QString text = QString::fromUtf8(source);
        static const QString kMore = QStringLiteral(" und noch viel mehr dazu als vorher").repeated(12);
        const auto more = static_cast<qsizetype>(std::ceil(0.4 * static_cast<double>(text.size())));
        return text + kMore.left(more);
    }
};

/// Long strings, or none, for as long as it lives.
class WithLongStrings {
public:
    explicit WithLongStrings(bool longer) : m_longer(longer)
    {
        if (m_longer)
            QCoreApplication::installTranslator(&m_strings);
    }
    ~WithLongStrings()
    {
        if (m_longer)
            QCoreApplication::removeTranslator(&m_strings);
    }
    Q_DISABLE_COPY_MOVE(WithLongStrings)

private:
    LongStrings m_strings;
    bool m_longer;
};

} // namespace shardlens::pictures
