// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/remedies.hpp"

namespace core::doctor {
namespace {

constexpr const char* reload = "sudo systemctl daemon-reload";

}  // namespace

std::string install_package(std::string_view name) {
    const std::string package(name);
    return "sudo apt-get install -y " + package + " || sudo dnf install -y " + package;
}

Remedy install_agent() {
    return {"Install the package again, from the directory that has its file.",
            {"sudo apt-get install -y --reinstall ./postfix-elb-agent_*.deb || "
             "sudo dnf reinstall -y ./postfix-elb-agent-*.rpm || "
             "sudo dnf install -y ./postfix-elb-agent-*.rpm"}};
}

Remedy drop_in(const Machine& machine, std::string advice, const std::string& unit,
               const std::string& name, std::initializer_list<const char*> lines) {
    const std::string directory = "/etc/systemd/system/" + machine.command(unit) + ".d";
    std::string write = "printf '%s\\n'";
    for (const char* line : lines) {
        write += " " + shell_quoted(machine.text(line));
    }
    return {
        std::move(advice),
        {"sudo mkdir -p " + directory, write + " | sudo tee " + directory + "/" + name, reload}};
}

Remedy edit_unit_files(std::string advice, const std::string& lines, const std::string& script) {
    const std::string where = shell_quoted(lines) + " /etc/systemd/system/postfix*";
    return {
        std::move(advice),
        {"grep -rE " + where,
         "grep -rlZE " + where + " | sudo xargs -0 -r sed -i -E " + shell_quoted(script), reload}};
}

Remedy do_not_wait_for_user_data() {
    const std::string units = "(cloud-final\\.service|cloud-init\\.target|multi-user\\.target)";
    return edit_unit_files(
        "Remove the After= on these units; to relink after user data, use the setting "
        "queue.after_user_data. It takes effect at the next boot.",
        "^After=.*" + units, "/^After=/s/" + units + " *//g");
}

Remedy protect(const std::string& path, const std::string& mode) {
    const std::string quoted = shell_quoted(path);
    return {"Make root the only user with write access.",
            {"sudo chown root:root " + quoted, "sudo chmod " + mode + " " + quoted}};
}

std::string move_aside(const std::string& path) {
    return "sudo mv -n " + shell_quoted(path) + " " + shell_quoted(path + ".aside");
}

std::string regex_quoted(std::string_view text) {
    constexpr std::string_view special = "\\^$.|?*+()[]{}#&";
    std::string quoted;
    for (const char byte : text) {
        if (special.find(byte) != std::string_view::npos) {
            quoted += '\\';
        }
        quoted += byte;
    }
    return quoted;
}

}  // namespace core::doctor
