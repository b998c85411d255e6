"""The pages of the commands as shells and C{man} read them."""
