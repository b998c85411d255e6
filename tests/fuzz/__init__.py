"""Coverage-guided fuzzing: `make fuzz SECONDS=300`, with the extra `fuzz`."""
