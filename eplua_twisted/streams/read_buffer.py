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
    """
    What a read waits for.

    @ivar beyond: how many bytes more than the buffer's limit it may have to see, to
        know that it is too long
    """

    @property
    def beyond(self) -> int: ...

    def take(self, buffer: ReadBuffer) -> bytes | None:
        """
        Take it out of the buffer.

        @return: C{None} if it is not there yet
        @raise OperationError: it will never be
        """


class Firing(Protocol):
    """The firing side of a Deferred; true from C{callback} is the same read once more."""

    def callback(self, result: bytes) -> bool | None: ...

    def errback(self, fail: BaseException) -> None: ...


class ReadBuffer:
    """
    Bytes that have arrived and were not read, and reads that wait for more.  The bytes
    of a read stay here until it is served: who asks for that does so when the answer
    reaches its reader at once.

    @ivar limit: how many may be here before reading should pause, and the
        longest single read
    @ivar ended: no more will come
    @ivar broken: why, unless it is the peer's end; the reads that waited are told
    """

    __slots__ = ("_data", "_gathered", "_reads", "_search", "broken", "ended", "limit")

    def __init__(self, limit: int = MAX_BUFFER) -> None:
        self.limit = limit
        self.ended = False
        self.broken: BaseException | None = None
        self._data: bytes | bytearray = b""
        self._search: Search | None = None
        self._gathered: list[bytes] | None = None
        # A list: never long, and an empty deque takes ten times the memory.
        self._reads: list[tuple[Want, Firing]] = []

    def __len__(self) -> int:
        return len(self._data)

    @property
    def waiting(self) -> int:
        """How many reads wait."""
        return len(self._reads)

    @property
    def ready(self) -> bool:
        """A read waits, and something has come for it, or the end."""
        return bool(self._reads) and (self.ended or bool(self._data))

    @property
    def wants_more(self) -> bool:
        """Whether more can come, and there is room for it or a read that needs it."""
        beyond = self._reads[0][0].beyond if self._reads else 0
        return not self.ended and len(self._data) < self.limit + beyond

    def ask(self, want: Want, waiter: Firing) -> bool:
        """
        A read waits from now on.

        @param waiter: fired with the bytes or L{OperationError}
        @return: it can be served already, perhaps
        @raise OperationError: C{limit}; C{eof}, when there is nothing to wait for
        """
        if not self._reads and not self._data and self.ended:
            raise OperationError(*EOF)
        # Each byte that is here may be for a read that was not served yet.
        if len(self._reads) >= MAX_READS + len(self._data):
            raise OperationError(
                "limit", f"{MAX_READS} reads wait already, and no option allows more"
            )
        self._reads.append((want, waiter))
        return want is not ANYTHING or self.ended or bool(self._data)

    def pass_on(self, data: bytes) -> bool:
        """
        The way of most bytes: nothing is here and a read takes whatever comes.

        @param data: what arrived, at least one byte
        @return: that read has it now; else it is not taken
        """
        reads = self._reads
        if not reads or reads[0][0] is not ANYTHING or self._data:
            return False
        if self._gathered is not None:
            return False
        read = reads.pop(0)
        if read[1].callback(data):
            reads.append(read)
        return True

    def feed(self, data: bytes) -> None:
        """Add what arrived, at least one byte."""
        if self._gathered is not None:
            self._gathered.append(data)
        elif not self._data:
            self._data = data
        else:
            if type(self._data) is bytes:
                self._data = bytearray(self._data)
            self._data += data

    def gather(self, begins: bool) -> None:
        """Take what is fed from now on for one piece, or no longer."""
        gathered, self._gathered = self._gathered, [] if begins else None
        if gathered:
            self.feed(b"".join(gathered) if len(gathered) > 1 else gathered[0])

    def serve(self) -> bool:
        """
        Serve the first read, if it is satisfied or never will be.

        @return: the same read waits again
        """
        if not self._reads:
            return False
        want, waiter = self._reads[0]
        try:
            data = want.take(self)
        except OperationError as problem:
            broken = self.broken if problem.code == EOF[0] else None
            self._remove_first()
            waiter.errback(broken or problem)
            return False
        if data is None:
            return False
        self._remove_first()
        if not waiter.callback(data):
            return False
        self._reads.append((want, waiter))
        return True

    def _remove_first(self) -> None:
        del self._reads[0]
        if not self._reads:
            # Reads that come later are told of the end.
            self.broken = None

    def end(self, broken: BaseException | None = None) -> None:
        """
        No more will come.

        @param broken: why, unless it is the peer's end
        """
        self.ended = True
        self.broken = broken if self._reads else None

    def drop(self, reason: BaseException) -> None:
        """Tell all who wait; what has arrived is not wanted."""
        while self._reads:
            self._reads.pop(0)[1].errback(reason)
        self.clear()

    def clear(self) -> None:
        """Forget what has arrived."""
        self._data = b""
        self._gathered = None
        self._search = None

    def withdraw(self, waiter: Firing) -> None:
        """A waiter has had enough: what it would have got is for those behind it."""
        self._reads[:] = [read for read in self._reads if read[1] != waiter]

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

    beyond = 0

    def take(self, buffer: ReadBuffer) -> bytes | None:
        count = len(buffer)
        return buffer.take(count) if count else buffer.missing()


class Exactly:
    """So many bytes."""

    beyond = 0

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
        self.beyond = len(delimiter)

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

    beyond = 1

    def take(self, buffer: ReadBuffer) -> bytes | None:
        if len(buffer) > buffer.limit:
            raise buffer.too_long("what comes before the end")
        if buffer.broken or not buffer.ended:
            return buffer.missing()
        return buffer.take(len(buffer))


ANYTHING = Anything()
EVERYTHING = Everything()
