import zlib
import struct

class BadGzipFile(OSError):
    pass

def decompress(data):
    if data[:2] != b'\x1f\x8b':
        raise BadGzipFile("Not a gzipped file (%r)" % data[:2])
    return zlib.decompress(data, 31)

def compress(data, compresslevel=9):
    return b'\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff' + zlib.compress(data, wbits=-15) + struct.pack('<II', zlib.crc32(data), len(data))

class _Reader:
    def __init__(self, data):
        self._data = data
    def read(self, n=-1):
        out = self._data if n < 0 else self._data[:n]
        self._data = self._data[len(out):]
        return out
    def __enter__(self):
        return self
    def __exit__(self, *a):
        pass
    def close(self):
        pass

class _Writer:
    def __init__(self, name):
        self._name = name
        self._data = b''
    def write(self, data):
        self._data += data
        return len(data)
    def close(self):
        f = __open(self._name, 'wb')
        f.write(compress(self._data))
        f.close()
    def __enter__(self):
        return self
    def __exit__(self, *a):
        self.close()

__open = open

def open(name, mode='rb', *a, **kw):
    if 'r' in mode:
        f = __open(name, 'rb')
        data = decompress(f.read())
        f.close()
        if 't' in mode:
            return _Reader(data.decode())
        return _Reader(data)
    return _Writer(name)
GzipFile = open
