// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/help_text.hpp"

namespace agent {
namespace {

constexpr std::string_view common_options =
    "\n--config FILE and --set KEY=VALUE can be given here too:\n"
    "see 'postfix-elb-agent help'.\n";

constexpr std::string_view health_status = R"(
Exit status:
  0      pass
  1      warn
  2      fail
  3      unknown
)";

constexpr std::string_view program_text =
    R"(Usage: postfix-elb-agent [--config FILE] [--set KEY=VALUE]... COMMAND

Gives Postfix a queue directory of its own on shared storage before Postfix
starts. Then reports over HTTP whether this instance is healthy.

Commands:
  serve           relink the queue, then serve HTTP until SIGTERM
  check           run every check once, without a running agent
  relink          relink the queue once
  gate            decide whether Postfix may start now
  status          show what the running agent reports
  doctor          find what is wrong with the set-up of this machine
  nfs-identity    give this NFS client a name of its own, before the first mount
  config          validate or print the settings
  help            show this text, or the help of a command: help COMMAND

Options:
  --config FILE      read the settings from FILE
                     (default: /etc/postfix-elb-agent/agent.json)
  --set KEY=VALUE    override one setting; may be repeated
  -h, --help         show this text, or the help of the command
  --version          print the version

Exit status:
  0      success
  64     the command line is wrong
  78     the settings have errors
  The help of each command lists the others.

Files:
  /etc/postfix-elb-agent/agent.json    settings; a standard host needs none
  /run/postfix-elb-agent/              run-time state

Examples:
  sudo postfix-elb-agent check               check this instance now
  sudo postfix-elb-agent relink --dry-run    print the steps, change nothing
  postfix-elb-agent status --watch           follow the state of the agent
  postfix-elb-agent config print --set listen.port=80

Manual pages: postfix-elb-agent(8), postfix-elb-agent.json(5) for the settings,
postfix-elb-agent-reasons(7) for each reason and its remedy.
)";

constexpr std::string_view serve_text = R"(Usage: postfix-elb-agent serve

Relinks the queue, then answers /, /health, /readyz, /livez and /metrics over
HTTP until SIGTERM. It must be started as root. On a host with systemd, the unit
postfix-elb-agent.service runs it.

Signals:
  SIGTERM    fail /readyz, wait for drain.delay, then end;
             a second SIGTERM ends the wait
  SIGHUP     load the settings again

Exit status:
  0      ended by SIGTERM or SIGINT
  1      any other error
  78     the settings have errors
)";

constexpr std::string_view check_text = R"(Usage: sudo postfix-elb-agent check [--json]

Runs every check once. A running agent is not needed. Shows what to do about
each failure. It has no history, so it excuses no failure: where an agent runs,
prefer 'postfix-elb-agent status'.

Options:
  --json    print the body of /health
)";

constexpr std::string_view relink_text = R"(Usage: sudo postfix-elb-agent relink [--dry-run]

Relinks the queue once: copies the skeleton to the share if this instance has no
queue there, then points the link to it. It waits for the mount for at most
mount.wait. It never removes mail.

Options:
  --dry-run    print the steps and change nothing

Exit status:
  0      done, or nothing to do
  2      refused; the reason is printed
  78     the settings have errors
)";

constexpr std::string_view gate_text = R"(Usage: sudo postfix-elb-agent gate [--unit NAME]

Decides whether Postfix may start now, and prints the reason if it may not.
Postfix's unit runs it before each start.

Options:
  --unit NAME    the unit that starts: postfix.service or
                 postfix@INSTANCE.service. Waits while the agent is starting,
                 for at most mount.wait. The agent starts a refused unit later,
                 when the queue is ready.

Exit status:
  0      Postfix may start
  1      Postfix may not start
  255    Postfix may not start, and --unit was given
)";

constexpr std::string_view status_text =
    R"(Usage: postfix-elb-agent status [--json | --watch]

Shows what the running agent reports. It needs no root.

Options:
  --json     print the body of /health
  --watch    refresh every 2 s until Ctrl-C; needs a terminal
)";

constexpr std::string_view doctor_text =
    R"(Usage: sudo postfix-elb-agent doctor [--image] [--json]

Finds what is wrong with the set-up of this machine (units, fstab, link, log,
port, clock) and prints the commands that fix it.

Options:
  --image    inspect a machine that will become an image (AMI)
  --json     print JSON
)";

constexpr std::string_view nfs_identity_text = R"(Usage: sudo postfix-elb-agent nfs-identity

Gives this NFS client a name of its own, made from the instance id. NFS clients
with one name take each other's locks away. Run it before the first NFS mount;
the unit postfix-elb-agent-nfs-identity.service does. It keeps a name that an
administrator has set.

Exit status:
  0      done, or nothing to do
  1      failed; the reason is printed
  78     the settings have errors
)";

constexpr std::string_view config_text = R"(Usage: postfix-elb-agent config check | print

Commands:
  check    validate the settings and list every error
  print    print the effective settings and the origin of each

Exit status:
  0      the settings are valid
  78     the settings have errors
)";

struct Topic {
    std::string_view name;
    std::string_view text;
    std::string_view status = {};
    std::string_view options = {};
};

constexpr Topic topics[] = {
    {"", program_text},
    {"serve", serve_text, {}, common_options},
    {"check", check_text, health_status, common_options},
    {"relink", relink_text, {}, common_options},
    {"gate", gate_text, {}, common_options},
    {"status", status_text, health_status, common_options},
    {"doctor", doctor_text, health_status, common_options},
    {"nfs-identity", nfs_identity_text, {}, common_options},
    {"config", config_text, {}, common_options},
    {"config check", config_text, {}, common_options},
    {"config print", config_text, {}, common_options},
    {"help", program_text},
};

}  // namespace

std::string help_text(std::string_view topic) {
    for (const Topic& row : topics) {
        if (row.name == topic) {
            return std::string(row.text).append(row.status).append(row.options);
        }
    }
    return {};
}

}  // namespace agent
