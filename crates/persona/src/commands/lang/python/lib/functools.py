def reduce(f, it, *initial):
    it = list(it)
    if initial:
        acc = initial[0]
    else:
        if not it:
            raise TypeError('reduce() of empty iterable with no initial value')
        acc = it.pop(0)
    for x in it:
        acc = f(acc, x)
    return acc

class partial:
    def __init__(self, f, *args, **kw):
        self.func = f
        self.args = args
        self.keywords = kw
    def __call__(self, *args, **kw):
        k = dict(self.keywords)
        k.update(kw)
        return self.func(*(self.args + args), **k)

def wraps(f):
    def deco(g):
        g.__wrapped__ = f
        return g
    return deco

def lru_cache(maxsize=128, typed=False):
    def deco(f):
        seen = {}
        def g(*args, **kw):
            k = (args, tuple(sorted(kw.items())))
            if k not in seen:
                seen[k] = f(*args, **kw)
            return seen[k]
        return g
    if callable(maxsize):
        f = maxsize
        return lru_cache()(f)
    return deco

cache = lru_cache()

def cmp_to_key(cmp):
    class K:
        def __init__(self, x):
            self.x = x
        def __lt__(self, other):
            return cmp(self.x, other.x) < 0
        def __gt__(self, other):
            return cmp(self.x, other.x) > 0
    return K
