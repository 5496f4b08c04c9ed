"""A whole step of training as one CUDA graph.

The networks are small: on a GPU a step is hundreds of kernels of a few microseconds each, and the time goes into
launching them from Python. A graph records them once and replays them with one launch. What that asks of a step:
no value is read back, all that it changes stays at its address, shapes are fixed, and the generator of random
numbers is registered with the graph, so that each replay draws the next numbers and not the first again.

Reference: Gray, "Getting started with CUDA graphs", NVIDIA technical blog, 2019; PyTorch's notes "CUDA semantics".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch

from .state import Run
from .updates import iteration

__all__ = ["stepper"]

_WARM_UP = 3  # steps before recording: by then optimisers and libraries have made what they keep


def stepper(run: Run) -> Callable[[], torch.Tensor]:
    """What makes the next step and returns its metrics: a graph on CUDA, if the settings allow it."""
    if run.device.type == "cuda" and run.config.graph == "auto" and run.team.size == 1:
        return _Captured(run)
    return lambda: iteration(run)


@final
class _Captured:
    """Makes the first steps one kernel at a time, records one, and replays it from then on.

    Recording executes nothing: each call is one step of training, whichever way it is made.
    """

    def __init__(self, run: Run) -> None:
        self._run, self._calls = run, 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._metrics = torch.empty(0)

    def __call__(self) -> torch.Tensor:
        self._calls += 1
        if self._calls <= _WARM_UP:
            return self._beside()
        if self._graph is None:
            self._graph = self._record()
        self._graph.replay()
        return self._metrics.clone()  # the next replay overwrites the original

    def _beside(self) -> torch.Tensor:
        """A step on a stream of its own, as recording asks of what comes before it."""
        stream, current = torch.cuda.Stream(self._run.device), torch.cuda.current_stream(self._run.device)
        stream.wait_stream(current)
        with torch.cuda.stream(stream):
            metrics = iteration(self._run)
        current.wait_stream(stream)
        return metrics.clone()

    def _record(self) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self._run.rng)
        with torch.cuda.device(self._run.device), torch.cuda.graph(graph):
            self._metrics = iteration(self._run)
        return graph
