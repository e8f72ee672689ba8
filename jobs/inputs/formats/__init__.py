"""The formats of input files, a file each."""
