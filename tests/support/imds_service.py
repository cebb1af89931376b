# SPDX-License-Identifier: Apache-2.0
"""tests/support/imds.py as an object: a metadata service on loopback whose faults are switched by a method."""
import os
import subprocess
import sys
import urllib.request

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "imds.py")


class ImdsService:
    def __init__(self, instance_id):
        self.process = subprocess.Popen([sys.executable, SCRIPT, "--port", "0", "--instance-id", instance_id],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.endpoint = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        self._control = f"http://127.0.0.1:{int(self.process.stdout.readline())}/"

    def faults(self, *words):
        """These faults (imds.py --help) and no others from now on."""
        request = urllib.request.Request(self._control, " ".join(words).encode(), method="PUT")
        assert urllib.request.urlopen(request, timeout=5).status == 200

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
