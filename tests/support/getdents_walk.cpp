// SPDX-License-Identifier: Apache-2.0
// The least that counting the files below a directory can cost: getdents64(2) and nothing else.
// Prints how many there are and how many nanoseconds of processor time it took.
#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {

constexpr std::size_t buffer_size = 32768;  // as glibc's readdir(3) has it

std::uint64_t walk(int parent, const char* name) {
    alignas(8) static std::array<char, buffer_size> buffer;
    const int directory = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    std::vector<std::string> below;
    std::uint64_t files = 0;
    for (;;) {
        const ssize_t bytes = ::getdents64(directory, buffer.data(), buffer.size());
        if (bytes <= 0) {
            break;
        }
        for (ssize_t at = 0; at < bytes;) {
            const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
            at += entry->d_reclen;
            if (entry->d_type != DT_DIR) {
                ++files;
            } else if (entry->d_name[0] != '.') {
                below.emplace_back(entry->d_name);
            }
        }
    }
    for (const std::string& each : below) {
        files += walk(directory, each.c_str());
    }
    ::close(directory);
    return files;
}

std::uint64_t processor_time() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    constexpr std::uint64_t second = 1'000'000'000;
    return static_cast<std::uint64_t>(time.tv_sec) * second +
           static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::fputs("usage: getdents_walk DIRECTORY\n", stderr);
        return 2;
    }
    const std::uint64_t began = processor_time();
    const std::uint64_t files = walk(AT_FDCWD, arguments[1]);
    const std::uint64_t took = processor_time() - began;
    std::printf("%llu %llu\n", static_cast<unsigned long long>(files),
                static_cast<unsigned long long>(took));
    return 0;
}
