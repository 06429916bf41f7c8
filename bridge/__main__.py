"""`python -m bridge` is `mahlstick`."""

from bridge.cli import main

main()
