// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/hands.h"

namespace shardlens {
namespace {

bool g_forHands = true;

} // namespace

bool drawnForHands()
{
    return g_forHands;
}

void setDrawnForHands(bool forHands)
{
    g_forHands = forHands;
}

} // namespace shardlens
