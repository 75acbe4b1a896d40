"""One machine put together: world, files, kernel and engine, and programs that run on it."""
