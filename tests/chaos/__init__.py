"""Real programs, each a process of its own, killed and cut off at random; then every punch is accounted for."""
