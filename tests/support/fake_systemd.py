# SPDX-License-Identifier: Apache-2.0
"""What org.freedesktop.systemd1(5) documents, as far as the agent uses it, on the bus that
DBUS_SYSTEM_BUS_ADDRESS names. It reads what happens, line by line, from its standard input:

    unit NAME LOAD ACTIVE SUB TYPE    a unit is loaded, or has changed
    gone NAME                         it is unloaded
    job NAME JOBTYPE                  a job is queued for it
    done NAME                         and has ended
    status NAME TEXT                  it says that with sd_notify(3)
    began NAME MICROSECONDS           when it last left "inactive", CLOCK_MONOTONIC
    property NAME KEY SIGNATURE JSON  what GetAll says of it beside that
    reload                            daemon-reload, begun and ended
    refuse ERROR | refuse             lists and starts are refused with that error, or no longer
    asked                             how many lists were asked for so far
    started                           what was to be started so far, and forgets it

Each is answered with a line once it is done. Like the real one it sends signals to subscribers only. To make it
hang, stop it with SIGSTOP.
"""
import json
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
import fnmatch
from gi.repository import GLib

NAME = "org.freedesktop.systemd1"
ROOT = "/org/freedesktop/systemd1"
MANAGER = NAME + ".Manager"
UNIT = NAME + ".Unit"
SERVICE = NAME + ".Service"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Error(dbus.DBusException):
    def __init__(self, name, text):
        super().__init__(text)
        self._dbus_error_name = name


def escaped(name):
    """sd_bus_path_encode(3)"""
    return "".join(c if c.isalnum() and c.isascii() else f"_{ord(c):02x}" for c in name)


class Unit(dbus.service.Object):
    def __init__(self, manager, name):
        self.path = f"{ROOT}/unit/{escaped(name)}"
        super().__init__(manager.bus, self.path)
        self.manager, self.name = manager, name
        self.load = self.active = self.sub = self.type = self.status = ""
        self.began = 0
        self.job = None  # (number, type)
        self.properties = {}

    def job_path(self):
        return f"{ROOT}/job/{self.job[0]}" if self.job else "/"

    def row(self):
        number, kind = self.job or (0, "")
        return dbus.Struct((self.name, f"Description of {self.name}", self.load, self.active, self.sub, "",
                            dbus.ObjectPath(self.path), dbus.UInt32(number), kind, dbus.ObjectPath(self.job_path())),
                           signature="ssssssouso")

    def changed(self):
        if self.manager.subscribers:
            self.PropertiesChanged(UNIT, {"ActiveState": self.active, "SubState": self.sub},
                                   ["Job"])

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        number = self.job[0] if self.job else 0
        known = {(SERVICE, "Type"): self.type,
                 (SERVICE, "StatusText"): self.status,
                 (UNIT, "ActiveState"): self.active,
                 (UNIT, "InactiveExitTimestampMonotonic"): dbus.UInt64(self.began),
                 (UNIT, "Job"): dbus.Struct((dbus.UInt32(number), dbus.ObjectPath(self.job_path())), signature="uo")}
        if (interface, name) not in known:
            raise Error("org.freedesktop.DBus.Error.UnknownProperty", f"Unknown property {name}")
        return known[interface, name]

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {"LoadState": self.load, "ActiveState": self.active, "SubState": self.sub, "Type": self.type,
                "StatusText": self.status, **self.properties}

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, invalidated):
        pass


class Absent(dbus.service.FallbackObject):
    """A missing unit has an object, too."""
    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {"LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead"}


def typed(signature, value):
    """A value as it comes from JSON, as the D-Bus type of that signature."""
    if signature.startswith("a("):
        inner = signature[2:-1]
        return dbus.Array([dbus.Struct(row, signature=inner) for row in value], signature=signature[1:])
    if signature.startswith("a"):
        return dbus.Array(value, signature=signature[1:])
    return {"b": dbus.Boolean, "s": dbus.String, "t": dbus.UInt64}[signature](value)


