// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over the files of a corpus, and over mutations of each that are the same on every run.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int kMutations = 400; // of each file

void run(const std::string& text)
{
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

/// One to four small damages: a byte, a hole, a repeated stretch, another number.
std::string mutated(std::string text, std::mt19937& random)
{
    const auto below = [&random](std::size_t limit) { return random() % std::max<std::size_t>(1, limit); };
    const std::size_t edits = 1 + below(4);
    for (std::size_t i = 0; i < edits && !text.empty(); ++i) {
        const std::size_t at = below(text.size());
        const std::size_t length = std::min(text.size() - at, 1 + below(24));
        switch (below(4)) {
        case 0: text[at] = static_cast<char>(below(256)); break;
        case 1: text.erase(at, length); break;
        case 2: text.insert(at, text.substr(below(text.size()), length)); break;
        default: {
            const std::size_t digit = text.find_first_of("0123456789", at);
            static constexpr const char* kNumbers[]{"0",    "-1",    "1e30", "65537", "9223372036854775807", "1e-400", "0.5",
                                                    "null", "\"8\"", "[]",   "{}"};
            if (digit != std::string::npos)
                text.replace(digit, text.find_first_not_of("0123456789", digit) - digit, kNumbers[below(std::size(kNumbers))]);
        }
        }
    }
    return text;
}

} // namespace

int main(int argc, char** argv)
{
    std::vector<std::filesystem::path> files;
    for (int i = 1; i < argc; ++i)
        for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i]))
            if (entry.is_regular_file())
                files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    if (files.empty()) {
        std::fprintf(stderr, "no corpus: usage: %s DIRECTORY...\n", argv[0]);
        return 2;
    }
    for (const std::filesystem::path& file : files) {
        std::ifstream stream(file, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
        std::printf("%s: %zu bytes\n", file.filename().c_str(), text.size());
        std::fflush(stdout); // named before it crashes
        run(text);
        std::mt19937 random(1);
        for (int i = 0; i < kMutations; ++i)
            run(mutated(text, random));
    }
    return 0;
}
