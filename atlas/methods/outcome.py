"""Outcome: from the tensors of an ascent to one result per target, with what went wrong told apart."""

import numpy as np

from atlas.methods.batch import Result
from atlas.synthesis.steps.ascent import REDIRECT_STEPS, Ascent

EXPLODED = 1e12
"""An objective beyond this, in the activation's own unit, has exploded: float32 keeps no useful gradient there."""


def results(ascent: Ascent) -> list[Result]:
    """Return one result per item: ``failed`` if it diverged, ``dead`` if no gradient reached it, else ``done``."""
    traces = ascent.trace.T.cpu().numpy().astype(np.float64)
    alphas, images = ascent.alpha.float().cpu().numpy(), ascent.images.float().cpu().numpy()
    reached = ascent.reached.cpu().numpy()
    found = []
    for trace, alpha, image, alive in zip(traces, alphas, images, reached, strict=True):
        sound = np.isfinite(trace) & (np.abs(trace) < EXPLODED)
        finite = int(np.argmin(sound)) if not sound.all() else len(trace)
        values = [float(f"{value:.7g}") for value in trace[:finite]]
        if finite < len(trace):
            message = f"the objective became {trace[finite]:.3g} at step {finite + 1} of {len(trace)}"
            found.append(Result("failed", values, message=message))
        elif not alive:
            found.append(Result("dead", values, message=_dead(len(trace))))
        elif not (np.isfinite(image).all() and np.isfinite(alpha).all()):
            found.append(Result("failed", values, message="the picture holds NaN"))
        else:
            found.append(Result("done", values, image, alpha))
    return found


def _dead(steps: int) -> str:
    within = "1 step" if steps == 1 else f"{steps} steps"
    first = f" in the first {REDIRECT_STEPS}" if steps > REDIRECT_STEPS else ""
    return f"no gradient reached the image within {within}, nor did redirected ReLU gradients{first}"


def as_uint8(image: np.ndarray) -> np.ndarray:
    """Return a (3, H, W) image in [0, 1] as (H, W, 3) uint8, rounded to nearest."""
    return (image.transpose(1, 2, 0) * 255).round().clip(0, 255).astype(np.uint8)
