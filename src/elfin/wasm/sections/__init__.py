"""One file a section of a module (Core spec 5.5): `encode` and `decode` mirror each other."""
