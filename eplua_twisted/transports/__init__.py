"""Sockets of our own below Twisted's protocols, under any reactor; knows no protocol."""
