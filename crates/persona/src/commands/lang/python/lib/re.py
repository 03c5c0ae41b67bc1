I = IGNORECASE = 2
L = LOCALE = 4
M = MULTILINE = 8
S = DOTALL = 16
U = UNICODE = 32
X = VERBOSE = 64
A = ASCII = 256

class Match:
    def __init__(self, pattern, string, spans):
        self.re = pattern
        self.string = string
        self._spans = spans
        self.pos = 0
        self.endpos = len(string)
    def _index(self, g):
        if isinstance(g, str):
            names = self.re.groupindex
            if g not in names:
                raise IndexError('no such group')
            return names[g]
        if g < 0 or g >= len(self._spans):
            raise IndexError('no such group')
        return g
    def _get(self, g):
        a, b = self._spans[self._index(g)]
        return None if a < 0 else _part(self.string, a, b)
    def group(self, *gs):
        if not gs:
            return self._get(0)
        if len(gs) == 1:
            return self._get(gs[0])
        return tuple([self._get(g) for g in gs])
    def __getitem__(self, g):
        return self._get(g)
    def groups(self, default=None):
        out = []
        for i in range(1, len(self._spans)):
            v = self._get(i)
            out.append(default if v is None else v)
        return tuple(out)
    def groupdict(self, default=None):
        return {k: (default if self._get(v) is None else self._get(v)) for k, v in self.re.groupindex.items()}
    def start(self, g=0):
        return _place(self.string, self._spans[self._index(g)][0])
    def end(self, g=0):
        return _place(self.string, self._spans[self._index(g)][1])
    def span(self, g=0):
        return (self.start(g), self.end(g))
    @property
    def lastindex(self):
        last = None
        for i in range(1, len(self._spans)):
            if self._spans[i][0] >= 0:
                last = i
        return last
    def expand(self, template):
        return _expand(self, template)
    def __repr__(self):
        return '<re.Match object; span=(%d, %d), match=%r>' % (self.start(), self.end(), self._get(0))

def _expand(m, t):
    if '\\' not in t if isinstance(t, str) else b'\\' not in t:
        return t
    if isinstance(t, bytes):
        return t
    out = ''
    i = 0
    while i < len(t):
        c = t[i]
        if c != '\\' or i + 1 >= len(t):
            out += c
            i += 1
            continue
        c = t[i + 1]
        if c.isdigit():
            j = i + 1
            while j < len(t) and j < i + 3 and t[j].isdigit():
                j += 1
            n = int(t[i + 1:j])
            if n >= len(m._spans):
                raise error('invalid group reference %d at position %d' % (n, i + 1))
            out += m._get(n) or ''
            i = j
        elif c == 'g' and t[i + 2:i + 3] == '<':
            j = t.index('>', i)
            name = t[i + 3:j]
            out += m._get(int(name) if name.isdigit() else name) or ''
            i = j + 1
        else:
            out += {'n': '\n', 't': '\t', 'r': '\r', '\\': '\\'}.get(c, '\\' + c)
            i += 2
    return out

class Pattern:
    def __init__(self, pattern, flags):
        self.pattern = pattern
        self.flags = flags
        self.groups = _groups(pattern, flags)
        self.groupindex = _names(pattern)
    def _at(self, string, at):
        spans = _find(self.pattern, self.flags, string, at)
        return None if spans is None else Match(self, string, spans)
    def search(self, string, pos=0, endpos=None):
        return self._at(string, pos)
    def match(self, string, pos=0, endpos=None):
        spans = _find(_anchor(self.pattern, False), self.flags, string, pos)
        return None if spans is None else Match(self, string, spans)
    def fullmatch(self, string, pos=0, endpos=None):
        spans = _find(_anchor(self.pattern, True), self.flags, string, pos)
        return None if spans is None else Match(self, string, spans)
    def finditer(self, string, pos=0):
        at = pos
        size = _size(string)
        while at <= size:
            m = self._at(string, at)
            if m is None:
                return
            yield m
            a, b = m._spans[0]
            at = b if b > a else b + (_width(string, b) if b < size else 1)
    def findall(self, string, pos=0):
        out = []
        for m in self.finditer(string, pos):
            n = len(m._spans)
            if n == 1:
                out.append(m._get(0))
            elif n == 2:
                out.append(m._get(1) if m._get(1) is not None else string[:0])
            else:
                out.append(m.groups(string[:0]))
        return out
    def subn(self, repl, string, count=0):
        parts = []
        at = 0
        n = 0
        for m in self.finditer(string):
            if count and n >= count:
                break
            a, b = m._spans[0]
            parts.append(_part(string, at, a))
            parts.append(repl(m) if callable(repl) else _expand(m, repl))
            at = b
            n += 1
        parts.append(_part(string, at, _size(string)))
        return (string[:0].join(parts), n)
    def sub(self, repl, string, count=0):
        return self.subn(repl, string, count)[0]
    def split(self, string, maxsplit=0):
        out = []
        at = 0
        n = 0
        for m in self.finditer(string):
            if maxsplit and n >= maxsplit:
                break
            a, b = m._spans[0]
            out.append(_part(string, at, a))
            for i in range(1, len(m._spans)):
                out.append(m._get(i))
            at = b
            n += 1
        out.append(_part(string, at, _size(string)))
        return out
    def __repr__(self):
        return 're.compile(%r)' % (self.pattern,)

def _anchor(p, whole):
    if isinstance(p, bytes):
        return b'\\G(?:' + p + (b')\\z' if whole else b')')
    return '\\G(?:' + p + (')\\z' if whole else ')')

def compile(pattern, flags=0):
    if isinstance(pattern, Pattern):
        return pattern
    return Pattern(pattern, flags)

def search(pattern, string, flags=0):
    return compile(pattern, flags).search(string)

def match(pattern, string, flags=0):
    return compile(pattern, flags).match(string)

def fullmatch(pattern, string, flags=0):
    return compile(pattern, flags).fullmatch(string)

def findall(pattern, string, flags=0):
    return compile(pattern, flags).findall(string)

def finditer(pattern, string, flags=0):
    return compile(pattern, flags).finditer(string)

def sub(pattern, repl, string, count=0, flags=0):
    return compile(pattern, flags).sub(repl, string, count)

def subn(pattern, repl, string, count=0, flags=0):
    return compile(pattern, flags).subn(repl, string, count)

def split(pattern, string, maxsplit=0, flags=0):
    return compile(pattern, flags).split(string, maxsplit)

def escape(s):
    out = ''
    for c in s:
        if c in '()[]{}?*+-|^$\\.&~# \t\n\r\v\f':
            out += '\\'
        out += c
    return out
