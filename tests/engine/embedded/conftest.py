"""A recipe so small that the whole training runs in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.embedded.train.recipe import Recipe

TINY = """
seed = 1
words_only = 1

[pictures]
square = 8
wide = 4
sharp = 4

[painter]
latent_channels = 4
widths = [8, 8, 8]
blocks = [1, 1, 1]

[clip]
projection_dim = 16
[clip.text]
hidden_size = 16
intermediate_size = 16
num_hidden_layers = 1
num_attention_heads = 2
[clip.vision]
hidden_size = 16
intermediate_size = 16
num_hidden_layers = 1
num_attention_heads = 2
image_size = 128
patch_size = 32

[reader]
hidden_size = 16
intermediate_size = 16
num_hidden_layers = 1
num_attention_heads = 2
projection_dim = 16

[decoder]
sample_size = 16
in_channels = 9
out_channels = 4
block_out_channels = [8, 8, 8]
norm_num_groups = 4
down_block_types = ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"]
up_block_types = ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]
only_cross_attention = [true, false, false]
layers_per_block = 1
cross_attention_dim = 16
attention_head_dim = 2
class_embed_type = "projection"
projection_class_embeddings_input_dim = 32

[prior]
num_attention_heads = 2
attention_head_dim = 8
num_layers = 1
embedding_dim = 16
num_embeddings = 32
"""
PACES = "".join(
    f"\n[pace.{stage}]\nsteps = 4\nbatch = 6\nrate = 1e-3\nwarmup = 2\nreport = 2\n"
    for stage in ("painter", "clip", "decoder", "prior", "probe")
)


def tiny_recipe(runs: Path) -> Recipe:
    """Return the tiny recipe, working in a folder."""
    runs.mkdir(parents=True, exist_ok=True)
    path = runs / "recipe.toml"
    path.write_text(TINY + PACES, "utf-8")
    return Recipe.read(path, runs)


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """Return the tiny recipe after all of its stages ran."""
    from engine.embedded.train.stages import STAGES

    recipe = tiny_recipe(tmp_path_factory.mktemp("runs"))
    for name, stage in STAGES.items():
        if name not in ("probe", "export", "sheets"):  # those write into the package
            stage(recipe)
    return recipe
