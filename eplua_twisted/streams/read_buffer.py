"""
Takes bytes in and gives satisfied reads out, without I/O; how the bytes were cut into
chunks makes no difference to the reads.
"""

from __future__ import annotations

from typing import Protocol

from eplua_twisted.errors import EOF, OperationError
from eplua_twisted.streams.delimiter import Search

MAX_BUFFER = 1024 * 1024
MAX_READS = 64


class Want(Protocol):
    """What a read waits for."""

    def take(self, buffer: ReadBuffer) -> bytes | None:
        """
        Take it out of the buffer.

        @return: C{None} if it is not there yet
        @raise OperationError: it will never be
        """


class Firing(Protocol):
    """The firing side of a Deferred."""

    def callback(self, result: bytes) -> None: ...

    def errback(self, fail: BaseException) -> None: ...


class ReadBuffer:
    """
    Bytes that have arrived and were not read, and reads that wait for more.

    @ivar limit: how many may be here before reading should pause, and the
        longest single read
    @ivar ended: no more will come
    """

    __slots__ = ("_data", "_gathered", "_reads", "_search", "ended", "limit")

    def __init__(self, limit: int = MAX_BUFFER) -> None:
        self.limit = limit
        self.ended = False
        self._data: bytes | bytearray = b""
        self._search: Search | None = None
        self._gathered: list[bytes] | None = None
        # A list: never long, and an empty deque takes ten times the memory.
        self._reads: list[tuple[Want, Firing]] = []

    def __len__(self) -> int:
        return len(self._data)

    @property
    def awaited(self) -> bool:
        """Whether a read waits."""
        return bool(self._reads)

    @property
    def wants_more(self) -> bool:
        """Whether more can come, and there is room for it or a read that waits."""
        return not self.ended and (bool(self._reads) or len(self._data) < self.limit)

    def read(self, want: Want, waiter: Firing) -> bytes | None:
        """
        Serve a read, in its turn.

        @param waiter: fired with the bytes or L{OperationError}, unless they are
            here already
        @return: the bytes, if they are
        @raise OperationError: C{eof}, or C{limit}
        """
        if not self._reads:
            if want is ANYTHING and not self._data and not self.ended:
                # The way of most reads: nothing to look at.
                self._reads.append((want, waiter))
                return None
            data = want.take(self)
            if data is not None:
                return data
        elif len(self._reads) >= MAX_READS:
            raise OperationError(
                "limit", f"{MAX_READS} reads wait already, and no option allows more"
            )
        self._reads.append((want, waiter))
        return None

    def feed(self, data: bytes) -> bool:
        """
        Add what arrived, at least one byte, and serve the reads that it satisfies.

        @return: some of it is left
        """
        if self._gathered is not None:
            self._gathered.append(data)
            return bool(self._data)
        if not self._data:
            if self._reads and self._reads[0][0] is ANYTHING:
                # Nothing was here, so nothing is left: it goes as it came.
                self._reads.pop(0)[1].callback(data)
                return bool(self._data)
            self._data = data
        else:
            if type(self._data) is bytes:
                self._data = bytearray(self._data)
            self._data += data
        if self._reads:
            self._serve()
        return bool(self._data)

    def gather(self, begins: bool) -> None:
        """Take what is fed from now on for one piece, or no longer."""
        gathered, self._gathered = self._gathered, [] if begins else None
        if gathered:
            self.feed(b"".join(gathered) if len(gathered) > 1 else gathered[0])

    def finish(self) -> None:
        """No more will come."""
        self.ended = True
        self._serve()

    def fail(self, reason: BaseException) -> None:
        """Tell all who wait; what has arrived stays."""
        while self._reads:
            self._reads.pop(0)[1].errback(reason)

    def clear(self) -> None:
        """Forget what has arrived."""
        self._data = b""
        self._gathered = None
        self._search = None

    def withdraw(self, waiter: Firing, given: bytes = b"") -> None:
        """
        A waiter has had enough: it loses nothing, and those behind it go on.

        @param given: what it had got for nobody: it comes first again
        """
        if given:
            self._search, self._data = None, given + self._data
        self._reads[:] = [read for read in self._reads if read[1] != waiter]
        self._serve()

    def _serve(self) -> None:
        reads = self._reads
        while reads:
            want, waiter = reads[0]
            try:
                data = want.take(self)
            except OperationError as problem:
                del reads[0]
                waiter.errback(problem)
                continue
            if data is None:
                return
            del reads[0]
            waiter.callback(data)

    # For what a read wants.

    def take(self, count: int) -> bytes:
        """Remove and return the first bytes."""
        self._search = None
        if count == len(self._data):
            whole, self._data = self._data, b""
            return whole if type(whole) is bytes else bytes(whole)
        if type(self._data) is bytes:
            self._data = bytearray(self._data)
        data = bytes(self._data[:count])
        del self._data[:count]  # type: ignore[union-attr]
        return data

    def find(self, delimiter: bytes) -> int | None:
        """Where the delimiter begins.  Looks at no byte twice."""
        search = self._search
        if search is None or search.delimiter != delimiter:
            search = self._search = Search(delimiter)
        return search.find(self._data)

    def missing(self) -> bytes | None:
        """The bytes so far do not satisfy a read: wait, or fail at the end."""
        if self.ended:
            raise OperationError(*EOF)
        return None

    def too_long(self, what: str) -> OperationError:
        return OperationError(
            "limit", f"{what} is longer than {self.limit} bytes (option maxBuffer)"
        )


class Anything:
    """At least one byte."""

    def take(self, buffer: ReadBuffer) -> bytes | None:
        count = len(buffer)
        return buffer.take(count) if count else buffer.missing()


class Exactly:
    """So many bytes."""

    def __init__(self, count: int) -> None:
        self.count = count

    def take(self, buffer: ReadBuffer) -> bytes | None:
        if self.count > buffer.limit:
            raise buffer.too_long(f"a read of {self.count} bytes")
        if len(buffer) < self.count:
            return buffer.missing()
        return buffer.take(self.count)


class Until:
    """What comes before a delimiter; the delimiter is taken too."""

    def __init__(self, delimiter: bytes) -> None:
        self.delimiter = delimiter

    def take(self, buffer: ReadBuffer) -> bytes | None:
        index = buffer.find(self.delimiter)
        reach = len(buffer) - len(self.delimiter) if index is None else index
        if reach > buffer.limit or (index is None and reach == buffer.limit):
            raise buffer.too_long("what comes before the delimiter")
        if index is None:
            return buffer.missing()
        data = buffer.take(index)
        buffer.take(len(self.delimiter))
        return data


class Everything:
    """All that comes before the end."""

    def take(self, buffer: ReadBuffer) -> bytes | None:
        if len(buffer) > buffer.limit:
            raise buffer.too_long("what comes before the end")
        return buffer.take(len(buffer)) if buffer.ended else None


ANYTHING = Anything()
EVERYTHING = Everything()
