//! The standard library, as far as it is here.
//!
//! **Invariant:** a module is Python text, native functions, or both; one that CPython has and this
//! has not is there without names.

mod codec;
mod digest;
mod mathematics;
mod pattern;
mod posix;
mod system;

pub(super) use system::VERSION;

use super::machine::Vm;
use super::native::Native;
use super::value::V;
use crate::commands::lang::heap::Id;

/// Texts of modules.
const SOURCES: &[(&str, &str)] = &[
    ("os", include_str!("lib/os.py")),
    ("os.path", include_str!("lib/path.py")),
    ("posixpath", include_str!("lib/path.py")),
    ("time", include_str!("lib/time.py")),
    ("random", include_str!("lib/random.py")),
    ("string", include_str!("lib/string.py")),
    ("base64", include_str!("lib/base64.py")),
    ("json", include_str!("lib/json.py")),
    ("re", include_str!("lib/re.py")),
    ("subprocess", include_str!("lib/subprocess.py")),
    ("pty", include_str!("lib/pty.py")),
    ("socket", include_str!("lib/socket.py")),
    ("platform", include_str!("lib/platform.py")),
    ("hashlib", include_str!("lib/hashlib.py")),
    ("urllib", ""),
    ("urllib.request", include_str!("lib/request.py")),
    ("urllib.error", include_str!("lib/urlerror.py")),
    ("urllib.parse", include_str!("lib/parse.py")),
    ("http", ""),
    ("http.server", include_str!("lib/server.py")),
    ("itertools", include_str!("lib/itertools.py")),
    ("functools", include_str!("lib/functools.py")),
    ("collections", include_str!("lib/collections.py")),
    ("io", include_str!("lib/io.py")),
    ("getpass", include_str!("lib/getpass.py")),
    ("pwd", include_str!("lib/pwd.py")),
    ("shutil", include_str!("lib/shutil.py")),
    ("tempfile", include_str!("lib/tempfile.py")),
    ("glob", include_str!("lib/glob.py")),
    ("datetime", include_str!("lib/datetime.py")),
    ("threading", include_str!("lib/threading.py")),
    ("textwrap", include_str!("lib/textwrap.py")),
    ("copy", include_str!("lib/copy.py")),
    ("uuid", include_str!("lib/uuid.py")),
    ("gzip", include_str!("lib/gzip.py")),
    ("signal", include_str!("lib/signal.py")),
    ("operator", include_str!("lib/operator.py")),
    ("traceback", include_str!("lib/traceback.py")),
];

/// Modules of CPython's library that have no more than their names here.
const KNOWN: &[&str] = &[
    "abc", "argparse", "array", "ast", "asyncio", "atexit", "bisect", "builtins", "bz2", "calendar",
    "cmath", "codecs", "concurrent", "configparser", "contextlib", "csv", "ctypes", "curses",
    "dataclasses", "decimal", "difflib", "dis", "email", "encodings", "enum", "errno", "faulthandler",
    "fcntl", "filecmp", "fileinput", "fnmatch", "fractions", "ftplib", "gc", "grp", "heapq", "hmac",
    "html", "http.client", "http.cookiejar", "imaplib", "importlib", "inspect", "ipaddress",
    "keyword", "linecache", "locale", "logging", "lzma", "mailbox", "marshal", "math", "mimetypes",
    "mmap", "multiprocessing", "netrc", "numbers", "optparse", "pathlib", "pickle", "pkgutil",
    "plistlib", "poplib", "pprint", "profile", "py_compile", "pydoc", "queue", "quopri", "readline",
    "reprlib", "resource", "sched", "secrets", "select", "selectors", "shlex", "site", "smtplib",
    "socketserver", "spwd", "sqlite3", "ssl", "stat", "statistics", "struct", "symtable", "sysconfig",
    "syslog", "tarfile", "telnetlib", "termios", "timeit", "token", "trace", "tracemalloc", "tty",
    "types", "typing", "unicodedata", "unittest", "urllib.robotparser", "uu", "warnings", "wave",
    "weakref", "webbrowser", "wsgiref", "xml", "xmlrpc", "zipfile", "zipimport", "zlib", "zoneinfo",
    "binascii", "posix", "sys", "_random",
];

const BUILTIN: &[&str] = &[
    "sys", "builtins", "time", "errno", "posix", "math", "itertools", "gc", "marshal", "atexit",
    "binascii", "pwd", "zlib", "array", "fcntl", "select", "_random", "signal",
];

pub(super) fn source(name: &str) -> Option<&'static str> {
    SOURCES.iter().find(|(found, _)| *found == name).map(|(_, text)| *text)
}

pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// Whether it has no file.
pub(super) fn is_builtin(name: &str) -> bool {
    BUILTIN.contains(&name)
}

/// Native functions of a module.
pub(super) fn natives(name: &str) -> &'static [Native] {
    match name {
        "posix" => posix::FUNCTIONS,
        "sys" => system::SYS,
        "time" => system::TIME,
        "_random" => system::RANDOM,
        "binascii" => codec::BINASCII,
        "zlib" => codec::ZLIB,
        "struct" => codec::STRUCT,
        "math" => mathematics::FUNCTIONS,
        "re" => pattern::FUNCTIONS,
        "hashlib" => digest::FUNCTIONS,
        _ => &[],
    }
}

/// Values of a module that are no functions.
pub(super) fn constants(vm: &mut Vm, name: &str, scope: Id) {
    match name {
        "sys" => system::sys(vm, scope),
        "math" => {
            for (name, value) in [
                ("pi", std::f64::consts::PI),
                ("e", std::f64::consts::E),
                ("tau", std::f64::consts::TAU),
                ("inf", f64::INFINITY),
                ("nan", f64::NAN),
            ] {
                vm.set_name(scope, name.into(), V::Float(value));
            }
        }
        "errno" => {
            for (name, value) in [
                ("EPERM", 1),
                ("ENOENT", 2),
                ("EINTR", 4),
                ("EIO", 5),
                ("EAGAIN", 11),
                ("EACCES", 13),
                ("EEXIST", 17),
                ("EINVAL", 22),
                ("EPIPE", 32),
                ("ECONNREFUSED", 111),
                ("ETIMEDOUT", 110),
                ("ECONNRESET", 104),
            ] {
                vm.set_name(scope, name.into(), V::Int(value));
            }
        }
        "zlib" | "binascii" | "struct" | "re" => {
            let base = vm.classes.get("Exception").copied().into_iter().collect();
            let id = vm.new_class("error".into(), name.into(), base, Default::default());
            vm.classes.insert(format!("{name}.error").as_str().into(), id);
            vm.set_name(scope, "error".into(), V::Obj(id));
            vm.set_name(scope, "Error".into(), V::Obj(id));
        }
        _ => {}
    }
}
