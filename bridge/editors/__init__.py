"""The editors on this machine: where their plugins go, and putting ours there.

`places` finds the folders, `bundles` has the plugin's zip, `installing` unpacks it, `kritarc`
switches it on in Krita, `processes` tells whether an editor runs right now. No editor is started.
"""
