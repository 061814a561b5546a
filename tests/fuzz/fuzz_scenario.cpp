// SPDX-License-Identifier: Apache-2.0
// Scenario files: whatever the bytes, a sentence or a scenario; and a scenario survives saving and reading.
#include "core/scenario/scenario_file.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

using namespace shardlens;

namespace {

void require(bool condition, const char* what)
{
    if (condition)
        return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    const Catalog& catalog = builtinCatalog();
    const Result<ScenarioFile> file = parseScenario(text, "fuzz", catalog);
    if (!file.ok()) {
        const std::string sentence = file.error().sentence();
        require(sentence.rfind("fuzz: ", 0) == 0 && sentence.find('\n') == std::string::npos,
                "an error is one sentence that names the file");
        return 0;
    }
    const std::string saved = printScenario(file.value(), catalog);
    const Result<ScenarioFile> again = parseScenario(saved, "saved", catalog);
    require(again.ok(), "what is saved can be read");
    require(again.value().scenario == file.value().scenario, "saving and reading is the identity");
    require(printScenario(again.value(), catalog) == saved, "saving twice gives the same text");
    return 0;
}
