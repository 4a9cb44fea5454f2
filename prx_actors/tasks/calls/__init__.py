"""The calls of a task, a module a topic, under the names of the driver's own."""
