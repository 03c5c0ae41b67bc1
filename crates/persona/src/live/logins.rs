//! Who logged in and when: the records of utmp, wtmp, btmp and lastlog.
//!
//! **Invariant:** the machine's own past is the same for every session of a day; the session itself
//! is its last part.

use crate::calendar::seconds;
use crate::kernel::World;
use crate::machine::Dice;
use std::net::Ipv4Addr;

/// A record of utmp, as far as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: i16,
    pub(crate) pid: u32,
    pub(crate) line: Vec<u8>,
    pub(crate) id: Vec<u8>,
    pub(crate) user: Vec<u8>,
    pub(crate) host: Vec<u8>,
    pub(crate) session: u32,
    pub(crate) at: i64,
    pub(crate) micros: u32,
    pub(crate) address: [u8; 16],
}

pub(crate) const RUN_LEVEL: i16 = 1;
pub(crate) const BOOT: i16 = 2;
pub(crate) const LOGIN: i16 = 6;
pub(crate) const USER: i16 = 7;
pub(crate) const DEAD: i16 = 8;

/// Bytes of a record.
pub(crate) const RECORD_BYTES: usize = 384;

impl Record {
    fn put(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let mut field = |bytes: &[u8], size: usize| {
            let end = out.len() + size;
            out.extend_from_slice(bytes.get(..size).unwrap_or(bytes));
            out.resize(end, 0);
        };
        field(&self.kind.to_le_bytes(), 4);
        field(&self.pid.to_le_bytes(), 4);
        field(&self.line, 32);
        field(&self.id, 4);
        field(&self.user, 32);
        field(&self.host, 256);
        field(&[], 4);
        field(&self.session.to_le_bytes(), 4);
        let at = u32::try_from(self.at).unwrap_or(0);
        field(&at.to_le_bytes(), 4);
        field(&self.micros.to_le_bytes(), 4);
        field(&self.address, 16);
        out.resize(start + RECORD_BYTES, 0);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let text = |from: usize, size: usize| {
            let field = bytes.get(from..from + size)?;
            Some(field.split(|&b| b == 0).next().unwrap_or_default().to_vec())
        };
        let word = |from: usize| {
            let field: [u8; 4] = bytes.get(from..from + 4)?.try_into().ok()?;
            Some(u32::from_le_bytes(field))
        };
        Some(Self {
            kind: i16::from_le_bytes(bytes.get(..2)?.try_into().ok()?),
            pid: word(4)?,
            line: text(8, 32)?,
            id: text(40, 4)?,
            user: text(44, 32)?,
            host: text(76, 256)?,
            session: word(336)?,
            at: i64::from(word(340)?),
            micros: word(344)?,
            address: bytes.get(348..364)?.try_into().ok()?,
        })
    }
}

/// All records of a file; what is behind the last whole one is not looked at.
pub(crate) fn parse(bytes: &[u8]) -> Vec<Record> {
    bytes.chunks_exact(RECORD_BYTES).filter_map(Record::read).collect()
}

fn bytes(records: &[Record]) -> Vec<u8> {
    let mut out = Vec::with_capacity(records.len() * RECORD_BYTES);
    for record in records {
        record.put(&mut out);
    }
    out
}

/// The session's own record.
fn own(world: &World) -> Option<Record> {
    let peer = world.login.peer.ip().to_canonical();
    world.tty.is_there().then(|| Record {
        kind: USER,
        pid: crate::live::tasks::shell_parent(world),
        line: b"pts/0".to_vec(),
        id: b"ts/0".to_vec(),
        user: world.user.name.clone(),
        host: peer.to_string().into_bytes(),
        session: 0,
        at: world.logged_in,
        micros: 412_818,
        address: octets(peer),
    })
}

fn octets(address: std::net::IpAddr) -> [u8; 16] {
    match address {
        std::net::IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
        std::net::IpAddr::V6(address) => address.octets(),
    }
}

