"""Figures as tables: medians, and ratios to Lockgate."""

from __future__ import annotations

from statistics import median

from harness.catalogue import LOCKGATE, Job
from harness.rounds import Result

HEAD = ("contender", "wall s", "CPU s", "peak GB", "wall ×", "CPU ×", "GB ×", "answers")
FIGURES = ("wall_s", "cpu_s", "peak_rss_gb")


def medians(result: Result) -> list[float] | None:
    """Wall, processor time and peak memory; nothing where no run ended well."""
    if not result.runs:
        return None
    return [median(run[figure] for run in result.runs) for figure in FIGURES]


def rows(results: list[Result]) -> list[tuple[str, ...]]:
    """One row a contender, by wall time; the ratios are theirs to Lockgate's."""
    measured = {result.name: medians(result) for result in results}
    base = measured.get(LOCKGATE)
    table = []
    for result in sorted(results, key=lambda result: (measured[result.name] or [float("inf")])[0]):
        mine = measured[result.name]
        figures = [f"{figure:.2f}" for figure in mine] if mine else ["–"] * 3
        ratios = (
            [f"{figure / other:.2f}" for figure, other in zip(mine, base)] if mine and base else ["–"] * 3
        )
        table.append((result.name, *figures, *ratios, standing(result)))
    return table


def standing(result: Result) -> str:
    """Whether the answers are right, and what failed."""
    said = [result.agreement] if result.agreement != "no answer" else []
    said += [f"FAILED: {failure}" for failure in result.failures[-1:]]
    return "; ".join(said) or "no answer"


def markdown(job: Job, results: list[Result]) -> str:
    lines = [
        f"### {job.name}: {job.about}",
        "",
        "| " + " | ".join(HEAD) + " |",
        "|---|" + "--:|" * 6 + "---|",
    ]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows(results)]
    return "\n".join([*lines, "", phases(results), ""])


def text(job: Job, results: list[Result]) -> str:
    table = [HEAD, *rows(results)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEAD) - 1)]
    lines = [
        f"{row[0]:<{widths[0]}}  "
        + "  ".join(f"{cell:>{width}}" for cell, width in zip(row[1:-1], widths[1:]))
        + f"  {row[-1]}"
        for row in table
    ]
    return "\n".join([f"\n{job.name}: {job.about}", *lines, phases(results)])


def phases(results: list[Result]) -> str:
    """Lockgate's own account of its median run: phases, then what its workers spent most on."""
    mine = next(result for result in results if result.name == LOCKGATE)
    if not mine.runs:
        return "Lockgate did not end well."
    run = sorted(mine.runs, key=lambda run: run["wall_s"])[len(mine.runs) // 2]
    spent = ", ".join(f"{name} {seconds:.2f}" for name, seconds in run["phases"].items())
    most = sorted(run["busy"].items(), key=lambda item: -item[1])[:8]
    busy = ", ".join(f"{name} {seconds:.2f}" for name, seconds in most if seconds >= 0.005)
    return f"Lockgate's phases, s: {spent}." + (f" Its workers, s: {busy}." if busy else "")
