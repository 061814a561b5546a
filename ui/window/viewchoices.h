// SPDX-License-Identifier: Apache-2.0
// The quiet choices of a view's title by name, so that a picture without a window has what a click in the window gives.
#pragma once

#include "core/base/result.h"

#include <QString>

#include <functional>
#include <string>
#include <vector>

namespace shardlens {

class ViewTitle;

/// One state of a choice: "bytes" and "link" of "Bytes: HBM, link"; a button that stays down has its own name for both.
struct ViewChoice {
    std::string what;
    std::string name;
    QString title; ///< for people: "Bytes: HBM"
    std::function<void()> choose;
};
/// In lower case with hyphens for spaces, in the order of the title and its menus; for the scenario that is shown.
[[nodiscard]] std::vector<ViewChoice> viewChoices(const ViewTitle& title);
/// Of its menus alone, those that a narrow title has put away among them: what a search over everything finds.
[[nodiscard]] std::vector<ViewChoice> menuChoices(const ViewTitle& title);
/// `wanted`: a name, or what and name, "table:constants". Errors list what there is.
[[nodiscard]] Result<bool> chooseInView(const ViewTitle& title, const std::string& wanted);

} // namespace shardlens
