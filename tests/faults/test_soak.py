# SPDX-License-Identifier: Apache-2.0
"""A short soak (tests/soak/run runs as long as wanted), and tests of what it detects."""
import os
import sys
import types

import pytest

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "soak"))

from growth import rise  # noqa: E402
from soak import PROMPT, soak, wrong_answers  # noqa: E402
from support.poller import Answer  # noqa: E402


def test_a_little_churn_leaves_nothing_behind_nor_wrong_answers():
    assert soak(seconds=20, seed=25) == []


def test_growth_is_distinguished_from_noise():
    assert rise([(0, 100), (1, 110), (2, 120), (3, 130)]) == 30
    assert abs(rise([(i, 100 + (i % 2) * 20) for i in range(50)])) < 2


@pytest.mark.parametrize("answer, wrong", [
    (Answer(5.0, 0.001, 200, ""), False),
    (Answer(5.0, 0.001, 503, "{}"), False),
    (Answer(2.0, 0.001, 503, "{}"), True),
    (Answer(7.0, 0.001, 503, "{}"), True),
    (Answer(5.0, 0.001, None, "refused"), True),
    (Answer(5.0, 0.001, 404, "{}"), True),
    (Answer(5.0, PROMPT + 0.1, 200, ""), True),
])
def test_503_is_right_only_during_a_fault(answer, wrong):
    poller = types.SimpleNamespace(path="/health", answers=[Answer(0.0, 0.001, 200, ""), answer])
    assert bool(wrong_answers(poller, [(4.0, 6.0)])) is wrong
