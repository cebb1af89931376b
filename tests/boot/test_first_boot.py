# SPDX-License-Identifier: Apache-2.0
"""The first boot of an instance from an image: its link points to the builder's queue, its id is known to the metadata
service alone."""
import re

BAKED = "/Mail/i-0b111de5000000000"


def test_health_gives_the_reason_until_it_passes(in_service):
    answers = [answer for _, answer in in_service.answers if answer is not None]
    assert answers[0].status == 503
    # The journal has what was logged before the machine could be reached from outside.
    said = re.findall(r"health fail, ready fail, (\w+): ", in_service.journal("-u", "postfix-elb-agent"))
    assert said[0] in ("starting", "relinking"), said
    assert [answer.status for answer in answers] == [503] * (len(answers) - 1) + [200], in_service.answers
    assert all(answer.json.get("output") for answer in answers[:-1]), "each refusal has a reason"
    assert "awaiting_postfix" in [answer.json["phase"] for answer in answers]
    gaps = [seconds for seconds, answer in in_service.answers[1:] if answer is None]
    assert not gaps, f"once it answers it always does; {in_service.answers}"
    assert answers[-1].json["serviceId"] == in_service.instance_id


def test_the_id_comes_from_the_metadata_service(in_service):
    assert not in_service.does("test -e /sys/class/dmi/id/board_asset_tag")
    assert f"this instance is {in_service.instance_id} (the metadata service)" in in_service.journal("-u", "postfix-elb-agent")


def test_the_queue_is_its_own_and_on_the_file_server(in_service, lab):
    assert in_service.run("readlink /var/spool/postfix").strip() == f"/Mail/{in_service.instance_id}"
    assert in_service.run("findmnt -n -o FSTYPE -T /var/spool/postfix/").strip() == "nfs4"
    seen = lab.server.run(f"ls {lab.queue_seen(in_service)}").split()
    assert {"active", "incoming", "deferred", "maildrop", "pid"} <= set(seen)
    assert not lab.server.does(f"test -e /export/{in_service.export}{BAKED.removeprefix('/Mail')}")


def test_postfix_starts_after_the_agent_is_ready(in_service):
    ready = int(in_service.show("postfix-elb-agent.service", "ActiveEnterTimestampMonotonic")) / 1e6
    master = in_service.master()
    status = in_service.read(f"/proc/{master}/stat")
    started = int(status.rsplit(")", 1)[1].split()[19]) / 100  # seconds since boot, in hundredths
    assert 0 < ready < started + 0.01
    assert in_service.run(f"readlink /proc/{master}/cwd").strip() == f"/Mail/{in_service.instance_id}"


def test_the_boot_has_no_cycle_failure_or_fatal_line(in_service):
    in_service.until("systemctl is-system-running", "the boot comes to its end with no failed unit", within=240, step=1)
    journal = in_service.journal()
    assert "ordering cycle" not in journal
    assert not re.search(r"postfix.*fatal:", journal)


def test_mail_is_queued_under_the_id(in_service, lab):
    assert lab.queued(in_service) == []
    in_service.run("sendmail -f sender@example.com someone@example.net", stdin="Subject: first boot\n\nhello\n")
    path = in_service.until(f"ls /Mail/{in_service.instance_id}/deferred/?/*", "it waits for a place to go to", within=120)
    name = path.strip().rsplit("/", 1)[1]
    assert lab.queued(in_service) == [name]
    in_service.run(f"postsuper -d {name}")
