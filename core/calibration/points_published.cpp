// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/points_published.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace shardlens {

namespace {

constexpr double kMostTokens = 10'000'000;
constexpr int kMostDevices = 65'536;

bool startsWith(std::string_view text, std::string_view prefix)
{
    return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) {
               return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
           });
}

/// The number that a text begins with; what follows is left in `text`.
template <class Number>
bool takeNumber(std::string_view& text, Number& number)
{
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc())
        return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

/// The whole number right after `key` in a text: 8 for "EP" in "TP8 EP8"; 0 where it has none.
int numberAfter(std::string_view text, std::string_view key)
{
    for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
        if (at > 0 && std::isalpha(static_cast<unsigned char>(text[at - 1])) != 0)
            continue; // the EP of DEP
        std::string_view rest = text.substr(at + key.size());
        int number = 0;
        if (takeNumber(rest, number) && number > 0 && number <= kMostDevices)
            return number;
    }
    return 0;
}

bool readLoad(std::string_view text, MeasuredPoint& point)
{
    const auto after = [&](std::string_view word, double& number) {
        std::string_view rest = text.substr(word.size());
        return takeNumber(rest, number) && number > 0 && number <= 1'048'576;
    };
    if (startsWith(text, "saturated") || startsWith(text, "open loop INF")) {
        point.load = PointLoad::Saturated;
        return true;
    }
    if (startsWith(text, "batch ")) {
        point.load = PointLoad::StaticBatch;
        return after("batch ", point.concurrency);
    }
    if (startsWith(text, "concurrency ")) {
        point.load = PointLoad::ClosedLoop;
        return after("concurrency ", point.concurrency);
    }
    if (startsWith(text, "open loop ")) {
        point.load = PointLoad::OpenLoop;
        return after("open loop ", point.rate);
    }
    return false;
}

/// "TP8", "DEP4" (attention DP and EP of four), "DP8 attention EP8", "TP8 EP2", "TP8 attention, EP/TP MoE" (experts whole on each device).
bool readParallelism(std::string_view text, MeasuredPoint& point)
{
    const int both = numberAfter(text, "DEP");
    const int data = both > 0 ? both : numberAfter(text, "DP");
    const int tensor = numberAfter(text, "TP");
    if (data == 0 && tensor == 0)
        return false;
    point.attentionTensor = std::max(1, tensor);
    point.attentionData = std::max(1, data);
    point.expert = both > 0 ? both : std::max(0, numberAfter(text, "EP"));
    if (point.expert == 0)
        point.expert = text.find("EP/") != std::string_view::npos ? point.attentionTensor * point.attentionData : 1;
    const std::int64_t devices = std::int64_t{point.attentionTensor} * point.attentionData;
    if (devices > kMostDevices)
        return false;
    point.devices = static_cast<int>(devices);
    return true;
}

/// The outcome that a metric is, in the units of MeasuredOutcome.
bool readOutcome(const PublishedRow& row, const MeasuredPoint& point, MeasuredOutcome& outcome)
{
    if (!row.value)
        return true;
    const double value = *row.value;
    if (row.unit == "ms" && (row.metric == "mean TTFT" || row.metric == "first-token latency"))
        outcome.ttftMs = value;
    else if (row.unit == "ms" && (row.metric == "mean ITL" || row.metric == "mean TPOT"))
        outcome.tpotMs = value;
    else if (row.unit == "tok/s/user")
        outcome.tpotMs = 1e3 / value;
    else if (startsWith(row.unit, "tok/s/GPU"))
        outcome.outputPerDevice = value;
    else if (row.unit == "tok/s")
        outcome.outputPerDevice = value / point.devices;
    else
        return false;
    return true;
}

} // namespace

bool readPublishedLength(std::string_view text, double& tokens)
{
    if (!text.empty() && text.front() == '~')
        text.remove_prefix(1);
    double value = 0;
    if (!takeNumber(text, value))
        return false;
    if (text == "k" || text == "K") {
        value *= 1000;
        text = {};
    }
    if (!text.empty() || !(value >= 1 && value <= kMostTokens) || value != static_cast<double>(static_cast<std::int64_t>(value)))
        return false;
    tokens = value;
    return true;
}

std::string finishPublished(PublishedRow& row, MeasuredPoint& point, MeasuredOutcome& outcome)
{
    row.badColumn = "batch_or_load";
    row.badText = row.load;
    if (row.load.find("MTP") != std::string_view::npos)
        return "speculative decoding is not compared";
    if (!readLoad(row.load, point))
        return "allowed is \"batch N\", \"concurrency N\", \"open loop N req/s\" or \"saturated\"";
    row.badColumn = "parallelism";
    row.badText = point.parallelism;
    if (!readParallelism(point.parallelism, point))
        return "allowed is TPn, DEPn, TPn EPm or DPn attention EPm";
    row.badColumn = "unit";
    row.badText = row.unit;
    if (!readOutcome(row, point, outcome))
        return "allowed is ms, tok/s, tok/s/GPU or tok/s/user, beside a metric that goes with it";
    return {};
}

} // namespace shardlens
