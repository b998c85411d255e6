"""httpbin on waitress, on a free port, which it prints."""

from httpbin import app
from waitress.server import create_server

server = create_server(app, host="127.0.0.1", port=0)
print("port", server.effective_port, "end", flush=True)
server.run()
