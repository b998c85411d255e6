"""The commands beside a script; C{main} of each gives the exit code."""
