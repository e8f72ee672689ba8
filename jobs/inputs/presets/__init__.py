"""Common exports, a file each; docs/how-to/read-another-format.md says how to add one."""
