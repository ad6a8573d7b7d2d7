"""Decisions as an LSL stream: one JSON string each, stamped with the onset of its event.

So they line up with EEG and markers in any tool that reads XDF.
"""

from pylsl import IRREGULAR_RATE, StreamInfo, StreamOutlet, cf_string

from bci.announced import announce
from bci.specs import RandomisationSpec
from bci.types import Decision
from bci.viewing import About
from bci.wire import Header, encode

__all__ = ["OutletSink"]


class OutletSink:
    """The stream `bci-decisions`.

    Parameters
    ----------
    header
        What is the same for all decisions; bundle and bank ids and the concepts go into the stream's `desc`.
    name
        Name of the stream.
    about, order
        What a dashboard elsewhere needs to show the session, and the order of concepts that is declared; they go
        into `desc` too.

    Raises
    ------
    ConfigError
        If there are too many concepts to be described.
    """

    def __init__(
        self,
        header: Header,
        name: str = "bci-decisions",
        about: About | None = None,
        order: RandomisationSpec | None = None,
    ) -> None:
        spec = header.decoder
        self.source_id = f"{name}-{spec.model}-{spec.bank}"
        info = StreamInfo(name, "Decisions", 1, IRREGULAR_RATE, cf_string, self.source_id)
        desc = info.desc()
        for child, value in announce(spec, about, order).items():
            desc.append_child_value(child, value)
        self._outlet: StreamOutlet | None = StreamOutlet(info)
        self._header = header
        self.dropped = 0
        self.trouble = ""

    def put(self, decision: Decision) -> None:
        """Push one decision."""
        if self._outlet is None:
            self.dropped += 1
        else:
            self._outlet.push_sample([encode(decision, self._header)], decision.onset)

    def close(self) -> None:
        """Close the outlet; its consumers see the stream end."""
        self._outlet = None
