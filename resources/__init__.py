"""Icons, pictures, the demonstration's model and licences: data that travels with the program, never code."""
