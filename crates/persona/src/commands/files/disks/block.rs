//! `lsblk`, `blkid`, `fdisk`, `swapon`, `swapoff`.
//!
//! **Invariant:** there is one disk with one partition, whose size and names agree everywhere.

use super::{bad_usage, branches, lossy, read, table};
use crate::commands::Flag;
use crate::commands::files::stat::Room;
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::machine::Dice;

/// The disk: bytes of it, of its partition, and what its partition is called.
struct Disk {
    bytes: u64,
    part: u64,
    uuid: String,
    label: u32,
}

fn disk(p: &Proc) -> Disk {
    p.world.with(|world| {
        let gib = world.machine.disk_kib.div_ceil(1_048_576 * 98 / 100).max(1);
        let bytes = gib << 30;
        let fstab = crate::people::text(&world.files, b"/etc/fstab");
        let fstab = String::from_utf8_lossy(&fstab).into_owned();
        let uuid = fstab.split_whitespace().find_map(|word| word.strip_prefix("UUID="));
        let label = u32::try_from(Dice(world.machine.ids[1]).roll() >> 32).unwrap_or(0);
        Disk { bytes, part: bytes - (2 << 20), uuid: uuid.unwrap_or_default().to_owned(), label }
    })
}

/// `20G`, `19.9G`: rounded to one decimal.
fn short(bytes: u64) -> String {
    let mut scale = 1_u64;
    let mut unit = 'B';
    for next in ['K', 'M', 'G', 'T'] {
        if bytes / scale < 1_024 {
            break;
        }
        scale <<= 10;
        unit = next;
    }
    let tenths = (u128::from(bytes) * 20 / u128::from(scale)).div_ceil(2);
    if tenths.is_multiple_of(10) {
        format!("{}{unit}", tenths / 10)
    } else {
        format!("{}.{}{unit}", tenths / 10, tenths % 10)
    }
}

pub(super) async fn lsblk(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b'a', "all"),
        Flag::new(b'b', "bytes"),
        Flag::new(b'd', "nodeps"),
        Flag::new(b'f', "fs"),
        Flag::new(b'i', "ascii"),
        Flag::new(b'l', "list"),
        Flag::new(b'n', "noheadings"),
        Flag::with(b'o', "output"),
        Flag::new(b'p', "paths"),
        Flag::new(b'P', "pairs"),
        Flag::new(b'r', "raw"),
        Flag::new(b'm', "perms"),
        Flag::new(b'e', ""),
        Flag::new(b'J', "json"),
        Flag::new(b'S', "scsi"),
        Flag::new(b't', "topology"),
    ];
    let given = match read(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let disk = disk(p);
    let mut rows = vec![("vda", 0, disk.bytes), ("vda1", 1, disk.part)];
    if let Some(name) = given.rest.first() {
        let wanted = lossy(name).trim_start_matches("/dev/").to_owned();
        rows.retain(|(row, ..)| *row == wanted || wanted == "vda");
        if rows.is_empty() {
            p.say(&[name, b": not a block device"]);
            return 32;
        }
    }
    if given.has(b'd') {
        rows.truncate(1);
    }
    let usual: &[&str] = if given.has(b'f') {
        &["NAME", "FSTYPE", "FSVER", "LABEL", "UUID", "FSAVAIL", "FSUSE%", "MOUNTPOINTS"]
    } else {
        &["NAME", "MAJ:MIN", "RM", "SIZE", "RO", "TYPE", "MOUNTPOINTS"]
    };
    let columns: Vec<String> = match given.value(b'o') {
        Some(words) => {
            words.split(|&b| b == b',').map(|word| lossy(&word.to_ascii_uppercase())).collect()
        }
        None => usual.iter().map(|name| (*name).to_owned()).collect(),
    };
    let room = p.fs(|process| Room::of(process, b""));
    let branch = if given.has(b'i') { "`-" } else { branches(p).last };
    let mut lines = if given.has(b'n') { Vec::new() } else { vec![columns.clone()] };
    for (name, minor, bytes) in rows {
        let part = minor == 1;
        let cell = |column: &String| {
            let only = |text: &str| if part { text.to_owned() } else { String::new() };
            match column.as_str() {
                "NAME" => {
                    let lead =
                        if part && !given.has(b'l') && !given.has(b'r') { branch } else { "" };
                    let folder = if given.has(b'p') { "/dev/" } else { "" };
                    format!("{lead}{folder}{name}")
                }
                "KNAME" => name.to_owned(),
                "PATH" => format!("/dev/{name}"),
                "MAJ:MIN" => format!("254:{minor}"),
                "RM" | "RO" => "0".to_owned(),
                "SIZE" if given.has(b'b') => bytes.to_string(),
                "SIZE" => short(bytes),
                "TYPE" => if part { "part" } else { "disk" }.to_owned(),
                "MOUNTPOINT" | "MOUNTPOINTS" => only("/"),
                "FSTYPE" => only("ext4"),
                "FSVER" => only("1.0"),
                "UUID" => only(&disk.uuid),
                "PARTUUID" => only(&format!("{:08x}-01", disk.label)),
                "FSAVAIL" => only(&short(room.available * 4_096)),
                "FSUSE%" => {
                    let used = room.blocks.saturating_sub(room.free);
                    only(&format!("{}%", used * 100 / room.blocks.max(1)))
                }
                "FSSIZE" => only(&short(room.blocks * 4_096)),
                "FSUSED" => only(&short(room.blocks.saturating_sub(room.free) * 4_096)),
                "OWNER" => "root".to_owned(),
                "GROUP" => "disk".to_owned(),
                "MODE" => "brw-rw----".to_owned(),
                "PKNAME" => only("vda"),
                "VENDOR" if !part => "0x1af4".to_owned(),
                _ => String::new(),
            }
        };
        lines.push(columns.iter().map(cell).collect());
    }
    let right = |column: &String| {
        matches!(column.as_str(), "MAJ:MIN" | "RM" | "SIZE" | "RO" | "FSAVAIL" | "FSUSE%")
    };
    let mut right: Vec<bool> = columns.iter().map(right).collect();
    if let Some(at) = columns.iter().position(|column| column == "MAJ:MIN")
        && let Some(place) = right.get_mut(at)
    {
        *place = false;
    }
    table(p, &lines, &right);
    0
}

