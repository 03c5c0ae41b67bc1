import posix as _posix
from posix import getcwd, chdir, rmdir, unlink, symlink, link, readlink, chmod, getpid, getppid, getuid, getgid, umask, system, kill, pipe, close, dup2, isatty, cpu_count, putenv, unsetenv, access

name = 'posix'
sep = '/'
pathsep = ':'
linesep = '\n'
curdir = '.'
pardir = '..'
extsep = '.'
altsep = None
devnull = '/dev/null'
F_OK = 0
R_OK = 4
W_OK = 2
X_OK = 1
O_RDONLY = 0
O_WRONLY = 1
O_RDWR = 2
O_CREAT = 64
O_EXCL = 128
O_TRUNC = 512
O_APPEND = 1024
WNOHANG = 1
error = OSError

import os.path as path

class _EnvironDict:
    def __init__(self, data):
        self._data = data
    def __getitem__(self, key):
        return self._data[key]
    def __setitem__(self, key, value):
        if not isinstance(value, str):
            raise TypeError('str expected, not ' + type(value).__name__)
        self._data[key] = value
        putenv(key, value)
    def __delitem__(self, key):
        del self._data[key]
        unsetenv(key)
    def __contains__(self, key):
        return key in self._data
    def __iter__(self):
        return iter(self._data)
    def __len__(self):
        return len(self._data)
    def get(self, key, default=None):
        return self._data.get(key, default)
    def keys(self):
        return self._data.keys()
    def values(self):
        return self._data.values()
    def items(self):
        return self._data.items()
    def copy(self):
        return self._data.copy()
    def pop(self, key, *default):
        unsetenv(key)
        return self._data.pop(key, *default)
    def setdefault(self, key, value):
        if key not in self._data:
            self[key] = value
        return self._data[key]
    def update(self, other):
        for k, v in other.items():
            self[k] = v
    def __repr__(self):
        return 'environ(' + repr(self._data) + ')'

environ = _EnvironDict(_posix.environ())

def getenv(key, default=None):
    return environ.get(key, default)

def geteuid():
    return getuid()

def getegid():
    return getgid()

def getgroups():
    return [getgid()]

def getlogin():
    return _posix.user()[0]

def setuid(n):
    if n != getuid() and getuid() != 0:
        raise PermissionError(1, 'Operation not permitted')

def setgid(n):
    setuid(n)

def setsid():
    return getpid()

def nice(n):
    return n

def fork():
    return 0

def getpgid(pid):
    return pid

def getloadavg():
    f = open('/proc/loadavg')
    parts = f.read().split()
    f.close()
    return (float(parts[0]), float(parts[1]), float(parts[2]))

def fspath(p):
    if isinstance(p, (str, bytes)):
        return p
    return p.__fspath__()

def fsencode(p):
    return p.encode() if isinstance(p, str) else p

def fsdecode(p):
    return p.decode() if isinstance(p, bytes) else p

def listdir(p='.'):
    return _posix.listdir(p)

def mkdir(p, mode=511):
    _posix.mkdir(p, mode)

def remove(p):
    _posix.unlink(p)

def rename(a, b):
    _posix.rename(a, b)

def replace(a, b):
    _posix.rename(a, b)

def makedirs(p, mode=511, exist_ok=False):
    head = path.dirname(p.rstrip('/'))
    if head and not path.exists(head):
        makedirs(head, mode, True)
    try:
        mkdir(p, mode)
    except FileExistsError:
        if not exist_ok or not path.isdir(p):
            raise

def removedirs(p):
    rmdir(p)

class stat_result:
    def __init__(self, parts):
        self._parts = parts
        self.st_mode, self.st_ino, self.st_dev, self.st_nlink, self.st_uid, self.st_gid, self.st_size, self.st_atime, self.st_mtime, self.st_ctime = parts
    def __getitem__(self, i):
        return self._parts[i]
    def __repr__(self):
        return 'os.stat_result(st_mode=%d, st_ino=%d, st_dev=%d, st_nlink=%d, st_uid=%d, st_gid=%d, st_size=%d, st_atime=%d, st_mtime=%d, st_ctime=%d)' % self._parts

def stat(p, follow_symlinks=True):
    return stat_result(_posix.stat(p, follow_symlinks))

def lstat(p):
    return stat_result(_posix.stat(p, False))

def fstat(fd):
    return stat_result(_posix.stat(fd, True))

