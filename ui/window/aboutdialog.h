// SPDX-License-Identifier: Apache-2.0
// Version, licences, and the facts a bug report needs.
#pragma once

#include <QDialog>

namespace shardlens {

class AboutDialog : public QDialog {
    Q_OBJECT
public:
    explicit AboutDialog(QWidget* parent);
};

} // namespace shardlens
