# otp
import base64
import hmac
import struct
import time
from urllib.parse import quote


def code(secret):
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), "sha1").digest()
    number = struct.unpack_from(">I", digest, digest[-1] & 15)[0] & 0x7FFFFFFF
    return f"{number % 1000000:06}"


dni = input("DNI: ")
secret = base64.b32encode(dni.encode()).decode()
print("mi secreto:", secret)
print(f"otpauth://totp/Mi%20App:mi_usuario?secret={quote(secret)}&issuer=Mi%20App")
otp = input("ingresa el código OTP: ")
if otp == code(secret):
    print("Código correcto")
else:
    print("Código incorrecto")
