"""
HTTP/1.1 without I/O: bytes in, events out, for requests and for responses.

Requests are read strictly, by llhttp: what a server and a proxy before it could
understand in two ways is refused.  Responses are read as curl and Python's requests
read them: devices send odd ones, and nobody stands behind us who could be misled.
"""
