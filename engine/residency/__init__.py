"""What stays in memory and where: which models, which of their parts, which results.

`remembered` keeps embeddings and encodings by content, `needs` tells from headers what a model
takes, `planner` decides before anything is loaded how it is held, `offloading` does it, and
`models` keeps loaded models within a budget. Importing the package imports no torch.
"""