pub(super) async fn blkid(p: &mut Proc) -> u32 {
    let flags = [
        Flag::with(b's', "match-tag"),
        Flag::with(b'o', "output"),
        Flag::with(b'c', "cache-file"),
        Flag::with(b't', "match-token"),
        Flag::with(b'L', "label"),
        Flag::with(b'U', "uuid"),
        Flag::new(b'p', "probe"),
        Flag::new(b'g', "garbage-collect"),
        Flag::new(b'l', "list-one"),
        Flag::new(b'k', "list-filesystems"),
        Flag::new(b'i', "info"),
        Flag::new(b'd', "no-encoding"),
    ];
    let given = match read(p, &flags, 4) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let disk = disk(p);
    if let Some(uuid) = given.value(b'U') {
        if uuid == disk.uuid.as_bytes() {
            p.line("/dev/vda1");
            return 0;
        }
        return 2;
    }
    let named = given.rest.is_empty() || given.rest.iter().any(|name| name == b"/dev/vda1");
    if !named || given.has(b'L') || p.user.uid != 0 {
        if named || !given.rest.iter().any(|name| name == b"/dev/vda") || p.user.uid != 0 {
            return 2;
        }
        p.line(format!("/dev/vda: PTUUID=\"{:08x}\" PTTYPE=\"dos\"", disk.label));
        return 0;
    }
    let tags = [
        ("UUID", disk.uuid.clone()),
        ("BLOCK_SIZE", "4096".to_owned()),
        ("TYPE", "ext4".to_owned()),
        ("PARTUUID", format!("{:08x}-01", disk.label)),
    ];
    let wanted: Vec<&(&str, String)> = tags
        .iter()
        .filter(|(name, _)| given.value(b's').is_none_or(|tag| tag == name.as_bytes()))
        .collect();
    match given.value(b'o') {
        Some(b"value") => {
            for (_, value) in wanted {
                p.line(value);
            }
        }
        Some(b"device") => p.line("/dev/vda1"),
        Some(b"export") => {
            p.line("DEVNAME=/dev/vda1");
            for (name, value) in wanted {
                p.line(format!("{name}={value}"));
            }
        }
        Some(_) | None => {
            let text: Vec<String> =
                wanted.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
            p.line(format!("/dev/vda1: {}", text.join(" ")));
        }
    }
    0
}

