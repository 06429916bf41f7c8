"""Getting models: from the catalogue in the package, the Hugging Face hub, or an https address.

What is taken is weights as safetensors, configurations and tokenizer files, and nothing that could
run. A model lies under a temporary name until every byte of it was compared with the hash that its
source states, and is then pinned in a lock file, so that it can be got again exactly.

Importing this package imports neither torch nor huggingface_hub: both are slow, and who only lists
models needs neither.
"""
