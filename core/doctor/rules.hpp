// SPDX-License-Identifier: Apache-2.0
// The rules behind core::diagnose(), by what they look at. Internal to core.
#pragma once

#include "core/doctor/doctor.hpp"

#include <span>
#include <string>
#include <string_view>

namespace core::doctor {

struct Machine {
    const DoctorFacts& facts;
    const Settings& settings;
    DoctorSubject subject;

    [[nodiscard]] bool is_image() const { return subject == DoctorSubject::image; }
    /// nullptr if systemd could not be asked. A unit that does not exist is there, as "not-found".
    [[nodiscard]] const UnitProperties* unit(std::string_view name) const;
    /// The unit that runs Postfix here; nullptr if there is none, or systemd could not be asked.
    [[nodiscard]] const UnitProperties* postfix() const;
    [[nodiscard]] std::string mount_unit() const;
};

/// In both texts {mount} {mount_unit} {link} {skeleton} {unit} {port} stand for the values.
struct Seen {
    DoctorStatus status = DoctorStatus::pass;
    std::string output;
    std::string remedy;  ///< "": the rule's own
};

[[nodiscard]] inline Seen pass(std::string output) {
    return {DoctorStatus::pass, std::move(output), {}};
}
[[nodiscard]] inline Seen warn(std::string output, std::string remedy = {}) {
    return {DoctorStatus::warn, std::move(output), std::move(remedy)};
}
[[nodiscard]] inline Seen fail(std::string output, std::string remedy = {}) {
    return {DoctorStatus::fail, std::move(output), std::move(remedy)};
}
[[nodiscard]] inline Seen unknown(std::string output) {
    return {DoctorStatus::unknown, std::move(output), {}};
}

/// "a, b and c", at most five of them.
[[nodiscard]] std::string list_of(std::span<const std::string> words);

/// Whether `path` is `directory` or lies in it.
[[nodiscard]] bool is_within(std::string_view path, std::string_view directory);

[[nodiscard]] bool is_loaded(const UnitProperties* unit);
[[nodiscard]] bool contains(const std::vector<std::string>& list, std::string_view word);

enum class About { both, machine, image };  ///< for which subject a rule is asked
enum class Needs { nothing, systemd, postfix };

struct Rule {
    std::string_view check;
    About about;
    Needs needs;  ///< without which the rule is not asked and nothing is known
    Seen (*look)(const Machine&);
    std::string_view remedy;  ///< "" where each Seen has its own
};

[[nodiscard]] std::span<const Rule> agent_rules();
[[nodiscard]] std::span<const Rule> postfix_rules();
[[nodiscard]] std::span<const Rule> mount_rules();
[[nodiscard]] std::span<const Rule> queue_rules();
[[nodiscard]] std::span<const Rule> host_rules();
[[nodiscard]] std::span<const Rule> image_rules();

}  // namespace core::doctor
