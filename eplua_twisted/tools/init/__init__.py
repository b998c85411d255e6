"""C{eplua init}: a folder to begin with."""
