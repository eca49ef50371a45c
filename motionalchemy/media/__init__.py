"""Pictures and clips in memory and in files: the only room that meets untrusted bytes."""
