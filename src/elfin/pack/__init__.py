"""`elfin pack`: programs and trees of files as a static site."""
