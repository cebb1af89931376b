# SPDX-License-Identifier: Apache-2.0
"""A world whose shared file system is faultfs, so that it can freeze under a whole mail relay."""
import os
import subprocess

from support.faultfs import FaultFs
from support.world import World


class FrozenWorld(World):
    """As World. `faultfs` switches the faults."""

    def __init__(self):
        super().__init__()
        self.below = f"{self.directory}/below"  # what faultfs serves: not frozen, to be looked at in a freeze
        os.mkdir(self.below)
        subprocess.run(["mount", "--move", self.shared, self.below], check=True)
        self.fstype = "fuse.faultfs"
        self.faultfs = FaultFs(self.below, self.shared, attr_timeout=0, entry_timeout=0)

    def close(self):
        for instance in self.instances:
            instance.close()
        self.faultfs.close()
        self.shared = self.below
        super().close()
