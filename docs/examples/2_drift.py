"""
Has the data drifted?
=====================

scikit-learn's 1,797 handwritten digits stand in the order in which they were collected: writer after writer. A model
that is fitted on the first writers meets the next ones. Do the images still come from one law? Each window of them is
held against the first one: a distance, and how often chance alone would give one as large.
"""

# %%
# Windows
# -------
# Six windows of 290 images, in the order of the file; the same after the file is shuffled, where nothing drifts.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import wdist

images, _ = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
shuffled = images[rng.permutation(len(images))]
SIZE, WINDOWS = 290, 6


def window(data, k):
    return data[k * SIZE : (k + 1) * SIZE]


# %%
# Every window against the first
# ------------------------------
# The statistic is the sliced W2. Under the null every relabelling of the pooled images is equally likely, so the
# p-value, the share of relabellings whose statistic is as large, is exact, whatever the law and the dimension.

tests = {
    name: [wdist.two_sample_test(window(data, 0), window(data, k), p=2, rng=k) for k in range(1, WINDOWS)]
    for name, data in (("in the order of the file", images), ("shuffled", shuffled))
}
for name, results in tests.items():
    print(f"{name}: p-values", ", ".join(f"{result.pvalue:.3f}" for result in results))

# %%
# How large is it?
# ----------------
# A p-value says that something moved, not how far. The exact W2 between two windows does not either: samples of one law
# are never at distance 0. ``estimate`` takes off what two halves of one sample are apart, and gives an interval that
# holds the distance of the *populations* in 95 % of all cases, or more.

drift = [wdist.estimate(window(images, 0), window(images, k), p=2, rng=k) for k in range(1, WINDOWS)]
still = wdist.estimate(window(shuffled, 0), window(shuffled, 1), p=2, rng=0)
for name, r in [*((f"window {k}", r) for k, r in enumerate(drift, 2)), ("shuffled", still)]:
    print(f"{name}: samples {r.stats['plug_in']:.1f}, populations {r.distance:.1f} in [{r.low:.1f}, {r.high:.1f}]")

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
for (name, results), colour, marker in zip(tests.items(), ("#d55e00", "#0072b2"), ("o", "s"), strict=True):
    left.plot(range(2, WINDOWS + 1), [r.pvalue for r in results], color=colour, marker=marker, label=name)
left.axhline(0.05, color="#5a5a5a", linestyle=":", linewidth=1)
left.set(yscale="log", xlabel="window", ylabel="p-value against window 1", xticks=range(2, WINDOWS + 1))
left.legend(frameon=False)
intervals = {"in the order of the file": (range(2, WINDOWS + 1), drift), "shuffled": ([WINDOWS + 1], [still])}
for (name, (place, results)), colour, marker in zip(intervals.items(), ("#d55e00", "#0072b2"), ("o", "s"), strict=True):
    value, low, high = np.array([(r.distance, r.low, r.high) for r in results]).T
    style = {"color": colour, "marker": marker, "capsize": 3, "linestyle": "none", "clip_on": False}
    right.errorbar(place, value, (value - low, high - value), label=name, **style)
right.set(xlabel="window", ylabel="W2 of the populations to window 1", xlim=(1.5, WINDOWS + 1.5), ylim=(0, None))
right.set_xticks(range(2, WINDOWS + 2), [*map(str, range(2, WINDOWS + 1)), "2, shuffled"])
right.legend(frameon=False)
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)

# %%
# What moved
# ----------
# Pixel by pixel, on the line: the W1 between the grey levels of the first window and those of the others.

later = images[SIZE : WINDOWS * SIZE]
moved = wdist.wasserstein_1d(window(images, 0), later, p=1, axis=0).reshape(8, 8)
figure, ax = plt.subplots(figsize=(3.6, 3.0), layout="constrained")
picture = ax.imshow(moved, cmap="viridis")
figure.colorbar(picture, label="W1 of the grey level (0 to 16)")
ax.set(xticks=[], yticks=[], title="where the strokes moved")
plt.show()
