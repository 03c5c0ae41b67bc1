//! Versions that belong together: the kernel, Debian's point release and the SSH server.
//!
//! **Invariant:** what is in one row was current at the same time.

#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    pub(super) kernel: &'static str,
    pub(super) package: &'static str,
    pub(super) date: &'static str,
    pub(super) debian: &'static str,
    pub(super) openssh: &'static str,
    /// When the kernel package was built, seconds since 1970.
    pub(super) built: i64,
}

pub(super) const FIRST: Release = Release {
    kernel: "6.1.0-50-amd64",
    package: "6.1.176-1",
    date: "2026-07-02",
    debian: "12.15",
    openssh: "9.2p1 Debian-2+deb12u10",
    built: 1_782_950_400,
};

pub(super) const ALL: &[Release] = &[
    FIRST,
    Release {
        kernel: "6.1.0-51-amd64",
        package: "6.1.177-1",
        date: "2026-07-16",
        debian: "12.15",
        openssh: "9.2p1 Debian-2+deb12u10",
        built: 1_784_160_000,
    },
    Release {
        kernel: "6.1.0-52-amd64",
        package: "6.1.180-1",
        date: "2026-08-03",
        debian: "12.15",
        openssh: "9.2p1 Debian-2+deb12u10",
        built: 1_785_715_200,
    },
    Release {
        kernel: "6.1.0-49-amd64",
        package: "6.1.174-1",
        date: "2026-05-26",
        debian: "12.14",
        openssh: "9.2p1 Debian-2+deb12u10",
        built: 1_779_753_600,
    },
    Release {
        kernel: "6.1.0-48-amd64",
        package: "6.1.172-1",
        date: "2026-05-15",
        debian: "12.14",
        openssh: "9.2p1 Debian-2+deb12u10",
        built: 1_778_803_200,
    },
    Release {
        kernel: "6.1.0-44-amd64",
        package: "6.1.164-1",
        date: "2026-03-09",
        debian: "12.13",
        openssh: "9.2p1 Debian-2+deb12u7",
        built: 1_773_014_400,
    },
    Release {
        kernel: "6.1.0-43-amd64",
        package: "6.1.162-1",
        date: "2026-02-08",
        debian: "12.13",
        openssh: "9.2p1 Debian-2+deb12u7",
        built: 1_770_508_800,
    },
];
