timezone = 0
altzone = 0
daylight = 0
tzname = ('UTC', 'UTC')
_DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
_MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']

class struct_time:
    def __init__(self, parts):
        self._parts = tuple(parts)
        self.tm_year, self.tm_mon, self.tm_mday, self.tm_hour, self.tm_min, self.tm_sec, self.tm_wday, self.tm_yday, self.tm_isdst = self._parts
    def __getitem__(self, i):
        return self._parts[i]
    def __iter__(self):
        return iter(self._parts)
    def __len__(self):
        return 9
    def __repr__(self):
        return 'time.struct_time(tm_year=%d, tm_mon=%d, tm_mday=%d, tm_hour=%d, tm_min=%d, tm_sec=%d, tm_wday=%d, tm_yday=%d, tm_isdst=%d)' % self._parts

def gmtime(secs=None):
    return struct_time(_parts(secs))

def localtime(secs=None):
    return struct_time(_parts(secs))

def _days(y, m):
    y -= m <= 2
    era = y // 400
    yoe = y - era * 400
    doy = (153 * (m + (-3 if m > 2 else 9)) + 2) // 5
    return era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468

def mktime(t):
    return float((_days(t[0], t[1]) + t[2] - 1) * 86400 + t[3] * 3600 + t[4] * 60 + t[5])

def strftime(fmt, t=None):
    t = t or localtime()
    out = ''
    i = 0
    while i < len(fmt):
        c = fmt[i]
        if c != '%' or i + 1 >= len(fmt):
            out += c
            i += 1
            continue
        c = fmt[i + 1]
        i += 2
        if c == 'Y': out += str(t[0])
        elif c == 'm': out += '%02d' % t[1]
        elif c == 'd': out += '%02d' % t[2]
        elif c == 'H': out += '%02d' % t[3]
        elif c == 'M': out += '%02d' % t[4]
        elif c == 'S': out += '%02d' % t[5]
        elif c == 'y': out += '%02d' % (t[0] % 100)
        elif c == 'e': out += '%2d' % t[2]
        elif c == 'I': out += '%02d' % ((t[3] + 11) % 12 + 1)
        elif c == 'p': out += 'AM' if t[3] < 12 else 'PM'
        elif c == 'j': out += '%03d' % t[7]
        elif c == 'a': out += _DAYS[t[6]][:3]
        elif c == 'A': out += _DAYS[t[6]]
        elif c == 'b' or c == 'h': out += _MONTHS[t[1] - 1][:3]
        elif c == 'B': out += _MONTHS[t[1] - 1]
        elif c == 'w': out += str((t[6] + 1) % 7)
        elif c == 'u': out += str(t[6] + 1)
        elif c == 'Z': out += 'UTC'
        elif c == 'z': out += '+0000'
        elif c == 's': out += str(int(mktime(t)))
        elif c == 'F': out += strftime('%Y-%m-%d', t)
        elif c == 'T' or c == 'X': out += strftime('%H:%M:%S', t)
        elif c == 'R': out += strftime('%H:%M', t)
        elif c == 'D' or c == 'x': out += strftime('%m/%d/%y', t)
        elif c == 'c': out += strftime('%a %b %e %H:%M:%S %Y', t)
        elif c == 'n': out += '\n'
        elif c == 't': out += '\t'
        elif c == '%': out += '%'
        else: out += '%' + c
    return out

def asctime(t=None):
    return strftime('%a %b %e %H:%M:%S %Y', t or localtime())

def ctime(secs=None):
    return asctime(localtime(secs))

def clock_gettime(n):
    return time()
