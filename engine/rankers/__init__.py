"""What gives candidates their score, one a module, registered by hook."""
