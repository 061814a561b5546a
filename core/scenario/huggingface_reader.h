// SPDX-License-Identifier: Apache-2.0
// Reads fields of a config.json and writes down which were read, derived or taken as a default. A field that is null counts as absent:
// that is how transformers writes "not set".
#pragma once

#include "core/scenario/json_reader.h"
#include "core/scenario/scenario_file.h"

#include <span>

namespace shardlens::huggingface {

/// Names one fact goes by in different families, e.g. hidden_size, n_embd, d_model.
using Names = std::span<const std::string_view>;

class ConfigReader {
public:
    ConfigReader(JsonObject config, ImportedModel& report) : m_config(std::move(config)), m_report(report) {}

    /// The value, which must be there under one of the names; under two only if they agree.
    [[nodiscard]] int required(Names names, int minimum, int maximum);
    [[nodiscard]] int required(std::string_view name, int minimum, int maximum);
    [[nodiscard]] std::optional<int> maybe(Names names, int minimum, int maximum);
    [[nodiscard]] std::optional<int> maybe(std::string_view name, int minimum, int maximum);
    /// `fallback` when absent, reported as a default.
    [[nodiscard]] int orElse(std::string_view name, int fallback, int minimum, int maximum);
    [[nodiscard]] std::optional<bool> maybeFlag(std::string_view name);
    /// `fallback` when absent, reported with what makes it the default.
    [[nodiscard]] bool flag(std::string_view name, bool fallback, std::string_view because);
    [[nodiscard]] std::optional<std::string> maybeText(std::string_view name);
    [[nodiscard]] std::optional<JsonArray> maybeArray(std::string_view name, std::size_t size);
    /// A whole list of at most `maximumSize` layer numbers below `layers`; empty when absent.
    [[nodiscard]] std::vector<int> layerNumbers(std::string_view name, int layers);

    /// Marks a field as seen; its value is in the report with the reason why it changes nothing.
    void ignore(std::string_view name, std::string_view because);
    void derived(std::string text) { m_report.derived.push_back(std::move(text)); }
    void defaulted(std::string text) { m_report.defaulted.push_back(std::move(text)); }
    /// The first problem wins.
    void refuse(std::string_view name, std::string allowed) { m_config.fail(name, std::move(allowed)); }

    [[nodiscard]] bool hasValue(std::string_view name) { return m_config.hasValue(name); }
    [[nodiscard]] bool failed() const { return m_config.reader().failed(); }
    [[nodiscard]] JsonObject& config() { return m_config; }
    [[nodiscard]] ImportedModel& report() { return m_report; }

private:
    void wasRead(const JsonValue& value, std::string_view name);
    JsonObject m_config;
    ImportedModel& m_report;
};

/// Refuses fields that nobody asked for, hold a value, and by their name describe the architecture; reports the others as ignored.
void checkLeftovers(ConfigReader& reader, std::string_view modelType);

} // namespace shardlens::huggingface
