"""How near, how fast, how large: every estimator of W_1 on problems whose answer is known.

``python -m benchmarks`` from the root of a checkout; the package is not installed.
"""
