# SPDX-License-Identifier: Apache-2.0
"""Packages and what is in them. PEA_BINARY is the program they were made of; PEA_PACKAGES where they are."""
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from json_text import flat, plain

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def deploy():
    return ROOT / "deploy"


@pytest.fixture(scope="session")
def binary():
    return os.environ.get("PEA_BINARY", str(ROOT / "build/release/postfix-elb-agent"))


@pytest.fixture(scope="session")
def settings(binary, tmp_path_factory):
    """{key: default}, as the program prints them."""
    empty = tmp_path_factory.mktemp("settings") / "agent.json"
    empty.write_text("{}")
    said = subprocess.run([binary, "--config", empty, "config", "print"], capture_output=True, text=True, timeout=30)
    return flat(plain(said.stdout))


def _package(kind):
    folder = pathlib.Path(os.environ.get("PEA_PACKAGES", ROOT / "build/packages"))
    found = sorted(folder.glob(f"*.{kind}"))
    assert len(found) == 1, f"one .{kind} is wanted in {folder}, there are {len(found)}: run deploy/package/build"
    return found[0]


@pytest.fixture(scope="session")
def deb():
    return _package("deb")


@pytest.fixture(scope="session")
def rpm():
    return _package("rpm")


@pytest.fixture(scope="session")
def unpacked(deb, rpm, tmp_path_factory):
    """{"deb": directory, "rpm": directory}"""
    folders = {kind: tmp_path_factory.mktemp(kind) for kind in ("deb", "rpm")}
    subprocess.run(["dpkg-deb", "-x", deb, folders["deb"]], check=True)
    subprocess.run(f"rpm2cpio '{rpm}' | cpio -idm --quiet", shell=True, cwd=folders["rpm"], check=True)
    return folders
