"""Encoders: pictures and words to embeddings. The only room that imports torch and transformers."""
