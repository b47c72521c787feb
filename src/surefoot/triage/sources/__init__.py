"""Where logs come from: files, folders, archives, standard input, and forges through a cache."""
