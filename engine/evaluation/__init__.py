"""Measuring any loaded model: rows of figures beside their goals, and sheets to look at.

The judge is image analysis (`seeing`), the probe a small network (`probe`); both know nothing of
prompts and are tried on drawn pictures, whose truth is known, before they judge a model.
"""
