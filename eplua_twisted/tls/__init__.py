"""TLS: options, certificates, verification, contexts and the transport."""
