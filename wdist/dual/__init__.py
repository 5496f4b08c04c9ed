"""The Kantorovich-Rubinstein wing: W_1 as the best that a 1-Lipschitz critic can do. Needs torch.

``W_1(P, Q) = sup { E_P f - E_Q f : |f|_L <= 1 }``. Everywhere x is a sample of P, the real one, and y of Q.
"""

try:
    import torch as _torch
except ModuleNotFoundError as _error:
    if _error.name != "torch":
        raise
    raise ImportError("wdist.dual needs PyTorch: install it with  pip install 'wdist[dual]'") from _error

from .certified import McShane, mcshane
from .critics import critic
from .evaluation import DualResult
from .kr import CriticStep, critic_step, objective
from .layers import Affine, GroupSort, MaxMin
from .lipschitz import lipschitz_upper_bound
from .orthogonal import Bjorck
from .penalties import clip_weights_, gradient_penalty, slopes
from .training import fit

__all__ = [
    "Affine",
    "Bjorck",
    "CriticStep",
    "DualResult",
    "GroupSort",
    "MaxMin",
    "McShane",
    "clip_weights_",
    "critic",
    "critic_step",
    "fit",
    "gradient_penalty",
    "lipschitz_upper_bound",
    "mcshane",
    "objective",
    "slopes",
]

del _torch
