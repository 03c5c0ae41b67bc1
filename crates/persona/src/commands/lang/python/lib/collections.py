class Counter:
    def __init__(self, it=None):
        self._d = {}
        if it is not None:
            self.update(it)
    def update(self, it):
        if hasattr(it, 'items'):
            for k, v in it.items():
                self._d[k] = self._d.get(k, 0) + v
        else:
            for x in it:
                self._d[x] = self._d.get(x, 0) + 1
    def __getitem__(self, k):
        return self._d.get(k, 0)
    def __setitem__(self, k, v):
        self._d[k] = v
    def __contains__(self, k):
        return k in self._d
    def __iter__(self):
        return iter(self._d)
    def __len__(self):
        return len(self._d)
    def get(self, k, d=None):
        return self._d.get(k, d)
    def keys(self):
        return self._d.keys()
    def values(self):
        return self._d.values()
    def items(self):
        return self._d.items()
    def most_common(self, n=None):
        r = sorted(self._d.items(), key=lambda p: p[1], reverse=True)
        return r if n is None else r[:n]
    def elements(self):
        for k, v in self._d.items():
            for i in range(v):
                yield k
    def __repr__(self):
        if not self._d:
            return 'Counter()'
        return 'Counter({' + ', '.join(['%r: %r' % p for p in self.most_common()]) + '})'

class defaultdict:
    def __init__(self, factory=None, *args):
        self.default_factory = factory
        self._d = dict(*args)
    def __getitem__(self, k):
        if k not in self._d:
            if self.default_factory is None:
                raise KeyError(k)
            self._d[k] = self.default_factory()
        return self._d[k]
    def __setitem__(self, k, v):
        self._d[k] = v
    def __delitem__(self, k):
        del self._d[k]
    def __contains__(self, k):
        return k in self._d
    def __iter__(self):
        return iter(self._d)
    def __len__(self):
        return len(self._d)
    def get(self, k, d=None):
        return self._d.get(k, d)
    def keys(self):
        return self._d.keys()
    def values(self):
        return self._d.values()
    def items(self):
        return self._d.items()
    def pop(self, *a):
        return self._d.pop(*a)
    def setdefault(self, k, v=None):
        return self._d.setdefault(k, v)
    def __repr__(self):
        return 'defaultdict(%r, %r)' % (self.default_factory, self._d)

OrderedDict = dict

class deque:
    def __init__(self, it=(), maxlen=None):
        self._l = list(it)
        self.maxlen = maxlen
        if maxlen is not None:
            self._l = self._l[-maxlen:]
    def append(self, x):
        self._l.append(x)
        if self.maxlen is not None and len(self._l) > self.maxlen:
            self._l.pop(0)
    def appendleft(self, x):
        self._l.insert(0, x)
    def pop(self):
        return self._l.pop()
    def popleft(self):
        if not self._l:
            raise IndexError('pop from an empty deque')
        return self._l.pop(0)
    def extend(self, it):
        for x in it:
            self.append(x)
    def clear(self):
        self._l.clear()
    def rotate(self, n=1):
        n %= len(self._l)
        self._l = self._l[-n:] + self._l[:-n]
    def __getitem__(self, i):
        return self._l[i]
    def __iter__(self):
        return iter(self._l)
    def __len__(self):
        return len(self._l)
    def __repr__(self):
        return 'deque(%r)' % self._l

def namedtuple(name, fields, **kw):
    if isinstance(fields, str):
        fields = fields.replace(',', ' ').split()
    fields = tuple(fields)
    def init(self, *args, **kwargs):
        values = list(args) + [kwargs[f] for f in fields[len(args):]]
        self._values = tuple(values)
        for f, v in zip(fields, values):
            setattr(self, f, v)
    def rep(self):
        return name + '(' + ', '.join(['%s=%r' % (f, getattr(self, f)) for f in fields]) + ')'
    return type(name, (), {'__init__': init, '__repr__': rep, '_fields': fields,
        '__getitem__': lambda self, i: self._values[i], '__iter__': lambda self: iter(self._values),
        '__len__': lambda self: len(fields), '__eq__': lambda self, o: tuple(self) == tuple(o)})

class ChainMap:
    def __init__(self, *maps):
        self.maps = list(maps)
    def __getitem__(self, k):
        for m in self.maps:
            if k in m:
                return m[k]
        raise KeyError(k)
