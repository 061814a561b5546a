# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What packaging/run, packaging/test and .ci/run share: missing Debian packages, configuring, building. Speaks on stderr only, so
# that the output of `packaging/run evaluate --json` stays a JSON object.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "$*"
    exit 1
}

# One requirement per line: a command or a file (a pattern) that shows it is there | the Debian package that brings it | what for.
# shellcheck disable=SC2034 # used by the scripts that read this file
build_requirements='
g++|g++|the C++20 compiler
cmake|cmake|configures the build
ninja|ninja-build|runs the build
/usr/include/nlohmann/json.hpp|nlohmann-json3-dev|reads and writes JSON
/usr/share/eigen3/cmake/Eigen3Config.cmake|libeigen3-dev|Eigen: linear equations of the fit of constants
/usr/lib/*/cmake/Qt6Widgets/Qt6WidgetsConfig.cmake|qt6-base-dev|Qt 6: window, painting, tests
/usr/lib/*/cmake/Qt6OpenGL/Qt6OpenGLConfig.cmake|libqt6opengl6-dev|needed to link Qt Charts
/usr/lib/*/cmake/Qt6Charts/Qt6ChartsConfig.cmake|qt6-charts-dev|Qt Charts: the latency curves
'

is_there() {
    case "$1" in
    /*) compgen -G "$1" >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "Installing packages needs root and there is no sudo; run as root: $*"
    fi
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" >&2
}

# require REQUIREMENTS: installs what is missing of them from Debian's packages, saying what and why.
require() {
    local probe package reason packages=()
    while IFS='|' read -r probe package reason; do
        if [ -n "$probe" ] && ! is_there "$probe"; then
            [ ${#packages[@]} -gt 0 ] || say "Missing from this machine, to be installed from Debian's packages:"
            say "  $package: $reason"
            packages+=("$package")
        fi
    done <<<"$1"
    [ ${#packages[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "This is not a Debian system; install the above by its own means and start again."
    # Package lists may be absent (a bare image) or too old to download from.
    if ! apt-cache show "${packages[@]}" >/dev/null 2>&1; then
        apt update
        apt install --no-install-recommends "${packages[@]}"
    elif ! apt install --no-install-recommends "${packages[@]}"; then
        apt update
        apt install --no-install-recommends "${packages[@]}"
    fi
}

# configure PRESET [OPTIONS...]
configure() {
    local preset="$1" log
    shift
    if command -v ccache >/dev/null; then
        set -- -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"
        export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1
    fi
    mkdir -p "$root/build"
    log="$root/build/configure-$preset.log"
    # The build configures itself anew when a list of sources or a CMake file changes.
    [ ! -e "$root/build/$preset/build.ninja" ] || return 0
    (cd "$root" && cmake --preset "$preset" "$@") >"$log" 2>&1 || {
        cat "$log" >&2
        die "Configuring failed; the above is also in $log."
    }
}

# build PRESET [TARGETS...]: with progress, or silently when $quiet is set.
build() {
    local directory="$root/build/$1" preset="$1" targets=() options=()
    shift
    [ $# -eq 0 ] || targets=(--target "$@")
    [ -z "${quiet:-}" ] || options=(-- --quiet)
    cmake --build "$directory" "${targets[@]}" --parallel "$(nproc)" "${options[@]}" 2>&1 |
        sed -u '/^ninja: \(Entering directory\|no work to do\)/d' >&2 || die "Building the preset $preset failed."
}
