//! `su` of util-linux 2.38.1, and starting programs as somebody else.
//!
//! **Invariant:** who is not root says a password that [`people::knows`] knows.

use super::passwd::wait_for_failure;
use super::{Echo, ask, fail};
use crate::commands::{Flag, NoExec, Options, exec};
use crate::files::{Fault, Last};
use crate::kernel::{Ended, Job, Proc, Signal, User};
use crate::people::{self, List, Table};

const SU: &str = include_str!("usage/su.txt");

const FLAGS: &[Flag] = &[
    Flag::new(b'm', "preserve-environment"),
    Flag::new(b'p', ""),
    Flag::with(b'w', "whitelist-environment"),
    Flag::with(b'g', "group"),
    Flag::with(b'G', "supp-group"),
    Flag::new(b'l', "login"),
    Flag::with(b'c', "command"),
    Flag::with(b'C', "session-command"),
    Flag::new(b'f', "fast"),
    Flag::with(b's', "shell"),
    Flag::new(b'P', "pty"),
    Flag::new(b'h', "help"),
    Flag::new(b'V', "version"),
];

/// What PATH is for a login.
pub(super) const USER_PATH: &[u8] = b"/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games";
pub(super) const ROOT_PATH: &[u8] =
    b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) async fn su(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, FLAGS, true) else {
        p.try_help();
        return 1;
    };
    if options.has(b'h') {
        p.print(SU);
        return 0;
    }
    if options.has(b'V') {
        p.line("su from util-linux 2.38.1");
        return 0;
    }
    let mut rest = options.rest.as_slice();
    let mut login = options.has(b'l');
    if let Some((first, more)) = rest.split_first()
        && first == b"-"
    {
        login = true;
        rest = more;
    }
    let name = rest.first().cloned().unwrap_or_else(|| b"root".to_vec());
    let mut args = rest.get(1..).unwrap_or_default().to_vec();
    // Options behind the name are its own too, up to the first that is none.
    let behind = Behind::read(&mut args);
    let found = p.world.with(|world| people::by_name(&world.files, &name));
    let Some(user) = found.filter(|user| !user.home.is_empty() || user.uid == 0) else {
        let text =
            b" does not exist or the user entry does not contain all the required fields";
        return fail(p, [b"user ", name.as_slice(), text].concat(), 1);
    };
    if p.user.uid != 0 && !is_let_in(p, &user).await {
        return fail(p, "Authentication failure", 1);
    }
    if expired(p, &user.name) {
        p.error("Your account has expired; please contact your system administrator.");
        return fail(p, "Authentication failure", 1);
    }
    let command = behind.command.or_else(|| {
        let given = options.value(b'c').or_else(|| options.value(b'C'));
        given.map(<[u8]>::to_vec)
    });
    let start = Start {
        login: login || behind.login,
        keep: options.has(b'm') || options.has(b'p') || behind.keep,
        shell: behind.shell.or_else(|| options.value(b's').map(<[u8]>::to_vec)),
        command,
        args,
    };
    start.run(p, user).await
}

/// Options that stand behind the name.
#[derive(Default)]
struct Behind {
    login: bool,
    keep: bool,
    command: Option<Vec<u8>>,
    shell: Option<Vec<u8>>,
}

impl Behind {
    fn read(args: &mut Vec<Vec<u8>>) -> Self {
        let mut behind = Self::default();
        let mut all = std::mem::take(args).into_iter();
        while let Some(arg) = all.next() {
            match arg.as_slice() {
                b"-c" | b"--command" | b"--session-command" => behind.command = all.next(),
                b"-s" | b"--shell" => behind.shell = all.next(),
                b"-l" | b"--login" => behind.login = true,
                b"-m" | b"-p" | b"--preserve-environment" => behind.keep = true,
                other if other.starts_with(b"-c") => {
                    behind.command = other.get(2..).map(<[u8]>::to_vec);
                }
                b"--" => {}
                _ => {
                    args.push(arg);
                    args.extend(all);
                    break;
                }
            }
        }
        behind
    }
}

/// Asks for the other's password.
async fn is_let_in(p: &mut Proc, user: &User) -> bool {
    let kept = p.world.with(|world| people::kept(&world.files, &user.name));
    if kept.as_deref() == Some(b"") {
        return true;
    }
    let password = ask(p, b"Password: ", Echo::Off).await.unwrap_or_default();
    if p.world.with(|world| people::knows(world, &user.name, &password)) {
        return true;
    }
    wait_for_failure(p).await;
    false
}

