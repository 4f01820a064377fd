"""Scenes that Photosift draws itself, for the demonstration library and its small model."""
