"""Sends each datagram back; on a free port, which it prints."""

import socket

echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
echo.bind(("127.0.0.1", 0))
print("port", echo.getsockname()[1], "end", flush=True)
while True:
    data, address = echo.recvfrom(65536)
    echo.sendto(data, address)
