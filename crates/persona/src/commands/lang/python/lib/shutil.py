import os as _os
import posix as _posix

class Error(OSError):
    pass
class SameFileError(Error):
    pass

def which(cmd, mode=1, path=None):
    return _posix.find(cmd)

def copyfileobj(a, b, length=0):
    while True:
        data = a.read(65536)
        if not data:
            return
        b.write(data)

def copyfile(src, dst):
    with open(src, 'rb') as a:
        with open(dst, 'wb') as b:
            b.write(a.read())
    return dst

def copy(src, dst):
    if _os.path.isdir(dst):
        dst = _os.path.join(dst, _os.path.basename(src))
    copyfile(src, dst)
    _os.chmod(dst, _os.stat(src).st_mode & 0o7777)
    return dst
copy2 = copy

def copymode(src, dst):
    _os.chmod(dst, _os.stat(src).st_mode & 0o7777)

def move(src, dst):
    if _os.path.isdir(dst):
        dst = _os.path.join(dst, _os.path.basename(src.rstrip('/')))
    _os.rename(src, dst)
    return dst

def rmtree(path, ignore_errors=False, onerror=None):
    try:
        for n in _os.listdir(path):
            p = _os.path.join(path, n)
            if _os.path.isdir(p) and not _os.path.islink(p):
                rmtree(p, ignore_errors)
            else:
                _os.remove(p)
        _os.rmdir(path)
    except OSError:
        if not ignore_errors:
            raise

def copytree(src, dst):
    _os.makedirs(dst)
    for n in _os.listdir(src):
        a = _os.path.join(src, n)
        b = _os.path.join(dst, n)
        if _os.path.isdir(a):
            copytree(a, b)
        else:
            copy(a, b)
    return dst

class _Usage:
    def __init__(self, total, used, free):
        self.total = total
        self.used = used
        self.free = free
    def __iter__(self):
        return iter((self.total, self.used, self.free))
    def __repr__(self):
        return 'usage(total=%d, used=%d, free=%d)' % (self.total, self.used, self.free)

def disk_usage(path):
    import subprocess
    parts = subprocess.getoutput('df -k ' + path).split('\n')[-1].split()
    return _Usage(int(parts[1]) * 1024, int(parts[2]) * 1024, int(parts[3]) * 1024)

def get_terminal_size(fallback=(80, 24)):
    try:
        return _os.get_terminal_size()
    except OSError:
        return _os.terminal_size(fallback)
