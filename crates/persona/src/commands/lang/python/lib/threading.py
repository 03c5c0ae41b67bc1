class Thread:
    def __init__(self, group=None, target=None, name=None, args=(), kwargs=None, *, daemon=None):
        self._target = target
        self._args = args
        self._kwargs = kwargs or {}
        self.daemon = daemon
        self.name = name or 'Thread-1'
    def run(self):
        if self._target:
            self._target(*self._args, **self._kwargs)
    def start(self):
        self.run()
    def join(self, timeout=None):
        pass
    def is_alive(self):
        return False
    def setDaemon(self, d):
        self.daemon = d

class Lock:
    def acquire(self, *a):
        return True
    def release(self):
        pass
    def __enter__(self):
        return True
    def __exit__(self, *a):
        pass
RLock = Lock
Semaphore = Lock

class Event:
    def __init__(self):
        self._set = False
    def set(self):
        self._set = True
    def is_set(self):
        return self._set
    def wait(self, timeout=None):
        return self._set

def current_thread():
    return Thread(name='MainThread')

def active_count():
    return 1
