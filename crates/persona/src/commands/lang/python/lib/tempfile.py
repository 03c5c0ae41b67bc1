import os as _os
import random as _random

tempdir = None

def gettempdir():
    return '/tmp'

def _name(suffix, prefix, dir):
    return _os.path.join(dir or '/tmp', (prefix or 'tmp') + ''.join([_random.choice('abcdefghijklmnopqrstuvwxyz0123456789_') for _ in range(8)]) + (suffix or ''))

def mktemp(suffix='', prefix='tmp', dir=None):
    return _name(suffix, prefix, dir)

def mkstemp(suffix=None, prefix=None, dir=None, text=False):
    name = _name(suffix, prefix, dir)
    return (_os.open(name, 0o302, 0o600), name)

def mkdtemp(suffix=None, prefix=None, dir=None):
    name = _name(suffix, prefix, dir)
    _os.mkdir(name, 0o700)
    return name

def NamedTemporaryFile(mode='w+b', suffix=None, prefix=None, dir=None, delete=True, **kw):
    return open(_name(suffix, prefix, dir), mode)
TemporaryFile = NamedTemporaryFile

class TemporaryDirectory:
    def __init__(self, suffix=None, prefix=None, dir=None):
        self.name = mkdtemp(suffix, prefix, dir)
    def __enter__(self):
        return self.name
    def __exit__(self, *a):
        import shutil
        shutil.rmtree(self.name)
    cleanup = __exit__
