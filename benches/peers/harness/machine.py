"""The machine that figures were taken on, and the state it was in."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any


def describe() -> dict[str, Any]:
    """What a reader needs to know to compare figures; nothing that names the machine."""
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory_gb(), 1),
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "python": platform.python_version(),
    }


def kind(machine: dict[str, Any]) -> str:
    """A short name for machines of the same make, for folder names."""
    model = re.sub(r"\(.*?\)|\bCPU\b|\bProcessor\b|@.*", " ", machine["cpu"])
    slug = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")
    return f"{slug}-{machine['cores']}x-{machine['memory_gb']:.0f}gb"


def cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()


def memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def commit(checkout: Path) -> str:
    """The commit, with a mark if files differ from it."""
    asked = ["git", "describe", "--always", "--abbrev=10", "--dirty", "--exclude=*"]
    told = subprocess.run(asked, cwd=checkout, capture_output=True, text=True)
    return told.stdout.strip() or "unknown"


def package_versions(python: str, packages: list[str]) -> dict[str, str]:
    """Versions of packages in an environment."""
    program = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
    told = subprocess.run([python, "-c", program, *packages], check=True, capture_output=True, text=True)
    return dict(zip(packages, told.stdout.split()))