pub(super) async fn swapon(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b'a', "all"),
        Flag::maybe(b'd', "discard"),
        Flag::new(b'e', "ifexists"),
        Flag::new(b'f', "fixpgsz"),
        Flag::with(b'o', "options"),
        Flag::with(b'p', "priority"),
        Flag::new(b's', "summary"),
        Flag::maybe(128, "show"),
        Flag::new(129, "noheadings"),
        Flag::new(130, "bytes"),
        Flag::new(b'v', "verbose"),
    ];
    let given = match read(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mut status = 0;
    for name in &given.rest {
        match p.stat(name, Last::Follow) {
            Err(fault) => p.say(&[b"cannot open ", name, b": ", fault.text().as_bytes()]),
            Ok(_) if p.user.uid != 0 => {
                p.say(&[b"cannot open ", name, b": ", Fault::Denied.text().as_bytes()]);
            }
            Ok(_) => p.say(&[name, b": read swap header failed"]),
        }
        status = 255;
    }
    status
}

pub(super) async fn swapoff(p: &mut Proc) -> u32 {
    let flags = [Flag::new(b'a', "all"), Flag::new(b'v', "verbose")];
    let given = match read(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() && !given.has(b'a') {
        return bad_usage(p, 16);
    }
    let mut status = 0;
    for name in &given.rest {
        let fault = match p.stat(name, Last::Follow) {
            Ok(_) => Fault::Invalid,
            Err(fault) => fault,
        };
        p.say(&[name, b": swapoff failed: ", fault.text().as_bytes()]);
        status = 4;
    }
    status
}

pub(super) async fn fdisk(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b'l', "list"),
        Flag::new(b'x', "list-details"),
        Flag::with(b'b', "sector-size"),
        Flag::maybe(b'u', "units"),
        Flag::new(b's', "getsz"),
        Flag::with(b'o', "output"),
    ];
    let given = match read(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() && !given.has(b'l') && !given.has(b'x') {
        return bad_usage(p, 1);
    }
    let disk = disk(p);
    let here = [b"/dev/vda".to_vec()];
    let names = if given.rest.is_empty() { &here[..] } else { &given.rest };
    let mut status = 0;
    for name in names {
        let fault = match p.stat(name, Last::Follow) {
            Ok(_) if p.user.uid != 0 => Some(Fault::Denied),
            Ok(_) => None,
            Err(fault) => Some(fault),
        };
        if let Some(fault) = fault {
            if !given.rest.is_empty() {
                p.say(&[b"cannot open ", name, b": ", fault.text().as_bytes()]);
                status = 1;
            }
            continue;
        }
        let part = name == b"/dev/vda1";
        if !given.has(b'l') && !given.has(b'x') {
            p.line("\nWelcome to fdisk (util-linux 2.38.1).");
            p.line("Changes will remain in memory only, until you decide to write them.");
            p.line("Be careful before using the write command.\n");
            p.line("\nCommand (m for help): ");
            return 0;
        }
        let bytes = if part { disk.part } else { disk.bytes };
        let hundredths = (bytes * 100) >> 30;
        let gib = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        let size = format!("{} GiB", gib.trim_end_matches('0').trim_end_matches('.'));
        let name = lossy(name);
        p.line(format!("Disk {name}: {size}, {bytes} bytes, {} sectors", bytes / 512));
        p.line("Units: sectors of 1 * 512 = 512 bytes");
        p.line("Sector size (logical/physical): 512 bytes / 512 bytes");
        p.line("I/O size (minimum/optimal): 512 bytes / 512 bytes");
        if part {
            continue;
        }
        p.line("Disklabel type: dos");
        p.line(format!("Disk identifier: 0x{:08x}\n", disk.label));
        let (start, count) = (2_048, disk.part / 512 - 2_048);
        let end = start + count - 1;
        let lines = [
            ["Device", "Boot", "Start", "End", "Sectors", "Size", "Id", "Type"].map(str::to_owned),
            [
                "/dev/vda1".to_owned(),
                "*".to_owned(),
                start.to_string(),
                end.to_string(),
                count.to_string(),
                short(count * 512),
                "83".to_owned(),
                "Linux".to_owned(),
            ],
        ]
        .map(|line| line.to_vec());
        table(p, &lines, &[false, false, true, true, true, true, true, false]);
    }
    status
}
