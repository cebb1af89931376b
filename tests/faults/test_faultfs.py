# SPDX-License-Identifier: Apache-2.0
"""The file system that replaces NFS does what tests and benchmarks rely on."""
import errno
import fcntl
import mmap
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time

import pytest

from support.deadline import eventually, stays
from support.faultfs import FaultFs
from support.host import Host
from support.postfix import make_skeleton
from support.tree_compare import differences, snapshot


@pytest.fixture
def directory():
    path = tempfile.mkdtemp(prefix="pea-faultfs-")
    os.chmod(path, 0o755)
    os.mkdir(f"{path}/below")
    os.mkdir(f"{path}/mount")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", f"{path}/below"], check=True)
    yield path
    subprocess.run(["umount", "--lazy", f"{path}/below"], check=True)
    shutil.rmtree(path)


@pytest.fixture
def faultfs(directory):
    made = FaultFs(f"{directory}/below", f"{directory}/mount")
    yield made
    assert made.close() == 0


@pytest.fixture
def uncached(directory):
    """Every look at a name or an attribute is an operation."""
    made = FaultFs(f"{directory}/below", f"{directory}/mount", attr_timeout=0, entry_timeout=0)
    yield made
    assert made.close() == 0


def error_of(action):
    """The errno name of what `action` raises; None when it succeeds."""
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def write(path, data=b"x"):
    with open(path, "wb", buffering=0) as file:
        file.write(data)


def test_it_shows_in_mountinfo_with_a_type_of_its_own(faultfs):
    with open("/proc/self/mountinfo") as file:
        lines = [line for line in file if f" {faultfs.mount_point} " in line]
    assert [line.split(" - ")[1].split()[0] for line in lines] == ["fuse.faultfs"]


def test_a_copied_tree_is_identical(faultfs, directory):
    source = f"{directory}/source"
    make_skeleton(source)
    with open(f"{source}/lib/large", "wb") as file:
        file.write(os.urandom(3_000_001))
    os.mkfifo(f"{source}/public/pickup")
    os.chmod(f"{source}/restart", 0o4755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{source}/private/smtp")
    subprocess.run(["cp", "-a", source, f"{faultfs.mount_point}/copy"], check=True)
    assert differences(snapshot(source), snapshot(f"{faultfs.mount_point}/copy")) == []
    assert differences(snapshot(source), snapshot(f"{directory}/below/copy")) == []


def test_what_another_user_makes_is_theirs(faultfs):
    shared = f"{faultfs.mount_point}/shared"
    os.mkdir(shared)
    os.chown(shared, 0, 4242)
    os.chmod(shared, 0o2777)
    script = "umask 027; mkdir d; : > f; ln -s f l; exec cat f"
    subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script], cwd=shared,
                   check=True)
    made = {name: os.lstat(f"{shared}/{name}") for name in "dfl"}
    assert {(s.st_uid, s.st_gid) for s in made.values()} == {(65534, 4242)}
    assert stat.S_IMODE(made["d"].st_mode) == 0o2750
    assert stat.S_IMODE(made["f"].st_mode) == 0o640


def test_permissions_are_checked_unless_asked_not_to(directory):
    write(f"{directory}/below/secret", b"s")
    os.chmod(f"{directory}/below/secret", 0o600)
    codes = []
    for checked in (True, False):
        faultfs = FaultFs(f"{directory}/below", f"{directory}/mount", check_permissions=checked)
        argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat", f"{directory}/mount/secret"]
        codes.append(subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode)
        faultfs.close()
    assert codes == [1, 0]


def test_device_nodes_are_refused_as_on_efs(faultfs):
    null = f"{faultfs.mount_point}/null"
    assert error_of(lambda: os.mknod(null, stat.S_IFCHR | 0o666, os.makedev(1, 3))) == "EPERM"
    assert not os.path.lexists(null)


