"""Prompts of other processes in a running script, through a UNIX socket."""
