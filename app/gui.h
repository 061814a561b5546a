// SPDX-License-Identifier: Apache-2.0
// The window, until it is closed.
#pragma once

#include <QString>

namespace shardlens {

/// Opens the window, with the scenario `file` unless it is empty; returns the exit status.
[[nodiscard]] int runGui(int& argc, char** argv, const QString& file);

} // namespace shardlens
