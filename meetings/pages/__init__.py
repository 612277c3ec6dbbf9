"""The pages people see: a module per family."""
