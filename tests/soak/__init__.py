"""`make soak`: six branches on two sites and a center, people who press without end, and a kill every few seconds."""
