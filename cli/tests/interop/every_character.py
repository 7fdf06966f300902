"""Asks an echo server for the capitals of every character, and compares them with Python's own.

Usage: every_character.py HOST PORT     (prints how many it compared, then those that differ)

Python's Unicode may be older than the server's: what is unassigned in it, or becomes something that
is, cannot be compared.
"""
import socket
import sys
from unicodedata import category

SEPARATOR = "\0"


def known(text):
    return all(category(c) != "Cn" for c in text)


characters = [chr(c) for c in range(1, 0x110000) if category(chr(c)) not in ("Cn", "Cs")]
host, port = sys.argv[1], int(sys.argv[2])
compared, differ = 0, []
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.settimeout(20)
    for at in range(0, len(characters), 500):
        chunk = characters[at:at + 500]
        client.sendto(SEPARATOR.join(chunk).encode("utf-8"), (host, port))
        capitals = client.recv(65536).decode("utf-8").split(SEPARATOR)
        assert len(capitals) == len(chunk), f"{len(capitals)} answers to {len(chunk)} questions"
        for character, theirs in zip(chunk, capitals):
            if known(theirs):
                compared += 1
                if theirs != character.upper():
                    differ.append(f"U+{ord(character):04X}: {theirs!a}, not {character.upper()!a}")
    client.sendto(b"fin", (host, port))
    client.recv(65536)
print(compared)
print("\n".join(differ))
