class struct_passwd:
    def __init__(self, parts):
        self._parts = parts
        self.pw_name, self.pw_passwd, self.pw_uid, self.pw_gid, self.pw_gecos, self.pw_dir, self.pw_shell = parts
    def __getitem__(self, i):
        return self._parts[i]
    def __repr__(self):
        return 'pwd.struct_passwd(pw_name=%r, pw_passwd=%r, pw_uid=%d, pw_gid=%d, pw_gecos=%r, pw_dir=%r, pw_shell=%r)' % self._parts

def getpwall():
    out = []
    f = open('/etc/passwd')
    for line in f.read().split('\n'):
        p = line.split(':')
        if len(p) == 7:
            out.append(struct_passwd((p[0], p[1], int(p[2]), int(p[3]), p[4], p[5], p[6])))
    f.close()
    return out

def getpwnam(name):
    for p in getpwall():
        if p.pw_name == name:
            return p
    raise KeyError("getpwnam(): name not found: %r" % name)

def getpwuid(uid):
    for p in getpwall():
        if p.pw_uid == uid:
            return p
    raise KeyError('getpwuid(): uid not found: %d' % uid)
