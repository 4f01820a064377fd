"""The tests, benchmarks and fault tests of Photosift."""
