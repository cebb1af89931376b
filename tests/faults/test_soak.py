# SPDX-License-Identifier: Apache-2.0
"""The soak in short: tests/soak/run does it for as long as wanted."""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "soak"))

from growth import rise  # noqa: E402
from soak import soak  # noqa: E402


def test_a_little_churn_leaves_nothing_behind_and_no_answer_is_wrong():
    assert soak(seconds=20, seed=25) == []


def test_growth_is_told_from_noise():
    assert rise([(0, 100), (1, 110), (2, 120), (3, 130)]) == 30
    assert abs(rise([(i, 100 + (i % 2) * 20) for i in range(50)])) < 2