def test_names_are_moved_linked_and_removed(faultfs, directory):
    top = faultfs.mount_point
    os.makedirs(f"{top}/a/b")
    write(f"{top}/a/one", b"1")
    write(f"{top}/a/two", b"2")
    os.rename(f"{top}/a/one", f"{top}/a/two")
    os.link(f"{top}/a/two", f"{top}/a/b/three")
    assert os.stat(f"{top}/a/two").st_nlink == 2
    os.rename(f"{top}/a", f"{top}/c")
    assert sorted(os.listdir(f"{directory}/below/c")) == ["b", "two"]
    with open(f"{top}/c/b/three", "rb") as file:
        assert file.read() == b"1"
    os.unlink(f"{top}/c/two")
    assert error_of(lambda: os.rmdir(f"{top}/c")) == "ENOTEMPTY"
    shutil.rmtree(f"{top}/c")
    assert os.listdir(f"{directory}/below") == []


def test_a_large_directory_is_listed_whole(faultfs):
    names = sorted(f"a-rather-long-name-of-a-queue-file-{i:05}" for i in range(3000))
    for name in names:
        write(f"{faultfs.mount_point}/{name}", b"")
    assert sorted(os.listdir(faultfs.mount_point)) == names


def test_direct_reads_are_never_answered_from_memory(faultfs):
    path = f"{faultfs.mount_point}/heartbeat"
    write(path, b"h" * 4096)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECT)
    page = mmap.mmap(-1, 4096)
    faultfs.reset()
    for _ in range(3):
        assert os.preadv(fd, [page], 0) == 4096
    assert faultfs.counts()["read"] == 3
    os.close(fd)


def test_locks_conflict_on_this_machine(faultfs):
    path = f"{faultfs.mount_point}/lock"
    with open(path, "w") as first, open(path, "w") as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert error_of(lambda: fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)) == "EAGAIN"


def ask_lock(path, kind=fcntl.F_WRLCK):
    """(type, pid) of what F_GETLK finds in the way of a lock on the whole file, asked through a read-only descriptor."""
    with open(path, "rb") as file:
        question = struct.pack("hhqqi4x", kind, os.SEEK_SET, 0, 0, 0)
        found, _, _, _, pid = struct.unpack("hhqqi4x", fcntl.fcntl(file, fcntl.F_GETLK, question))
        return found, pid


class Holder:
    """Another process that holds a lock taken by `statement`, in which `file` is open for writing."""

    def __init__(self, path, statement, host=None):
        script = f"import fcntl, os, sys; file = open(sys.argv[1], 'r+b'); {statement}; print('held', flush=True); input()"
        argv = [sys.executable, "-c", script, path]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = host.popen(*argv, **pipes) if host else subprocess.Popen(argv, **pipes)
        assert self.process.stdout.readline() == "held\n"

    def release(self):
        self.process.communicate("\n", timeout=10)


FLOCK = "fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)"
POSIX = "fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)"
OFD = "fcntl.fcntl(file, 37, __import__('struct').pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0))"


@pytest.fixture(params=["kernel", "here"])
def lock_server(request, directory):
    """Where flock(2) is the kernel's, and where it is an operation like the others."""
    made = FaultFs(f"{directory}/below", f"{directory}/mount", flock_here=request.param == "here")
    yield made
    assert made.close() == 0


@pytest.mark.parametrize("statement", [FLOCK, POSIX, OFD])
def test_asking_sees_every_kind_of_lock_and_takes_none(lock_server, statement):
    path = f"{lock_server.mount_point}/lock"
    write(path)
    assert ask_lock(path)[0] == fcntl.F_UNLCK
    holder = Holder(path, statement)
    assert ask_lock(path)[0] == fcntl.F_WRLCK
    assert ask_lock(path)[0] == fcntl.F_WRLCK
    holder.release()
    eventually(lambda: ask_lock(path)[0] == fcntl.F_UNLCK, "the lock went with its holder")
    Holder(path, statement).release()


