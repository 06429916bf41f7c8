"""The long proofs: `make qualify` runs them all, CI a quick share of each."""
