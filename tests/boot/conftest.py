# SPDX-License-Identifier: Apache-2.0
"""What the scenarios share: a lab, relays that end with their test, a relay in service, and what every machine shows when
a test fails."""
import os
import sys
import time

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
pytest.register_assert_rewrite("system", "machine", "container", "lab")

FIRST_ID = "i-0f1257000000000b1"
_labs = []


def pytest_collection_modifyitems(items):
    """Tests that share the relay in service run first; it is switched off after the last of them."""
    items.sort(key=lambda item: "in_service" not in item.fixturenames)


@pytest.fixture(scope="session")
def lab():
    import images
    from lab import Lab
    made = Lab(images.make())
    _labs.append(made)
    yield made
    made.close()


def _ending_with_the_test(lab, factory):
    made = []

    def make(*arguments, **keywords):
        made.append(factory(*arguments, **keywords))
        return made[-1]

    yield make
    for system in made:
        lab.forget(system)


@pytest.fixture
def relay(lab):
    """Makes relays (Lab.relay) that end with the test."""
    yield from _ending_with_the_test(lab, lab.relay)


@pytest.fixture
def container(lab):
    """Makes containers (Lab.container) that end with the test."""
    yield from _ending_with_the_test(lab, lab.container)


@pytest.fixture(scope="session")
def in_service(lab):
    """A relay after its first boot, 200 at /health; only the metadata service knows its id. `answers` is what /health
    said meanwhile, each change as (seconds since it was switched on, Response or None)."""
    machine = lab.relay("first", FIRST_ID, asset_tag=None, files={"/etc/default/postfix": None})
    lab.metadata(machine, FIRST_ID)
    machine.start(wait=False)
    machine.answers = []
    machine.until(lambda: _healthy_now(machine), "the first relay is healthy", within=600, step=0.1)
    machine.until_shell()
    yield machine
    lab.forget(machine)


def _healthy_now(machine):
    assert machine.powered(), machine.console()[-3000:]
    answer = machine.http()
    if not machine.answers or _gist(answer) != _gist(machine.answers[-1][1]):
        machine.answers.append((time.monotonic() - machine.started_at, answer))
    return answer is not None and answer.status == 200


def _gist(answer):
    return answer and (answer.status, answer.json.get("phase"), answer.json.get("output"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Ends a relay that no later test needs: two cores are few."""
    yield
    if "in_service" in item.fixturenames and nextitem is not None and "in_service" not in nextitem.fixturenames:
        for machine in _labs[0].machines:
            if machine.name == "first":
                _labs[0].forget(machine)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed and _labs:
        for machine in _labs[0].machines:
            if machine.powered():
                report.sections.append((f"machine {machine.name}", machine.last_words()))
