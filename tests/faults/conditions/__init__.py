# SPDX-License-Identifier: Apache-2.0
"""How each fault of the catalogue is made and cured, by group."""
