"""A picture or a clip understood: its subject, what lies behind it, its camera, and pictures that ship."""
