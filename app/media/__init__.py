"""Opening pictures: decode, orient, read metadata, make thumbnails. Runs in decoding processes."""
