"""What painters add to a model without changing it: LoRAs of every kind, and embeddings of words.

`Adapters` lays LoRAs, LyCORIS and other weight differences over the networks of a loaded model and
takes them away again; `Embeddings` gives a text encoder words it was not trained with. Both work on
plain modules of diffusers and transformers and know nothing of families. Files are found by name
(`wanted`); importing this package imports no torch, its modules `adapters` and `embeddings` do.
"""

from engine.adapters.wanted import Additions, Wanted, wanted

__all__ = ["Additions", "Wanted", "wanted"]