def test_asking_names_the_process_of_an_fcntl_lock_only(lock_server):
    path = f"{lock_server.mount_point}/lock"
    write(path)
    holder = Holder(path, POSIX)
    assert ask_lock(path) == (fcntl.F_WRLCK, holder.process.pid)
    holder.release()
    eventually(lambda: ask_lock(path)[0] == fcntl.F_UNLCK, "it is free")
    holder = Holder(path, FLOCK)
    assert ask_lock(path) == (fcntl.F_WRLCK, 0)
    holder.release()


def test_asking_names_no_process_of_another_host(lock_server, directory):
    path = f"{lock_server.mount_point}/lock"
    write(path)
    hosts = [Host(name, f"{directory}/{name}") for name in ("a", "b")]
    holder = Holder(path, POSIX, hosts[0])
    question = ("import fcntl, struct, sys; file = open(sys.argv[1], 'rb'); print(struct.unpack('hhqqi4x', "
                "fcntl.fcntl(file, fcntl.F_GETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0)))[::4])")
    there = hosts[1].run(sys.executable, "-c", question, path)
    assert there.stdout == f"({fcntl.F_WRLCK}, 0)\n"
    holder.release()
    for host in hosts:
        host.close()


def test_a_flock_conflicts_with_an_fcntl_lock_as_on_nfs(lock_server):
    path = f"{lock_server.mount_point}/lock"
    write(path)
    holder = Holder(path, FLOCK)
    with open(path, "r+b") as file:
        assert error_of(lambda: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)) == "EAGAIN"
    holder.release()


def test_shared_locks_do_not_conflict(lock_server):
    path = f"{lock_server.mount_point}/lock"
    write(path)
    holder = Holder(path, "fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)")
    with open(path, "rb") as file:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    assert ask_lock(path, fcntl.F_RDLCK)[0] == fcntl.F_UNLCK
    assert ask_lock(path)[0] == fcntl.F_RDLCK
    holder.release()


def test_a_lock_on_a_part_leaves_the_rest(lock_server):
    path = f"{lock_server.mount_point}/lock"
    write(path, b"0123456789")
    holder = Holder(path, "fcntl.lockf(file, fcntl.LOCK_EX, 10, 0); fcntl.lockf(file, fcntl.LOCK_UN, 4, 3)")
    with open(path, "r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 4, 3)
        for start in (0, 2, 7, 9):
            assert error_of(lambda: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, start)) == "EAGAIN"
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 10)
    holder.release()


@pytest.mark.parametrize("statement", [FLOCK, POSIX])
def test_a_waiting_lock_is_granted_when_it_is_free(lock_server, statement):
    path = f"{lock_server.mount_point}/lock"
    write(path)
    first = Holder(path, statement)
    second = []
    waiter = threading.Thread(target=lambda: second.append(Holder(path, statement.replace(" | fcntl.LOCK_NB", ""))))
    waiter.start()
    stays(waiter.is_alive, "the second waits", during=0.3)
    first.release()
    waiter.join(timeout=10)
    assert ask_lock(path)[0] == fcntl.F_WRLCK
    second[0].release()


@pytest.mark.parametrize("statement", [FLOCK, POSIX])
def test_a_process_that_waits_for_a_lock_can_be_interrupted(lock_server, statement):
    path = f"{lock_server.mount_point}/lock"
    write(path)
    first = Holder(path, statement)
    script = ("import fcntl, signal, sys; signal.signal(signal.SIGALRM, lambda *_: sys.exit(3)); signal.alarm(1);"
              f"file = open(sys.argv[1], 'r+b'); {statement.replace(' | fcntl.LOCK_NB', '')}")
    assert subprocess.run([sys.executable, "-c", script, path], timeout=20).returncode == 3
    first.release()
    eventually(lambda: ask_lock(path)[0] == fcntl.F_UNLCK, "nothing is left of the one that gave up")


