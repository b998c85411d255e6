"""
The Autobahn test suite on a script's WebSocket server and client: C{make conformance}, with
the extra C{conformance}.
"""
