"""What touches the world: one file a library."""
