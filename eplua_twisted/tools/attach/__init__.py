"""C{eplua attach}."""
