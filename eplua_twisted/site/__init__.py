"""Pages for people beside a script, and what is live in them; knows no script."""
