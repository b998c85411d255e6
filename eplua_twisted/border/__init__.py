"""What crosses between Lua and Python; knows no protocol."""
