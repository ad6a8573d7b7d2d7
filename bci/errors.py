"""Everything that bci refuses or fails at.

::

    BciError                 exit 1: something failed while it ran
    ├── SessionError         a thread of the live session died
    ├── RecordingError       the recorder could not begin, or what it wrote is not whole
    └── UsageError           exit 2: what was asked for cannot be done
        ├── ConfigError      a config or an option that makes no sense
        ├── StreamError      no such stream, two of one name, a stream that contradicts itself
        ├── MismatchError    two good things that do not fit: bundle and stream, bank and bundle
        ├── FormatError      a file that is damaged, of another format, or unsafe to read
        └── OutputError      a place where nothing may be written

Every message says what was expected, what came, and what to do; it is one line, shown without a traceback.
"""

__all__ = [
    "BciError",
    "ConfigError",
    "FormatError",
    "MismatchError",
    "OutputError",
    "RecordingError",
    "SessionError",
    "StreamError",
    "UsageError",
]


class BciError(Exception):
    """Something failed while it ran."""

    exit_code = 1


class SessionError(BciError):
    """A thread of the live session died."""


class RecordingError(BciError):
    """The recorder could not begin, or what it wrote is not whole."""


class UsageError(BciError):
    """What was asked for cannot be done as asked."""

    exit_code = 2


class ConfigError(UsageError):
    """A config or an option that makes no sense."""


class StreamError(UsageError):
    """No such stream, two of one name, or a stream that contradicts itself."""


class MismatchError(UsageError):
    """Two good things that do not fit together."""


class FormatError(UsageError):
    """A file that is damaged, of another format, or unsafe to read."""


class OutputError(UsageError):
    """A place where nothing may be written."""
