"""DTLS (RFC 6347) over a UDP port."""