@pytest.mark.parametrize("name", ["ENOLCK", "EDQUOT", "ESTALE"])
@pytest.mark.parametrize("kind, action", [
    ("getlk", lambda path: ask_lock(path)),
    ("setlk", lambda path: _lock(path, fcntl.lockf)),
    ("flock", lambda path: _lock(path, fcntl.flock)),
])
def test_locks_can_be_refused(directory, name, kind, action):
    faultfs = FaultFs(f"{directory}/below", f"{directory}/mount", flock_here=True)
    path = f"{faultfs.mount_point}/lock"
    write(path)
    faultfs.refuse(name, kind)
    assert error_of(lambda: action(path)) == name
    faultfs.clear()
    action(path)
    assert faultfs.close() == 0


def test_the_kernel_shows_a_flock_as_on_nfs(faultfs):
    path = f"{faultfs.mount_point}/lock"
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with open(f"/proc/self/fdinfo/{file.fileno()}") as info:
            assert "FLOCK  ADVISORY  WRITE" in info.read()


def test_attributes_are_remembered_as_long_as_asked(faultfs, directory):
    path = f"{faultfs.mount_point}/f"
    write(path)
    os.stat(path)
    faultfs.reset()
    for _ in range(10):
        os.stat(path)
    assert faultfs.counts()["total"] <= 2  # 3 s may end in between


def test_without_timeouts_every_look_is_an_operation(uncached, directory):
    path = f"{uncached.mount_point}/f"
    write(f"{directory}/below/f")
    uncached.reset()
    for _ in range(10):
        os.stat(path)
    assert uncached.counts()["total"] >= 10
    os.rename(f"{directory}/below/f", f"{directory}/below/g")  # as another client does
    assert not os.path.exists(path)


def test_the_delay_is_paid_once_per_operation(faultfs):
    tree = f"{faultfs.mount_point}/tree"
    faultfs.delay("20ms")
    faultfs.reset()
    start = time.monotonic()
    os.mkdir(tree)
    for i in range(5):
        write(f"{tree}/{i}")
    elapsed = time.monotonic() - start
    counts = faultfs.counts()
    assert (counts["mkdir"], counts["create"], counts["write"], counts["flush"]) == (1, 5, 5, 5)
    assert 0.020 * counts["total"] <= elapsed < 0.035 * counts["total"] + 0.2
    faultfs.delay("0")
    start = time.monotonic()
    write(f"{tree}/quick")
    assert time.monotonic() - start < 0.02 * 3


def test_frozen_operations_wait_and_go_on_when_thawed(faultfs):
    path = f"{faultfs.mount_point}/f"
    write(path, b"before")
    read = []
    faultfs.freeze()
    reader = threading.Thread(target=lambda: read.append(open(path, "rb").read()))
    reader.start()
    faultfs.until_frozen()
    stays(reader.is_alive, "the reader waits", during=0.3)
    faultfs.thaw()
    reader.join(timeout=10)
    assert read == [b"before"] and faultfs.counts()["waiting"] == 0


def test_freezing_one_kind_leaves_the_others(faultfs):
    path = f"{faultfs.mount_point}/f"
    write(path, b"readable")
    faultfs.freeze("write")
    with open(path, "rb") as file:
        assert file.read() == b"readable"
    writer = threading.Thread(target=write, args=(path, b"late"))
    writer.start()
    faultfs.until_frozen()
    faultfs.thaw()
    writer.join(timeout=10)
    with open(path, "rb") as file:
        assert file.read() == b"late"


def test_a_frozen_caller_can_be_killed_but_not_interrupted(faultfs):
    write(f"{faultfs.mount_point}/f")
    faultfs.freeze()
    script = 'trap : USR1; read -r x < "$1"; exit 7'
    reader = subprocess.Popen(["sh", "-c", script, "sh", f"{faultfs.mount_point}/f"])
    faultfs.until_frozen()
    reader.send_signal(signal.SIGUSR1)
    stays(lambda: reader.poll() is None, "a handled signal does not end the wait", during=0.3)
    assert faultfs.counts()["waiting"] == 1
    reader.kill()
    assert reader.wait(timeout=10) == -signal.SIGKILL
    eventually(lambda: faultfs.counts()["waiting"] == 0, "nothing waits any more")


