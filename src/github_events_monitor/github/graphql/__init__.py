"""GraphQL: the documents we ask, and their answers as records. Pure, no I/O."""
