import os as _os
import re as _re

def _pattern(p):
    out = ''
    i = 0
    while i < len(p):
        c = p[i]
        if c == '*':
            out += '.*'
        elif c == '?':
            out += '.'
        elif c == '[' and ']' in p[i:]:
            j = p.index(']', i)
            out += p[i:j + 1].replace('[!', '[^')
            i = j
        else:
            out += _re.escape(c)
        i += 1
    return _re.compile(out)

def _magic(s):
    return '*' in s or '?' in s or '[' in s

def glob(path, *, recursive=False, **kw):
    head, tail = _os.path.split(path)
    if not _magic(path):
        return [path] if _os.path.lexists(path) else []
    folders = glob(head, recursive=recursive) if _magic(head) else [head]
    out = []
    for d in folders:
        if not _magic(tail):
            p = _os.path.join(d, tail)
            if _os.path.lexists(p):
                out.append(p)
            continue
        try:
            names = _os.listdir(d or '.')
        except OSError:
            continue
        rx = _pattern(tail)
        for n in names:
            if (not n.startswith('.') or tail.startswith('.')) and rx.fullmatch(n):
                out.append(_os.path.join(d, n))
    return out

def iglob(path, **kw):
    return iter(glob(path, **kw))
