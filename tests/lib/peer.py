#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""peer.py MODEFILE tcp HOST PORT | MODEFILE unix PATH: something to be checked.

What it does with a connection is the word in MODEFILE then: `ok` (answers like
an HTTP server and closes), a number (that HTTP status), `hang` (keeps it and
says nothing), `close` (reads, and closes it), `nonsense`, `slow` (answers byte by
byte), `huge` (a page without end). `deaf`: it does not even listen."""
import os
import socket
import sys
import threading
import time

mode_file, kind, address = sys.argv[1], sys.argv[2], sys.argv[3:]


def mode():
    with open(mode_file) as f:
        return f.read().strip()


def answer(c, word):
    if word == "hang":
        time.sleep(3600)
    c.settimeout(5)
    try:
        c.recv(8192)
        # With a request unread it would be a reset.
        if word == "close":
            c.close()
            return
        if word == "nonsense":
            c.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
        elif word == "huge":
            c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                c.sendall(b"x" * 65536)
        else:
            status = word if word.isdigit() else "200"
            text = ("HTTP/1.1 %s Word\r\nContent-Length: 3\r\n"
                    "Connection: close\r\n\r\nhi\n" % status).encode()
            for k in range(len(text)):
                if word == "slow":
                    time.sleep(0.005)
                    c.sendall(text[k:k + 1])
            if word != "slow":
                c.sendall(text)
    except OSError:
        pass
    c.close()


def listen():
    if kind == "unix":
        if os.path.exists(address[0]):
            os.unlink(address[0])
        s = socket.socket(socket.AF_UNIX)
        s.bind(address[0])
    else:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        s = socket.socket(family)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address[0], int(address[1])))
    s.listen(64)
    s.settimeout(0.02)
    return s


listener = None
while True:
    word = mode()
    if word == "deaf":
        if listener:
            listener.close()
            listener = None
        time.sleep(0.02)
        continue
    if not listener:
        listener = listen()
    try:
        c, _ = listener.accept()
    except TimeoutError:
        continue
    threading.Thread(target=answer, args=(c, mode()), daemon=True).start()
