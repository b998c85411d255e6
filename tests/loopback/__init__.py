"""The only tests with real sockets, on 127.0.0.1."""
