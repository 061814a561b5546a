// SPDX-License-Identifier: Apache-2.0
// Hugging Face config.json: whatever the bytes, a sentence or a model; a model can be counted, saved and read.
#include "core/model/parameters.h"
#include "core/scenario/model_json.h"
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
    const Result<ImportedModel> imported = parseHuggingFaceConfig(text, "fuzz");
    if (!imported.ok()) {
        const std::string sentence = imported.error().sentence();
        require(sentence.rfind("fuzz: ", 0) == 0 && sentence.find('\n') == std::string::npos,
                "an error is one sentence that names the file");
        return 0;
    }
    const Model& model = imported.value().model;
    const ParameterCount count = countParameters(model);
    require(count.total > 0 && count.active > 0 && count.active <= count.total, "a model has parameters, no more active than all");
    const std::string saved = printModel(model);
    const Result<Model> again = parseModel(saved, "saved");
    if (!again.ok())
        std::fprintf(stderr, "%s\n", again.error().sentence().c_str());
    require(again.ok(), "an imported model can be written and read");
    require(again.value() == model, "writing and reading a model is the identity");
    return 0;
}
