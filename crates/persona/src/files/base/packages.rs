//! The packages of the machine, as `dpkg` knows them.
//!
//! **Invariant:** a list of facts of Debian 12; versions that belong to a point release are the
//! machine's.

use crate::machine::Machine;
use std::sync::LazyLock;

/// A package.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package {
    /// Its name; `%k` is the kernel's release.
    pub(crate) name: &'static str,
    version: &'static str,
    pub(crate) architecture: &'static str,
    pub(crate) section: &'static str,
    pub(crate) priority: &'static str,
    /// KiB.
    pub(crate) size: &'static str,
    /// Where that has another name.
    pub(crate) source: &'static str,
    /// `foreign`, `same`, `allowed` or `no`.
    pub(crate) multi: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) pre_depends: &'static str,
    pub(crate) depends: &'static str,
    /// Ends of the names of its files in /var/lib/dpkg/info.
    pub(crate) info: &'static str,
    pub(crate) homepage: &'static str,
}

/// All packages, by name.
pub(crate) static PACKAGES: LazyLock<Vec<Package>> = LazyLock::new(|| {
    include_str!("../../../data/packages.txt").lines().filter_map(package).collect()
});

fn package(line: &'static str) -> Option<Package> {
    let mut fields = line.split('\t');
    let mut next = || fields.next();
    Some(Package {
        name: next()?,
        version: next()?,
        architecture: next()?,
        section: next()?,
        priority: next()?,
        size: next()?,
        source: next()?,
        multi: next()?,
        summary: next()?,
        pre_depends: next()?,
        depends: next()?,
        info: next()?,
        homepage: next()?,
    })
}

impl Package {
    /// Its name on that machine.
    pub(crate) fn full_name(&self, machine: &Machine) -> String {
        self.name.replace("%k", machine.kernel)
    }

    /// As files of /var/lib/dpkg/info are called.
    pub(crate) fn file_name(&self, machine: &Machine) -> String {
        let name = self.full_name(machine);
        if self.multi == "same" { format!("{name}:{}", self.architecture) } else { name }
    }

    pub(crate) fn version(&self, machine: &Machine) -> String {
        let minor = machine.debian.rsplit('.').next().unwrap_or("0");
        let update = machine.openssh.rsplit('u').next().unwrap_or("0");
        match self.name {
            "base-files" => format!("12.4+deb12u{minor}"),
            "linux-image-%k" | "linux-image-amd64" => machine.kernel_package.to_owned(),
            name if name.starts_with("openssh-") => format!("1:9.2p1-2+deb12u{update}"),
            _ => self.version.to_owned(),
        }
    }

    /// What /var/lib/dpkg/status has of it.
    pub(crate) fn status(&self, machine: &Machine) -> String {
        let mut text = format!(
            "Package: {}\nStatus: install ok installed\nPriority: {}\nSection: {}\n\
             Installed-Size: {}\nMaintainer: Debian Maintainers <packages@lists.debian.org>\n\
             Architecture: {}\n",
            self.full_name(machine),
            self.priority,
            self.section,
            self.size,
            self.architecture
        );
        let mut field = |name: &str, value: &str| {
            if !value.is_empty() && value != "no" {
                text.push_str(&format!("{name}: {}\n", value.replace("%k", machine.kernel)));
            }
        };
        field("Multi-Arch", self.multi);
        field("Source", self.source);
        field("Version", &self.version(machine));
        field("Pre-Depends", self.pre_depends);
        field("Depends", self.depends);
        field("Description", self.summary);
        field("Homepage", self.homepage);
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_belong_together_are_in_step() {
        let machine = Machine::from_seed(7);
        let version = |name: &str| {
            PACKAGES.iter().find(|package| package.name == name).expect("known").version(&machine)
        };
        assert!(machine.openssh.ends_with(version("openssh-server").rsplit('-').next().unwrap()));
        assert!(version("base-files").ends_with(machine.debian.rsplit('.').next().unwrap()));
        assert!(PACKAGES.len() > 300);
        for package in PACKAGES.iter() {
            assert!(
                package.architecture == "all" || package.architecture == "amd64",
                "{package:?}"
            );
        }
    }
}
