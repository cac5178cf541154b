"""The parts of bench.py: server, load, row, measurement, table, machine."""
