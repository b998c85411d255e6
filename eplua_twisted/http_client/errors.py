"""What treq and Twisted's HTTP client fail with, in the words of L{errors}."""

from __future__ import annotations

from typing import Any

from twisted.python.failure import Failure
from twisted.web._newclient import _WrapperException

from eplua_twisted.errors import OperationError, describe


def explain(failure: Failure) -> Failure:
    """
    The cause of a failed request: Twisted wraps it in the stage it happened in.

    @return: a failure that L{describe} knows.  What happened to a response and is
        none of those is something that could not be parsed.
    """
    reason: Any = failure.value
    wrapped = False
    while isinstance(reason, _WrapperException) and reason.reasons:
        wrapped = True
        failure = reason.reasons[0]
        reason = failure.value
    if not wrapped or describe(failure) is not None:
        return failure
    words = str(reason.args[0]) if reason.args else type(reason).__name__
    return Failure(OperationError("protocol", f"the answer is not HTTP: {words:.100}"))
