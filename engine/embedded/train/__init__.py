"""How the embedded model is made: from nothing to weights, by one command, on pictures our own code
draws.

`python -m engine.embedded.train` runs the stages of `recipe.toml` in order. Every step draws its
randomness from a generator seeded by (recipe seed, stage, step): stopping and resuming changes
nothing.
"""
