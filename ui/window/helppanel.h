// SPDX-License-Identifier: Apache-2.0
// F1: short pages on what is computed and how far to trust it, beside the views so that both can be read together.
#pragma once

#include <QFrame>

class QTextBrowser;

namespace shardlens {

class HelpPanel : public QFrame {
    Q_OBJECT
public:
    explicit HelpPanel(QWidget* parent);
    /// Over the right part of the parent.
    void present();
    void dismiss();
    void showPage(const QString& name); ///< "index", "prefill", ...: a file in resources/help
    [[nodiscard]] QString text() const;

protected:
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void place();

    QTextBrowser* m_browser;
    QString m_page = QStringLiteral("index");
};

} // namespace shardlens
