"""
Colours of one photograph in another
====================================

Two photographs of 273,280 pixels each have 96,615 and 62,941 different colours: two weighted clouds in the cube of red,
green and blue. The exact plan between them has at most 159,555 of six billion possible arcs, and is found without ever
writing down a matrix of costs, which would take 49 GB. Sending every colour to the mean of what the plan gives it
(the barycentric projection) repaints the first picture in the colours of the second.
"""

# %%
# The clouds
# ----------
# Equal pixels are one point that weighs as much as there are of them.

import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

import wdist

temple, flower = (load_sample_image(name) for name in ("china.jpg", "flower.jpg"))


def colours(picture):
    """Different colours in [0, 1], (n, 3); how many pixels have each; and which one a pixel has."""
    found, pixel, count = np.unique(picture.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    return found / 255.0, count, pixel.ravel()


x, x_count, x_pixel = colours(temple)
y, y_count, _ = colours(flower)
print(f"{len(x):,} colours against {len(y):,}")

# %%
# The plan
# --------
# ``transport`` certifies its answer: no plan is cheaper than the lower end of the bracket.

begin = time.perf_counter()
result = wdist.transport(x, y, p=2, x_weights=x_count, y_weights=y_count)
seconds = time.perf_counter() - begin
print(f"W2 = {result.distance:.6f}, {result.kind}, bracket {result.gap:.0e} wide, in {seconds:.0f} s")
print(f"{result.plan.nnz:,} arcs carry mass")

# %%
# The picture
# -----------
# Rows of the plan, divided by their sums, are where each colour goes.

plan = result.plan.tocsr()
sent = (plan @ y) / plan.sum(axis=1)[:, None]
repainted = sent[x_pixel].reshape(temple.shape)

figure, axes = plt.subplots(1, 3, figsize=(11, 2.9), layout="constrained")
for ax, picture, title in zip(
    axes, (temple, flower, repainted), ("a picture", "its colours-to-be", "repainted by the exact plan"), strict=True
):
    ax.imshow(picture)
    ax.set(title=title, xticks=[], yticks=[])
    ax.spines[:].set_visible(False)

# %%
# Where the colours went
# ----------------------
# Five hundred pixels of the temple, drawn at random, each in its own colour and joined to the colour it is sent to,
# seen from the side of green. In an optimal plan no two sources can exchange their targets at a gain.

pixels = np.random.default_rng(0).choice(len(x_pixel), 500, replace=False)
before, after = x[x_pixel[pixels]], sent[x_pixel[pixels]]

_, ax = plt.subplots(figsize=(5.5, 4.6), layout="constrained")
ax.plot(*np.stack([before, after])[:, :, [0, 2]].transpose(2, 0, 1), color="#5a5a5a", linewidth=0.3, zorder=1)
ax.scatter(before[:, 0], before[:, 2], 26, before, edgecolors="#5a5a5a", linewidths=0.4, label="before")
ax.scatter(after[:, 0], after[:, 2], 26, after, marker="s", edgecolors="#5a5a5a", linewidths=0.4, label="after")
ax.set(xlabel="red", ylabel="blue")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()
