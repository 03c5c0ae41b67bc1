//! `ps`.
//!
//! **Invariant:** shows the processes of [`crate::live::tasks`]; it fails where it has shown none.

mod column;
mod select;

use crate::commands::Program;
use crate::kernel::Proc;
use crate::live::tasks::{self, Task};
use column::Column;
pub(super) use column::Facts;
use select::Asked;
use std::collections::BTreeMap;

pub(super) const PROGRAMS: &[Program] =
    &[Program::new("ps", |p| Box::pin(ps(p)), 146_360, super::PROCPS)];

const USAGE: &str = "\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  \
or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).";

async fn ps(p: &mut Proc) -> u32 {
    let words = super::words(p);
    if words.iter().any(|word| word == "--help") {
        p.line(USAGE);
        return 0;
    }
    if words.iter().any(|word| matches!(word.as_str(), "--version" | "-V" | "V")) {
        p.line("ps from procps-ng 4.0.2");
        return 0;
    }
    let asked = match select::read(&words) {
        Ok(asked) => asked,
        Err(why) => {
            p.error(format!("error: {why}"));
            p.error(USAGE);
            return 1;
        }
    };
    let facts = p.world.with(|world| Facts::new(world));
    let all = p.world.with(|world| tasks::all(world));
    let own = all.iter().find(|task| task.pid == p.pid).cloned().unwrap_or_default();
    let mut shown: Vec<Task> =
        all.into_iter().filter(|task| asked.wants(task, &own, &facts)).collect();
    column::sort(&mut shown, &asked.sort, &facts);
    let rows = if asked.forest { forest(shown) } else { flat(shown) };
    let width = match (asked.wide, p.is_terminal(1)) {
        (0, true) => p.world.with(|world| world.tty.cols()),
        (1, true) => 132,
        (_, true | false) => u32::MAX,
    };
    print(p, &asked, &rows, &facts, usize::try_from(width).unwrap_or(usize::MAX)).await;
    u32::from(rows.is_empty())
}

async fn print(p: &mut Proc, asked: &Asked, rows: &[(String, Task)], facts: &Facts, width: usize) {
    let columns = asked.columns();
    if asked.header && columns.iter().any(|column| !column.title.is_empty()) {
        let titles = columns.iter().map(|column| column.title.clone().into_bytes());
        p.line(row(&columns, titles, width));
    }
    for (branch, task) in rows {
        let fields = columns.iter().map(|column| column.text(task, branch, asked.env, facts));
        p.line(row(&columns, fields, width));
        p.flush_some().await;
    }
}

/// One line: the last column is not filled up.
fn row(columns: &[Column], fields: impl Iterator<Item = Vec<u8>>, width: usize) -> Vec<u8> {
    let mut line = Vec::new();
    for (index, (column, field)) in columns.iter().zip(fields).enumerate() {
        if index > 0 {
            line.push(b' ');
        }
        let is_last = index + 1 == columns.len();
        let most = if column.cuts && !is_last { column.width } else { usize::MAX };
        let field = field.get(..most.min(field.len())).unwrap_or_default();
        let fill = column.width.saturating_sub(field.len());
        if column.right {
            line.extend(std::iter::repeat_n(b' ', fill));
        }
        line.extend_from_slice(field);
        if !column.right && !is_last {
            line.extend(std::iter::repeat_n(b' ', fill));
        }
    }
    line.truncate(width);
    line
}

fn flat(tasks: Vec<Task>) -> Vec<(String, Task)> {
    tasks.into_iter().map(|task| (String::new(), task)).collect()
}

/// Children behind their parents, with what is drawn before them.
fn forest(tasks: Vec<Task>) -> Vec<(String, Task)> {
    let pids: std::collections::BTreeSet<u32> = tasks.iter().map(|task| task.pid).collect();
    let mut children: BTreeMap<u32, Vec<Task>> = BTreeMap::new();
    let mut roots = Vec::new();
    for task in tasks {
        if pids.contains(&task.parent) && task.parent != task.pid {
            children.entry(task.parent).or_default().push(task);
        } else {
            roots.push(task);
        }
    }
    let mut rows = Vec::new();
    // What is to be drawn: its depth's bars, and whether it is the last of its parent's.
    let mut open: Vec<(String, bool, bool, Task)> =
        roots.into_iter().rev().map(|task| (String::new(), true, true, task)).collect();
    while let Some((bars, is_root, is_last, task)) = open.pop() {
        let branch = if is_root { String::new() } else { format!("{bars} \\_ ") };
        let below = match (is_root, is_last) {
            (true, _) => String::new(),
            (false, true) => format!("{bars}    "),
            (false, false) => format!("{bars} |  "),
        };
        let under = children.remove(&task.pid).unwrap_or_default();
        let count = under.len();
        for (index, child) in under.into_iter().enumerate().rev() {
            open.push((below.clone(), false, index + 1 == count, child));
        }
        rows.push((branch, task));
    }
    rows
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn lists_have_the_headings_of_procps() {
        let mut bench = Bench::new();
        let first = |done: &crate::testing::Done| done.out.lines().next().unwrap_or("").to_owned();
        let done = bench.run(&["ps", "aux"], "");
        assert_eq!(
            first(&done),
            "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"
        );
        assert!(
            done.out.contains("root           2  0.0  0.0      0     0 ?        S    "),
            "{}",
            done.out
        );
        assert!(done.out.trim_end().ends_with(" ps aux"), "{}", done.out);
        let done = bench.run(&["ps", "-ef"], "");
        assert_eq!(first(&done), "UID          PID    PPID  C STIME TTY          TIME CMD");
        let done = bench.run(&["ps"], "");
        assert_eq!(first(&done), "    PID TTY          TIME CMD");
        assert!(done.out.contains(":00 ps\n"), "{}", done.out);
        let done = bench.run(&["ps", "ax"], "");
        assert_eq!(first(&done), "    PID TTY      STAT   TIME COMMAND");
        let done = bench.run(&["ps", "axf"], "");
        assert!(done.out.contains("S      0:0"), "{}", done.out);
        assert!(done.out.contains(" \\_ [rcu_gp]"), "{}", done.out);
    }

    #[test]
    fn none_is_a_failure() {
        let mut bench = Bench::new();
        let done = bench.run(&["ps", "-C", "nosuch"], "");
        assert_eq!((done.status, done.out.as_str()), (1, "    PID TTY          TIME CMD\n"));
        let done = bench.run(&["ps", "-p", "999999"], "");
        assert_eq!(done.status, 1);
        assert_eq!(bench.run(&["ps", "-p", "1", "-o", "comm="], "").out, "systemd\n");
        assert_eq!(
            bench.run(&["ps", "-o", "pid,comm", "1"], "").out,
            "    PID COMMAND\n      1 systemd\n"
        );
        let done = bench.run(&["ps", "-eo", "pid,nosuch"], "");
        assert!(
            done.err
                .starts_with("error: unknown user-defined format specifier \"nosuch\"\n\nUsage:")
        );
        let done = bench.run(&["ps", "-eo", "pid", "--sort=-pid", "--no-headers"], "");
        let pids: Vec<u32> = done.out.lines().map(|l| l.trim().parse().unwrap()).collect();
        assert!(pids.is_sorted_by(|a, b| a > b), "{pids:?}");
    }
}
