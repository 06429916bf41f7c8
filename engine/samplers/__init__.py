"""Samplers, one algorithm a module; one dropped in here is found, and nothing else is edited.

A sampler is a generator: it gets `denoise(x, level) -> x0`, the noisy start `x` at `levels[0]`,
the levels (noisiest first, the last is clean: alpha 1, sigma 0) and `noise`, and yields x0 once
per step. The last x0 it yields is the picture. It keeps no state, calls nothing back, and needs no
import of torch.
"""
