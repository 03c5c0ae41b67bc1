//! Running one program in a world of its own, for tests of programs.

use crate::commands::{exec, find};
use crate::kernel::{Ended, Handle, Job, Proc, Ran, Shown, State, Stream};
use crate::{Login, Machine, Step};
use decnet_core::event::Timestamp;
use std::sync::Arc;

/// What a program did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) status: u32,
}

/// A world in which programs run one after the other, as root.
pub(crate) struct Bench {
    pub(crate) world: Handle,
    pub(crate) now: Timestamp,
    /// Everything that was told.
    pub(crate) steps: Vec<Step>,
    /// Variables that programs have beside PATH and HOME.
    pub(crate) env: Vec<(String, String)>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(None)
    }

    /// With a terminal of that kind.
    pub(crate) fn with(terminal: Option<crate::Terminal>) -> Self {
        let login = Login {
            user: b"root".to_vec(),
            peer: ([198, 51, 100, 7], 40_000).into(),
            local: ([192, 0, 2, 1], 22).into(),
            env: Vec::new(),
            terminal,
        };
        let world = Handle::new(Arc::new(Machine::from_seed(7)), login);
        let now = Timestamp(1_795_322_152_000_000_000);
        world.with(|world| world.open(now));
        Self { world, now, steps: Vec::new(), env: Vec::new() }
    }

    /// Runs a program by its name or path, with this input, until it ends; time passes as it waits.
    pub(crate) fn run(&mut self, args: &[&str], input: impl AsRef<[u8]>) -> Done {
        let args = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        let mut first = Proc::first(&self.world, args).expect("room for a process");
        let path = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        first.env.insert(b"PATH".to_vec(), path.to_vec());
        first.env.insert(b"HOME".to_vec(), b"/root".to_vec());
        let env = self.env.iter().map(|(name, value)| (name.clone().into(), value.clone().into()));
        first.env.extend(env);
        let pid = first.pid;
        let job: Job<'static> = Box::pin(async move {
            let name = first.args.first().cloned().unwrap_or_default();
            let Ok(file) = find(&first, &name, path) else { return 127 };
            let status = exec(&mut first, &file).await.unwrap_or(126);
            first.flush().await;
            status
        });
        self.world.with(|world| {
            world.input = input.as_ref().iter().copied().collect();
            world.input_ends = 1;
            world.start(pid, job);
        });
        self.finish(pid)
    }

    fn finish(&mut self, pid: u32) -> Done {
        let mut done = Done::default();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        for _ in 0..100_000 {
            let ran = self.world.run(self.now);
            for shown in self.world.with(|world| world.take_shown()) {
                match shown {
                    Shown::Bytes(Stream::Out, bytes) => out.extend(bytes),
                    Shown::Bytes(Stream::Err, bytes) => err.extend(bytes),
                    Shown::Step(step) => self.steps.push(step),
                }
            }
            // Its parent is nobody, so that it is gone once it has ended.
            let ended = self.world.with(|world| match world.table.get(&pid).map(|e| e.state) {
                None => Some(world.last_ended),
                Some(State::Zombie(how)) => Some(how),
                Some(State::Running | State::Stopped(_)) => None,
            });
            if let Some(how) = ended {
                done.status = how.status();
                break;
            }
            match (ran, self.world.with(|world| world.alarm())) {
                (Ran::Busy, _) => {}
                (Ran::Idle, Some(alarm)) => self.now = alarm,
                (Ran::Idle, None) => panic!("waits for ever"),
            }
        }
        done.out = String::from_utf8_lossy(&out).into_owned();
        done.err = String::from_utf8_lossy(&err).into_owned();
        done
    }
}

#[test]
fn programs_run() {
    let mut bench = Bench::new();
    let done = bench.run(&["true"], "");
    assert_eq!(done, Done::default());
    assert_eq!(bench.run(&["false"], "").status, 1);
    let before = bench.now;
    assert_eq!(bench.run(&["sleep", "2"], "").status, 0);
    assert_eq!(bench.now.0 - before.0, 2_000_000_000);
    assert_eq!(
        bench.run(&["sleep", "x"], "").err,
        "sleep: invalid time interval 'x'\nTry 'sleep --help' for more information.\n"
    );
    assert_eq!(bench.run(&["nosuch"], "").status, 127);
}
