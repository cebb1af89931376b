# SPDX-License-Identifier: Apache-2.0
"""In a machine: prints a directory tree entry by entry, as JSON (support/tree_compare.py)."""
import dataclasses
import json
import sys

import tree_compare

print(json.dumps({path: dataclasses.asdict(entry) for path, entry in tree_compare.snapshot(sys.argv[1]).items()}))
