"""What the REST API stands on: who may ask, how errors look, what is measured."""
