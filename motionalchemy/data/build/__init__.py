"""Building a corpus from packages of ordinary registries: actors, scenes, turntables, emoji and stills."""
