"""What changes prompts before they are read, one a module, registered by hook."""
