import posix as _posix
import sys

def spawn(argv, master_read=None, stdin_read=None):
    if isinstance(argv, str):
        argv = (argv,)
    sys.stdout.flush()
    return _posix.wait(_posix.spawn(list(argv), None, None, None, None, None))

def fork():
    return (0, -1)

def openpty():
    return _posix.pipe()
