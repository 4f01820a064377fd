"""The command line: the same services without a window. Prints, and is the only room that does."""