class Manager(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(bus, ROOT)
        self.bus = bus
        self.absent = Absent(bus, f"{ROOT}/unit")
        self.units = {}
        self.subscribers = set()
        self.refusal = None
        self.asked = 0
        self.jobs = 0
        self.to_start = []

    @dbus.service.method(MANAGER, sender_keyword="sender")
    def Subscribe(self, sender):
        if sender in self.subscribers:
            raise Error(f"{NAME}.AlreadySubscribed", "Client is already subscribed.")
        self.subscribers.add(sender)

    @dbus.service.method(MANAGER, in_signature="asas", out_signature="a(ssssssouso)")
    def ListUnitsByPatterns(self, states, patterns):
        self.asked += 1
        if self.refusal:
            raise Error(self.refusal, "refused by the test")
        return dbus.Array([unit.row() for name, unit in self.units.items()
                           if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)],
                          signature="(ssssssouso)")

    @dbus.service.method(MANAGER, in_signature="ss", out_signature="o")
    def StartUnit(self, name, mode):
        if self.refusal:
            raise Error(self.refusal, "refused by the test")
        if name not in self.units:
            raise Error(f"{NAME}.NoSuchUnit", f"Unit {name} not found.")
        assert mode == "replace", mode
        self.to_start.append(str(name))
        self.job(name, "start")
        return dbus.ObjectPath(self.units[name].job_path())

    @dbus.service.signal(MANAGER, signature="so")
    def UnitNew(self, name, path):
        pass

    @dbus.service.signal(MANAGER, signature="so")
    def UnitRemoved(self, name, path):
        pass

    @dbus.service.signal(MANAGER, signature="uos")
    def JobNew(self, number, path, unit):
        pass

    @dbus.service.signal(MANAGER, signature="uoss")
    def JobRemoved(self, number, path, unit, result):
        pass

    @dbus.service.signal(MANAGER, signature="b")
    def Reloading(self, active):
        pass

    # ---- what the test sends

    def unit(self, name, load, active, sub, kind):
        unit = self.units.get(name)
        if unit is None:
            unit = self.units[name] = Unit(self, name)
            unit.load, unit.active, unit.sub, unit.type = load, active, sub, kind
            if self.subscribers:
                self.UnitNew(name, unit.path)
        else:
            unit.load, unit.active, unit.sub, unit.type = load, active, sub, kind
            unit.changed()

    def gone(self, name):
        unit = self.units.pop(name)
        unit.remove_from_connection()
        if self.subscribers:
            self.UnitRemoved(name, unit.path)

    def job(self, name, kind):
        unit = self.units[name]
        self.jobs += 1
        unit.job = (self.jobs, kind)
        if self.subscribers:
            self.JobNew(dbus.UInt32(self.jobs), unit.job_path(), name)

    def done(self, name):
        unit = self.units[name]
        (number, _), path = unit.job, unit.job_path()
        unit.job = None
        if self.subscribers:
            self.JobRemoved(dbus.UInt32(number), path, name, "done")

    def status(self, name, *words):
        self.units[name].status = " ".join(words)

    def began(self, name, microseconds):
        self.units[name].began = int(microseconds)

    def reload(self):
        if self.subscribers:
            self.Reloading(True)
            self.Reloading(False)

    def refuse(self, error=None):
        self.refusal = error

    def property(self, name, key, signature, value):
        self.units[name].properties[key] = typed(signature, json.loads(value))

    def obey(self, line):
        word, *arguments = line.split()
        if word == "asked":
            return str(self.asked)
        if word == "started":
            names, self.to_start = self.to_start, []
            return " ".join(names)
        if word == "property":
            arguments = line.split(maxsplit=4)[1:]
        assert word in ("unit", "gone", "job", "done", "status", "began", "property", "reload", "refuse"), line
        getattr(self, word)(*arguments)
        return "ok"


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SystemBus()
    manager = Manager(bus)
    name = dbus.service.BusName(NAME, bus)
    loop = GLib.MainLoop()

    def on_line(source, condition):
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        answer = manager.obey(line)
        bus.flush()
        print(answer, flush=True)
        return True

    sys.stdin.reconfigure(line_buffering=True)
    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN | GLib.IO_HUP, on_line)
    print("ready", flush=True)
    loop.run()
    del name


if __name__ == "__main__":
    main()
