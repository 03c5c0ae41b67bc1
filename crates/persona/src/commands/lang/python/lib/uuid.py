import _random

class UUID:
    def __init__(self, hex=None, bytes=None, int=None):
        if bytes is not None:
            hex = bytes.hex()
        self.hex = hex.replace('-', '').lower()
    @property
    def int(self):
        return __builtins_int(self.hex, 16)
    def __str__(self):
        h = self.hex
        return '-'.join([h[:8], h[8:12], h[12:16], h[16:20], h[20:]])
    def __repr__(self):
        return "UUID('%s')" % str(self)

__builtins_int = int

def uuid4():
    b = list(_random.bytes(16))
    b[6] = b[6] & 15 | 64
    b[8] = b[8] & 63 | 128
    return UUID(bytes=bytes(b))

def uuid1():
    return uuid4()

def getnode():
    return __builtins_int.from_bytes(_random.bytes(6), 'big')
