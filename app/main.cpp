// SPDX-License-Identifier: Apache-2.0
// The program: an answer on standard output, a picture, or the window. Only the latter two touch Qt.
#include "app/cli/command_line.h"

#if SHARDLENS_WITH_GUI
#include "app/gui.h"
#include "app/picture.h"
#endif

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>

using namespace shardlens;

namespace {

/// One sentence on standard error; there is nowhere left to report a failure of that.
int fail(const std::string& sentence)
{
    std::fputs((sentence + "\n").c_str(), stderr);
    return cli::kBadInput;
}

int print(const cli::Answer& answer)
{
    errno = 0;
    const bool written = std::fwrite(answer.out.data(), 1, answer.out.size(), stdout) == answer.out.size() && std::fflush(stdout) == 0;
    if (!written)
        return fail("standard output: cannot be written: " + std::string(std::strerror(errno)));
    std::fputs(answer.err.c_str(), stderr);
    return answer.status;
}

#if SHARDLENS_WITH_GUI

bool isSet(const char* variable)
{
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

int openWindow(const cli::WindowRequest& request, int& argc, char** argv)
{
    // Qt would end the program with a core file instead of a sentence.
    if (!isSet("QT_QPA_PLATFORM") && !isSet("DISPLAY") && !isSet("WAYLAND_DISPLAY")) {
        if (!request.error.empty())
            return fail(request.error);
        return fail("shardlens: there is no display to open the window on (neither DISPLAY nor WAYLAND_DISPLAY is set); "
                    "shardlens render draws it into a PNG without one");
    }
    return runGui(argc, argv, QString::fromStdString(request.file));
}

int draw(const cli::RenderRequest& request, int& argc, char** argv)
{
    std::fputs(request.notices.c_str(), stderr);
    const Result<bool> drawn = drawPicture(request, argc, argv);
    return drawn.ok() ? request.status : fail(drawn.error().sentence());
}

#else

int openWindow(const cli::WindowRequest& request, int&, char**)
{
    if (!request.error.empty())
        return fail(request.error);
    return fail("shardlens: this build has no window (SHARDLENS_GUI is off)");
}

int draw(const cli::RenderRequest&, int&, char**)
{
    return fail("shardlens render: this build cannot draw (SHARDLENS_GUI is off)");
}

#endif

int run(int& argc, char** argv)
{
    // A reader that goes away is an error to report, not a reason to die silently.
    std::signal(SIGPIPE, SIG_IGN);
    const cli::Request request = cli::interpret(std::vector<std::string>(argv + 1, argv + argc), std::cin);
    if (const auto* answer = std::get_if<cli::Answer>(&request))
        return print(*answer);
    if (const auto* window = std::get_if<cli::WindowRequest>(&request))
        return openWindow(*window, argc, argv);
    return draw(std::get<cli::RenderRequest>(request), argc, argv);
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return run(argc, argv);
    } catch (const std::exception& exception) {
        // Nothing that a user can type should lead here; memory can run out.
        return fail(std::string("shardlens: cannot continue: ") + exception.what());
    }
}
