"""What is in the painters' model files, told from names, headers and configuration alone.

No weights are read here, nothing is ever unpickled, and torch is not imported: the bridge and the
command line may list a shelf of models and stay small.
"""
