"""The demo's photograph, as data of the package."""
