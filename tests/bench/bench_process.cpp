// SPDX-License-Identifier: Apache-2.0
// What a whole process costs: `bench_process PROGRAM [SAMPLES]`.
#include "tests/bench/bench.h"

#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace shardlens;

namespace {

/// Exit status of the program with one argument, its output dropped.
int runOnce(const char* program, const char* argument)
{
    std::string programCopy = program;
    std::string argumentCopy = argument;
    char* words[] = {programCopy.data(), argumentCopy.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int failed = posix_spawn(&child, program, &actions, nullptr, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    if (failed != 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 2) {
        std::fputs("usage: bench_process PROGRAM [SAMPLES]\n", stderr);
        return 2;
    }
    const int samples = argc > 2 ? std::max(std::atoi(argv[2]), 1) : 60;
    int failures = 0;
    for (const char* argument : {"--version", "evaluate"})
        bench::print(std::string("process, shardlens ") + argument,
                     bench::measure(samples, 1, [&] { failures += runOnce(argv[1], argument) == 0 ? 0 : 1; }), 1e3, "ms", "<= 20 ms");
    return failures == 0 ? 0 : 1;
}
