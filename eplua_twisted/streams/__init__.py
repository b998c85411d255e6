"""What every byte stream stands on; knows no TLS."""
