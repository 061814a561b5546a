// SPDX-License-Identifier: Apache-2.0
// readTextFile(): POSIX calls, because a stream cannot tell a file from a pipe without blocking on it.
#include "core/scenario/scenario_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace shardlens {

namespace {

class Descriptor {
public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return m_fd; }

private:
    int m_fd;
};

std::string kindOf(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a directory";
    if (S_ISFIFO(mode))
        return "a named pipe";
    if (S_ISSOCK(mode))
        return "a socket";
    return "a device";
}

std::string reasonOf(int number)
{
    if (number == ENOENT)
        return "there is no such file";
    if (number == EACCES || number == EPERM)
        return "it may not be read: no permission";
    return "it cannot be read: " + std::generic_category().message(number);
}

std::string sizeText(std::size_t bytes)
{
    constexpr std::size_t kMebibyte = std::size_t{1} << 20;
    return bytes % kMebibyte == 0 ? std::to_string(bytes / kMebibyte) + " MiB" : std::to_string(bytes) + " B";
}

} // namespace

Result<std::string> readTextFile(const std::filesystem::path& file, std::size_t limit)
{
    const std::string name = file.string();
    const auto notRegular = [&name](mode_t mode) { return Error{name, "", kindOf(mode), "a regular file is needed"}; };
    struct stat status {};
    // Looked at before it is opened: opening some devices has effects of its own.
    if (::stat(name.c_str(), &status) != 0)
        return Error{name, "", "", reasonOf(errno)};
    if (!S_ISREG(status.st_mode))
        return notRegular(status.st_mode);
    const Descriptor descriptor(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (descriptor.get() < 0 || ::fstat(descriptor.get(), &status) != 0)
        return Error{name, "", "", reasonOf(errno)};
    if (!S_ISREG(status.st_mode))
        return notRegular(status.st_mode);
    std::string text;
    const auto tooBig = [&name, limit] { return Error{name, "", "a larger file", "at most " + sizeText(limit) + " are read"}; };
    if (status.st_size > 0 && static_cast<std::uintmax_t>(status.st_size) > limit)
        return tooBig();
    // The size may have changed since, and is 0 for files of /proc: what counts is what read() gives, up to one byte past the limit.
    constexpr std::size_t kChunk = std::size_t{64} << 10;
    while (text.size() <= limit) {
        const std::size_t before = text.size();
        const std::size_t want = std::min(kChunk, limit + 1 - before);
        text.resize(before + want);
        const ssize_t got = ::read(descriptor.get(), text.data() + before, want);
        if (got < 0 && errno == EINTR) {
            text.resize(before);
            continue;
        }
        if (got < 0)
            return Error{name, "", "", reasonOf(errno)};
        text.resize(before + static_cast<std::size_t>(got));
        if (got == 0)
            return text;
    }
    return tooBig();
}

} // namespace shardlens
