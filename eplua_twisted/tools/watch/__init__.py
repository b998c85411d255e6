"""C{eplua watch}: runs a script, and anew when one of its files has changed."""
