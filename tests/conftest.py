"""What every suite shares: an LSL session of its own, so that tests never meet each other's streams."""

import os
import tempfile
import uuid
from pathlib import Path

from bci.lsl import settings

# liblsl reads its settings once, at its first use, and so do processes that tests start: here is early enough.
_FOLDER = tempfile.TemporaryDirectory(prefix="bci-lsl-")
_CONFIG = Path(_FOLDER.name) / "lsl_api.cfg"
_CONFIG.write_text(settings(session=uuid.uuid4().hex), encoding="utf-8")
os.environ["LSLAPICFG"] = str(_CONFIG)
