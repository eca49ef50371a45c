"""The corpus: shards of layers with structured facts, composed into captioned clips."""
