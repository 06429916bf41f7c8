"""The protocol between editors and the bridge: messages, codec, client, controller.

Only the standard library of Python 3.10 to 3.14: a copy of this package travels inside every
editor's plugin. `sockets` is the one module that names a library, and `plugins.build` points it
at the copy that travels beside it.
"""
