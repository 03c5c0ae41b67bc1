import posix as _posix

def system():
    return 'Linux'
def node():
    return _posix.uname()[1]
def release():
    return _posix.uname()[2]
def version():
    return _posix.uname()[3]
def machine():
    return 'x86_64'
def processor():
    return ''
def architecture(*a):
    return ('64bit', 'ELF')
def python_version():
    return '3.11.2'
def python_version_tuple():
    return ('3', '11', '2')
def python_implementation():
    return 'CPython'
def python_compiler():
    return 'GCC 12.2.0'
def python_build():
    return ('main', 'Apr 28 2025 14:11:48')
def libc_ver(*a):
    return ('glibc', '2.36')
def platform(aliased=0, terse=0):
    return 'Linux-' + release() + '-x86_64-with-glibc2.36'

class uname_result:
    def __init__(self):
        self.system, self.node, self.release, self.version, self.machine = _posix.uname()
        self.processor = ''
    def __getitem__(self, i):
        return (self.system, self.node, self.release, self.version, self.machine, '')[i]
    def __iter__(self):
        return iter([self.system, self.node, self.release, self.version, self.machine, ''])
    def __repr__(self):
        return "uname_result(system=%r, node=%r, release=%r, version=%r, machine=%r)" % (self.system, self.node, self.release, self.version, self.machine)

def uname():
    return uname_result()

def freedesktop_os_release():
    out = {}
    for line in open('/etc/os-release'):
        k, _, v = line.strip().partition('=')
        out[k] = v.strip('"')
    return out