/// What was recorded when the machine started.
fn started(world: &World, booted: i64) -> [Record; 3] {
    let kernel = world.machine.kernel.as_bytes().to_vec();
    let record = |kind, line: &[u8], id: &[u8], user: &[u8], host: Vec<u8>, at| Record {
        kind,
        line: line.to_vec(),
        id: id.to_vec(),
        user: user.to_vec(),
        host,
        at,
        micros: 110_442,
        ..Record::default()
    };
    let getty =
        crate::live::tasks::service_pid(&world.machine, "getty@tty1.service").unwrap_or(500);
    [
        record(BOOT, b"~", b"~~", b"reboot", kernel.clone(), booted + 3),
        Record {
            pid: getty,
            session: getty,
            ..record(LOGIN, b"tty1", b"tty1", b"LOGIN", Vec::new(), booted + 9)
        },
        Record { pid: 53, ..record(RUN_LEVEL, b"~", b"~~", b"runlevel", kernel, booted + 14) },
    ]
}

/// /run/utmp
pub(crate) fn utmp(world: &World) -> Vec<u8> {
    let mut records = started(world, world.machine.booted(world.now)).to_vec();
    records.extend(own(world));
    bytes(&records)
}

/// Where the administrator comes from.
pub(crate) fn home_address(world: &World) -> Ipv4Addr {
    let mut dice = world.machine.dice("administrator");
    let first = dice.one_of(&[24, 31, 46, 62, 77, 78, 79, 81, 82, 84, 85, 86, 87, 88, 91, 93], 84);
    let mut byte = || u8::try_from(1 + dice.below(253)).unwrap_or(7);
    Ipv4Addr::new(first, byte(), byte(), byte())
}

/// Logins of the administrator since an instant: when, for how long, as whom.
pub(crate) fn visits(world: &World, since: i64) -> Vec<(i64, i64, Vec<u8>)> {
    let machine = &world.machine;
    let now = seconds(world.now);
    let mut all = Vec::new();
    let first = since.max(machine.installed).div_euclid(86_400);
    for day in first..=now.div_euclid(86_400) {
        let mut dice = Dice(day.unsigned_abs() ^ machine.ids[1]);
        // Two days of a week.
        if dice.below(7) > 1 {
            continue;
        }
        let at = day * 86_400 + 7 * 3_600 + dice.below(12 * 3_600);
        let long = 90 + dice.below(3_000);
        let user = if dice.below(3) == 0 { "root" } else { machine.user };
        // Nobody is there when somebody comes.
        if at >= since && at + long < now - 7_200 {
            all.push((at, long, user.as_bytes().to_vec()));
        }
    }
    all
}

/// The first instant of the month in which `now` is, as `logrotate` keeps a month's logins.
fn month(now: i64) -> i64 {
    let date = crate::calendar::Date::new(now);
    now.div_euclid(86_400) * 86_400 - (date.day - 1) * 86_400
}

/// /var/log/wtmp
pub(crate) fn wtmp(world: &World) -> Vec<u8> {
    let now = seconds(world.now);
    let since = month(now).max(world.machine.installed);
    let host = home_address(world);
    let mut records = Vec::new();
    let booted = world.machine.booted(world.now);
    if booted >= since {
        records.extend(started(world, booted));
    }
    for (at, long, user) in visits(world, since) {
        let pid = 1_500 + u32::try_from((at - booted).max(0) / 3).unwrap_or(0) % 4_000_000;
        let login = Record {
            kind: USER,
            pid,
            line: b"pts/0".to_vec(),
            id: b"ts/0".to_vec(),
            user,
            host: host.to_string().into_bytes(),
            session: 0,
            at,
            micros: 20_411,
            address: octets(host.into()),
        };
        let logout = Record {
            kind: DEAD,
            user: Vec::new(),
            host: Vec::new(),
            at: at + long,
            address: [0; 16],
            ..login.clone()
        };
        records.extend([login, logout]);
    }
    records.sort_by_key(|record| record.at);
    records.extend(own(world));
    bytes(&records)
}

