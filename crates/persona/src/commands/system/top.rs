//! `top`.
//!
//! **Invariant:** its numbers are those of `ps`, `free` and `uptime`.

use super::ps::Facts;
use crate::commands::{Program, basic_duration};
use crate::kernel::Proc;
use crate::live::{self, tasks::Task};

pub(super) const PROGRAMS: &[Program] =
    &[Program::new("top", |p| Box::pin(top(p)), 134_736, super::PROCPS)];

async fn top(p: &mut Proc) -> u32 {
    let words = super::words(p);
    let (mut batch, mut rounds, mut delay, mut whole) = (false, u64::MAX, 3.0, false);
    let (mut only, mut user) = (Vec::new(), None);
    let mut rest = words.iter().map(String::as_str);
    while let Some(word) = rest.next() {
        let letters = word.strip_prefix('-').unwrap_or(word);
        let mut all = letters.char_indices();
        while let Some((at, letter)) = all.next() {
            let behind = letters.get(at + 1..).unwrap_or_default();
            match letter {
                'b' => batch = true,
                'c' => whole = true,
                'h' | 'v' => {
                    p.line("  procps-ng 4.0.2");
                    return 0;
                }
                'n' | 'd' | 'p' | 'u' | 'U' | 'o' | 'w' => {
                    let value = if behind.is_empty() { rest.next() } else { Some(behind) };
                    let Some(value) = value else {
                        p.error(format!("top: -{letter} requires argument"));
                        return 1;
                    };
                    match letter {
                        'n' => match value.parse() {
                            Ok(count) if count > 0 => rounds = count,
                            Ok(_) | Err(_) => {
                                p.error(format!("top: bad iterations argument '{value}'"));
                                return 1;
                            }
                        },
                        'd' => delay = basic_duration(value.as_bytes()).unwrap_or(3.0),
                        'p' => only.extend(value.split(',').filter_map(|n| n.parse::<u32>().ok())),
                        'u' | 'U' => user = Some(value.to_owned()),
                        _ => {}
                    }
                    break;
                }
                'H' | 'i' | 's' | 'S' | '1' | 'E' | 'e' | 'a' => {}
                other => {
                    p.error(format!("top: unknown option '{other}'"));
                    p.error("Usage:\n  top -hv | -bcEeHiOSs1 -d secs -n max -u|U user -p pids -o field -w [cols]");
                    return 1;
                }
            }
        }
    }
    if !batch && !p.is_terminal(1) {
        p.error("top: failed tty get");
        return 1;
    }
    for round in 0..rounds {
        if round > 0 {
            #[expect(clippy::cast_possible_truncation, reason = "saturates at 292 years")]
            p.sleep((delay.clamp(0.1, 1e6) * 1e9) as i64).await;
        }
        let (rows, cols) = p.world.with(|world| (world.tty.rows(), world.tty.cols()));
        let text = p.world.with(|world| screen(world, whole, &only, user.as_deref(), p.pid));
        if batch {
            p.print(if round > 0 { format!("\n{text}") } else { text });
        } else {
            let rows = usize::try_from(rows).unwrap_or(24).saturating_sub(1);
            let cols = usize::try_from(cols).unwrap_or(80);
            let mut out = String::from("\x1b[H\x1b[2J");
            for line in text.lines().take(rows) {
                out.extend(line.chars().take(cols));
                out.push('\n');
            }
            p.print(out);
        }
        p.flush().await;
    }
    0
}

fn mib(kib: u64) -> String {
    format!("{}.{}", kib / 1_024, kib % 1_024 * 10 / 1_024)
}

fn screen(
    world: &crate::kernel::World,
    whole: bool,
    only: &[u32],
    user: Option<&str>,
    own: u32,
) -> String {
    let facts = Facts::new(world);
    let mut tasks = live::tasks::all(world);
    for task in tasks.iter_mut().filter(|task| task.pid == own) {
        task.state = b'R';
    }
    let count = |state: &[u8]| tasks.iter().filter(|task| state.contains(&task.state)).count();
    let m = live::memory(world);
    let used = m.total.saturating_sub(m.available);
    let mut out = super::machine::uptime_line(world).replacen(' ', "top - ", 1);
    out.push_str(&format!(
        "\nTasks: {} total, {:>3} running, {:>3} sleeping, {:>3} stopped, {:>3} zombie\n\
         %Cpu(s):  0.3 us,  0.3 sy,  0.0 ni, 99.3 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st \n\
         MiB Mem : {:>8} total, {:>8} free, {:>8} used, {:>8} buff/cache     \n\
         MiB Swap: {:>8} total, {:>8} free, {:>8} used. {:>8} avail Mem \n\n    \
         PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n",
        tasks.len(),
        count(b"R"),
        count(b"SI"),
        count(b"T"),
        count(b"Z"),
        mib(m.total),
        mib(m.free),
        mib(used),
        mib(m.buffers + m.cached + m.reclaimable),
        mib(m.swap),
        mib(m.swap_free),
        mib(m.swap - m.swap_free.min(m.swap)),
        mib(m.available),
    ));
    tasks.retain(|task| only.is_empty() || only.contains(&task.pid));
    tasks.retain(|task| {
        user.is_none_or(|name| facts.user(task.uid) == Some(name) || task.uid.to_string() == name)
    });
    tasks.sort_by_key(|task| task.state != b'R');
    for task in &tasks {
        out.push_str(&row(task, &facts, whole));
    }
    out
}

fn row(task: &Task, facts: &Facts, whole: bool) -> String {
    let user = facts.user(task.uid).map_or_else(|| task.uid.to_string(), str::to_owned);
    let user = if user.len() > 8 { format!("{}+", user.get(..7).unwrap_or(&user)) } else { user };
    let name = if whole { task.command() } else { task.name.clone() };
    let name = String::from_utf8_lossy(&name).into_owned();
    let name =
        if !whole && name.chars().count() > 15 { name.chars().take(15).collect() } else { name };
    let time = task.ticks;
    format!(
        "{:>7} {user:<8} {:>3} {:>3} {:>7} {:>6} {:>6} {} {:>5} {:>5} {:>9} {name}\n",
        task.pid,
        20 + task.nice,
        task.nice,
        task.size_kib,
        task.resident_kib,
        task.resident_kib * 7 / 10 / 4 * 4,
        char::from(task.state),
        "0.0",
        facts.memory(task),
        format!("{}:{:02}.{:02}", time / 6_000, time / 100 % 60, time % 100),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn a_batch_has_the_headings_and_every_process() {
        let done = Bench::new().run(&["top", "-b", "-n1"], "");
        assert!(done.out.starts_with("top - "), "{}", done.out);
        assert!(done.out.contains(
            "\n    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n"
        ));
        assert!(done.out.contains(" top\n") && done.out.contains(" kthreadd\n"), "{}", done.out);
        assert_eq!(done.status, 0);
    }
}
