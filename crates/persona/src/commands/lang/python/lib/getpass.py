import os as _os
import posix as _posix
import sys

def getuser():
    for n in ('LOGNAME', 'USER', 'LNAME', 'USERNAME'):
        u = _os.environ.get(n)
        if u:
            return u
    return _posix.user()[0]

def getpass(prompt='Password: ', stream=None):
    return input(prompt)
