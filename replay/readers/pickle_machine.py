"""A machine that obeys a pickle, but knows only data and the functions that it was given.

A pickle is a program for a stack machine (https://docs.python.org/3/library/pickle.html; the opcodes:
https://github.com/python/cpython/blob/main/Lib/pickletools.py). Python's own machine imports and calls whatever
the program names, and reserves as much memory as it claims to need. This one builds numbers, text and containers,
calls only what it was given by name, keeps long runs of bytes where they are in the file, and stops at bounds that
hold whatever the file says. It reads protocols 2 to 5.
"""

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

from bci.errors import FormatError

__all__ = ["Buffer", "Call", "Machine", "Raw", "Unbuilt"]

_LONGEST = 2**16
"""Longer runs of bytes stay in the file."""

_MOST_STEPS = 2_000_000
_MOST_BYTES = 2**26
"""What a program may do, and what it may bring into memory: 16,540 pictures need 80,000 steps and 2 MB."""

_MARK = object()
_STOP = ord(".")
_NAME = re.compile(r"[\w.]{1,100}")
_DAMAGE = (LookupError, TypeError, ValueError, AttributeError, OverflowError, struct.error)
"""What the machine itself runs into where a program makes no sense."""


class Buffer(Protocol):
    """Bytes of a file: `bytes`, a memory map, or a view of one."""

    def __len__(self) -> int: ...
    def __getitem__(self, key: slice, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Raw:
    """A run of bytes that was left where it is: its place in the buffer."""

    offset: int
    length: int

    def __len__(self) -> int:
        return self.length


@dataclass(frozen=True, slots=True)
class Call:
    """What a name in a pickle stands for.

    Parameters
    ----------
    name
        As the pickle writes it, `module.name`.
    function
        Called where the pickle calls the name; None: the name can only be handed to another one.
    """

    name: str
    function: Callable[..., Any] | None = None


@dataclass(slots=True, eq=False)
class Unbuilt:
    """An object whose state comes later: what `build(state)` returns takes its place where it was remembered."""

    build: Callable[[Any], Any]
    remembered: list[int]


class Machine:
    """Obeys one pickle.

    Parameters
    ----------
    path
        For messages.
    buffer
        The bytes of the file.
    first, stop
        Where the pickle begins, and where it must have ended.
    persistent
        Makes what `persistent_id` of the writer stood for; None: such objects are refused.
    """

    def __init__(
        self,
        path: Path,
        buffer: Buffer,
        first: int = 0,
        stop: int | None = None,
        persistent: Callable[[Any], Any] | None = None,
    ) -> None:
        self._path = path
        self._buffer = buffer
        self._at = first
        self._stop = len(buffer) if stop is None else stop
        self._persistent = persistent
        self._admitted: dict[str, Call] = {}
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._left = _MOST_BYTES

    def admit(self, calls: Mapping[str, Callable[..., Any] | None]) -> None:
        """Let the pickle use these names, `module.name` -> what is called instead (see `Call`)."""
        self._admitted |= {name: Call(name, function) for name, function in calls.items()}

    def spend(self, n_bytes: int) -> None:
        """Take note of memory that is about to be used.

        Raises
        ------
        FormatError
            If a pickle of this kind has no use for so much.
        """
        self._left -= n_bytes
        if self._left < 0:
            self.refuse(f"at most {_MOST_BYTES // 2**20} MB outside arrays that can stay in the file", "more")

    def refuse(self, expected: str, got: str) -> NoReturn:
        """Raise FormatError."""
        raise FormatError(
            f"{self._path}: expected a pickle of {expected}, got one with {got}: use the data set's own file"
        )

    def run(self) -> Any:
        """Return what the pickle holds.

        Raises
        ------
        FormatError
            If it is damaged, asks for more than data, or goes beyond the bounds.
        """
        steps = self._opcodes()
        try:
            for _ in range(_MOST_STEPS):
                code = self._take(1)[0]
                if code == _STOP:
                    return self._pop()
                if code not in steps:
                    self.refuse("numbers, texts, lists, tuples, dicts and arrays", f"opcode {code:#04x}")
                steps[code]()
        except _DAMAGE as error:
            reason = " ".join(str(error).split())[:200]
            raise FormatError(
                f"{self._path} is damaged, expected a pickle as NumPy writes it: {reason}; copy it again"
            ) from None
        return self.refuse(f"at most {_MOST_STEPS} steps", "more")

    # ------------------------------------------------------------------------------------------------ the file

    def _take(self, n_bytes: int) -> bytes:
        return bytes(self._buffer[self._pass(n_bytes) : self._at])

    def _pass(self, n_bytes: int) -> int:
        """Go on by so many bytes; return where they begin."""
        first = self._at
        if n_bytes > self._stop - first:
            raise ValueError(f"it ends {n_bytes - (self._stop - first)} bytes too early")
        self._at = first + n_bytes
        return first

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _line(self) -> str:
        """A name on a line of its own."""
        end = bytes(self._buffer[self._at : min(self._stop, self._at + 101)]).index(b"\n")
        return self._take(end + 1)[:-1].decode("ascii")

    def _text(self, form: str) -> None:
        length = self._number(form)
        self.spend(length)
        self._stack.append(self._take(length).decode("utf-8", "surrogatepass"))

    def _bytes(self, form: str) -> None:
        length = self._number(form)
        if length > _LONGEST:
            self._stack.append(Raw(self._pass(length), length))
        else:
            self.spend(length)
            self._stack.append(self._take(length))

    # ------------------------------------------------------------------------------------------------ the stack

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _pop(self) -> Any:
        value = self._stack.pop()
        if value is _MARK:
            raise ValueError("a mark where a value belongs")
        return value

    def _since_mark(self) -> list[Any]:
        items = []
        while (value := self._stack.pop()) is not _MARK:
            items.append(value)
        return items[::-1]

    def _tuple(self, n_items: int) -> None:
        self._stack.append(tuple(reversed([self._pop() for _ in range(n_items)])))

    def _remember(self, index: int) -> None:
        value = self._memo[index] = self._stack[-1]
        if isinstance(value, Unbuilt):
            value.remembered.append(index)

    def _extend(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise TypeError("items for something that is no list")
        target.extend(items)

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not dict:
            raise TypeError("entries for something that is no dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) is not str:  # tuples and large numbers can be made to take for ever
                raise TypeError(f"a {type(key).__name__} as the key of a dict")
            target[key] = value

    # ------------------------------------------------------------------------------------------------ calls

    def _name(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise TypeError("a name that is no text")
        full = f"{module}.{name}"
        if full not in self._admitted:
            shown = full if _NAME.fullmatch(full) else ascii(full)[:100]
            self.refuse("arrays and plain containers", f"{shown}, which could do anything")
        self._stack.append(self._admitted[full])

    def _call(self) -> None:
        arguments, call = self._pop(), self._pop()
        if not isinstance(call, Call) or call.function is None or type(arguments) is not tuple:
            raise TypeError("a call of something that cannot be called")
        self._stack.append(call.function(*arguments))

    def _build(self) -> None:
        state, unbuilt = self._pop(), self._pop()
        if not isinstance(unbuilt, Unbuilt):
            raise TypeError("a state for something that has none")
        built = unbuilt.build(state)
        self._memo.update(dict.fromkeys(unbuilt.remembered, built))
        self._stack.append(built)

    def _fetch(self) -> None:
        if self._persistent is None:
            self.refuse("arrays and plain containers", "an object that is kept elsewhere")
        self._stack.append(self._persistent(self._pop()))

    def _opcodes(self) -> dict[int, Callable[[], object]]:
        """What each opcode does; those that are missing (sets, classes, protocol 0, ...) are refused."""
        steps: dict[str, Callable[[], object]] = {
            "\x80": lambda: self._pass(1),  # PROTO
            "\x95": lambda: self._pass(8),  # FRAME: only says how much to read at once
            "(": lambda: self._push(_MARK),
            "0": self._stack.pop,
            "1": self._since_mark,
            "2": lambda: self._push(self._stack[-1]),
            "N": lambda: self._push(None),
            "\x88": lambda: self._push(value=True),
            "\x89": lambda: self._push(value=False),
            "J": lambda: self._push(self._number("<i")),
            "K": lambda: self._push(self._number("<B")),
            "M": lambda: self._push(self._number("<H")),
            "\x8a": lambda: self._push(int.from_bytes(self._take(self._number("<B")), "little", signed=True)),
            "G": lambda: self._push(self._number(">d")),
            "X": lambda: self._text("<I"),
            "\x8c": lambda: self._text("<B"),
            "\x8d": lambda: self._text("<Q"),
            "C": lambda: self._bytes("<B"),
            "B": lambda: self._bytes("<I"),
            "\x8e": lambda: self._bytes("<Q"),
            "\x96": lambda: self._bytes("<Q"),
            ")": lambda: self._push(()),
            "\x85": lambda: self._tuple(1),
            "\x86": lambda: self._tuple(2),
            "\x87": lambda: self._tuple(3),
            "t": lambda: self._push(tuple(self._since_mark())),
            "]": lambda: self._push([]),
            "a": lambda: self._extend([self._pop()]),
            "e": lambda: self._extend(self._since_mark()),
            "}": lambda: self._push({}),
            "s": lambda: self._set([self._pop(), self._pop()][::-1]),
            "u": lambda: self._set(self._since_mark()),
            "\x94": lambda: self._remember(len(self._memo)),
            "q": lambda: self._remember(self._number("<B")),
            "r": lambda: self._remember(self._number("<I")),
            "h": lambda: self._push(self._memo[self._number("<B")]),
            "j": lambda: self._push(self._memo[self._number("<I")]),
            "c": lambda: self._name(self._line(), self._line()),
            "\x93": lambda: self._name(*[self._pop(), self._pop()][::-1]),
            "R": self._call,
            "b": self._build,
            "Q": self._fetch,
        }  # fmt: skip
        return {ord(code): step for code, step in steps.items()}
