"""Lines of a program with threads, which come whole."""

import sys


def say(line: str) -> None:
    """
    Print a line in one write.  C{print} makes one for each argument and one for the line's
    end, and another thread's may come between: a test would wait for a line in vain.
    """
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
