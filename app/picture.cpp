// SPDX-License-Identifier: Apache-2.0
#include "app/picture.h"

#include "ui/window/render.h"

#include <QApplication>
#include <QTemporaryDir>

#include <optional>

namespace shardlens {

namespace {

/// What handled messages before forwardMessage().
QtMessageHandler g_defaultHandler = nullptr;

ThemeId themeNamed(const std::string& name)
{
    for (std::size_t i = 0; i < kThemeCount; ++i)
        if (nameOf(static_cast<ThemeId>(i)) == QString::fromStdString(name))
            return static_cast<ThemeId>(i);
    return ThemeId::Light;
}

struct PictureKind {
    std::string_view name;
    QSize size; ///< when none is asked for; without a height: as high as it turns out
};

PictureKind kindOf(cli::Picture picture)
{
    switch (picture) {
    case cli::Picture::Window: return {"window", {1440, 900}};
    case cli::Picture::Mesh: return {"mesh", {960, 600}};
    case cli::Picture::Timeline: return {"timeline", {1200, 400}};
    case cli::Picture::Memory: return {"memory", {960, 480}};
    case cli::Picture::Latency: return {"latency", {960, 480}};
    case cli::Picture::Trust: return {"trust", {1200, 520}};
    case cli::Picture::Plate: return {"plate", {1200, 640}};
    case cli::Picture::Roofline: return {"roofline", {960, 600}};
    case cli::Picture::Operators: return {"operators", {1280, 0}};
    case cli::Picture::Experts: return {"experts", {1200, 600}};
    case cli::Picture::Disaggregation: return {"disaggregation", {1200, 480}};
    case cli::Picture::Inspector: return {"inspector", {space::kInspector, 0}};
    }
    return {"window", {1440, 900}};
}

/// Drops what Qt's offscreen platform says about itself, which no user can act on.
void forwardMessage(QtMsgType type, const QMessageLogContext& context, const QString& message)
{
    if (!message.startsWith(QLatin1String("This plugin does not support")))
        g_defaultHandler(type, context, message);
}

} // namespace

Result<bool> drawPicture(const cli::RenderRequest& request, int& argc, char** argv)
{
    // A picture does not depend on the session that it is made in.
    qputenv("QT_QPA_PLATFORM", "offscreen");
    for (const char* variable : {"QT_SCALE_FACTOR", "QT_SCREEN_SCALE_FACTORS", "QT_STYLE_OVERRIDE", "QT_QPA_PLATFORMTHEME"})
        qunsetenv(variable);
    const QTemporaryDir runtime; // Qt complains on standard error when a session has none
    if (qEnvironmentVariableIsEmpty("XDG_RUNTIME_DIR") && runtime.isValid())
        qputenv("XDG_RUNTIME_DIR", runtime.path().toLocal8Bit());

    g_defaultHandler = qInstallMessageHandler(forwardMessage);

    const QApplication application(argc, argv);
    const PictureKind kind = kindOf(request.picture);
    const QSize size = request.width > 0 ? QSize(request.width, request.height) : kind.size;
    std::optional<ProductPicture> product;
    if (request.product)
        product = ProductPicture{request.product->text, request.product->way, request.product->step};
    Result<bool> drawn =
        renderPicture(request.scenario, kind.name, QString::fromStdString(request.file), size, request.scale, themeNamed(request.theme),
                      PictureDetail{product ? &*product : nullptr, request.collective, request.pinned, request.shown,
                                    QString::fromStdString(request.filter), request.order, request.textScale});
    return drawn;
}

} // namespace shardlens
