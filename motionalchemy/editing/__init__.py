"""What changes a given clip: another style, place or subject, or none."""
