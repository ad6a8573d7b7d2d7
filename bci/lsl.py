"""How liblsl is set up before its first use: by default our streams stay on this computer.

LSL is plain text, and any peer that sees a stream can read it or add markers to it. liblsl reads its settings
once, at its first use: an INI text that the program hands over, else the file that the environment variable
LSLAPICFG names, else `lsl_api.cfg` in the usual places:
https://labstreaminglayer.readthedocs.io/info/lslapicfg.html
"""

import os

__all__ = ["configure", "settings"]


def settings(session: str | None = None) -> str:
    """Return the INI text that keeps discovery on this computer, in an LSL session of its own if one is named."""
    lab = f"[lab]\nSessionID = {session}\n" if session else ""
    return f"{lab}[multicast]\nResolveScope = machine\n[log]\nlevel = -2\n"


def configure(*, network: bool = False, session: str | None = None) -> None:
    """Set liblsl up; call it before any stream is looked for, opened or made. Later calls change nothing.

    Where LSLAPICFG is set, that file decides alone: whoever set it knows what they want.

    Parameters
    ----------
    network
        Find streams on, and offer ours to, the whole network, as `lsl_api.cfg` of this computer says.
    session
        Only streams of the same LSL session see each other.
    """
    if network or "LSLAPICFG" in os.environ:
        return
    from pylsl import set_config_content  # noqa: PLC0415 (the command line's help never loads the library)

    set_config_content(settings(session))
