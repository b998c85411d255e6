"""C{eplua repl} and C{eplua attach}: Lua as it is typed."""
