"""C{eplua test}: runs the tests of scripts, each file in a process of its own."""
