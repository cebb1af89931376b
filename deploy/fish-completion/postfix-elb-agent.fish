# SPDX-License-Identifier: Apache-2.0
# Completion for fish(1). The keys of --set come from the program itself.

# Every setting as key.path=, from the JSON with comments that "config print" writes.
function __postfix_elb_agent_keys
    set -l command (commandline -opc)
    $command[1] config print 2>/dev/null | awk '
        match($0, /"[a-z_]+"[ ]*:/) {
            key = substr($0, RSTART + 1); sub(/".*/, "", key)
            if ($0 ~ /:[ ]*\{[ ]*$/) { section = key "."; next }
            print section key "="
        }
        /^  \}/ { section = "" }'
end

set -l commands serve check relink gate status doctor nfs-identity config help
set -l none "not __fish_seen_subcommand_from $commands"
complete -c postfix-elb-agent -f
complete -c postfix-elb-agent -l config -r -F -d 'Read the settings from this file'
complete -c postfix-elb-agent -l set -x -a '(__postfix_elb_agent_keys)' -d 'Override one setting'
complete -c postfix-elb-agent -s h -l help -d 'Show help'
complete -c postfix-elb-agent -n $none -l version -d 'Print the version'

complete -c postfix-elb-agent -n $none -a serve -d 'Relink the queue, then serve HTTP'
complete -c postfix-elb-agent -n $none -a check -d 'Run every check once'
complete -c postfix-elb-agent -n $none -a relink -d 'Relink the queue once'
complete -c postfix-elb-agent -n $none -a gate -d 'Decide whether Postfix may start now'
complete -c postfix-elb-agent -n $none -a status -d 'Show what the running agent reports'
complete -c postfix-elb-agent -n $none -a doctor -d 'Find what is wrong with the set-up'
complete -c postfix-elb-agent -n $none -a nfs-identity -d 'Give this NFS client a name of its own'
complete -c postfix-elb-agent -n $none -a config -d 'Validate or print the settings'
complete -c postfix-elb-agent -n $none -a help -d 'Show the help of a command'

complete -c postfix-elb-agent -n '__fish_seen_subcommand_from check status doctor' -l json -d 'Print JSON'
complete -c postfix-elb-agent -n '__fish_seen_subcommand_from status' -l watch -d 'Refresh every 2 s'
complete -c postfix-elb-agent -n '__fish_seen_subcommand_from relink' -l dry-run -d 'Print the steps and change nothing'
complete -c postfix-elb-agent -n '__fish_seen_subcommand_from gate' -l unit -x -a 'postfix.service postfix@-.service' -d 'The unit that starts'
complete -c postfix-elb-agent -n '__fish_seen_subcommand_from doctor' -l image -d 'Inspect a future image'
complete -c postfix-elb-agent -n '__fish_seen_subcommand_from config; and not __fish_seen_subcommand_from print' -a 'check print'
complete -c postfix-elb-agent -n '__fish_seen_subcommand_from help' -a "$commands"