@pytest.mark.parametrize("name", ["EIO", "ENOSPC", "EDQUOT", "EROFS", "ESTALE", "EACCES"])
def test_a_chosen_operation_is_refused_with_the_chosen_error(faultfs, name):
    path = f"{faultfs.mount_point}/f"
    faultfs.refuse(name, "write")
    assert error_of(lambda: write(path)) == name
    assert error_of(lambda: os.mkdir(f"{faultfs.mount_point}/d")) is None
    faultfs.clear()
    assert error_of(lambda: write(path)) is None


@pytest.mark.parametrize("kind, action", [
    ("mkdir", lambda top: os.mkdir(f"{top}/d")),
    ("create", lambda top: write(f"{top}/new")),
    ("open", lambda top: open(f"{top}/f", "rb").close()),
    ("read", lambda top: open(f"{top}/f", "rb").read()),
    ("flush", lambda top: os.close(os.open(f"{top}/f", os.O_RDONLY))),
    ("fsync", lambda top: _fsync(f"{top}/f", os.O_WRONLY)),
    ("fsyncdir", lambda top: _fsync(top, os.O_RDONLY)),
    ("rename", lambda top: os.rename(f"{top}/f", f"{top}/g")),
    ("link", lambda top: os.link(f"{top}/f", f"{top}/g")),
    ("symlink", lambda top: os.symlink("f", f"{top}/l")),
    ("unlink", lambda top: os.unlink(f"{top}/f")),
    ("rmdir", lambda top: os.rmdir(f"{top}/empty")),
    ("mknod", lambda top: os.mkfifo(f"{top}/fifo")),
    ("setattr", lambda top: os.chmod(f"{top}/f", 0o600)),
    ("lookup", lambda top: os.stat(f"{top}/never-looked-for")),
    ("getattr", lambda top: os.stat(top)),
    ("opendir", os.listdir),
    ("readdir", os.listdir),
    ("readlink", lambda top: os.readlink(f"{top}/link")),
    ("statfs", os.statvfs),
])
def test_every_kind_of_operation_can_be_refused(uncached, kind, action):
    write(f"{uncached.mount_point}/f", b"content")
    os.mkdir(f"{uncached.mount_point}/empty")
    os.symlink("f", f"{uncached.mount_point}/link")
    uncached.refuse("EIO", kind)
    assert error_of(lambda: action(uncached.mount_point)) == "EIO"


def test_an_error_can_begin_late_and_end_after_some_operations(faultfs):
    faultfs.refuse("ENOSPC", "mkdir", after=2, times=1)
    results = [error_of(lambda: os.mkdir(f"{faultfs.mount_point}/{i}")) for i in range(5)]
    assert results == [None, None, "ENOSPC", None, None]


@pytest.mark.parametrize("words", ["dealy=2ms", "delay=2", "errno=EWHAT", "errno=EIO on=writ", "errno=EIO after=-1",
                                   "freeze write", "freeze on="])
def test_a_misspelt_command_changes_nothing(faultfs, words):
    with pytest.raises(AssertionError, match="not understood"):
        faultfs.command(words)
    assert error_of(lambda: write(f"{faultfs.mount_point}/f")) is None


def test_sigterm_unmounts_even_while_operations_are_frozen(directory):
    faultfs = FaultFs(f"{directory}/below", f"{directory}/mount")
    write(f"{faultfs.mount_point}/f")
    faultfs.freeze()
    reader = subprocess.Popen(["cat", f"{faultfs.mount_point}/f"], stderr=subprocess.DEVNULL)
    faultfs.until_frozen()
    assert faultfs.close() == 0
    assert reader.wait(timeout=10) == 1
    assert not os.path.ismount(f"{directory}/mount")


def _lock(path, how):
    with open(path, "r+b") as file:
        how(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _fsync(path, flags):
    fd = os.open(path, flags)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
