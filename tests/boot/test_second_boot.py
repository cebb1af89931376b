# SPDX-License-Identifier: Apache-2.0
"""The second boot of the same instance, with mail in its queue: kept, delivered once, nothing copied."""
from support.deadline import eventually

SUBJECTS = [f"kept over the boot {number}" for number in range(3)]


def files_of(lab, machine):
    """Inode and path of each directory of the queue and of each message, as the file server has them; what is copied has
    another inode. Not of what is deeper: Debian fills the chroot in there again at each start of Postfix."""
    return set(lab.server.run(f"cd {lab.queue_seen(machine)} && find . -maxdepth 1 -type d -printf '%i %p\\n' && "
                              "find deferred -type f -printf '%i %p\\n'").splitlines())


def test_a_second_boot_keeps_the_queue_and_delivers_it(in_service, lab):
    for subject in SUBJECTS:
        in_service.run("sendmail -f sender@example.com someone@example.net", stdin=f"Subject: {subject}\n\nhello\n")
    waiting = f"test $(find /Mail/{in_service.instance_id}/deferred -type f | wc -l) = {len(SUBJECTS)}"
    in_service.until(waiting, "all wait in the deferred queue", within=120)
    before, boot = files_of(lab, in_service), in_service.read("/proc/sys/kernel/random/boot_id")

    in_service.reboot()
    assert in_service.read("/proc/sys/kernel/random/boot_id") != boot
    in_service.until_health(status=200, phase="serving", within=300)

    assert before - files_of(lab, in_service) == set(), "each is the same file as before"
    journal = in_service.journal("-u", "postfix-elb-agent")
    assert "copy" not in journal, journal
    assert lab.server.run(f"ls -A /export/{in_service.export}/.postfix-elb-agent/staging").strip() == ""
    assert lab.server.run(f"ls /export/{in_service.export}").split() == [in_service.instance_id]

    lab.take_mail()
    in_service.run("postqueue -f")
    eventually(lambda: lab.queued(in_service) == [], "the queue is empty", within=480)
    taken = lab.taken()
    assert [taken.count(f"Subject: {subject}\n") for subject in SUBJECTS] == [1] * len(SUBJECTS), taken
    lab.refuse_mail()
