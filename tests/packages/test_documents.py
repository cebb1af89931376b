# SPDX-License-Identifier: Apache-2.0
"""The documents in the package: each path that one of them or an alert names exists where it says."""
import importlib.machinery
import importlib.util
import re
import subprocess

import pytest


@pytest.fixture(scope="module")
def paths(root):
    """tests/layering/paths as a module."""
    loader = importlib.machinery.SourceFileLoader("paths", str(root / "tests/layering/paths"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("paths", loader))
    loader.exec_module(module)
    return module


def test_each_document_is_in_the_package(unpacked, root):
    for usr in (folder / "usr" for folder in unpacked.values()):
        installed = usr / "share/doc/postfix-elb-agent"
        for path in ["README.md", "CHANGELOG.md", *(f"deploy/{folder}/README.md" for folder in ("package", "prometheus", "systemd")),
                     "deploy/prometheus/METRICS.md", "deploy/grafana/postfix-elb-agent.json"]:
            assert (installed / path).read_bytes() == (root / path).read_bytes(), path


def test_each_link_and_runbook_leads_somewhere_in_the_package(unpacked, paths):
    for folder in unpacked.values():
        documents = folder / "usr/share/doc/postfix-elb-agent"
        assert len(list(documents.rglob("*.md"))) >= 6
        assert [(str(file), path) for file, path in paths.broken(documents, with_named=False)] == []


def test_each_installed_path_that_a_text_names_is_in_the_package(unpacked, binary):
    usr = unpacked["deb"] / "usr"
    files = [file for folder in ("share/doc", "lib/systemd") for file in (usr / folder).rglob("*") if file.is_file()]
    texts = {str(file): file.read_text() for file in files if file.suffix != ".gz"}
    pages = sorted((usr / "share/man").rglob("*.gz"))
    texts |= {str(page): subprocess.run(["zcat", page], capture_output=True, text=True, check=True).stdout for page in pages}
    texts["--help"] = subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout
    named = {(name, path) for name, text in texts.items()
             for path in re.findall(r"/usr(/[\w/.@+-]*postfix-elb-agent[\w/.@+-]*)", text)}
    assert len(named) >= 5
    assert [(name, path) for name, path in named if not (usr / path.strip("/").rstrip(".")).exists()] == []


def test_each_path_that_a_document_of_the_repository_names_exists(root, paths):
    assert list(paths.broken(root)) == []
