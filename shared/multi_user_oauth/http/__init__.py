"""Between Flask and the use cases: requests are read, callers proved, answers and errors written."""
