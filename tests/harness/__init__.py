"""What the black-box tests share: starting servers (server.py) and talking to them (wire.py)."""
