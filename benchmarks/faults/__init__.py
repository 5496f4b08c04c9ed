"""Files that were damaged: what their readers say."""
