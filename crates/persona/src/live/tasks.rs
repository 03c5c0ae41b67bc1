//! The machine's processes: those that run since it started, and those of the session.
//!
//! **Invariant:** `ps`, `top`, `pgrep` and /proc show what is listed here, and nothing else.

use crate::Machine;
use crate::calendar::seconds;
use crate::kernel::{Effect, Signal, State, World};
use crate::live::services::{KERNEL_CPU, KERNEL_FIRST, KERNEL_REST, SERVICES, Service};
use crate::process::shown;

/// A process, as /proc shows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Task {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) group: u32,
    /// The session's leader.
    pub(crate) session: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// `comm`: at most 15 bytes.
    pub(crate) name: Vec<u8>,
    /// `argv`; none for a thread of the kernel.
    pub(crate) args: Vec<Vec<u8>>,
    pub(crate) env: Vec<(Vec<u8>, Vec<u8>)>,
    /// The program's file.
    pub(crate) path: Vec<u8>,
    pub(crate) cwd: Vec<u8>,
    /// Its terminal, as `ps` names it.
    pub(crate) tty: Option<&'static str>,
    /// The group that the terminal belongs to.
    pub(crate) foreground: u32,
    /// `R`, `S`, `I`, `T`, `Z`…
    pub(crate) state: u8,
    /// Nanoseconds since 1970.
    pub(crate) started: i64,
    pub(crate) nice: i32,
    pub(crate) threads: u32,
    /// Virtual and resident memory, KiB.
    pub(crate) size_kib: u64,
    pub(crate) resident_kib: u64,
    /// Processor time, 1/100 s.
    pub(crate) ticks: u64,
    pub(crate) is_kernel: bool,
    /// Below /sys/fs/cgroup.
    pub(crate) cgroup: String,
}

impl Task {
    /// What `ps` has under COMMAND.
    pub(crate) fn command(&self) -> Vec<u8> {
        match (self.args.is_empty(), self.state) {
            (_, b'Z') => [b"[", self.name.as_slice(), b"] <defunct>"].concat(),
            (true, _) => [b"[", self.name.as_slice(), b"]"].concat(),
            (false, _) => self.args.join(&b' '),
        }
    }

    /// Whether it is the first of its session.
    pub(crate) fn is_leader(&self) -> bool {
        self.session == self.pid
    }

    /// `Ss+`, as `ps` has it under STAT.
    pub(crate) fn stat(&self) -> String {
        let mut text = String::from(char::from(self.state));
        if self.nice < 0 {
            text.push('<');
        } else if self.nice > 0 {
            text.push('N');
        }
        if self.is_leader() && !self.is_kernel {
            text.push('s');
        }
        if self.threads > 1 {
            text.push('l');
        }
        if self.tty.is_some() && self.foreground == self.group {
            text.push('+');
        }
        text
    }
}

/// A name that is cut as the kernel cuts it.
pub(crate) fn comm(name: &[u8]) -> Vec<u8> {
    name.get(..15).unwrap_or(name).to_vec()
}

/// All processes, by number.
pub(crate) fn all(world: &World) -> Vec<Task> {
    let mut tasks = system(&world.machine, world.machine.booted(world.now), seconds(world.now));
    tasks.retain(|task| !world.ended.contains(&task.pid));
    tasks.extend(login(world));
    tasks.extend(world.table.keys().filter_map(|pid| of_session(world, *pid)));
    tasks.sort_by_key(|task| task.pid);
    tasks
}

/// One process.
pub(crate) fn one(world: &World, pid: u32) -> Option<Task> {
    if world.table.contains_key(&pid) {
        return of_session(world, pid);
    }
    let system = system(&world.machine, world.machine.booted(world.now), seconds(world.now));
    let mut all = system.into_iter().chain(login(world));
    all.find(|task| task.pid == pid && !world.ended.contains(&pid))
}

/// What came with the session.
pub(crate) fn session(world: &World) -> Vec<Task> {
    let own = world.table.keys().filter_map(|pid| of_session(world, *pid));
    login(world).into_iter().chain(own).collect()
}

