import time as _time

MINYEAR = 1
MAXYEAR = 9999

class timedelta:
    def __init__(self, days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0):
        us = round(((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000000 + milliseconds * 1000 + microseconds)
        self._us = us
        self.days = us // 86400000000
        self.seconds = us % 86400000000 // 1000000
        self.microseconds = us % 1000000
    def total_seconds(self):
        return self._us / 1000000
    def __add__(self, o):
        if isinstance(o, timedelta):
            return timedelta(microseconds=self._us + o._us)
        return o + self
    def __sub__(self, o):
        return timedelta(microseconds=self._us - o._us)
    def __mul__(self, n):
        return timedelta(microseconds=self._us * n)
    def __neg__(self):
        return timedelta(microseconds=-self._us)
    def __eq__(self, o):
        return self._us == o._us
    def __lt__(self, o):
        return self._us < o._us
    def __gt__(self, o):
        return self._us > o._us
    def __str__(self):
        s = '%d:%02d:%02d' % (self.seconds // 3600, self.seconds // 60 % 60, self.seconds % 60)
        if self.microseconds:
            s += '.%06d' % self.microseconds
        if self.days:
            s = '%d day%s, ' % (self.days, '' if abs(self.days) == 1 else 's') + s
        return s
    def __repr__(self):
        parts = []
        for n in ('days', 'seconds', 'microseconds'):
            if getattr(self, n):
                parts.append('%s=%d' % (n, getattr(self, n)))
        return 'datetime.timedelta(' + (', '.join(parts) or '0') + ')'

class timezone:
    def __init__(self, offset, name=None):
        self._offset = offset
    def __str__(self):
        return 'UTC'
    def __repr__(self):
        return 'datetime.timezone.utc'
timezone.utc = timezone(timedelta(0))
UTC = timezone.utc

class date:
    def __init__(self, year, month, day):
        self.year = year
        self.month = month
        self.day = day
    @classmethod
    def today(cls):
        t = _time.localtime()
        return cls(t[0], t[1], t[2]) if cls is date else cls(*t[:6])
    def _days(self):
        return _time._days(self.year, self.month) + self.day - 1
    def weekday(self):
        return (self._days() + 3) % 7
    def isoweekday(self):
        return self.weekday() + 1
    def isoformat(self):
        return '%04d-%02d-%02d' % (self.year, self.month, self.day)
    def timetuple(self):
        return _time.struct_time(_time._parts(self._days() * 86400))
    def strftime(self, fmt):
        return _time.strftime(fmt, self.timetuple())
    def toordinal(self):
        return self._days() + 719163
    def __sub__(self, o):
        if isinstance(o, date):
            return timedelta(self._days() - o._days())
        return self + -o
    def __add__(self, d):
        t = _time._parts((self._days() + d.days) * 86400)
        return date(t[0], t[1], t[2])
    def __eq__(self, o):
        return self._days() == o._days()
    def __lt__(self, o):
        return self._days() < o._days()
    def __str__(self):
        return self.isoformat()
    def __repr__(self):
        return 'datetime.date(%d, %d, %d)' % (self.year, self.month, self.day)

class datetime(date):
    def __init__(self, year, month, day, hour=0, minute=0, second=0, microsecond=0, tzinfo=None):
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.microsecond = microsecond
        self.tzinfo = tzinfo
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(_time.time(), tz)
    @classmethod
    def utcnow(cls):
        return cls.fromtimestamp(_time.time())
    @classmethod
    def fromtimestamp(cls, ts, tz=None):
        t = _time._parts(ts)
        return cls(t[0], t[1], t[2], t[3], t[4], t[5], int(ts * 1000000) % 1000000, tz)
    utcfromtimestamp = fromtimestamp
    @classmethod
    def strptime(cls, text, fmt):
        import re
        pat = re.escape(fmt)
        keys = []
        for k, r in (('Y', '\\d{4}'), ('m', '\\d{1,2}'), ('d', '\\d{1,2}'), ('H', '\\d{1,2}'), ('M', '\\d{1,2}'), ('S', '\\d{1,2}')):
            pat = pat.replace('%' + k, '(?P<' + k + '>' + r + ')')
        m = re.fullmatch(pat, text)
        if not m:
            raise ValueError('time data %r does not match format %r' % (text, fmt))
        g = m.groupdict()
        return cls(int(g.get('Y') or 1900), int(g.get('m') or 1), int(g.get('d') or 1), int(g.get('H') or 0), int(g.get('M') or 0), int(g.get('S') or 0))
    def _us(self):
        return ((self._days() * 86400 + self.hour * 3600 + self.minute * 60 + self.second) * 1000000) + self.microsecond
    def timestamp(self):
        return self._us() / 1000000
    def date(self):
        return date(self.year, self.month, self.day)
    def timetuple(self):
        return _time.struct_time(_time._parts(self._us() // 1000000))
    def isoformat(self, sep='T'):
        s = date.isoformat(self) + sep + '%02d:%02d:%02d' % (self.hour, self.minute, self.second)
        if self.microsecond:
            s += '.%06d' % self.microsecond
        return s + ('+00:00' if self.tzinfo else '')
    def strftime(self, fmt):
        return _time.strftime(fmt.replace('%f', '%06d' % self.microsecond), self.timetuple())
    def replace(self, **kw):
        v = {n: getattr(self, n) for n in ('year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond', 'tzinfo')}
        v.update(kw)
        return datetime(**v)
    def __sub__(self, o):
        if isinstance(o, datetime):
            return timedelta(microseconds=self._us() - o._us())
        return self + -o
    def __add__(self, d):
        return datetime.fromtimestamp((self._us() + d._us) / 1000000, self.tzinfo)
    def __eq__(self, o):
        return self._us() == o._us()
    def __lt__(self, o):
        return self._us() < o._us()
    def __gt__(self, o):
        return self._us() > o._us()
    def __str__(self):
        return self.isoformat(' ')
    def __repr__(self):
        parts = [self.year, self.month, self.day, self.hour, self.minute]
        if self.second or self.microsecond:
            parts.append(self.second)
        if self.microsecond:
            parts.append(self.microsecond)
        return 'datetime.datetime(' + ', '.join([str(p) for p in parts]) + ')'
