"""The journal as an LSL stream, each entry at its own time."""

from pylsl import IRREGULAR_RATE, StreamInfo, StreamOutlet, cf_string

from bci.journal import JOURNAL, Entry, to_wire
from bci.types import DecoderSpec

__all__ = ["JournalOutlet"]


class JournalOutlet:
    """The stream `bci-journal`.

    Parameters
    ----------
    decoder
        Its ids make the stream's.
    name
        Of the stream: `bci-journal`, and what follows where several sessions run in one process.
    """

    def __init__(self, decoder: DecoderSpec, name: str = JOURNAL) -> None:
        self.source_id = f"{name}-{decoder.model}-{decoder.bank}"
        info = StreamInfo(name, "Markers", 1, IRREGULAR_RATE, cf_string, self.source_id)
        self._outlet: StreamOutlet | None = StreamOutlet(info)

    def send(self, entry: Entry) -> None:
        """Push an entry; nothing once it is closed."""
        if self._outlet is not None:
            self._outlet.push_sample([to_wire(entry)], entry.time)

    def close(self) -> None:
        """Close the outlet; its consumers see the stream end."""
        self._outlet = None
