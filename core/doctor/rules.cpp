// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/rules.hpp"

namespace core::doctor {
namespace {

using enum About;
using enum Needs;

constexpr Rule table[]{
    {"settings", both, nothing, settings},
    {"settings_file", both, nothing, settings_file},
    {"runtime_directory", both, nothing, runtime_directory},
    {"port", both, nothing, port},
    {"log_source", both, nothing, log_source},
    {"log_kept", both, nothing, log_kept},
    {"clock", machine, nothing, clock},

    {"systemd", both, nothing, doctor::systemd},
    {"agent_unit", both, Needs::systemd, agent_unit},
    {"agent_active", machine, Needs::systemd, agent_active},
    {"agent_order", both, Needs::systemd, agent_order},
    {"agent_socket", both, Needs::systemd, agent_socket},
    {"ordering_cycle", both, Needs::systemd, ordering_cycle},
    {"daemon_reload", both, Needs::systemd, daemon_reload},

    {"mount_fstab", both, nothing, mount_fstab},
    {"mount_options", both, nothing, mount_options},
    {"mount_automount", both, nothing, mount_automount},
    {"mount_now", both, nothing, mount_now},
    {"mount_point", both, nothing, mount_point},
    {"nfs_identity", both, nothing, nfs_identity},
    {"host_name", machine, nothing, host_name},
    {"selinux", both, nothing, selinux},

    {"image_postfix_stopped", image, nothing, image_postfix_stopped},
    {"image_link", image, nothing, image_link},
    {"image_instance_id", image, nothing, image_instance_id},
    {"image_machine_id", image, nothing, image_machine_id},
    {"image_host_name", image, nothing, image_host_name},
    {"image_cloud_init", image, nothing, image_cloud_init},

    {"running", machine, nothing, running},
    {"queue_link", machine, nothing, queue_link},
    {"queue_skeleton", both, nothing, queue_skeleton},

    {"postfix_unit", both, Needs::systemd, postfix_unit},
    {"postfix_gate", both, postfix, postfix_gate},
    {"postfix_drop_ins", both, postfix, postfix_drop_ins},
    {"postfix_queue_directory", both, nothing, postfix_queue_directory},
    {"postfix_pid_file", both, postfix, postfix_pid_file},
    {"postfix_requires", both, postfix, postfix_requires},
    {"postfix_boot_order", both, postfix, postfix_boot_order},
    {"postfix_stop_order", both, postfix, postfix_stop_order},
    {"postfix_start_timeout", both, postfix, postfix_start_timeout},
    {"postfix_started_after", machine, postfix, postfix_started_after},
    {"postfix_process", machine, nothing, postfix_process},
};

}  // namespace

std::span<const Rule> rules() {
    return table;
}

}  // namespace core::doctor
