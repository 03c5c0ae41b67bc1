import _random
from _random import random, seed

def _below(n):
    return _random.below(n)

def randrange(a, b=None, step=1):
    if b is None:
        a, b = 0, a
    n = (b - a + step - (1 if step > 0 else -1)) // step
    if n <= 0:
        raise ValueError('empty range for randrange() (%d, %d, %d)' % (a, b, b - a))
    return a + step * _below(n)

def randint(a, b):
    return randrange(a, b + 1)

def choice(seq):
    if not len(seq):
        raise IndexError('Cannot choose from an empty sequence')
    return seq[_below(len(seq))]

def choices(seq, weights=None, *, cum_weights=None, k=1):
    return [choice(seq) for _ in range(k)]

def shuffle(x):
    for i in range(len(x) - 1, 0, -1):
        j = _below(i + 1)
        x[i], x[j] = x[j], x[i]

def sample(seq, k):
    pool = list(seq)
    if k > len(pool):
        raise ValueError('Sample larger than population or is negative')
    out = []
    for i in range(k):
        out.append(pool.pop(_below(len(pool))))
    return out

def uniform(a, b):
    return a + (b - a) * random()

def getrandbits(k):
    r = 0
    for i in range(k):
        r = r * 2 + _below(2)
    return r

def randbytes(n):
    return _random.bytes(n)

def gauss(mu=0.0, sigma=1.0):
    s = 0.0
    for i in range(12):
        s += random()
    return mu + sigma * (s - 6.0)

class SystemRandom:
    def choice(self, seq):
        return choice(seq)
    def randint(self, a, b):
        return randint(a, b)
    def random(self):
        return random()
Random = SystemRandom
