"""How clients reach the bridge, one transport a module."""
