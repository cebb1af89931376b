# SPDX-License-Identifier: Apache-2.0
"""The file server, asked over the network while the mount does not answer: is it this instance's fault, or one that all instances share?
The mount is faultfs; the program sees it as NFS from a test server on loopback."""
import contextlib

from row import condition
from support.deadline import eventually
from support.mount_table import show_nfs
from support.nfs_server import NfsServer

# Settings of such a relay: the source is the test server's.
SETTINGS = {"mount": {"source": None, "fstypes": ["fuse.faultfs", "nfs4"]}}


def holding(duration):
    return {**SETTINGS, "shared_fault": {"hold": duration}}


@condition
def frozen_and_the_server(relay, fault):
    """See tests/support/nfs_server.py for the faults; "refuses" means that no server listens."""
    with _seen_as_nfs(relay) as server:
        _suffers(server, fault)
        relay.faultfs.freeze()
        yield
        relay.faultfs.thaw()


@condition
def refused_and_the_server(relay, error, fault):
    with _seen_as_nfs(relay) as server:
        _suffers(server, fault)
        relay.faultfs.refuse(error)
        yield
        relay.faultfs.clear()


def _suffers(server, fault):
    if fault == "refuses":
        server.refuse()
    else:
        server.fault = fault


@contextlib.contextmanager
def _seen_as_nfs(relay):
    server = NfsServer()
    show_nfs(relay.instance, server.port)
    eventually(lambda: relay.agent.row("mount").get("observedValue") == "127.0.0.1:/ nfs4 rw", "the mount is NFS")
    yield server
    with contextlib.suppress(OSError):  # one that refuses does not listen any more
        server.close()
