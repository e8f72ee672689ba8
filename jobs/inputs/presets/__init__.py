"""Common exports, a file each; docs/how-to/add-a-preset.md says how to add one."""
