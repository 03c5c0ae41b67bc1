class URLError(OSError):
    def __init__(self, reason, filename=None):
        self.args = (reason,)
        self.reason = reason
    def __str__(self):
        return '<urlopen error %s>' % self.reason

class HTTPError(URLError):
    def __init__(self, url, code, msg, hdrs, fp):
        self.code = code
        self.msg = msg
        self.url = url
        self.reason = msg
    def __str__(self):
        return 'HTTP Error %s: %s' % (self.code, self.msg)

URLError.__module__ = 'urllib.error'
HTTPError.__module__ = 'urllib.error'
