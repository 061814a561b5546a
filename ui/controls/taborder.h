// SPDX-License-Identifier: Apache-2.0
// The order in which Tab visits a column: the one it is laid out in, whatever order its controls were made in.
#pragma once

class QWidget;

namespace shardlens {

/// Of everything below `root`, also what is folded away or takes no focus now.
void setTabOrderByLayout(QWidget& root);

} // namespace shardlens
