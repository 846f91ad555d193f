"""All tests; docs/testing.md tells what each layer is for."""
