//! Files whose content is computed when they are read: what the kernel says, and who has an account.

use crate::commands::load::{load, memory, up_seconds};
use crate::files::Live;
use crate::shell::{Shell, User};
use decnet_core::event::Timestamp;

/// What the kernel says in a file of its own.
pub(crate) fn live(shell: &mut Shell, now: Timestamp, live: Live) -> Vec<u8> {
    let machine = std::sync::Arc::clone(&shell.machine);
    match live {
        Live::Cpuinfo => {
            (0..machine.cpus).flat_map(|index| cpu_text(&machine, index).into_bytes()).collect()
        }
        Live::Meminfo => {
            let memory = memory(shell, now);
            [
                ("MemTotal:", memory.total),
                ("MemFree:", memory.free),
                ("MemAvailable:", memory.available),
                ("Buffers:", memory.buffers),
                ("Cached:", memory.cached),
                ("SwapCached:", 0),
                ("SwapTotal:", 0),
                ("SwapFree:", 0),
                ("Shmem:", memory.shared),
            ]
            .iter()
            .flat_map(|(name, value)| format!("{name:<15} {value:8} kB\n").into_bytes())
            .collect()
        }
        Live::Uptime => {
            let up = up_seconds(shell, now);
            let idle = up * i64::from(machine.cpus) * 98 / 100;
            format!("{up}.{:02} {idle}.{:02}\n", up % 97, idle % 89).into_bytes()
        }
        Live::Loadavg => {
            let [one, five, fifteen] = load(shell, now);
            format!("{one} {five} {fifteen} 1/{} {}\n", 118 + machine.cpus * 9, shell.pid)
                .into_bytes()
        }
        Live::Version => format!(
            "Linux version {} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) \
             12.2.0, GNU ld (GNU Binutils for Debian) 2.40) {}\n",
            machine.kernel, machine.kernel_version
        )
        .into_bytes(),
        Live::Mounts => format!(
            "sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\n\
             proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n\
             udev /dev devtmpfs rw,nosuid,relatime,size={}k,nr_inodes={},mode=755,inode64 0 0\n\
             devpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000 0 0\n\
             tmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,size={}k,mode=755,inode64 0 0\n\
             /dev/vda1 / ext4 rw,relatime,errors=remount-ro 0 0\n",
            machine.memory_kib / 2 - 20_000,
            machine.memory_kib / 8 - 5_000,
            machine.memory_kib / 10
        )
        .into_bytes(),
        Live::Passwd => {
            let mut text = crate::files::base::PASSWD.to_owned();
            for user in people(shell) {
                let (name, home) = (user.name, user.home);
                let (name, home) = (String::from_utf8_lossy(&name), String::from_utf8_lossy(&home));
                let (uid, gid) = (user.uid, user.gid);
                text.push_str(&format!("{name}:x:{uid}:{gid}:,,,:{home}:/bin/bash\n"));
            }
            text.into_bytes()
        }
        Live::Group => {
            let mut text = crate::files::base::GROUP.replace("%user%", machine.user);
            for user in people(shell) {
                text.push_str(&format!(
                    "{}:x:{}:\n",
                    String::from_utf8_lossy(&user.name),
                    user.gid
                ));
            }
            text.into_bytes()
        }
    }
}

/// Users with a shell, but for root.
fn people(shell: &mut Shell) -> Vec<User> {
    let machine = std::sync::Arc::clone(&shell.machine);
    let mut list: Vec<User> =
        User::by_name(&machine, machine.user.as_bytes()).into_iter().collect();
    let own = &shell.first.user;
    if own.uid > 1000 {
        list.push(own.clone());
    }
    list
}

fn cpu_text(machine: &crate::Machine, index: u32) -> String {
    let cpu = machine.cpu;
    let [family, model, stepping] = cpu.ids;
    let (vendor, name, mhz, cache) = (cpu.vendor, cpu.name, cpu.mhz, cpu.cache_kib);
    let cores = machine.cpus;
    format!(
        "processor\t: {index}\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\n\
         model name\t: {name}\nstepping\t: {stepping}\nmicrocode\t: 0x1\ncpu MHz\t\t: {mhz}\n\
         cache size\t: {cache} KB\nphysical id\t: 0\nsiblings\t: {cores}\ncore id\t\t: {index}\n\
         cpu cores\t: {cores}\napicid\t\t: {index}\ninitial apicid\t: {index}\nfpu\t\t: yes\n\
         fpu_exception\t: yes\ncpuid level\t: 13\nwp\t\t: yes\nflags\t\t: fpu vme de pse tsc msr \
         pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx \
         rdtscp lm constant_tsc rep_good nopl cpuid pni pclmulqdq ssse3 fma cx16 sse4_1 sse4_2 \
         x2apic movbe popcnt aes xsave avx f16c rdrand hypervisor lahf_lm abm avx2 bmi1 bmi2\n\
         bugs\t\t: spectre_v1 spectre_v2 spec_store_bypass\nclflush size\t: 64\n\
         cache_alignment\t: 64\naddress sizes\t: 40 bits physical, 48 bits virtual\n\
         power management:\n\n"
    )
}
