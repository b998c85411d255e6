"""Every client and every server on a network that splits, delays, cuts, breaks and stalls."""
