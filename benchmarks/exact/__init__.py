"""The exact engine beside POT: seconds, memory and value of ``wdist.transport`` and of POT's network simplexes.

``python -m benchmarks --only exact``; ``exact-large`` names what takes an hour.
"""
