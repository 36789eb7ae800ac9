"""Shortage: ``python -m rendering.shortage CASE`` renders a batch that does not fit, and says how that went, as JSON.

On a card the process is given a share of the memory that the batch took before. On a CPU, which cannot be kept from
memory in that way, the network refuses views as torch would: that tries the script, and is told as acted.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch

import atlas
from atlas.models.load import VisionModel
from rendering.case import Case, CaseError, ended
from rendering.measure import configuration, run

SHARE = 0.6
"""Of the memory that the whole batch takes: half of it fits."""


def survived(case: Case) -> dict[str, Any]:
    """Return how a batch went that does not fit, in a process of its own: see :func:`short`."""
    try:
        found: dict[str, Any] = json.loads(ended("rendering.shortage", case))
    except CaseError as error:
        return {"survived": False, "said": str(error)}
    return found


def short(case: Case) -> dict[str, Any]:
    """Render a case's jobs twice, the second time with too little memory for all at once.

    Returns:
        ``survived``: whether the memory did run out and all jobs gave a picture. ``refused``: how often it ran out.
        ``acted``: whether that was acted. ``jobs``, ``share``.
    """
    config = configuration(case, "whole")
    models = {spec.name: atlas.load(spec) for spec in config.models}
    run(config, models)
    short_config, acted = configuration(case, "short"), not case.device.startswith("cuda")
    if acted:
        times = acting(models, case)
        run(short_config, models)
        refused = len(times)
    else:
        whole, total = torch.cuda.max_memory_reserved(), torch.cuda.mem_get_info()[1]
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(SHARE * whole / total)
        run(short_config, models)
        refused = torch.cuda.memory_stats().get("num_ooms", 0)
    return {"survived": refused > 0, "refused": refused, "acted": acted, "jobs": case.jobs, "share": SHARE}


def acting(models: dict[str, VisionModel], case: Case) -> list[int]:
    """Let networks refuse more views than :data:`SHARE` of a whole batch's; return where each refusal is noted."""
    times: list[int] = []
    most = SHARE * case.batch * case.crops

    def refuse(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if len(inputs[0]) > most:
            times.append(len(inputs[0]))
            raise torch.OutOfMemoryError("acted: out of memory")

    for model in models.values():
        network = model.network(model.numerics_for("logits", case.precision), torch.device(case.device))
        network.module.register_forward_pre_hook(refuse)
    return times


def main() -> None:
    """Measure the case given as JSON, in the current folder."""
    assert Path.cwd() != Path(__file__).parent
    print(json.dumps(short(Case(**json.loads(sys.argv[1])))))


if __name__ == "__main__":
    main()
