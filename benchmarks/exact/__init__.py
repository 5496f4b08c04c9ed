"""The exact engine beside POT: seconds, memory and value of ``wdist.transport``, ``wdist.transport_lp`` and POT.

``python -m benchmarks --only exact``; ``exact-large`` names what takes an hour.
"""
