#!/usr/bin/env python3
"""A proxy behind TLS: tls_proxy.py CERTIFICATE KEY. Prints its port, tunnels one connection, ends."""

import selectors
import socket
import ssl
import sys


def read_head(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = stream.recv(1)
        if not byte:
            sys.exit("no request")
        head += byte
    return head


def pass_on(client, server):
    selector = selectors.DefaultSelector()
    selector.register(client, selectors.EVENT_READ, server)
    selector.register(server, selectors.EVENT_READ, client)
    while True:
        for key, _ in selector.select():
            chunk = key.fileobj.recv(65536)
            while key.fileobj is client and client.pending():
                chunk += client.recv(65536)
            if not chunk:
                return
            key.data.sendall(chunk)


def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    try:
        with context.wrap_socket(listener.accept()[0], server_side=True) as client:
            host, port = read_head(client).split()[1].decode().split(":")
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                pass_on(client, server)
    except OSError:
        pass  # a client that does not trust us


main()
