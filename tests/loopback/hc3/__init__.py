"""Controllers on real sockets."""
