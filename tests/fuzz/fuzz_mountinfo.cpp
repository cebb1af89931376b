// SPDX-License-Identifier: Apache-2.0
// Texts of the kernel: mountinfo and mountstats, and those of a process. The kernel is trusted; the
// names in the texts are not.
#include "core/nfs/mountstats.hpp"
#include "core/parse/mountinfo.hpp"
#include "core/parse/process_text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto entries = core::parse_mountinfo(text);
    for (const core::MountEntry& entry : entries) {
        if (!core::find_mount(text, entry.mount_point)) {
            std::abort();
        }
        (void)core::lease_expired(text, entry.mount_point);
    }
    (void)core::lease_expired(text, "/Mail");
    (void)core::nfs_facts(text, "/Mail");
    (void)core::parse_process_stat(text);
    (void)core::pid_namespace_depth(text);
    (void)core::write_flock_inode(text);
    (void)core::is_master_executable(text);
    (void)core::is_master_pid_file(text);
    return 0;
}
