"""Files of text: encoding, delimiter, quotes, rows."""
