// SPDX-License-Identifier: Apache-2.0
// The rules behind core::diagnose(). Internal to this room: one table (rules.cpp) names each rule;
// its function and its texts are in the file of its topic.
#pragma once

#include "core/doctor/doctor.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core::doctor {

struct Machine {
    const DoctorFacts& facts;
    const Settings& settings;
    DoctorSubject subject;

    [[nodiscard]] bool is_image() const { return subject == DoctorSubject::image; }
    /// nullptr if systemd did not answer. A unit that does not exist has the state "not-found".
    [[nodiscard]] const UnitProperties* unit(std::string_view name) const;
    /// The unit that runs Postfix; nullptr if there is none, or systemd did not answer.
    [[nodiscard]] const UnitProperties* postfix() const;
    [[nodiscard]] std::string mount_unit() const;
    /// Replaces {mount} {mount_unit} {link} {skeleton} {unit} {port} by their values.
    [[nodiscard]] std::string text(std::string_view pattern) const;
    /// The same with each value quoted for a shell.
    [[nodiscard]] std::string command(std::string_view pattern) const;
};

/// What a rule found. All texts may have the placeholders of Machine::text().
struct Seen {
    DoctorStatus status = DoctorStatus::pass;
    std::string output;
    Remedy remedy;
};

[[nodiscard]] inline Seen pass(std::string output) {
    return {DoctorStatus::pass, std::move(output), {}};
}
[[nodiscard]] inline Seen warn(std::string output, Remedy remedy) {
    return {DoctorStatus::warn, std::move(output), std::move(remedy)};
}
[[nodiscard]] inline Seen fail(std::string output, Remedy remedy) {
    return {DoctorStatus::fail, std::move(output), std::move(remedy)};
}
[[nodiscard]] inline Seen unknown(std::string output) {
    return {DoctorStatus::unknown, std::move(output), {}};
}

/// "a, b and c", at most five of them.
[[nodiscard]] std::string list_of(std::span<const std::string> names);

/// Whether `path` is `directory` or is below it.
[[nodiscard]] bool is_within(std::string_view path, std::string_view directory);

[[nodiscard]] bool is_loaded(const UnitProperties* unit);
[[nodiscard]] bool is_enabled(const UnitProperties& unit);
[[nodiscard]] bool contains(const std::vector<std::string>& list, std::string_view word);
/// Whether it starts after the last stage of cloud-init, in which user data runs.
[[nodiscard]] bool waits_for_user_data(const UnitProperties& unit);

enum class About { both, machine, image };  ///< the subjects a rule applies to
enum class Needs { nothing, systemd, postfix };

using Look = Seen(const Machine&);

struct Rule {
    std::string_view check;
    About about;
    Needs needs;  ///< without it the finding is unknown and the function is not called
    Look* look;
};

/// Every rule, causes before effects.
[[nodiscard]] std::span<const Rule> rules();

Look settings, settings_file, runtime_directory, port, log_source, log_kept, clock;
Look systemd, agent_unit, agent_active, agent_order, agent_socket, ordering_cycle, daemon_reload;
Look mount_fstab, mount_options, mount_automount;
Look mount_now, mount_point, selinux;
Look nfs_identity, host_name;
Look image_postfix_stopped, image_link, image_instance_id, image_machine_id;
Look image_host_name, image_cloud_init;
Look running, queue_link, queue_skeleton;
Look postfix_unit, postfix_gate, postfix_drop_ins, postfix_pid_file, postfix_requires;
Look postfix_boot_order, postfix_stop_order, postfix_start_timeout;
Look postfix_queue_directory, postfix_started_after, postfix_process;

}  // namespace core::doctor
