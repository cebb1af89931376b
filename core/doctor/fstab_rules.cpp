// SPDX-License-Identifier: Apache-2.0
// The mount's line in /etc/fstab.
//
// A remedy edits a line by its number, and only if the line still has the text that was seen.
#include "core/doctor/fstab_rules.hpp"

#include "core/doctor/remedies.hpp"

#include <algorithm>

namespace core::doctor {
namespace {

constexpr const char* nfs_options =
    "_netdev,nofail,nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport";
constexpr const char* efs_options = "_netdev,nofail,tls";
constexpr const char* other_options = "_netdev,nofail";
constexpr const char* reload = "sudo systemctl daemon-reload";

// fstab(5) separates its fields by blanks.
std::string escaped(std::string_view field) {
    std::string text;
    for (const char byte : field) {
        switch (byte) {
            case ' ': text += "\\040"; break;
            case '\t': text += "\\011"; break;
            case '\\': text += "\\134"; break;
            default: text += byte;
        }
    }
    return text;
}

/// As a regular expression that matches the field of the line.
std::string mount_field(const Machine& machine) {
    return regex_quoted(escaped(machine.settings.mount.path));
}

std::string number_of(const FstabLine& line) {
    return "line " + std::to_string(line.number);
}

std::string edit(const FstabLine& line, const std::string& script) {
    return "sudo sed -i -E " + shell_quoted(std::to_string(line.number) + script) + " /etc/fstab";
}

std::string joined(const std::vector<std::string>& options) {
    std::string text;
    for (const std::string& option : options) {
        text += (text.empty() ? "" : ",") + option;
    }
    return text;
}

Remedy with_options(const std::string& advice, const FstabLine& line,
                    const std::vector<std::string>& options) {
    const std::string after = regex_quoted(options.empty() ? "defaults" : joined(options));
    const std::string before = regex_quoted(joined(line.options));
    const std::string script = before.empty() ? "s#[[:blank:]]*$# " + after + "#"
                                              : "s#(\\s)" + before + "(\\s|$)#\\1" + after + "\\2#";
    return {advice + "; it takes effect at the next boot.", {edit(line, script), reload}};
}

std::vector<std::string> without(std::vector<std::string> options, std::string_view option) {
    std::erase(options, option);
    return options;
}

std::string new_line(const Machine& machine) {
    const auto entry = mounted(machine);
    const auto& types = machine.settings.mount.fstypes;
    const bool nfs = entry ? is_nfs(entry->fstype) : types.empty() || contains(types, "nfs4");
    const bool tunnel = entry && entry->source.starts_with("127.0.0.1:");
    std::string source =
        machine.settings.mount.source.value_or("FILE-SYSTEM-ID.efs.REGION.amazonaws.com:/");
    std::string rest = std::string(" nfs4 ") + nfs_options;
    if (nfs && tunnel) {
        source = "FILE-SYSTEM-ID:/";
        rest = std::string(" efs ") + efs_options;
    } else if (entry) {
        source = entry->source;
    }
    if (!nfs) {
        const std::string type = entry ? entry->fstype : types.front();
        rest = " " + type + " " + other_options;
    }
    return escaped(source) + " " + escaped(machine.settings.mount.path) + rest + " 0 0";
}

Remedy add_line(const Machine& machine, const std::optional<FstabLine>& commented) {
    Remedy remedy;
    if (commented) {
        remedy.advice = "Activate the line that is commented out.";
        remedy.commands = {
            edit(*commented, "s#^[\\#[:blank:]]+(\\S+\\s+" + mount_field(machine) + "/?\\s)#\\1#")};
    } else {
        const std::string line = new_line(machine);
        const bool known = line.find("FILE-SYSTEM-ID") == std::string::npos;
        remedy.advice = known ? "Add a line to /etc/fstab."
                              : "Add a line to /etc/fstab, with the id and the region of the file "
                                "system in it.";
        remedy.commands = {"printf '\\n%s\\n' " + shell_quoted(line) + " | sudo tee -a /etc/fstab"};
    }
    remedy.commands.emplace_back(reload);
    if (!machine.is_image() && !mounted(machine)) {
        remedy.commands.emplace_back("sudo mkdir -p {mount}");
        remedy.commands.emplace_back("sudo mount {mount}");
    }
    return remedy;
}

Seen without_line(const Machine& machine, const std::optional<FstabLine>& commented) {
    const UnitProperties* unit = machine.unit(machine.mount_unit());
    // A mount that was made by hand has a unit, too, but no unit file.
    if (is_loaded(unit) && !unit->unit_file_state.empty()) {
        return pass(machine.mount_unit() + " is a unit of its own");
    }
    std::string text = "no line for {mount}";
    if (commented) {
        text += " (" + number_of(*commented) + " is commented out)";
    }
    Remedy remedy = add_line(machine, commented);
    if (mounted(machine)) {
        return warn(text + ": it was mounted by hand, and is gone after a reboot",
                    std::move(remedy));
    }
    return machine.is_image() ? warn(text + ": does user data mount it?", std::move(remedy))
                              : fail(text + ", and no other mount unit", std::move(remedy));
}

Seen with_line(const Machine& machine, const FstabLine& line) {
    const auto& types = machine.settings.mount.fstypes;
    const bool becomes_nfs4 = line.type == "efs" || line.type == "nfs";
    if (!contains(types, line.type) && !(becomes_nfs4 && contains(types, "nfs4"))) {
        return fail(
            number_of(line) + " mounts type " + line.type + ", which mount.fstypes does not list",
            {"Correct the type in the line, or add it to the setting mount.fstypes.",
             {"sudoedit /etc/fstab", reload}});
    }
    if (line.has("noauto")) {
        return warn(number_of(line) + " has noauto: nothing mounts it at boot",
                    with_options("Remove the option", line, without(line.options, "noauto")));
    }
    return pass(number_of(line) + ": " + line.source + ", " + line.type);
}

/// The options that the line should have and has not, each with the reason.
std::vector<std::pair<std::string, std::string>> missing_options(const FstabLine& line) {
    std::vector<std::pair<std::string, std::string>> missing;
    if (is_nfs(line.type)) {
        if (!line.has_prefix("nfsvers=4.") && !line.has_prefix("vers=4.")) {
            missing.emplace_back("nfsvers=4.1", "");
        }
        if (!line.has("noresvport")) {
            missing.emplace_back("noresvport",
                                 " (without it a lost connection is not established again)");
        }
    }
    if ((is_nfs(line.type) || line.type == "efs") && !line.has("nofail")) {
        missing.emplace_back("nofail", " (without it the boot waits for the file server)");
    }
    return missing;
}

bool is_version(std::string_view option) {
    return option.starts_with("vers=") || option.starts_with("nfsvers=");
}

}  // namespace

std::optional<FstabLine> active_line(const Machine& machine) {
    if (machine.facts.fstab) {
        for (const FstabLine& line :
             fstab_lines(*machine.facts.fstab, machine.settings.mount.path)) {
            if (!line.commented) {
                return line;
            }
        }
    }
    return std::nullopt;
}

std::optional<MountEntry> mounted(const Machine& machine) {
    const auto& text = machine.facts.mountinfo;
    return text ? find_mount(*text, machine.settings.mount.path) : std::nullopt;
}

Seen mount_fstab(const Machine& machine) {
    const auto& text = machine.facts.fstab;
    if (!text && text.error().code != Errc::missing) {
        return unknown(text.error().message);
    }
    std::vector<FstabLine> lines;
    std::optional<FstabLine> commented;
    for (FstabLine& line : fstab_lines(text ? *text : "", machine.settings.mount.path)) {
        if (line.commented) {
            commented = std::move(line);
        } else {
            lines.push_back(std::move(line));
        }
    }
    if (lines.empty()) {
        return without_line(machine, commented);
    }
    if (lines.size() > 1) {
        return warn(number_of(lines[0]) + " and " + number_of(lines[1]) + " both mount {mount}",
                    {"Keep the first line; systemd ignores the second.",
                     {edit(lines[1], "s#^.*\\s" + mount_field(machine) + "#\\#&#"), reload}});
    }
    return with_line(machine, lines.front());
}

Seen mount_options(const Machine& machine) {
    const auto line = active_line(machine);
    if (!line) {
        return machine.facts.fstab ? pass("no line to have options")
                                   : unknown(machine.facts.fstab.error().message);
    }
    std::vector<std::string> options = line->options;
    std::vector<std::string> lacks;
    for (const auto& [option, why] : missing_options(*line)) {
        if (option.starts_with("nfsvers=")) {
            std::erase_if(options, is_version);
        }
        options.push_back(option);
        lacks.push_back(option + why);
    }
    if (line->type == "efs" && !line->has("_netdev")) {
        options.emplace_back("_netdev");
        return fail(number_of(*line) +
                        " lacks _netdev: systemd takes type efs for a local disk, and mounts it "
                        "before the network is up",
                    with_options("Add the option", *line, options));
    }
    if (is_nfs(line->type) && (line->has("soft") || line->has("softerr"))) {
        std::erase_if(options, [](const auto& o) { return o == "soft" || o == "softerr"; });
        options.emplace_back("hard");
        return fail(
            number_of(*line) + " has soft: a slow server becomes an error of the queue's files",
            with_options("Mount hard", *line, options));
    }
    return lacks.empty() ? pass("as they should be")
                         : warn(number_of(*line) + " lacks " + list_of(lacks),
                                with_options("Add the options", *line, options));
}

Seen mount_automount(const Machine& machine) {
    const auto line = active_line(machine);
    if (!line || !line->has("x-systemd.automount")) {
        return pass("no automount");
    }
    return warn(
        "x-systemd.automount: only an access mounts it, and each access can hang",
        with_options("Remove the option", *line, without(line->options, "x-systemd.automount")));
}

}  // namespace core::doctor
