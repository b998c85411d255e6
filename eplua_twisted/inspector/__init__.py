"""A page that shows, while it happens, what scripts do; by it they can be stopped."""
