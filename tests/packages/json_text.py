# SPDX-License-Identifier: Apache-2.0
"""The settings file, which is JSON with comments, as {key: value}."""
import json
import re


def plain(text):
    """JSON without its // comments; no setting has // in it but that of an address."""
    return json.loads(re.sub(r"(?m)(^|\s)//.*$", "", text))


def flat(tree, prefix=""):
    out = {}
    for key, value in tree.items():
        out.update(flat(value, prefix + key + ".") if isinstance(value, dict) else {prefix + key: value})
    return out
