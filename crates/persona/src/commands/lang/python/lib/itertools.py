def count(start=0, step=1):
    n = start
    while True:
        yield n
        n += step

def cycle(it):
    saved = list(it)
    while saved:
        for x in saved:
            yield x

def repeat(x, times=None):
    if times is None:
        while True:
            yield x
    for i in range(times):
        yield x

def chain(*its):
    for it in its:
        for x in it:
            yield x

def _from_iterable(its):
    for it in its:
        for x in it:
            yield x
chain.from_iterable = _from_iterable

def islice(it, *args):
    s = slice(*args)
    start = s.start or 0
    stop = s.stop
    step = s.step or 1
    i = 0
    if stop is not None and stop <= 0:
        return
    for x in it:
        if i >= start and (i - start) % step == 0:
            yield x
        i += 1
        if stop is not None and i >= stop:
            return

def takewhile(f, it):
    for x in it:
        if not f(x):
            return
        yield x

def dropwhile(f, it):
    on = False
    for x in it:
        if not on and f(x):
            continue
        on = True
        yield x

def accumulate(it, func=None, *, initial=None):
    total = initial
    first = initial is None
    if not first:
        yield total
    for x in it:
        if first:
            total = x
            first = False
        else:
            total = func(total, x) if func else total + x
        yield total

def product(*its, repeat=1):
    pools = [tuple(p) for p in its] * repeat
    result = [[]]
    idx = [0] * len(pools)
    for p in pools:
        if not p:
            return
    while True:
        yield tuple([pools[i][idx[i]] for i in range(len(pools))])
        i = len(pools) - 1
        while i >= 0:
            idx[i] += 1
            if idx[i] < len(pools[i]):
                break
            idx[i] = 0
            i -= 1
        if i < 0:
            return

def permutations(it, r=None):
    pool = tuple(it)
    n = len(pool)
    r = n if r is None else r
    if r > n:
        return
    idx = list(range(n))
    cycles = list(range(n, n - r, -1))
    yield tuple([pool[i] for i in idx[:r]])
    while n:
        done = True
        for i in range(r - 1, -1, -1):
            cycles[i] -= 1
            if cycles[i] == 0:
                idx[i:] = idx[i + 1:] + idx[i:i + 1]
                cycles[i] = n - i
            else:
                j = cycles[i]
                idx[i], idx[-j] = idx[-j], idx[i]
                yield tuple([pool[k] for k in idx[:r]])
                done = False
                break
        if done:
            return

def combinations(it, r):
    pool = tuple(it)
    n = len(pool)
    if r > n:
        return
    idx = list(range(r))
    yield tuple([pool[i] for i in idx])
    while True:
        i = r - 1
        while i >= 0 and idx[i] == i + n - r:
            i -= 1
        if i < 0:
            return
        idx[i] += 1
        for j in range(i + 1, r):
            idx[j] = idx[j - 1] + 1
        yield tuple([pool[k] for k in idx])

def groupby(it, key=None):
    cur = []
    last = None
    first = True
    for x in it:
        k = key(x) if key else x
        if not first and k != last:
            yield (last, cur)
            cur = []
        cur.append(x)
        last = k
        first = False
    if not first:
        yield (last, cur)

def zip_longest(*its, fillvalue=None):
    pools = [list(i) for i in its]
    n = max([len(p) for p in pools]) if pools else 0
    for i in range(n):
        yield tuple([p[i] if i < len(p) else fillvalue for p in pools])

def starmap(f, it):
    for args in it:
        yield f(*args)

def tee(it, n=2):
    saved = list(it)
    return tuple([iter(saved[:]) for i in range(n)])
