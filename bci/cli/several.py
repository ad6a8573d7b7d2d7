"""`bci live` with several streams: a session for each person, one decoder for all of them (hyperscanning)."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bci.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from bci.cli.live import Live
    from bci.cli.opening import Loaded, Opened
    from bci.discovery import FoundStream
    from bci.viewing import LocalSession

__all__ = ["check_several", "heard_by", "run_several"]

_REFRESH = 0.5  # seconds between two looks at the sessions


@dataclass(frozen=True, slots=True)
class _Member:
    """One of the sessions.

    Parameters
    ----------
    name
        Of its stream.
    folder
        Where it is written.
    opened
        What it is made of.
    """

    name: str
    folder: Path
    opened: "Opened"
    viewed: "LocalSession"


def check_several(options: "Live") -> None:
    """Refuse what is of one stream alone.

    Raises
    ------
    ConfigError
        If a stream is named twice, or something is asked for that cannot be done with several.
    """
    if len(set(options.streams)) < len(options.streams):
        raise ConfigError(f"expected each stream once, got {', '.join(options.streams)}")
    alone = {"--attach": options.attach, "--reference": options.reference is not None}
    if asked := [name for name, given in alone.items() if given]:
        raise ConfigError(f"expected one --stream with {asked[0]}, got {len(options.streams)}")
    if not options.headless:
        raise ConfigError(
            f"the dashboard shows one stream, got {len(options.streams)}: add --headless, or start "
            "`bci live` for each stream"
        )


def heard_by(stream: str, streams: Sequence[str], markers: Sequence[str]) -> tuple[str, ...]:
    """Return the marker streams that one of several EEG streams hears.

    Those whose names begin with the name of an EEG stream, the longest that fits, are for that one alone; all hear
    the others.

    Raises
    ------
    ConfigError
        If there is none.
    """

    def owner(marker: str) -> str | None:
        return max((name for name in streams if marker.startswith(name)), key=len, default=None)

    if heard := tuple(marker for marker in markers if owner(marker) in (None, stream)):
        return heard
    raise ConfigError(
        f"expected a marker stream for {stream}, got {', '.join(markers) or 'none'}: start it first. Its name "
        "begins with that of its EEG stream, or with that of none if all are to hear it"
    )


def run_several(options: "Live", console: "Console") -> None:
    """Decode several streams until each of them has ended; a stream that dies ends its own session alone.

    Raises
    ------
    BciError
        What ended the first session that failed, after the last one has ended.
    """
    from bci.cli.opening import get_ready, load_all
    from bci.folder import log_to, make_folder
    from bci.lsl import configure
    from bci.storage import refuse_non_empty

    if options.out is not None:
        refuse_non_empty(options.out)
    configure(network=options.network)
    get_ready(dashboard=False)
    loaded = load_all(options)
    opened = _open(options, loaded)
    base = make_folder(options.out, loaded.folder.name)
    with log_to(base):
        members = _members(opened, loaded, base, console)
        _watch(members, console, hide_truth=options.hide_truth)
    for member in members:
        member.viewed.session.raise_error()
    for member in members:
        if member.viewed.recordings is not None:
            member.viewed.recordings.close()  # it has ended; what is not whole is an error


def _open(options: "Live", loaded: "Loaded") -> "list[tuple[Live, Opened]]":
    """Open all streams, or none: each with the options of its own session."""
    from bci.cli.opening import open_source

    names, markers = _find(options)
    with ExitStack() as so_far:
        opened = []
        for stream, name in zip(options.streams, names, strict=True):
            own = replace(options, streams=(stream,), markers=heard_by(name, names, markers))
            opened.append((own, open_source(own, loaded, can_hold=False)))
            so_far.callback(opened[-1][1].source.close)
        so_far.pop_all()  # from now on their sessions close them
    return opened


def _members(
    opened: "Sequence[tuple[Live, Opened]]", loaded: "Loaded", base: Path, console: "Console"
) -> list[_Member]:
    """Put the sessions together, round one decoder."""
    from bci.batching import BatchingDecoder
    from bci.cli.live_session import make_session, settings_of
    from bci.folder import write_session
    from bci.storage import new_folder

    shared, members = BatchingDecoder(loaded.decoder), []
    for options, each in opened:
        name = each.source.spec.name
        new_folder(folder := base / _file_name(name))
        write_session(folder, settings_of(options, each))
        outlet = f"bci-decisions-{name}"
        viewed = make_session(options, each, folder, console, seen=False, decoder=shared, outlet=outlet)
        members.append(_Member(name, folder, each, viewed))
    return members


def _find(options: "Live") -> tuple[list[str], list[str]]:
    """Wait for the streams; return their names, and those of the marker streams.

    Raises
    ------
    StreamError
        If one is not there, or several fit.
    ConfigError
        If two have the same name.
    """
    from bci.discovery import Lookout, choose, marker_streams

    look = Lookout()
    found: list[FoundStream] = [choose(stream, options.wait, look) for stream in options.streams]
    names = [stream.name for stream in found]
    if len({_file_name(name) for name in names}) < len(names):
        raise ConfigError(f"expected streams of different names, got {', '.join(names)}: rename one at its sender")
    return names, [stream.name for stream in marker_streams(options.markers or None, options.wait, look)]


def _file_name(stream: str) -> str:
    return re.sub(r"[^\w.-]+", "_", stream).strip(".") or "stream"


def _watch(members: Sequence[_Member], console: "Console", *, hide_truth: bool) -> None:
    """Show the sessions until the last has ended; each is concluded when its own end has come."""
    from bci.cli.live import beside_decisions, conclude, device_in_words
    from bci.interrupt import ended_by_signals
    from bci.terminal_stack import TerminalStack

    def stop() -> None:
        for member in members:
            member.viewed.session.stop("interrupted")

    running = list(members)
    abouts = {member.name: member.viewed.about for member in members}
    with ended_by_signals(stop), TerminalStack(console, abouts, hide_truth=hide_truth) as view:
        for member in members:
            member.viewed.session.start()
            if member.opened.device is not None:
                words = f"{member.name}: {device_in_words(member.opened.device)}"
                console.print(words, highlight=False, markup=False)
        console.print("decoding; Ctrl-C ends", highlight=False)
        while running:
            ended = [member for member in running if member.viewed.session.wait(_REFRESH / len(running))]
            for member in ended:
                running.remove(member)
                summary = member.viewed.session.finish() | beside_decisions(member.opened, member.viewed)
                view.show({member.name: member.viewed.snapshot()})
                console.print(f"{member.name} has ended", highlight=False, markup=False)
                conclude(summary, None, member.folder, console)
            view.show({member.name: member.viewed.snapshot() for member in members})
            for member in running:
                if member.viewed.recordings is not None:
                    member.viewed.recordings.state()  # which tells of what goes wrong
