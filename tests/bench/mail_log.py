# SPDX-License-Identifier: Apache-2.0
"""Mail logs of any length: what Postfix logs of a message that it relays, with made-up names."""
import datetime
import random
import time

LINES = (  # of one message, in order; each begins with a stamp and the host's name
    "postfix/smtpd[{p}]: connect from {client}[192.0.2.{n}]",
    "postfix/smtpd[{p}]: {id}: client={client}[192.0.2.{n}]",
    "postfix/cleanup[{q}]: {id}: message-id=<{year}1122101503.{id}@{client}>",
    "postfix/qmgr[1053]: {id}: from=<sender{n}@example.org>, size={size}, nrcpt=1 (queue active)",
    "postfix/smtpd[{p}]: disconnect from {client}[192.0.2.{n}] ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 "
    "commands=7",
    "postfix/smtp[{r}]: {id}: to=<recipient{n}@example.net>, relay=mx{n}.example.net[198.51.100.{n}]:25, delay=0.{d}, "
    "delays=0.0{d}/0.01/0.1{d}/0.2{d}, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {id2})",
    "postfix/qmgr[1053]: {id}: removed",
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STAMP = "@"


def message(rng):
    """The lines of one message, with _STAMP for each stamp."""
    values = {
        "p": rng.randrange(2000, 32000), "q": rng.randrange(2000, 32000), "r": rng.randrange(2000, 32000),
        "n": rng.randrange(1, 250), "d": rng.randrange(10, 99), "size": rng.randrange(900, 90000), "year": 2026,
        "id": f"{rng.randrange(1 << 40):010X}", "id2": f"{rng.randrange(1 << 40):010X}",
    }
    values["client"] = f"client{values['n']}.example.com"
    return "".join(f"{_STAMP} relay1 {line.format(**values)}\n" for line in LINES)


class Template:
    """`messages` different messages that are stamped as one: writing them often is a matter of the disk."""

    def __init__(self, messages, seed=1):
        rng = random.Random(seed)
        self.messages = messages
        self.lines = messages * len(LINES)
        self._pieces = "".join(message(rng) for _ in range(messages)).split(_STAMP + " ")

    def at(self, stamp):
        """Its bytes with this stamp."""
        return f"{stamp} ".join(self._pieces).encode()


def rfc3339(seconds):
    """As rsyslog stamps on Debian 12; seconds since the epoch."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="microseconds")


def traditional(seconds):
    """As rsyslog stamps on RHEL, and Postfix itself in a maillog_file."""
    local = time.localtime(seconds)
    return f"{MONTHS[local.tm_mon - 1]} {local.tm_mday:2} {time.strftime('%H:%M:%S', local)}"


def refused_start(stamp):
    """The line of a start that was refused."""
    return f"{stamp} relay1 postfix/postfix-script[1060]: fatal: no Postfix queue directory /x!\n".encode()


def started(stamp):
    """The line of a start that succeeded."""
    return f"{stamp} relay1 postfix/master[1051]: daemon started -- version 3.7.11, configuration /x\n".encode()
