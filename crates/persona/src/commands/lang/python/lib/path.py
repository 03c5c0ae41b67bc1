import posix as _posix

sep = '/'

def _text(p):
    if isinstance(p, str):
        return p
    if isinstance(p, bytes):
        return p.decode()
    if hasattr(p, '_path'):
        return p._path
    raise TypeError('expected str, bytes or os.PathLike object, not ' + type(p).__name__)

def join(a, *rest):
    r = _text(a)
    for b in rest:
        b = _text(b)
        if b.startswith('/'):
            r = b
        elif not r or r.endswith('/'):
            r += b
        else:
            r += '/' + b
    return r

def split(p):
    p = _text(p)
    i = p.rfind('/') + 1
    head = p[:i]
    tail = p[i:]
    if head and head != '/' * len(head):
        head = head.rstrip('/')
    return (head, tail)

def basename(p):
    return split(p)[1]

def dirname(p):
    return split(p)[0]

def splitext(p):
    p = _text(p)
    base = basename(p)
    i = base.rfind('.')
    if i <= 0 or base[:i].strip('.') == '':
        return (p, '')
    cut = len(p) - len(base) + i
    return (p[:cut], p[cut:])

def isabs(p):
    return _text(p).startswith('/')

def normpath(p):
    p = _text(p)
    if p == '':
        return '.'
    root = '/' if p.startswith('/') else ''
    parts = []
    for c in p.split('/'):
        if c in ('', '.'):
            continue
        if c != '..' or (not root and not parts) or (parts and parts[-1] == '..'):
            parts.append(c)
        elif parts:
            parts.pop()
    return root + '/'.join(parts) or '.'

def abspath(p):
    p = _text(p)
    if not isabs(p):
        p = join(_posix.getcwd(), p)
    return normpath(p)

def realpath(p):
    return _posix.realpath(abspath(p))

def relpath(p, start=None):
    a = [x for x in abspath(start or '.').split('/') if x]
    b = [x for x in abspath(p).split('/') if x]
    i = 0
    while i < len(a) and i < len(b) and a[i] == b[i]:
        i += 1
    return '/'.join(['..'] * (len(a) - i) + b[i:]) or '.'

def _mode(p, follow=True):
    try:
        return _posix.stat(_text(p), follow)[0]
    except (OSError, ValueError):
        return 0

def exists(p):
    return _mode(p) != 0

def lexists(p):
    return _mode(p, False) != 0

def isfile(p):
    return _mode(p) & 0o170000 == 0o100000

def isdir(p):
    return _mode(p) & 0o170000 == 0o040000

def islink(p):
    return _mode(p, False) & 0o170000 == 0o120000

def ismount(p):
    return p == '/'

def getsize(p):
    return _posix.stat(_text(p), True)[6]

def getmtime(p):
    return float(_posix.stat(_text(p), True)[8])

def getatime(p):
    return float(_posix.stat(_text(p), True)[7])

def getctime(p):
    return float(_posix.stat(_text(p), True)[9])

def samefile(a, b):
    return realpath(a) == realpath(b)

def expanduser(p):
    p = _text(p)
    if p == '~' or p.startswith('~/'):
        return (_posix.environ().get('HOME') or _posix.user()[1]) + p[1:]
    return p

def expandvars(p):
    env = _posix.environ()
    out = ''
    i = 0
    while i < len(p):
        if p[i] == '$':
            j = i + 1
            while j < len(p) and (p[j].isalnum() or p[j] == '_'):
                j += 1
            name = p[i + 1:j]
            if name in env:
                out += env[name]
                i = j
                continue
        out += p[i]
        i += 1
    return out

def commonprefix(m):
    m = list(m)
    if not m:
        return ''
    a = min(m)
    b = max(m)
    for i in range(len(a)):
        if a[i] != b[i:i + 1]:
            return a[:i]
    return a
