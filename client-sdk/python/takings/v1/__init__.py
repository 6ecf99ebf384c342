"""The generated messages and stubs of `takings.v1`, one pair of modules for each .proto file."""