/// Ends a process that is none of the session's own, as a signal does. Whether there was one.
pub(crate) fn end(world: &mut World, pid: u32, signal: Signal) -> bool {
    let Some(task) = one(world, pid) else { return false };
    let deadly = matches!(signal.effect(), Effect::Kill | Effect::Core);
    // The first process and threads of the kernel take no signal that they did not ask for; a
    // service takes HUP as the wish that it reads its settings.
    if !deadly || pid == 1 || task.is_kernel || signal == Signal::HUP {
        return true;
    }
    if (world.sshd..=world.sshd + 17).contains(&pid) {
        if task.name == b"sshd" {
            // The session ends with its server.
            let shells: Vec<u32> = world.table.keys().copied().collect();
            for shell in shells {
                world.signal(shell, Signal::HUP);
            }
        }
        return true;
    }
    world.ended.insert(pid);
    for path in world.files.below(format!("/proc/{pid}").as_bytes(), 200).iter().rev() {
        // Where there is no room for that, it is seen on.
        let _ = world.files.remove(path);
    }
    true
}

/// What runs since the machine started.
pub(crate) fn system(machine: &Machine, booted: i64, now: i64) -> Vec<Task> {
    let mut tasks = vec![Task {
        pid: 1,
        group: 1,
        session: 1,
        name: b"systemd".to_vec(),
        args: vec![b"/sbin/init".to_vec()],
        path: b"/usr/lib/systemd/systemd".to_vec(),
        env: vec![(b"HOME".to_vec(), b"/".to_vec()), (b"TERM".to_vec(), b"linux".to_vec())],
        state: b'S',
        started: booted * 1_000_000_000,
        threads: 1,
        size_kib: 101_900 + machine.ids[0] % 700 * 4,
        resident_kib: 11_800 + machine.ids[1] % 300 * 4,
        cgroup: "/init.scope".to_owned(),
        ..Task::default()
    }];
    kernel(machine, booted, &mut tasks);
    services(machine, booted, &mut tasks);
    let up = u64::try_from((now - booted).max(0)).unwrap_or(0);
    for task in &mut tasks {
        // A little time of a processor every day.
        let busy = match task.name.as_slice() {
            b"systemd" => 90,
            b"rcu_preempt" => 420,
            b"systemd-journal" | b"rsyslogd" | b"qemu-ga" => 60,
            name if name.starts_with(b"kworker/") => 30,
            name if name.starts_with(b"jbd2/") => 70,
            _ => 4,
        };
        task.ticks = 3 + up * busy / 86_400;
    }
    tasks
}

/// Threads of the kernel. Their numbers have gaps where processes were that have ended.
fn kernel(machine: &Machine, booted: i64, tasks: &mut Vec<Task>) {
    let mut pid = 1;
    let mut add = |name: String, nice: i32, state: u8, step: u32| {
        pid += step;
        tasks.push(Task {
            pid,
            parent: if pid == 2 { 0 } else { 2 },
            name: name.into_bytes(),
            state,
            nice,
            started: booted * 1_000_000_000,
            threads: 1,
            is_kernel: true,
            ..Task::default()
        });
    };
    for (name, nice, state, step) in KERNEL_FIRST {
        add((*name).to_owned(), *nice, *state, *step);
    }
    for cpu in 0..machine.cpus {
        for (name, nice, state, step) in KERNEL_CPU {
            // What the first processor has is listed before.
            if cpu > 0 {
                add(name.replace("%c", &cpu.to_string()), *nice, *state, *step);
            }
        }
    }
    let disk = "vda1-8";
    for (name, nice, state, step) in KERNEL_REST {
        add(name.replace("%d", disk), *nice, *state, *step);
    }
    for cpu in 0..machine.cpus {
        add(format!("kworker/{cpu}:1H-kblockd"), -20, b'I', 1);
    }
    for cpu in 0..machine.cpus {
        add(format!("kworker/{cpu}:1-events"), 0, b'I', 3);
    }
    add("kworker/u4:2-events_unbound".to_owned(), 0, b'I', 2);
}

