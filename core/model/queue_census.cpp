// SPDX-License-Identifier: Apache-2.0
#include "core/model/queue_census.hpp"

#include <cmath>

namespace core {

std::string_view to_string(MailQueue queue) noexcept {
    switch (queue) {
        case MailQueue::incoming: return "incoming";
        case MailQueue::active: return "active";
        case MailQueue::deferred: return "deferred";
        case MailQueue::hold: return "hold";
        case MailQueue::maildrop: return "maildrop";
        case MailQueue::corrupt: break;
    }
    return "corrupt";
}

const std::array<MailQueue, mail_queue_count>& all_mail_queues() noexcept {
    static constexpr std::array<MailQueue, mail_queue_count> all{
        MailQueue::incoming, MailQueue::active,   MailQueue::deferred,
        MailQueue::hold,     MailQueue::maildrop, MailQueue::corrupt};
    return all;
}

std::array<std::uint64_t, age_bounds.size() + 1> ages_of_all(const QueueFigures& figures) noexcept {
    std::array<std::uint64_t, age_bounds.size() + 1> scaled{};
    if (figures.ages_sampled == 0) {
        return scaled;
    }
    const double factor =
        static_cast<double>(figures.messages) / static_cast<double>(figures.ages_sampled);
    std::uint64_t known = 0;  // rounded is what is cumulated, so that the classes add up to all
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < scaled.size(); ++i) {
        known += figures.ages[i];
        const auto until =
            static_cast<std::uint64_t>(std::llround(static_cast<double>(known) * factor));
        scaled[i] = until - before;
        before = until;
    }
    return scaled;
}

}  // namespace core
