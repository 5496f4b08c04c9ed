"""Pictures of distances: every function draws on ``ax``, or on axes of its own, and returns the axes.

Colours are those that eyes of every kind tell apart (Okabe and Ito, 2008, https://jfly.uni-koeln.de/color), and
whatever a colour says is also said by a marker, a line style or a word. Needs matplotlib.
"""

try:
    import matplotlib as _matplotlib
except ModuleNotFoundError as _error:
    if _error.name != "matplotlib":
        raise
    raise ImportError("wdist.plot needs matplotlib: install it with  pip install 'wdist[plot]'") from _error

from .brackets_over_time import bracket
from .clouds import plan
from .ellipses import gaussian, geodesic
from .functions import cdfs, quantiles
from .numbers import comparison

__all__ = ["bracket", "cdfs", "comparison", "gaussian", "geodesic", "plan", "quantiles"]

del _matplotlib
