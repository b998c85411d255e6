"""
A Home Center 3 without Lua: a simulated one, and a real one behind the same interface.

It knows nothing of runtimes.  A L{Controller<eplua_twisted.hc3.interfaces.IController>}
answers requests of HC3's REST API, tells what happens, and lets QuickApps that run here
be devices of it.
"""