/// Whether an account is past its last day.
fn expired(p: &Proc, name: &[u8]) -> bool {
    let today = super::today(p);
    let last = p.world.with(|world| Table::load(&world.files, List::Shadow).number(name, 7));
    last.is_some_and(|last| last >= 0 && today >= last)
}

/// A shell to be started as somebody.
struct Start {
    login: bool,
    /// The environment stays.
    keep: bool,
    shell: Option<Vec<u8>>,
    command: Option<Vec<u8>>,
    /// Behind the name.
    args: Vec<Vec<u8>>,
}

impl Start {
    async fn run(self, p: &mut Proc, user: User) -> u32 {
        let own = if user.shell.is_empty() { b"/bin/sh".to_vec() } else { user.shell.clone() };
        let shell = match &self.shell {
            Some(shell) if p.user.uid == 0 || is_listed(p, &own) => shell.clone(),
            Some(_) => {
                let text = [b"using restricted shell ", own.as_slice()].concat();
                fail(p, text, 0);
                own
            }
            None => own,
        };
        let Ok(mut child) = p.fork() else {
            return fail(p, "fork failed: Resource temporarily unavailable", 1);
        };
        enter(&mut child, &user, &shell, self.login, self.keep && !self.login);
        if self.login && !go_home(&mut child, &user) {
            let text = [
                b"warning: cannot change directory to ",
                user.home.as_slice(),
                b": No such file or directory",
            ];
            fail(p, text.concat(), 0);
            p.flush().await;
        }
        let base = shell.rsplit(|&b| b == b'/').next().unwrap_or_default();
        let dash: &[u8] = if self.login { b"-" } else { b"" };
        child.args = vec![[dash, base].concat()];
        if let Some(command) = self.command {
            child.args.extend([b"-c".to_vec(), command]);
        }
        child.args.extend(self.args);
        run_as(p, child, shell, "su: failed to execute ").await
    }
}

/// Whether a shell is one of /etc/shells.
pub(super) fn is_listed(p: &Proc, shell: &[u8]) -> bool {
    let text = p.world.with(|world| people::text(&world.files, b"/etc/shells"));
    text.split(|&b| b == b'\n').any(|line| line == shell)
}

/// A process becomes somebody else's, with the environment that `su` gives.
fn enter(child: &mut Proc, user: &User, shell: &[u8], login: bool, keep: bool) {
    if login {
        let kept = [b"TERM".as_slice(), b"COLORTERM", b"LANG", b"LC_ALL"];
        child.env.retain(|name, _| kept.contains(&name.as_slice()));
        let path = if user.uid == 0 { ROOT_PATH } else { USER_PATH };
        child.env.insert(b"PATH".to_vec(), path.to_vec());
    }
    if !keep {
        let mut set = |name: &str, value: &[u8]| {
            child.env.insert(name.as_bytes().to_vec(), value.to_vec());
        };
        set("HOME", &user.home);
        set("SHELL", shell);
        if login || user.uid != 0 {
            set("USER", &user.name);
            set("LOGNAME", &user.name);
        }
        set("MAIL", &[b"/var/mail/", user.name.as_slice()].concat());
    }
    child.user = user.clone();
}

/// Changes into the home folder. Whether there is one.
pub(super) fn go_home(child: &mut Proc, user: &User) -> bool {
    let path = child.fs(|process| process.find(&user.home, Last::Follow));
    let Some(path) = path.ok().filter(|_| child.is_folder(&user.home)) else { return false };
    child.cwd = path;
    true
}

/// Runs a program in a child, and waits for it as `su` and `sudo` do: what the terminal sends is the
/// child's.
pub(super) async fn run_as(p: &mut Proc, child: Proc, file: Vec<u8>, failed: &str) -> u32 {
    p.flush().await;
    let ended = spawn(p, child, file.clone()).await;
    match ended {
        Ok(Ended::Exit(status)) => status & 0xff,
        Ok(Ended::Signal(signal)) => {
            let text = match signal {
                Signal::KILL => "Killed",
                Signal::TERM => "Terminated",
                Signal::SEGV => "Segmentation fault",
                Signal::HUP => "Hangup",
                _ => "",
            };
            if !text.is_empty() {
                p.error(text);
            }
            128 + signal.0
        }
        Err(fault) => {
            let why = fault.text().as_bytes();
            p.error([failed.as_bytes(), &file, b": ", why].concat());
            if fault == Fault::Missing { 127 } else { 126 }
        }
    }
}