class _Uname:
    def __init__(self, parts):
        self._parts = parts
        self.sysname, self.nodename, self.release, self.version, self.machine = parts
    def __getitem__(self, i):
        return self._parts[i]
    def __iter__(self):
        return iter(self._parts)
    def __len__(self):
        return 5
    def __repr__(self):
        return "posix.uname_result(sysname=%r, nodename=%r, release=%r, version=%r, machine=%r)" % self._parts

def uname():
    return _Uname(_posix.uname())

class terminal_size:
    def __init__(self, parts):
        self.columns, self.lines = parts
    def __getitem__(self, i):
        return (self.columns, self.lines)[i]
    def __repr__(self):
        return 'os.terminal_size(columns=%d, lines=%d)' % (self.columns, self.lines)

def get_terminal_size(fd=1):
    if not isatty(fd):
        raise OSError(25, 'Inappropriate ioctl for device')
    return terminal_size(_posix.terminal_size())

def urandom(n):
    import _random
    return _random.bytes(n)

def open(p, flags, mode=511):
    return _posix.open(p, flags, mode)

def read(fd, n):
    return _posix.read(fd, n)

def write(fd, data):
    return _posix.write(fd, data)

def fdopen(fd, mode='r', *args):
    import io
    return io.open(fd, mode)

def waitpid(pid, options):
    return (pid, _posix.wait(pid))

def WEXITSTATUS(status):
    return status >> 8

def WIFEXITED(status):
    return status & 127 == 0

def waitstatus_to_exitcode(status):
    return status >> 8 if status & 127 == 0 else -(status & 127)

def _exit(code):
    raise SystemExit(code)

def abort():
    kill(getpid(), 6)

class _Popen:
    def __init__(self, cmd, mode):
        import subprocess
        if mode == 'r':
            self._proc = subprocess.Popen(cmd, shell=True, stdout=subprocess.PIPE, text=True)
            self._stream = self._proc.stdout
        else:
            self._proc = subprocess.Popen(cmd, shell=True, stdin=subprocess.PIPE, text=True)
            self._stream = self._proc.stdin
    def read(self, *a):
        return self._stream.read(*a)
    def readline(self):
        return self._stream.readline()
    def readlines(self):
        return self._stream.readlines()
    def write(self, s):
        return self._stream.write(s)
    def __iter__(self):
        return iter(self._stream)
    def close(self):
        self._stream.close()
        code = self._proc.wait()
        return None if code == 0 else code << 8
    def __enter__(self):
        return self
    def __exit__(self, *a):
        self.close()

def popen(cmd, mode='r', buffering=-1):
    if not isinstance(cmd, str):
        raise TypeError('invalid cmd type (%s, expected string)' % type(cmd))
    return _Popen(cmd, mode)

def _exec(file, args, env):
    import sys
    sys.stdout.flush()
    status = _posix.wait(_posix.spawn(list(args), env, None, None, None, None))
    raise SystemExit(status >> 8)

def execv(file, args):
    _exec(file, [file] + list(args)[1:], None)

def execve(file, args, env):
    _exec(file, [file] + list(args)[1:], env if isinstance(env, dict) else env.copy())

def execvp(file, args):
    _exec(file, [file] + list(args)[1:], None)

def execl(file, *args):
    execv(file, args)

def execlp(file, *args):
    execv(file, args)

def spawnlp(mode, file, *args):
    return _posix.wait(_posix.spawn([file] + list(args)[1:], None, None, None, None, None)) >> 8

P_WAIT = 0
P_NOWAIT = 1

def walk(top, topdown=True, onerror=None, followlinks=False):
    dirs = []
    files = []
    try:
        names = listdir(top)
    except OSError:
        return
    for n in names:
        if path.isdir(path.join(top, n)):
            dirs.append(n)
        else:
            files.append(n)
    if topdown:
        yield (top, dirs, files)
    for d in dirs:
        p = path.join(top, d)
        if not path.islink(p):
            for x in walk(p, topdown):
                yield x
    if not topdown:
        yield (top, dirs, files)

class DirEntry:
    def __init__(self, folder, name):
        self.name = name
        self.path = path.join(folder, name)
    def is_dir(self):
        return path.isdir(self.path)
    def is_file(self):
        return path.isfile(self.path)
    def is_symlink(self):
        return path.islink(self.path)
    def stat(self):
        return stat(self.path)
    def __repr__(self):
        return '<DirEntry %r>' % self.name

def scandir(p='.'):
    return [DirEntry(p, n) for n in listdir(p)]
