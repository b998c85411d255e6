"""C{eplua check}: mistakes in scripts, found without running them."""
