# SPDX-License-Identifier: Apache-2.0
"""Queues as Postfix lists them and as the agent counts them, and queue files that are made directly."""
import collections
import json
import os
import pwd

from prometheus_client.parser import text_string_to_metric_families

from support.deadline import eventually

ALPHABET = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"


def long_id(seconds, microseconds=0, inode=1):
    """As Postfix with enable_long_queue_ids names a message that arrived then."""
    def digits(value, base, width):
        text = ""
        while value or len(text) < width:
            value, digit = divmod(value, base)
            text = ALPHABET[digit] + text
        return text
    return f"{digits(seconds, 52, 6)}{digits(microseconds, 52, 4)}z{digits(inode, 51, 1)}"


def hash_directory(queue_id):
    """Of a message in the deferred queue: the first digit of the microseconds in its id, which a long one has as well."""
    if "z" in queue_id[10:]:
        microseconds = 0
        for digit in queue_id[queue_id.rindex("z") - 4:queue_id.rindex("z")]:
            microseconds = microseconds * 52 + ALPHABET.index(digit)
        return f"{microseconds:05X}"[0]
    return queue_id[0]


def listed(postfix):
    """What `postqueue -j` lists, message by message. A message that moves while showq reads it can break the list."""
    def ask():
        done = postfix.host.run("postqueue", "-c", postfix.config, "-j", check=False)
        return done if done.returncode == 0 else None
    lines = eventually(ask, "postqueue lists the queue").stdout.splitlines()
    return [json.loads(line) for line in lines]


def listed_counts(postfix):
    return collections.Counter(message["queue_name"] for message in listed(postfix))


def samples(agent):
    """(name, labels as a sorted tuple) -> value, of everything that /metrics says now."""
    families = text_string_to_metric_families(agent.request("/metrics").body.decode())
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families for sample in family.samples}


def value(agent, name, **labels):
    """None where there is no such series."""
    return samples(agent).get((name, tuple(sorted(labels.items()))))


def depths(agent):
    """Queue -> messages, without those that are empty; None before the first census."""
    found = {dict(labels)["queue"]: int(number) for (name, labels), number in samples(agent).items()
             if name == "postfix_showq_queue_depth"}
    return {queue: number for queue, number in found.items() if number} if found else None


def censuses(agent, outcome="complete"):
    return int(value(agent, "postfix_elb_agent_censuses_total", outcome=outcome))


def until_counted(agent, within=15.0):
    """Waits for a census that began after now."""
    before = censuses(agent)
    eventually(lambda: censuses(agent) >= before + 2, "two more censuses", within)


def queue_file(sample, arrival):
    """The bytes of a real message's file, arrived at another time. The record of it is where Postfix has it: type and
    length after the size record of 97 bytes, then seconds and microseconds."""
    assert sample[0:2] == b"C\x5f" and sample[97:98] == b"T", sample[:120]
    length = sample[98]
    assert sample[99:99 + length].split()[0].isdigit(), sample[:120]
    return sample[:99] + f"{arrival} 161309".ljust(length).encode()[:length] + sample[99 + length:]


def put(queue, path, content, mode=0o700):
    """A file in a queue, owned as Postfix's own are."""
    owner = pwd.getpwnam("postfix")
    full = f"{queue}/{path}"
    if not os.path.isdir(os.path.dirname(full)):
        os.makedirs(os.path.dirname(full), mode=0o700)
        os.chown(os.path.dirname(full), owner.pw_uid, 0)
    with open(full, "wb") as file:
        file.write(content)
    os.chmod(full, mode)
    os.chown(full, owner.pw_uid, owner.pw_gid)


def fill(directory, count, seconds=None):
    """So many empty files in hashed directories below `directory`, with long ids of that time, or short ones."""
    for number in range(count):
        microseconds = number * 7919 % 1_000_000  # spread over the directories
        name = long_id(seconds, microseconds, number + 1) if seconds else f"{microseconds:05X}{number + 1:X}"
        place = f"{directory}/{hash_directory(name)}"
        try:
            os.mknod(f"{place}/{name}", 0o100700)
        except FileNotFoundError:
            os.makedirs(place, mode=0o700)
            os.mknod(f"{place}/{name}", 0o100700)


def mail_files(queue):
    """Paths of messages below the queue directory, relative to it."""
    found = []
    for name in ("incoming", "active", "deferred", "hold", "maildrop", "corrupt"):
        for directory, _, files in os.walk(f"{queue}/{name}"):
            found += [os.path.relpath(f"{directory}/{file}", queue) for file in files]
    return sorted(found)
