"""What a figure was measured on: the computer without its name, and the versions of what ran."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

__all__ = ["environment"]

PACKAGES = ("bci-live", "numpy", "scipy", "torch", "pylsl", "mne-lsl")


def environment() -> dict[str, Any]:
    """Return what figures of speed depend on; nothing of it names the computer or its user."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 (no file of ours)
            models = (line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
            return next(models, platform.processor())
    except OSError:  # another system
        return platform.processor()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
