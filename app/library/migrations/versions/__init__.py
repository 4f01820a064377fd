"""One file per revision of the schema. Released ones are never edited."""
