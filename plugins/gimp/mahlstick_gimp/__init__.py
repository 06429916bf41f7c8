"""Mahlstick inside GIMP 3: procedures, canvas, window. `mahlstick.py` beside this starts it."""