fn services(machine: &Machine, booted: i64, tasks: &mut Vec<Task>) {
    let mut dice = machine.dice("services");
    let mut pid = tasks.last().map_or(200, |task| task.pid) + 17;
    for service in SERVICES {
        pid += service.step + u32::try_from(dice.below(4)).unwrap_or(0);
        tasks.push(service_task(machine, service, pid, booted, &mut dice));
    }
}

fn service_task(
    machine: &Machine,
    service: &Service,
    pid: u32,
    booted: i64,
    dice: &mut crate::machine::Dice,
) -> Task {
    let args = service.args.replace("%i", machine.interface);
    let name = service.path.rsplit('/').next().unwrap_or_default();
    let name = match name {
        "systemd-journald" => "systemd-journal",
        "dash" => "sh",
        name => name,
    };
    // Those with one argument were set by the process itself, as `setproctitle` does.
    let args = match args.strip_prefix("sshd: ") {
        Some(_) => vec![args.into_bytes()],
        None => args.split(' ').map(|word| word.as_bytes().to_vec()).collect(),
    };
    Task {
        pid,
        parent: 1,
        group: pid,
        session: pid,
        uid: service.uid,
        gid: service.gid,
        name: comm(name.as_bytes()),
        args,
        env: vec![
            (b"LANG".to_vec(), b"en_US.UTF-8".to_vec()),
            (b"PATH".to_vec(), b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin".to_vec()),
        ],
        path: service.path.as_bytes().to_vec(),
        tty: service.tty,
        foreground: if service.tty.is_some() { pid } else { 0 },
        state: b'S',
        started: booted * 1_000_000_000 + i64::from(service.after_ms) * 1_000_000,
        nice: service.nice,
        threads: service.threads,
        size_kib: service.size_kib + dice.roll() % 40 * 4,
        resident_kib: service.resident_kib + dice.roll() % 60 * 4,
        cgroup: format!("/system.slice/{}", service.unit),
        ..Task::default()
    }
}

/// The number of the process of a service.
pub(crate) fn service_pid(machine: &Machine, unit: &str) -> Option<u32> {
    let cgroup = format!("/system.slice/{unit}");
    system(machine, 0, 0).into_iter().find(|task| task.cgroup == cgroup).map(|task| task.pid)
}

/// The number of this login among all since the machine started, as logind counts.
pub(crate) fn session_number(world: &World) -> u32 {
    world.sshd / 31 + 1
}

/// Where the session's processes are counted.
pub(crate) fn session_cgroup(world: &World) -> String {
    let uid = world.user.uid;
    format!("/user.slice/user-{uid}.slice/session-{}.scope", session_number(world))
}

/// What serves the session: the SSH server's processes, and the user's own systemd.
fn login(world: &World) -> Vec<Task> {
    let user = &world.user;
    let name = String::from_utf8_lossy(&user.name).into_owned();
    let line = if world.tty.is_there() { "pts/0" } else { "notty" };
    let base = Task {
        group: world.sshd,
        session: world.sshd,
        name: b"sshd".to_vec(),
        path: b"/usr/sbin/sshd".to_vec(),
        state: b'S',
        started: world.logged_in * 1_000_000_000,
        threads: 1,
        size_kib: 17_812,
        resident_kib: 10_980,
        ticks: 2,
        cgroup: session_cgroup(world),
        ..Task::default()
    };
    let listener = service_pid(&world.machine, "ssh.service").unwrap_or(1);
    let title = |text: String| vec![text.into_bytes()];
    let mut tasks = vec![Task {
        pid: world.sshd,
        parent: listener,
        args: title(match user.uid {
            0 => format!("sshd: {name}@{line}"),
            _ => format!("sshd: {name} [priv]"),
        }),
        ..base.clone()
    }];
    if user.uid != 0 {
        tasks.push(Task {
            pid: world.sshd + 17,
            parent: world.sshd,
            uid: user.uid,
            gid: user.gid,
            args: title(format!("sshd: {name}@{line}")),
            size_kib: 18_072,
            resident_kib: 6_716,
            ..base.clone()
        });
    }
    let manager = Task {
        pid: world.sshd + 3,
        parent: 1,
        group: world.sshd + 3,
        session: world.sshd + 3,
        uid: user.uid,
        gid: user.gid,
        name: b"systemd".to_vec(),
        args: vec![b"/lib/systemd/systemd".to_vec(), b"--user".to_vec()],
        path: b"/usr/lib/systemd/systemd".to_vec(),
        size_kib: 18_896,
        resident_kib: 10_708,
        ticks: 4,
        cgroup: format!("/user.slice/user-{0}.slice/user@{0}.service/init.scope", user.uid),
        ..base
    };
    tasks.push(Task {
        pid: world.sshd + 4,
        parent: world.sshd + 3,
        name: b"(sd-pam)".to_vec(),
        args: vec![b"(sd-pam)".to_vec()],
        size_kib: 169_084,
        resident_kib: 3_012,
        ticks: 0,
        ..manager.clone()
    });
    tasks.push(manager);
    tasks
}

/// The process of the SSH server that a shell is the child of.
pub(crate) fn shell_parent(world: &World) -> u32 {
    if world.user.uid == 0 { world.sshd } else { world.sshd + 17 }
}

/// A process of the session.
fn of_session(world: &World, pid: u32) -> Option<Task> {
    let entry = world.table.get(&pid)?;
    let image = &entry.image;
    let file = image.path.rsplit(|&b| b == b'/').next().unwrap_or_default();
    let first = image.args.first().map_or(&[][..], Vec::as_slice);
    let called = first.rsplit(|&b| b == b'/').next().unwrap_or(first);
    let called = called.strip_prefix(b"-").unwrap_or(called);
    // What is a link to one program with many names is called as it was called.
    let name =
        if file.is_empty() || called.len() < 15 && !called.is_empty() { called } else { file };
    let (size_kib, resident_kib) = weight(file);
    let state = match entry.state {
        State::Running if entry.is_busy => b'R',
        State::Running => b'S',
        State::Stopped(_) => b'T',
        State::Zombie(_) => b'Z',
    };
    Some(Task {
        pid,
        parent: entry.parent,
        group: entry.group,
        session: entry.session,
        uid: entry.user.uid,
        gid: entry.user.gid,
        name: comm(name),
        args: image.args.clone(),
        env: image.env.clone(),
        path: image.path.clone(),
        cwd: shown(&entry.cwd),
        tty: world.tty.is_there().then_some("pts/0"),
        foreground: world.tty.foreground,
        state,
        started: entry.started.0,
        nice: entry.nice,
        threads: 1,
        size_kib,
        resident_kib,
        ticks: entry.spent as u64 / 4_000_000,
        is_kernel: false,
        cgroup: session_cgroup(world),
    })
}

/// What a program takes, KiB.
fn weight(file: &[u8]) -> (u64, u64) {
    match file {
        b"bash" => (7_196, 4_012),
        b"dash" | b"sh" => (2_576, 924),
        b"ps" => (11_216, 4_716),
        b"top" => (10_316, 3_884),
        b"perl" => (9_412, 6_004),
        b"vim.tiny" | b"vi" => (10_936, 5_860),
        b"nano" => (5_684, 4_020),
        b"curl" => (95_128, 11_040),
        b"wget" => (13_716, 6_492),
        b"grep" | b"sed" => (6_332, 2_132),
        b"sleep" => (5_464, 884),
        b"sudo" | b"su" => (8_060, 4_352),
        name => {
            let seed = name.iter().fold(7_u64, |sum, &b| (sum * 31 + u64::from(b)) % 997);
            (5_480 + seed / 4 * 4, 1_600 + seed / 2 * 4)
        }
    }
}
