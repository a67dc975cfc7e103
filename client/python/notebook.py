# %% [markdown]
# # AttentionApi in a notebook
# Each cell begins with `# %%`: VS Code, Spyder and Jupyter (with Jupytext) open this file as a notebook, and `python3 notebook.py` runs it as a program.
# It needs a running service, `dotnet run --project src/AttentionApi`, and `requests` and `numpy`.

# %%
from pathlib import Path

import numpy as np

from attention_api import AttentionApi, Problem, rollout

api = AttentionApi()
samples = Path(__file__).resolve().parent.parent / "samples"
picture = samples / "scene-02.png"
print([model["id"] for model in api.models()])

# %% [markdown]
# What does the model see, and where does it see it? A picture as the last value of a cell shows itself.

# %%
print(api.predict(picture, labels=["cat", "dog", "car"]))
api.overlay(picture, method="alignment", labels=["dog", "car"], view="contrast", target="dog", versus="car", legend=True)

# %% [markdown]
# The same as numbers: the strongest patch of each label, by row and column.

# %%
explained = api.explain(picture, method="alignment", labels=["cat", "dog", "car"], view="centered")
for label in ["cat", "dog", "car"]:
    grid = explained.map(label)
    print(label, np.unravel_index(grid.argmax(), grid.shape))

# %% [markdown]
# The raw arrays: attention of all layers, from which every map without labels can be computed here, without asking again.

# %%
arrays = api.tensors(picture, labels=["cat", "dog", "car"], dtype="float32")
print(arrays)
from_cls = arrays.patches(rollout(arrays["attention.mean"])[0])
print("differs from the service's own rollout by", np.abs(from_cls - api.explain(picture).map()).max())

# %% [markdown]
# A whole folder: answers come as they are ready.

# %%
files = sorted(samples.glob("*.png"))
for index, answer in api.explain_all(files, labels=["cat", "dog", "car"]):
    print(files[index].name, answer)

# %% [markdown]
# What is wrong is said in words.

# %%
try:
    api.explain(picture, from_layer=99)
except Problem as problem:
    print(problem.parameter, problem.detail)
