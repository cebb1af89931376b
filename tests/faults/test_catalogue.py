# SPDX-License-Identifier: Apache-2.0
"""Every row of the catalogue of faults, each on its own: -k mount, -k "it freezes". README.md says how to read it."""
import collections
import os
import re

import pytest

from catalogue import ELSEWHERE, ROWS
from stand import Stand

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GROUPS = {"boot", "mount", "server", "link", "master", "log", "identity", "clock", "resources", "clients", "signals"}


@pytest.fixture(scope="module")
def stand():
    made = Stand()
    yield made
    made.close()


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_right_about(row, stand):
    stand.run(row)


def test_the_catalogue_is_as_large_as_promised_without_doubles():
    assert len(ROWS) >= 60
    assert {row.group for row in ROWS} == GROUPS
    assert [name for name, count in collections.Counter(map(str, ROWS)).items() if count > 1] == []


def test_every_reason_has_a_row_or_a_test_elsewhere():
    with open(f"{os.path.dirname(TESTS)}/core/checks/reason_table.hpp") as file:
        known = set(re.findall(r"\{Check::(\w+),\s*Reason::(\w+),", file.read()))
    assert len(known) > 20
    seen = {(row.says.check, row.says.reason) for row in ROWS} | {also for row in ROWS for also in row.says.also}
    seen |= {tuple(what.split(":")[0].split()) for what, *_ in ELSEWHERE}
    assert sorted(known - seen) == []


@pytest.mark.parametrize("what, path, test", ELSEWHERE, ids=lambda value: value)
def test_the_tests_elsewhere_exist(what, path, test):
    with open(f"{TESTS}/{path}") as file:
        assert test in file.read(), what
