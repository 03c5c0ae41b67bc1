def _listed(it):
    r = []
    for x in it:
        r.append(x)
    return r

def _gathered(f, args, named):
    return f(*[_listed(a) if _lazy(a) else a for a in args], **named)

def _extend(r, it):
    for x in it:
        r.append(x)

def _contains(it, value):
    for x in it:
        if x == value:
            return True
    return False

def _by_index(it):
    i = 0
    while True:
        try:
            x = it[i]
        except IndexError:
            return
        yield x
        i += 1

def _iter_calls(f, end):
    while True:
        x = f()
        if x == end:
            return
        yield x

def _truth(x):
    if x:
        return True
    return False

def _flushed(count):
    _flush()
    return count

def _print(values, sep, end, file):
    out = sep.join([str(v) for v in values]) + end
    if file is not None:
        file.write(out)

def map(f, *its):
    if len(its) == 1:
        for x in its[0]:
            yield f(x)
    else:
        for xs in zip(*its):
            yield f(*xs)

def filter(f, it):
    for x in it:
        if f is None:
            if x:
                yield x
        elif f(x):
            yield x

def zip(*its, strict=False):
    its = [iter(i) for i in its]
    if not its:
        return
    while True:
        r = []
        for i in its:
            try:
                r.append(next(i))
            except StopIteration:
                return
        yield tuple(r)

def enumerate(it, start=0):
    i = start
    for x in it:
        yield (i, x)
        i += 1

def sorted(it, *, key=None, reverse=False):
    r = list(it)
    r.sort(key=key, reverse=reverse)
    return r

def _merge_sort(r, less):
    if len(r) < 2:
        return r
    m = len(r) // 2
    a = _merge_sort(r[:m], less)
    b = _merge_sort(r[m:], less)
    out = []
    i = j = 0
    while i < len(a) and j < len(b):
        if less(b[j], a[i]):
            out.append(b[j])
            j += 1
        else:
            out.append(a[i])
            i += 1
    return out + a[i:] + b[j:]

def _sort_by(r, key, reverse):
    old = r[:]
    keys = old if key is None else [key(x) for x in old]
    pairs = [(keys[i], i) for i in range(len(old))]
    plain = True
    for k in keys:
        if not isinstance(k, (int, float, str, bytes, tuple, list, bool)):
            plain = False
    if plain:
        if reverse:
            pairs = [(k, -i) for k, i in pairs]
            pairs = _raw_sort(pairs, True)
            pairs = [(k, -i) for k, i in pairs]
        else:
            pairs = _raw_sort(pairs, False)
    else:
        if reverse:
            pairs = _merge_sort(pairs[::-1], lambda a, b: a[0] < b[0])[::-1]
        else:
            pairs = _merge_sort(pairs, lambda a, b: a[0] < b[0])
    _assign(r, [old[i] for k, i in pairs])

def _extreme(most, *args, key=None, default=None):
    items = list(args[0]) if len(args) == 1 else list(args)
    if not items:
        if default is None:
            raise ValueError(('max' if most else 'min') + '() arg is an empty sequence')
        return default
    best = items[0]
    best_key = key(best)
    for x in items[1:]:
        k = key(x)
        if (k > best_key) if most else (k < best_key):
            best = x
            best_key = k
    return best

def exit(code=None):
    raise SystemExit(code)

def quit(code=None):
    raise SystemExit(code)

def __import__(name, globals=None, locals=None, fromlist=(), level=0):
    names = {}
    exec('import ' + name, names)
    return _import_result(name)
