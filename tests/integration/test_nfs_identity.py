# SPDX-License-Identifier: Apache-2.0
"""`nfs-identity` on a host with a /sys of the test."""
import pytest

NET = "/sys/fs/nfs/net/nfs_client/identifier"
PARAMETER = "/sys/module/nfs/parameters/nfs4_unique_id"


@pytest.fixture
def host(instance):
    """The kernel has no NFS yet."""
    for place in ("/sys/fs", "/sys/module"):
        instance.host.run("mount", "-t", "tmpfs", "none", place)
    return instance.host


def read(host, path):
    with open(host.view(path)) as file:
        return file.read()


def test_the_id_becomes_the_name_of_the_nfs_client(instance, host):
    host.write(NET, "(null)\n")
    host.write(PARAMETER, "\n")
    done = instance.command("nfs-identity")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f'the name of the NFS client is now "{instance.id}" (instance_id of the settings)\n'
    assert (read(host, NET), read(host, PARAMETER)) == (instance.id, "\n")


def test_a_name_that_is_set_is_kept(instance, host):
    host.write(NET, "mine\n")
    done = instance.command("nfs-identity")
    assert (done.returncode, read(host, NET)) == (0, "mine\n")
    assert "which the agent did not set; it is kept" in done.stdout


def test_without_nfs_it_gives_a_remedy(instance, host):
    done = instance.command("nfs-identity")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "sudo modprobe nfs" in done.stderr


def test_the_name_goes_into_the_record_of_the_owner(instance, host):
    host.write(NET, "(null)\n")
    host.write(PARAMETER, "ignored, the other one wins\n")
    host.write(NET, f"{instance.id}\n")
    instance.relinked()
    with open(f"{instance.world.shared}/.postfix-elb-agent/owners/{instance.id}") as file:
        assert f'"nfs_client":"{instance.id}/{instance.host.name}"' in file.read()
