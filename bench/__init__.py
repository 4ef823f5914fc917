"""Benchmarks: run by hand, on a quiet machine; they do not ship."""
