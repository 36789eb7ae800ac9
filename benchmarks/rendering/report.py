"""Report: the figures of ``benchmarks/gpu.py`` as Markdown, for ``benchmarks/RESULTS.md``."""

from typing import Any

from rendering.session import table

GOAL, GOAL_BATCH = 20.0, 64
"""Times Horama's pictures a minute, at that batch."""
MIB = 2**20


def markdown(figures: dict[str, Any]) -> str:
    """Return what was checked and measured, in tables."""
    parts = [f"Measured on {figures['machine']}, in {figures['seconds']:g} s.", *map(checks, figures["checks"])]
    parts += [shortage(figures["shortage"]), speed(figures["measured"]), goals(figures["measured"])]
    parts += ["Left out: " + "; ".join(figures["left_out"]) + "."] * bool(figures["left_out"])
    return "\n\n".join(part for part in parts if part)


def checks(check: dict[str, Any]) -> str:
    """Return how a network's methods on the device agree with the CPU's."""
    head = ("method", "jobs", "other status", "same pixels", "largest", "typical", "first step")
    rows = [
        (
            *(row["method"], row["jobs"], row["other_status"], row["equal"], row["largest"]),
            *(f"{row['typical']:.2f}", f"{row['first']:.1e}"),
        )
        for row in check["methods"]
    ]
    found = "\n".join(f"- {line}" for line in check["wrong"]) or "Nothing is wrong."
    again = (
        f"The same once more: {check['again']} pictures with other bytes. In bfloat16 and TF32: {check['halves']} jobs."
    )
    return f"`{check['model']}`, CPU and device, {check['jobs']} jobs:\n\n{table(head, rows)}\n\n{again} {found}"


def shortage(found: dict[str, Any]) -> str:
    """Return how a batch went that did not fit."""
    if "refused" not in found:
        return f"A batch that does not fit **ended the process**: {found['said']}"
    acted = " (acted by the network: a CPU's memory cannot be taken away)" if found["acted"] else ""
    kept = "all jobs gave a picture" if found["survived"] else "**nothing was refused, so nothing is shown**"
    share = f"{found['share']:.0%} of the memory that {found['jobs']} pictures took{acted}"
    return f"With {share}: {found['refused']} times it did not suffice, {kept}."


def speed(measured: list[dict[str, Any]]) -> str:
    """Return the table of MACO's speed."""
    peer = peer_of(measured)
    head = ("renderer", "s per step", "network's share", "pictures/min", "x Horama", "outside steps, s", "tensors, MiB")
    rows = [
        (
            *(one["title"], f"{one['result']['step']:.3g}", f"{one['share']:.2f}", f"{one['per_minute']:.1f}"),
            f"{one['per_minute'] / peer:.2f}" if peer else "",
            *(f"{one['result']['outside']:.3g}", f"{one['result']['device_memory'] / MIB:.0f}"),
        )
        for one in measured
    ]
    return table(head, rows) if rows else ""


def goals(measured: list[dict[str, Any]]) -> str:
    """Return whether the goal was met, in each precision."""
    peer, lines = peer_of(measured), []
    for one in measured:
        if peer and one["case"]["renderer"] == "atlas" and one["case"]["batch"] == GOAL_BATCH:
            times = one["per_minute"] / peer
            met = "met" if times >= GOAL else "MISSED"
            lines.append(f"{one['title']}: {times:.1f} times Horama (goal {GOAL:g}: {met})")
    return "\n".join(lines)


def peer_of(measured: list[dict[str, Any]]) -> float | None:
    """Return Horama's pictures a minute, if it was measured."""
    found = [one["per_minute"] for one in measured if one["case"]["renderer"] == "horama"]
    return found[0] if found else None
