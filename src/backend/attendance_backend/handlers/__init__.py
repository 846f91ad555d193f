"""A function a message: do what it asks through the ports and return the reply."""
