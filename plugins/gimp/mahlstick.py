#!/usr/bin/env python3
"""The file GIMP starts; everything else is in the package beside it."""

import sys
from pathlib import Path

# GIMP starts this file by its path; on some systems that leaves its folder out of the search path.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from mahlstick_gimp.host import Gimp
from mahlstick_gimp.procedures import Mahlstick

Gimp.main(Mahlstick.__gtype__, sys.argv)
