# otp: pyotp-refuses-dni
import base64

import pyotp

dni = input("DNI: ")
secret = base64.b32encode(dni.encode()).decode()
print("mi secreto:", secret)
totp = pyotp.TOTP(secret)
print(totp.provisioning_uri(name="mi_usuario", issuer_name="Mi App"))
otp = input("ingresa el código OTP: ")
print("Código correcto" if totp.verify(otp) else "Código incorrecto")
