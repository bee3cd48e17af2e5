"""How AURA starts: bootstrap, embedded services and supervisor, on the standard library only."""
