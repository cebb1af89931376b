# SPDX-License-Identifier: Apache-2.0
"""What the service manager receives: sd_notify(3) over a socket that replaces the manager's."""
import os
import signal

from support.deadline import eventually


def test_ready_is_sent_once_the_queue_is_this_instances_own(instance, manager):
    instance.bake()
    instance.serve()
    manager.until("STATUS=health fail")
    assert "READY=1" not in manager.listen(), "nothing is mounted yet"
    instance.mount()
    manager.until("READY=1")
    assert os.readlink(instance.link) == instance.queue
    assert manager.listen().count("READY=1") == 1


def test_the_watchdog_is_fed_by_rounds_of_checks(instance, manager):
    instance.bake()
    instance.mount()
    agent = instance.serve()
    manager.until("READY=1")
    manager.forget()
    manager.until("WATCHDOG=1")
    os.kill(agent.server(), signal.SIGSTOP)
    manager.forget()
    workers = agent.workers()
    os.kill(workers[0], signal.SIGKILL)
    eventually(lambda: workers[0] not in agent.children(), "the supervisor goes on")
    assert "WATCHDOG=1" not in manager.listen(), "and does not feed the watchdog for a stopped server"
    os.kill(agent.server(), signal.SIGCONT)
    manager.until("WATCHDOG=1")


def test_the_status_line_is_the_verdict(instance, manager):
    instance.bake()
    instance.mount()
    instance.serve()
    manager.until("STATUS=health fail, ready fail, awaiting_postfix: master_pid missing: ")
    instance.postfix.start()
    manager.until("STATUS=health pass, ready pass, serving")


def test_reloading_and_stopping_are_notified(instance, manager):
    instance.bake()
    instance.mount()
    agent = instance.serve()
    manager.until("READY=1")
    manager.forget()
    agent.hup()
    manager.until("RELOADING=1")
    assert manager.until("MONOTONIC_USEC=")
    manager.until("READY=1")
    assert agent.stop() == 0
    manager.until("STOPPING=1")


def test_a_long_drain_extends_the_manager_s_timeout(instance, manager):
    instance.bake()
    instance.mount()
    instance.write_settings(drain={"delay": "1h"})
    agent = instance.serve()
    manager.until("READY=1")
    manager.forget()
    os.kill(agent.supervisor, signal.SIGTERM)
    said = manager.until("EXTEND_TIMEOUT_USEC=")
    assert "STOPPING=1" in manager.listen()
    seconds = int(said[0].split("=")[1]) / 1e6
    assert 3600 + 6 < seconds < 3600 + 60, "drain.delay and the time that the end may take"
    assert agent.stop() == 0, "a second signal cuts it short"


def test_a_reload_before_the_queue_is_linked_is_not_ready(instance, manager):
    instance.bake()
    agent = instance.serve()
    manager.until("STATUS=health fail")
    agent.hup()
    eventually(lambda: "reload: " in agent.stderr(), "the reload is done")
    manager.forget()
    manager.until("WATCHDOG=1")
    assert "READY=1" not in manager.listen()
    instance.mount()
    manager.until("READY=1")
