// SPDX-License-Identifier: Apache-2.0
// What a command line asks for. Nothing here prints, draws or exits, so that every answer and status can be tested.
#pragma once

#include "core/collective/playedproduct.h"
#include "core/scenario/explain.h"
#include "core/scenario/scenario.h"

#include <array>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace shardlens::cli {

inline constexpr int kAnswered = 0;
inline constexpr int kBadInput = 2;
inline constexpr int kIllegalPlan = 3;

/// Text to print and the exit status.
struct Answer {
    int status = kAnswered;
    std::string out;
    std::string err; ///< one sentence per line
};

struct WindowRequest {
    std::string file;  ///< a scenario, or empty
    std::string error; ///< why it cannot be read: the window says so, or standard error where there is none
};

enum class Picture : unsigned char {
    Window,
    Mesh,
    Plate,
    Timeline,
    Memory,
    Latency,
    Roofline,
    Operators,
    Experts,
    Disaggregation,
    Trust,
    Inspector,
};
inline constexpr std::size_t kPictureCount = static_cast<std::size_t>(Picture::Inspector) + 1;
/// What render calls them, in the order of Picture.
inline constexpr std::array<std::string_view, kPictureCount> kPictureNames{
    "window", "mesh", "plate", "timeline", "memory", "latency", "roofline", "operators", "experts", "disaggregation", "trust", "inspector",
};
/// "window, mesh, ... or inspector".
[[nodiscard]] std::string pictureList();

/// A product of sharded arrays at one moment, in place of the plate's tensors.
struct ProductRequest {
    ProductText text;
    std::size_t way = 0;
    double step = 0;
};

struct RenderRequest {
    Scenario scenario;
    Picture picture = Picture::Window;
    std::optional<ProductRequest> product;
    std::string collective; ///< PlanCollective::id that a mesh shows step by step; empty: the mesh alone
    std::string file;       ///< to write
    int width = 0;          ///< 0: the picture's own size
    int height = 0;
    double scale = 1;
    Subject pinned;                 ///< Kind::None: nothing
    std::vector<std::string> shown; ///< choices of the view's title by name
    std::string filter;             ///< of the rows of operators
    std::string order;              ///< of them, as parseOperatorOrder() reads it
    double textScale = 1;
    int status = kAnswered;      ///< once it is drawn: kIllegalPlan of a plan that breaks a rule, which the picture names
    std::string theme = "light"; ///< light, dark, print or contrast
    std::string notices;         ///< one sentence per line, for standard error
};

using Request = std::variant<Answer, WindowRequest, RenderRequest>;

/// `words` follow the program's name; `input` is what "-" reads.
[[nodiscard]] Request interpret(const std::vector<std::string>& words, std::istream& input);

} // namespace shardlens::cli
