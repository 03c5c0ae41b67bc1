import binascii

def _bytes(s):
    if isinstance(s, str):
        return s.encode('ascii')
    return s

def b64encode(s, altchars=None):
    if isinstance(s, str):
        raise TypeError("a bytes-like object is required, not 'str'")
    r = binascii.b2a_base64(s, newline=False)
    if altchars:
        r = r.replace(b'+', altchars[:1]).replace(b'/', altchars[1:])
    return r

def b64decode(s, altchars=None, validate=False):
    s = _bytes(s)
    if altchars:
        s = s.replace(altchars[:1], b'+').replace(altchars[1:], b'/')
    return binascii.a2b_base64(s)

standard_b64encode = b64encode
standard_b64decode = b64decode

def urlsafe_b64encode(s):
    return b64encode(s).replace(b'+', b'-').replace(b'/', b'_')

def urlsafe_b64decode(s):
    return b64decode(_bytes(s).replace(b'-', b'+').replace(b'_', b'/'))

def encodebytes(s):
    out = b''
    for i in range(0, len(s), 57):
        out += binascii.b2a_base64(s[i:i + 57])
    return out

def decodebytes(s):
    return binascii.a2b_base64(s)

def b16encode(s):
    return binascii.hexlify(s).upper()

def b16decode(s, casefold=False):
    return binascii.unhexlify(_bytes(s))

_B32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

def b32encode(s):
    bits = ''.join(['{:08b}'.format(b) for b in s])
    while len(bits) % 5:
        bits += '0'
    out = ''.join([_B32[int(bits[i:i + 5], 2)] for i in range(0, len(bits), 5)])
    return (out + '=' * (-len(out) % 8)).encode()

def b32decode(s, casefold=False):
    s = _bytes(s).decode().rstrip('=')
    bits = ''.join(['{:05b}'.format(_B32.index(c)) for c in s])
    return bytes([int(bits[i:i + 8], 2) for i in range(0, len(bits) - 7, 8)])
