"""The model in the package: its weights, and the code that drew its pictures and trained it."""
