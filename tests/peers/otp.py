"""Exercise `otp`: the secret, the provisioning URI and the codes of a DNI (RFC 6238, SHA-1, 6 digits, 30 s).

Usage: otp.py secret DNI | otp.py uri DNI USER ISSUER
       otp.py code DNI [UNIX_TIME] | otp.py verify DNI CODE [UNIX_TIME]   (exit status 1: not valid)
"""
import base64
import hmac
import struct
import sys
import time
from datetime import datetime, timezone
from urllib.parse import quote

try:
    import pyotp
    pyotp.TOTP("GEZDGNBVGY======").now()
except (ImportError, ValueError):  # not there, or refuses keys as short as a DNI (2.11.2 on): RFC 6238 by hand
    pyotp = None


def secret(dni):
    return base64.b32encode(dni.encode("utf-8")).decode("ascii")


def uri(dni, user, issuer):
    if pyotp:
        return pyotp.TOTP(secret(dni)).provisioning_uri(name=user, issuer_name=issuer)
    return f"otpauth://totp/{quote(issuer)}:{quote(user)}?secret={quote(secret(dni))}&issuer={quote(issuer, safe='')}"


def code(dni, now):
    if pyotp:  # with its time zone: pyotp reads a plain number as local time, ambiguous when clocks go back
        return pyotp.TOTP(secret(dni)).at(datetime.fromtimestamp(int(now), timezone.utc))
    digest = hmac.new(dni.encode("utf-8"), struct.pack(">Q", int(now) // 30), "sha1").digest()
    number = struct.unpack_from(">I", digest, digest[-1] & 15)[0] & 0x7FFFFFFF
    return f"{number % 1000000:06}"


def verify(dni, given, now):  # only the current step counts
    if pyotp:
        return pyotp.TOTP(secret(dni)).verify(given, for_time=datetime.fromtimestamp(int(now), timezone.utc))
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), code(dni, now).encode("ascii"))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    command, dni, *rest = sys.argv[1:]
    if command == "secret":
        print(secret(dni))
    elif command == "uri":
        print(uri(dni, *rest))
    elif command == "code":
        print(code(dni, *(rest or [time.time()])))
    elif command == "verify":
        valid = verify(dni, rest[0], *(rest[1:] or [time.time()]))
        print("Código correcto" if valid else "Código incorrecto")
        sys.exit(0 if valid else 1)
    else:
        sys.exit(__doc__)
