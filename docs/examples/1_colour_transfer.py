"""
Colours of one photograph in another
====================================

Two photographs of 273,280 pixels each have 96,615 and 62,941 different colours: two weighted clouds of points in the
cube of red, green and blue. The matrix of costs between them would take 49 GB; the exact plan is found without it, and
uses at most 159,555 of the six billion pairs. It says where every colour of the first picture goes, so that it can be
repainted in the colours of the second.
"""

# %%
# The clouds
# ----------
# Pixels of one colour make one point, whose weight is their number.

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
# ``transport`` certifies its answer: the width of the bracket is the most by which it can be off.

begin = time.perf_counter()
result = wdist.transport(x, y, p=2, x_weights=x_count, y_weights=y_count)
seconds = time.perf_counter() - begin
print(f"W2 = {result.distance:.6f}, {result.kind}, bracket {result.gap:.0e} wide, in {seconds:.0f} s")
print(f"{result.plan.nnz:,} arcs carry mass")

# %%
# How different are the colours?
# ------------------------------
# W2 has the unit of the points: a channel runs from 0 to 1, so the root mean square move of a pixel is 0.71 of a
# channel. Most of it is a change of the mean colour. The Gaussian formula on means and covariances, ``gelbrich``, is
# a lower bound.

P, Q = wdist.Samples(x, x_count), wdist.Samples(y, y_count)
means = np.linalg.norm(np.average(x, axis=0, weights=x_count) - np.average(y, axis=0, weights=y_count))
print(f"between the means {means:.3f} <= means and covariances {wdist.gelbrich(P, Q):.3f} <= W2 {result.distance:.3f}")

# %%
# The picture
# -----------
# A row of the plan says how a colour's mass is shared out; each colour becomes the mean of what it is sent to (the
# barycentric projection of the plan).

plan = result.plan.tocsr()
sent = (plan @ y) / plan.sum(axis=1)[:, None]
repainted = sent[x_pixel].reshape(temple.shape)

figure, axes = plt.subplots(1, 3, figsize=(11, 2.9), layout="constrained")
for ax, picture, title in zip(
    axes, (temple, flower, repainted), ("first picture", "second picture", "first, repainted by the plan"), strict=True
):
    ax.imshow(picture)
    ax.set(title=title, xticks=[], yticks=[])
    ax.spines[:].set_visible(False)

# %%
# Where the colours went
# ----------------------
# Five hundred random pixels of the temple, each in its own colour and joined to the colour it is sent to (red and blue
# only; green is not shown). The sky becomes dark green or orange.

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
