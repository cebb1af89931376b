// SPDX-License-Identifier: Apache-2.0
// Names in a queue and the beginnings of its files: the user postfix could have
// written anything there.
#include "core/model/queue_layout.hpp"
#include "core/queue/queue_id.hpp"
#include "core/queue/queue_tally.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// The names between line feeds, as they come out of a directory.
void count_all(std::string_view names, core::WallTime now) {
    constexpr std::size_t most = 5;
    core::QueueTally tally(most);
    std::uint64_t messages = 0;
    while (!names.empty()) {
        const std::size_t end = std::min(names.find('\n'), names.size());
        const std::string_view name = names.substr(0, end);
        names.remove_prefix(std::min(end + 1, names.size()));
        const auto arrival = core::arrival_of_long_id(name);
        require(!arrival || core::is_message_name(name));
        if (core::is_message_name(name)) {
            tally.count(name, "", now);
            ++messages;
        }
    }
    for (std::size_t i = 0; i < tally.samples().size(); ++i) {
        tally.add_size(i);
        tally.add_arrival(core::arrival_of_long_id(tally.samples()[i].name).value_or(now), now);
    }
    const core::QueueFigures figures = tally.figures();
    const auto ages = core::ages_of_all(figures);
    require(figures.messages == messages && tally.samples().size() <= most);
    require(std::accumulate(ages.begin(), ages.end(), std::uint64_t{0}) == messages);
    require(figures.age_sum >= 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const core::WallTime now{std::chrono::milliseconds(1'800'000'000'000)};
    count_all(text, now);
    const auto arrival = core::arrival_of_queue_file(text);
    require(!arrival || *arrival >= core::WallTime());
    return 0;
}
