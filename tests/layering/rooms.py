# SPDX-License-Identifier: Apache-2.0
"""The rooms of a checkout, read from the table in CMakeLists.txt, and what their sources include."""
import pathlib
import re

import cpp

_ROOM = re.compile(r"^pea_room\(([\w/]+)([^)]*)\)", re.MULTILINE)


class Rooms:
    """`table`: {room: the rooms that it names}, in the order of CMakeLists.txt."""

    def __init__(self, top):
        self.top = pathlib.Path(top)
        text = (self.top / "CMakeLists.txt").read_text()
        self.table = {found[1]: found[2].split() for found in _ROOM.finditer(text)}

    def below(self, room):
        """Every room that this one reaches, through others too."""
        reached, todo = set(), list(self.table[room])
        while todo:
            name = todo.pop()
            if name not in reached:
                reached.add(name)
                todo += self.table.get(name, [])
        return reached

    def sources(self, room):
        return sorted((self.top / room).glob("*.[ch]pp"))

    def includes(self, room):
        """[(file, line, what)] of every #include, `what` with its quotes or angle brackets."""
        return [(path.relative_to(self.top), line, what)
                for path in self.sources(room) for line, what in cpp.includes(path.read_text())]

    def included_rooms(self, room):
        """The other rooms whose headers this one names."""
        folders = {str(pathlib.PurePath(what.strip('"')).parent)
                   for _, _, what in self.includes(room) if what.startswith('"')}
        return folders - {room}