/// Who tries passwords at a machine in the open: address, name and instant, of the days since.
pub(crate) fn attempts(world: &World, since: i64) -> Vec<(i64, Ipv4Addr, &'static str, u16)> {
    const NAMES: &[&str] = &[
        "root", "root", "root", "admin", "ubuntu", "test", "user", "oracle", "postgres", "git",
        "ftpuser", "debian", "pi", "hadoop", "guest", "mysql", "nagios", "es", "dev", "steam",
    ];
    let machine = &world.machine;
    let now = seconds(world.now);
    let mut all = Vec::new();
    // A few tries every hour.
    for hour in since.max(machine.installed).div_euclid(3_600)..=now.div_euclid(3_600) {
        let mut dice = Dice(hour.unsigned_abs() ^ machine.ids[0]);
        let mut at = hour * 3_600 + dice.below(900);
        for _ in 0..1 + dice.below(3) {
            let [a, b, c, d, ..] = dice.roll().to_le_bytes();
            let address = Ipv4Addr::new(60 + a % 130, b, c, d.clamp(1, 254));
            let name = dice.one_of(NAMES, "root");
            let port = u16::try_from(32_768 + dice.below(28_000)).unwrap_or(40_000);
            if at >= since && at < now - 30 {
                all.push((at, address, name, port));
            }
            at += 60 + dice.below(1_000);
        }
    }
    all
}

/// /var/log/btmp
pub(crate) fn btmp(world: &World) -> Vec<u8> {
    let since = month(seconds(world.now)).max(seconds(world.now) - 12 * 86_400);
    let records: Vec<Record> = attempts(world, since)
        .into_iter()
        .map(|(at, host, user, port)| Record {
            kind: LOGIN,
            pid: 1_500 + u32::from(port),
            line: b"ssh:notty".to_vec(),
            user: user.as_bytes().to_vec(),
            host: host.to_string().into_bytes(),
            at,
            address: octets(host.into()),
            ..Record::default()
        })
        .collect();
    bytes(&records)
}

/// /var/log/lastlog: a record for each number of a user.
pub(crate) fn lastlog(world: &World) -> Vec<u8> {
    let mut out = Vec::new();
    let visits = visits(world, seconds(world.now) - 90 * 86_400);
    let host = home_address(world).to_string();
    let own = world.tty.is_there().then(|| world.login.peer.ip().to_canonical().to_string());
    for uid in [0, 1_000, world.user.uid.max(1_000)] {
        let name = if uid == 0 { b"root".to_vec() } else { world.machine.user.as_bytes().to_vec() };
        let last = visits.iter().rev().find(|(_, _, user)| *user == name);
        let (at, host) = match (&own, last) {
            (Some(own), _) if uid == world.user.uid => (world.logged_in, own.clone()),
            (_, Some((at, _, _))) if uid <= 1_000 => (*at, host.clone()),
            _ => continue,
        };
        let Ok(uid) = usize::try_from(uid) else { continue };
        // A number far away would make a long file; the real one has holes.
        if uid > 2_000 {
            continue;
        }
        out.resize(out.len().max((uid + 1) * 292), 0);
        let mut record = u32::try_from(at).unwrap_or(0).to_le_bytes().to_vec();
        record.extend_from_slice(b"pts/0");
        record.resize(36, 0);
        record.extend_from_slice(host.as_bytes());
        record.resize(292, 0);
        if let Some(place) = out.get_mut(uid * 292..(uid + 1) * 292) {
            place.copy_from_slice(&record);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_are_written() {
        let record = Record {
            kind: USER,
            pid: 77,
            line: b"pts/3".to_vec(),
            id: b"ts/3".to_vec(),
            user: b"root".to_vec(),
            host: b"192.0.2.4".to_vec(),
            session: 5,
            at: 1_700_000_000,
            micros: 9,
            address: [1; 16],
        };
        let mut out = Vec::new();
        record.put(&mut out);
        assert_eq!(out.len(), RECORD_BYTES);
        out.extend_from_slice(b"rest");
        assert_eq!(parse(&out), [record]);
    }
}
