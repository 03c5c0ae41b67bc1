//! `sys`, `time`, `_random`.
//!
//! **Invariant:** the clock is the machine's, and chance comes from it.

use crate::calendar::{Date, seconds};
use crate::commands::lang::heap::Id;
use crate::commands::lang::python::machine::Vm;
use crate::commands::lang::python::native::{Args, Effect, Native, Ret};
use crate::commands::lang::python::value::{File, Obj, V};
use crate::kernel::Proc;

/// CPython's version of Debian 12.
pub(in crate::commands::lang::python) const VERSION: &str =
    "3.11.2 (main, Apr 28 2025, 14:11:48) [GCC 12.2.0]";

pub(super) const SYS: &[Native] = &[
    Native::new("exit", |vm, _, args| {
        let all = args.plain.into_iter().take(1).collect();
        Err(vm.exception("SystemExit", all))
    }),
    Native::new("getsizeof", |_, _, _| Ok(Ret::Value(V::Int(56)))),
    Native::new("getrecursionlimit", |_, _, _| Ok(Ret::Value(V::Int(1_000)))),
    Native::new("setrecursionlimit", |_, _, _| Ok(Ret::Value(V::None))),
    Native::new("getdefaultencoding", |vm, _, _| Ok(Ret::Value(vm.str("utf-8")))),
    Native::new("getfilesystemencoding", |vm, _, _| Ok(Ret::Value(vm.str("utf-8")))),
    Native::new("exc_info", |vm, _, _| {
        let parts = match vm.handling.last() {
            Some(id) => {
                let value = V::Obj(*id);
                let class = vm.class_of(&value).map_or(V::None, V::Obj);
                vec![class, value, V::None]
            }
            None => vec![V::None, V::None, V::None],
        };
        Ok(Ret::Value(vm.tuple(parts)))
    }),
    Native::new("intern", |_, _, args| Ok(Ret::Value(args.value(0)))),
    Native::new("_traceback", |vm, _, args| {
        let text = match args.value(0) {
            V::Obj(id) => vm.traceback(id),
            _ => String::new(),
        };
        Ok(Ret::Value(vm.str(text)))
    }),
];

/// Names of `sys` that are no functions.
pub(super) fn sys(vm: &mut Vm, scope: Id) {
    let argv = vm.argv.clone();
    let argv = argv.iter().map(|arg| vm.str(String::from_utf8_lossy(arg))).collect();
    let argv = vm.list(argv);
    vm.set_name(scope, "argv".into(), argv);
    for (fd, name, mode) in [(0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")] {
        let file = File {
            fd: Some(fd),
            name: format!("<{name}>"),
            mode: mode.to_owned(),
            binary: false,
            buffer: Vec::new(),
            ended: false,
            memory: None,
            reads: fd == 0,
            writes: fd != 0,
        };
        let file = vm.add(Obj::File(file));
        vm.set_name(scope, name.into(), file.clone());
        vm.set_name(scope, format!("__{name}__").as_str().into(), file);
    }
    for (name, text) in [
        ("version", VERSION),
        ("platform", "linux"),
        ("executable", "/usr/bin/python3"),
        ("prefix", "/usr"),
        ("exec_prefix", "/usr"),
        ("base_prefix", "/usr"),
        ("byteorder", "little"),
        ("copyright", "Copyright (c) 2001-2023 Python Software Foundation.\nAll Rights Reserved.\n\nCopyright (c) 2000 BeOpen.com.\nAll Rights Reserved.\n\nCopyright (c) 1995-2001 Corporation for National Research Initiatives.\nAll Rights Reserved.\n\nCopyright (c) 1991-1995 Stichting Mathematisch Centrum, Amsterdam.\nAll Rights Reserved."),
    ] {
        let text = vm.str(text);
        vm.set_name(scope, name.into(), text);
    }
    let path = [
        "",
        "/usr/lib/python311.zip",
        "/usr/lib/python3.11",
        "/usr/lib/python3.11/lib-dynload",
        "/usr/local/lib/python3.11/dist-packages",
        "/usr/lib/python3/dist-packages",
    ];
    let path = path.iter().map(|part| vm.str(part)).collect();
    let path = vm.list(path);
    vm.set_name(scope, "path".into(), path);
    let final_text = vm.str("final");
    let version = vec![V::Int(3), V::Int(11), V::Int(2), final_text, V::Int(0)];
    let version = vm.tuple(version);
    vm.set_name(scope, "version_info".into(), version);
    vm.set_name(scope, "maxsize".into(), V::Int(i64::MAX));
    vm.set_name(scope, "maxunicode".into(), V::Int(0x10_ffff));
    vm.set_name(scope, "hexversion".into(), V::Int(0x030b_02f0));
    let modules = vm.named_dict(Vec::new());
    vm.set_name(scope, "modules".into(), modules);
}

fn now(p: &Proc) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "as CPython's clock is rounded")]
    let now = p.now().0 as f64;
    now / 1e9
}

