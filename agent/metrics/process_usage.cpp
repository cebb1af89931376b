// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/process_usage.hpp"

#include "agent/base/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string_view>

namespace agent {
namespace {

/// Numbers are given out from the lowest free one, and HttpLimits::connections keeps them low.
constexpr std::uint64_t highest_descriptor_looked_at = 4096;

int count_descriptors(std::uint64_t limit) {
    int count = 0;
    const int end = static_cast<int>(std::min(limit, highest_descriptor_looked_at));
    for (int fd = 0; fd < end; ++fd) {
        count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
}

/// Fields of proc_pid_stat(5) by their number there, from 3 on: those before may contain blanks and
/// brackets.
class Stat {
   public:
    explicit Stat(std::string_view text) {
        const std::size_t end_of_name = text.rfind(") ");
        text = end_of_name == std::string_view::npos ? "" : text.substr(end_of_name + 2);
        for (std::size_t number = 3; number < fields_.size() && !text.empty(); ++number) {
            const std::size_t end = std::min(text.find(' '), text.size());
            std::from_chars(text.data(), text.data() + end, fields_[number]);
            text.remove_prefix(std::min(end + 1, text.size()));
        }
    }
    [[nodiscard]] std::uint64_t operator[](std::size_t number) const { return fields_[number]; }

   private:
    std::array<std::uint64_t, 25> fields_{};
};

Stat read_stat(int file) {
    std::array<char, 1024> text{};
    const ssize_t size = ::pread(file, text.data(), text.size(), 0);
    return Stat({text.data(), size > 0 ? static_cast<std::size_t>(size) : 0});
}

}  // namespace

ProcessUsage::ProcessUsage() : stat_(::open("/proc/self/stat", O_RDONLY | O_CLOEXEC)) {
}

ProcessUse ProcessUsage::observe(core::TimePoint now) const {
    const Stat stat = read_stat(stat_.get());
    const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    ProcessUse use;
    use.cpu_seconds = static_cast<double>(stat[14] + stat[15]) / ticks_per_second;
    use.virtual_bytes = stat[23];
    use.resident_bytes = stat[24] * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    use.start_time = std::chrono::duration<double>(now.boot_began().time_since_epoch()).count() +
                     static_cast<double>(stat[22]) / ticks_per_second;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        use.max_descriptors = limit.rlim_cur;
    }
    use.open_descriptors = count_descriptors(use.max_descriptors);
    return use;
}

}  // namespace agent
