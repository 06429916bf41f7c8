"""Networks that enlarge pictures, read from the safetensors files that painters have.

`shapes` tells from a header what a file holds, `rrdb` and `srvgg` are the networks, `reading`
loads them, `foreign` hands what is neither to spandrel where that is installed, `tiling` runs one
over a picture of any size, `colours` brings transparency along. Importing the package, and
`shapes`, imports no torch.
"""
