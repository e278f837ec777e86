# SPDX-License-Identifier: ISC
"""Clients of the control socket and of `listen`, for the tests.

    clients.py silent SOCKET       asks for the status 8 times, never reads,
                                   prints "asked", and stays
    clients.py large SOCKET        sends one line of 10 MB; prints the answer
    clients.py crowd SOCKET N      N at once ask whether all is well; prints
                                   how many got a whole answer
    clients.py get PORT PATH       prints the HTTP status of that page
    clients.py hear SOCKET FILE    appends what is sent to a datagram socket
                                   that it makes, one message a line
    clients.py liar SOCKET [UID]   answers everything with "healthy", at a path or
                                   "@" and an abstract name; prints "ready"
    clients.py hang SOCKET         listens, and never accepts; prints "ready"
"""
import http.client
import os
import socket
import sys
import time

LIMIT = 20  # seconds for anything


def connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(path)  # waits where the queue is full, as it would not with
    s.settimeout(LIMIT)  # a time-out
    return s


def read_all(s):
    text = b""
    while True:
        piece = s.recv(65536)
        if not piece:
            return text
        text += piece


def silent(path):
    kept = [connect(path) for _ in range(8)]
    for s in kept:
        s.sendall(b"status\n")
    print("asked", flush=True)
    time.sleep(100)


def large(path):
    s = connect(path)
    try:
        for _ in range(160):
            s.sendall(b"x" * 65536)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it does not want all of it
    try:
        print(read_all(s).decode(), end="")
    except ConnectionResetError:
        print("reset")


def crowd(path, number):
    clients = []
    for _ in range(int(number)):
        clients.append(connect(path))
        clients[-1].sendall(b"health\n")
    answers = [read_all(s) for s in clients]
    print(sum(a.startswith(b'{"ok":true') and a.endswith(b"\n")
              for a in answers))


def get(port, page):
    c = http.client.HTTPConnection("127.0.0.1", int(port), timeout=LIMIT)
    c.request("GET", page)
    print(c.getresponse().status)


def hear(path, file):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    with open(file, "ab", buffering=0) as out:
        while True:
            out.write(s.recv(4096).replace(b"\n", b" ") + b"\n")


def liar(place, uid=None):
    if uid is not None:
        os.setgid(int(uid))
        os.setuid(int(uid))
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.bind("\0" + place[1:] if place[0] == "@" else place)
    s.listen(5)
    print("ready", flush=True)
    while True:
        c, _ = s.accept()
        try:
            c.recv(4096)
            c.sendall(b'{"ok":true,"healthy":true,"reasons":[]}\n')
        except OSError:
            pass
        c.close()


def hang(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.bind(path)
    s.listen(0)
    print("ready", flush=True)
    time.sleep(100)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