fn parts(vm: &mut Vm, args: &Args, p: &Proc) -> Vec<i64> {
    let at = match args.get(0) {
        Some(value) if !matches!(value, V::None) => {
            #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
            let at = vm.float_of(value).unwrap_or_default().floor() as i64;
            at.clamp(-60_000_000_000, 250_000_000_000)
        }
        _ => seconds(p.now()),
    };
    let date = Date::new(at);
    vec![
        date.year,
        date.month,
        date.day,
        date.hour,
        date.minute,
        date.second,
        (date.weekday + 6).rem_euclid(7),
        date.day_of_year,
        0,
    ]
}

pub(super) const TIME: &[Native] = &[
    Native::new("time", |_, p, _| Ok(Ret::Value(V::Float(now(p))))),
    Native::new("time_ns", |_, p, _| Ok(Ret::Value(V::Int(p.now().0)))),
    Native::new("monotonic", |_, p, _| Ok(Ret::Value(V::Float(now(p) - 1.6e9)))),
    Native::new("perf_counter", |_, p, _| Ok(Ret::Value(V::Float(now(p) - 1.6e9)))),
    Native::new("process_time", |_, _, _| Ok(Ret::Value(V::Float(0.02)))),
    Native::new("sleep", |vm, _, args| match vm.float_of(&args.value(0)) {
        Some(number) if number >= 0.0 => {
            #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
            let ns = (number * 1e9) as i64;
            Ok(Ret::Wait(Effect::Sleep(ns)))
        }
        Some(_) => Err(vm.value_error("sleep length must be non-negative")),
        None => {
            let kind = vm.type_name(&args.value(0));
            let text = format!("'{kind}' object cannot be interpreted as an integer");
            Err(vm.type_error(&text))
        }
    }),
    Native::new("_parts", |vm, p, args| {
        let parts = parts(vm, &args, p).into_iter().map(V::Int).collect();
        Ok(Ret::Value(vm.tuple(parts)))
    }),
];

pub(super) const RANDOM: &[Native] = &[
    Native::new("random", |vm, _, _| {
        let bits = vm.dice() >> 11;
        #[expect(clippy::cast_precision_loss, reason = "53 bits")]
        Ok(Ret::Value(V::Float(bits as f64 / 9_007_199_254_740_992.0)))
    }),
    Native::new("below", |vm, _, args| {
        let most = vm.index(&args.value(0)).and_then(|most| u64::try_from(most).ok());
        let value = match most {
            Some(most @ 1..) => vm.dice() % most,
            _ => 0,
        };
        Ok(Ret::Value(V::Int(i64::try_from(value).unwrap_or_default())))
    }),
    Native::new("seed", |vm, _, args| {
        let key = vm.repr(&args.value(0));
        let seed = key.bytes().fold(0x9e37_79b9_7f4a_7c15_u64, |seed, byte| {
            (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        vm.random = seed;
        Ok(Ret::Value(V::None))
    }),
    Native::new("bytes", |vm, _, args| {
        let count = vm.index(&args.value(0)).and_then(|count| usize::try_from(count).ok());
        let count = count.unwrap_or_default();
        vm.room(count)?;
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            let word = vm.dice();
            bytes.extend(word.to_le_bytes());
        }
        bytes.truncate(count);
        Ok(Ret::Value(vm.bytes(bytes)))
    }),
];

impl Vm {
    /// The next number of chance.
    pub(in crate::commands::lang::python) fn dice(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.random;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
}
