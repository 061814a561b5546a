// SPDX-License-Identifier: Apache-2.0
#include "ui/window/render.h"

#include "ui/document/refiner.h"
#include "ui/scene/hands.h"
#include "ui/views/sceneview.h"
#include "ui/window/appearance.h"
#include "ui/window/collectiveplay.h"
#include "ui/window/dockarea.h"
#include "ui/window/mainwindow.h"
#include "ui/window/operatorsbody.h"
#include "ui/window/platebody.h"
#include "ui/window/playgroundbody.h"
#include "ui/window/trustbody.h"
#include "ui/window/viewchoices.h"
#include "ui/window/viewdock.h"

#include <QApplication>
#include <QImage>
#include <QLineEdit>
#include <QSaveFile>
#include <QScopeGuard>
#include <QVBoxLayout>

#include <algorithm>
#include <optional>

namespace shardlens {
namespace {

constexpr int kLeastCaptioned = 320; ///< a lower picture has no line of assumptions

std::optional<ViewKind> viewNamed(std::string_view what)
{
    for (std::size_t i = 0; i < kViewCount; ++i)
        if (nameOf(static_cast<ViewKind>(i)) == QString::fromUtf8(what.data(), static_cast<qsizetype>(what.size())))
            return static_cast<ViewKind>(i);
    return std::nullopt;
}

std::string allowedPictures()
{
    std::string names = "a picture of window, ";
    for (std::size_t i = 0; i < kViewCount; ++i)
        names += nameOf(static_cast<ViewKind>(i)).toStdString() + ", ";
    return names + "or inspector";
}

Result<bool> checkRequest(std::string_view what, QSize size, double scale)
{
    if (what != "window" && what != "inspector" && !viewNamed(what))
        return Error{{}, {}, std::string(what), allowedPictures()};
    const QSize pixels = size * scale;
    const bool natural = (what == "inspector" || what == "operators") && size.height() == 0;
    const int least = natural ? pixels.width() : qMin(pixels.width(), pixels.height());
    const int most = qMax(pixels.width(), pixels.height());
    if (!(scale > 0) || least < kLeastPicture || most > kMostPicture)
        return Error{{},
                     "size",
                     std::to_string(pixels.width()) + " x " + std::to_string(pixels.height()) + " pixels",
                     std::to_string(kLeastPicture) + " to " + std::to_string(kMostPicture) + " pixels a side"};
    return true;
}

/// As high as a table with all of its rows, and its title.
QSize grown(MainWindow& window, ViewDock& dock, QSize size)
{
    constexpr int kTrial = 720;
    const auto* operators = dock.findChild<OperatorsBody*>();
    if (size.height() > 0 || operators == nullptr)
        return size.height() > 0 ? size : QSize(size.width(), kTrial);
    dock.resize(size.width(), kTrial);
    window.finish(ViewKind::Operators);
    QApplication::processEvents();
    // An empty filter field is left out of pictures.
    const QLineEdit& field = operators->filterField();
    const int left = field.text().isEmpty() && field.isVisible() ? field.height() : 0; // its margins stay
    const int around = dock.height() - operators->view().height() - left + window.captionHeight(dock, size.width());
    return {size.width(), std::clamp(around + operators->naturalHeight(), 200, kMostPicture)};
}

/// Sets one view with its title apart, as large as its picture; true when the caption has room below it.
bool setApart(MainWindow& window, ViewKind kind, QSize size)
{
    ViewDock* dock = window.docks().dock(kind);
    dock->setFloating(true);
    dock->setAttribute(Qt::WA_DontShowOnScreen);
    dock->show();
    size = grown(window, *dock, size);
    // The caption is part of the size that was asked for, unless that leaves no picture.
    const int caption = window.captionHeight(*dock, size.width());
    const bool captioned = size.height() - caption >= kLeastCaptioned;
    dock->resize(size - QSize(0, captioned ? caption : 0));
    QApplication::processEvents(); // what is inside takes its size
    window.finish(kind);
    QApplication::processEvents();
    return captioned;
}

/// One view with its title, alone.
QImage pictureOfView(MainWindow& window, ViewKind kind, QSize size, double scale)
{
    const bool captioned = setApart(window, kind, size);
    ViewDock* dock = window.docks().dock(kind);
    if (QWidget* focused = dock->focusWidget()) // a picture has no keyboard, and no ring for it
        focused->clearFocus();
    return window.pictureOf(*dock, scale, captioned);
}

} // namespace

Result<bool> renderPicture(const Scenario& scenario, std::string_view what, const QString& pngFile, QSize size, double scale, ThemeId theme,
                           const PictureDetail& detail)
{
    if (const Result<bool> checked = checkRequest(what, size, scale); !checked.ok())
        return checked.error();
    prepareAppearance();
    setDrawnForHands(what == "window"); // the window is drawn as it is, a view alone as what it shows
    const auto restore = qScopeGuard([] { setDrawnForHands(true); });
    Document document(builtinCatalog());
    document.edit(scenario, {});
    document.undoStack().clear();
    Settings settings = Settings::none();
    MainWindow window(document, settings);
    setTextScale(detail.textScale);
    window.setTheme(theme);
    window.setAttribute(Qt::WA_DontShowOnScreen);
    window.setMinimumSize(0, 0);
    const std::optional<ViewKind> view = viewNamed(what);
    window.resize(view ? QSize(1440, 900) : size);
    window.show();
    if (auto* play = window.findChild<CollectivePlay*>(); play && !detail.collective.empty() && play->choose(detail.collective))
        play->setFrames(true);
    if (auto* plate = window.findChild<PlateBody*>(); detail.product && plate) {
        plate->setMode(PlateMode::Playground);
        plate->playground().setText(detail.product->text);
        plate->playground().setWay(detail.product->way);
        plate->playground().setPosition(detail.product->position);
    }
    document.selection().setPin(detail.pinned);
    if (auto* operators = window.findChild<OperatorsBody*>(); operators && !detail.filter.isEmpty())
        operators->setFilter(detail.filter);
    if (auto* operators = window.findChild<OperatorsBody*>(); operators && !detail.order.empty())
        if (const Result<OperatorOrder> order = parseOperatorOrder(detail.order); order.ok())
            operators->setOrder(order.value());
    window.refiner().finish(); // a picture shows what is known in the end
    QApplication::processEvents();
    if (!view)
        for (std::size_t i = 0; i < kViewCount; ++i)
            if (window.docks().isInFront(static_cast<ViewKind>(i)))
                window.finish(static_cast<ViewKind>(i));
    QApplication::processEvents();
    for (const std::string& choice : detail.shown) {
        if (!view)
            break;                     // a window has many titles
        setApart(window, *view, size); // what there is to choose follows from what is shown, and that from the size
        if (const Result<bool> chosen = chooseInView(*window.docks().dock(*view)->title(), choice); !chosen.ok())
            return chosen.error();
    }
    if (what == "inspector")
        return savePicture(window.inspectorPicture(size, scale), pngFile);
    return savePicture(view ? pictureOfView(window, *view, size, scale) : window.pictureOf(window, scale), pngFile);
}

Result<bool> savePicture(const QImage& image, const QString& pngFile)
{
    QSaveFile file(pngFile);
    if (!file.open(QIODevice::WriteOnly) || !image.save(&file, "PNG") || !file.flush() || !file.commit())
        return Error{pngFile.toStdString(), {}, {}, "the picture was not saved: " + file.errorString().toStdString()};
    return true;
}

} // namespace shardlens