/// Starts the child's program, and waits.
pub(super) async fn spawn(p: &mut Proc, mut child: Proc, file: Vec<u8>) -> Result<Ended, Fault> {
    if let Err(fault) = crate::commands::look(&child, &file) {
        let pid = child.pid;
        drop(child);
        p.world.with(|world| {
            world.start(pid, Box::pin(async { 0 }));
        });
        p.wait(pid).await;
        return Err(fault);
    }
    let (world, pid) = (p.world.clone(), child.pid);
    let job: Job<'static> = Box::pin(async move {
        let status = match exec(&mut child, &file).await {
            Ok(status) => status,
            // As execvp does: a shell is given what is no program.
            Err(Fault::NoExec) => {
                let rest = child.rest();
                child.args = vec![b"/bin/sh".to_vec(), file];
                child.args.extend(rest);
                exec(&mut child, b"/bin/sh").await.unwrap_or(126)
            }
            Err(_) => 126,
        };
        child.flush().await;
        status
    });
    world.with(|world| world.start(pid, job));
    let own = p.pid;
    let quiet = [Signal::INT, Signal::QUIT].iter().fold(0, |all, signal| all | 1 << (signal.0 - 1));
    let before = p.world.with(|world| {
        world.table.get_mut(&own).map(|entry| std::mem::replace(&mut entry.ignored, quiet))
    });
    let ended = p.wait(pid).await;
    p.world.with(|world| {
        if let (Some(entry), Some(before)) = (world.table.get_mut(&own), before) {
            entry.ignored = before;
        }
    });
    Ok(ended)
}

/// The file of a command, and why there is none.
pub(super) fn lookup(p: &Proc, name: &[u8], path: &[u8]) -> Result<Vec<u8>, Option<Fault>> {
    crate::commands::find(p, name, path).map_err(|why| match why {
        NoExec::Unknown => None,
        NoExec::Fault(fault) => Some(fault),
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn root_becomes_anybody() {
        let mut bench = Bench::new();
        bench.run(&["useradd", "-m", "-s", "/bin/bash", "bob"], "");
        assert_eq!(bench.run(&["su", "bob", "-c", "echo $USER $HOME; pwd"], "").out, "bob /home/bob\n/root\n");
        assert_eq!(
            bench.run(&["su", "-", "bob", "-c", "echo $0 $PATH; pwd"], "").out,
            "-bash /usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games\n/home/bob\n"
        );
        let done = bench.run(&["su", "-", "nobody", "-s", "/bin/bash", "-c", "exit 3"], "");
        let text = "su: warning: cannot change directory to /nonexistent: No such file or directory\n";
        assert_eq!((done.err.as_str(), done.status), (text, 3));
        let done = bench.run(&["su", "nox"], "");
        let text = "su: user nox does not exist or the user entry does not contain all the required fields\n";
        assert_eq!((done.err.as_str(), done.status), (text, 1));
        let done = bench.run(&["su", "bob", "-s", "/bin/nosuch"], "");
        let text = "su: failed to execute /bin/nosuch: No such file or directory\n";
        assert_eq!((done.err.as_str(), done.status), (text, 127));
        let done = bench.run(&["su", "nobody", "-c", "id"], "");
        assert_eq!((done.out.as_str(), done.status), ("This account is currently not available.\n", 1));
    }

    #[test]
    fn others_need_a_password() {
        let mut bench = Bench::new();
        bench.run(&["useradd", "-m", "-s", "/bin/bash", "bob"], "");
        bench.run(&["chpasswd"], "root:secret12\n");
        let done = bench.run(&["su", "bob", "-c", "su -c true"], "bad\n");
        assert_eq!((done.err.as_str(), done.status), ("Password: su: Authentication failure\n", 1));
        let done = bench.run(&["su", "bob", "-c", "su -c 'echo $HOME'"], "secret12\n");
        assert_eq!((done.out.as_str(), done.err.as_str()), ("/root\n", "Password: "));
    }
}
