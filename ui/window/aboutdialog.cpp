// SPDX-License-Identifier: Apache-2.0
#include "ui/window/aboutdialog.h"

#include "ui/theme/theme.h"

#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QGuiApplication>
#include <QLabel>
#include <QSysInfo>
#include <QVBoxLayout>

namespace shardlens {

AboutDialog::AboutDialog(QWidget* parent) : QDialog(parent)
{
    setWindowTitle(tr("About ShardLens"));
    auto* name = new QLabel(tr("ShardLens %1").arg(QStringLiteral(SHARDLENS_VERSION)), this);
    name->setFont(fontOf(TextRole::Verdict));
    auto* text = new QLabel(tr("What happens if I serve this model this way? Parallel plans for LLM inference, costed from data sheets "
                               "and formulas while you drag.\n\nTimes are roofline estimates at peak rates, or calibrated to measured "
                               "points. Help (F1) says what is counted and what is not.\n\nApache License 2.0. Fonts: Inter and "
                               "JetBrains Mono, SIL Open Font License 1.1."),
                            this);
    text->setWordWrap(true);
    text->setMinimumWidth(420);
    auto* facts = new QLabel(tr("Qt %1, %2 platform, %3, device pixel ratio %4")
                                 .arg(QLatin1String(qVersion()), QGuiApplication::platformName(), QSysInfo::prettyProductName())
                                 .arg(devicePixelRatioF()),
                             this);
    facts->setFont(fontOf(TextRole::Note));
    facts->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::kWide, space::kWide, space::kWide, space::kLarge);
    column->setSpacing(space::kInset);
    column->addWidget(name);
    column->addWidget(text);
    column->addWidget(facts);
    column->addWidget(buttons);
}

} // namespace shardlens
