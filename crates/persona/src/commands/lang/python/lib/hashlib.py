_SIZES = {'md5': (16, 64), 'sha1': (20, 64), 'sha224': (28, 64), 'sha256': (32, 64), 'sha384': (48, 128), 'sha512': (64, 128)}
algorithms_guaranteed = set(_SIZES)
algorithms_available = set(_SIZES)

class _Hash:
    def __init__(self, name, data=b''):
        if isinstance(data, str):
            raise TypeError('Strings must be encoded before hashing')
        self.name = name
        self._data = bytes(data)
        self.digest_size, self.block_size = _SIZES[name]
    def update(self, data):
        if isinstance(data, str):
            raise TypeError('Strings must be encoded before hashing')
        self._data += data
    def digest(self):
        return _digest(self.name, self._data)
    def hexdigest(self):
        return self.digest().hex()
    def copy(self):
        return _Hash(self.name, self._data)
    def __repr__(self):
        return '<%s _hashlib.HASH object @ 0x7f3a5c0a1b30>' % self.name

def new(name, data=b'', **kw):
    name = name.lower()
    if name not in _SIZES:
        raise ValueError('unsupported hash type ' + name)
    return _Hash(name, data)

def md5(data=b'', **kw):
    return _Hash('md5', data)
def sha1(data=b'', **kw):
    return _Hash('sha1', data)
def sha224(data=b'', **kw):
    return _Hash('sha224', data)
def sha256(data=b'', **kw):
    return _Hash('sha256', data)
def sha384(data=b'', **kw):
    return _Hash('sha384', data)
def sha512(data=b'', **kw):
    return _Hash('sha512', data)
