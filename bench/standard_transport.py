"""`eplua` with Twisted's own TCP transports instead of the eager ones."""

from eplua_twisted import cli, runtime


def standard(reactor):
    return reactor


runtime.eager = standard
cli.main()
