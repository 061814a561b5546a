// SPDX-License-Identifier: Apache-2.0
// The signal behind followTextScale(). Of the thread of the interface only.
#pragma once

#include <QObject>

namespace shardlens {

class TextScaleSignal : public QObject {
    Q_OBJECT
public:
    [[nodiscard]] static TextScaleSignal& instance();

Q_SIGNALS:
    void changed();
};

} // namespace shardlens
