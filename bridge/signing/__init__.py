"""Who signs what Mahlstick painted, and how: C2PA manifests made by the bridge alone.

The keys lie in the state folder, readable by its owner only. They are used in the bridge's own
process: the worker, in which hooks run, and the darkroom, in which strangers' files are decoded,
never see them.
"""

from bridge.signing.authority import Authority, Identity
from bridge.signing.manifest import Origin, manifest
from bridge.signing.signer import Signer, verified

__all__ = ["Authority", "Identity", "Origin", "Signer", "manifest", "verified"]
