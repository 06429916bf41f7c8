"""What watches paintings step by step, one a module, registered by hook."""
