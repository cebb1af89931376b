# SPDX-License-Identifier: Apache-2.0
"""Fills a file system until it refuses to write."""
import errno


def fill(path):
    """Writes a file until not even a block fits any more."""
    with open(path, "wb", buffering=0) as file:
        size = 1 << 20
        while size >= 512:
            try:
                file.write(b"x" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC
                size //= 2
