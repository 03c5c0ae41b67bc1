//! Colors of names, and `dircolors`.
//!
//! **Invariant:** which color is a function of what a file is and of `LS_COLORS`.

use super::Entry;
use crate::commands::Flag;
use crate::commands::files::about::options;
use crate::kernel::Proc;
use crate::process::{BLOCK, DEVICE, FIFO, FOLDER, KIND_BITS, LINK, SOCKET, Stat};
use std::collections::BTreeMap;

/// What `LS_COLORS` says.
#[derive(Clone, Debug)]
pub(super) struct Colors {
    kinds: BTreeMap<Vec<u8>, Vec<u8>>,
    /// By the end of the name; the last one that fits counts.
    ends: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Ends of names that have colors.
const ENDS: usize = 1_024;

/// The colors of `ls` without `LS_COLORS`.
const USUAL: &[u8] =
    b"di=01;34:ln=01;36:pi=33:so=01;35:do=01;35:bd=01;33:cd=01;33:su=37;41:sg=30;43:\
tw=30;42:ow=34;42:st=37;44:ex=01;32";

impl Colors {
    pub(super) fn read(variable: Option<&[u8]>) -> Self {
        let mut colors = Self { kinds: BTreeMap::new(), ends: Vec::new() };
        colors.add(USUAL);
        colors.add(variable.unwrap_or_default());
        colors
    }

    fn add(&mut self, text: &[u8]) {
        for word in text.split(|&b| b == b':') {
            let mut parts = word.splitn(2, |&b| b == b'=');
            let (Some(name), Some(code)) = (parts.next(), parts.next()) else { continue };
            match name.strip_prefix(b"*") {
                Some(end) if self.ends.len() < ENDS => {
                    self.ends.push((end.to_vec(), code.to_vec()));
                }
                Some(_) => {}
                None => {
                    self.kinds.insert(name.to_vec(), code.to_vec());
                }
            }
        }
    }

    fn kind(&self, name: &[u8]) -> Option<Vec<u8>> {
        let code = self.kinds.get(name)?;
        let nothing = matches!(code.as_slice(), b"" | b"0" | b"00");
        (!nothing).then(|| code.clone())
    }

    /// The color of a name.
    pub(super) fn of(&self, entry: &Entry) -> Option<Vec<u8>> {
        let stat = entry.stat?;
        if stat.is(LINK) {
            let there = entry.target.as_ref().and_then(|(_, there)| there.as_ref());
            return match (self.kinds.get(&b"ln"[..]).map(Vec::as_slice), there) {
                (Some(b"target"), Some(there)) => self.of_file(&entry.name, there),
                (_, None) => self.kind(b"or").or_else(|| self.kind(b"ln")),
                (_, Some(_)) => self.kind(b"ln"),
            };
        }
        self.of_file(&entry.name, &stat)
    }

    /// The color of what a link leads to.
    pub(super) fn of_target(&self, name: &[u8], there: Option<&Stat>) -> Option<Vec<u8>> {
        match there {
            Some(stat) => self.of_file(name, stat),
            None => self.kind(b"mi").or_else(|| {
                if self.kinds.contains_key(&b"mi"[..]) { None } else { self.kind(b"or") }
            }),
        }
    }

    fn of_file(&self, name: &[u8], stat: &Stat) -> Option<Vec<u8>> {
        let kind: &[u8] = match stat.mode & KIND_BITS {
            FOLDER => match stat.mode & 0o1002 {
                0o1002 => b"tw",
                0o0002 => b"ow",
                0o1000 => b"st",
                _ => b"di",
            },
            DEVICE => b"cd",
            BLOCK => b"bd",
            FIFO => b"pi",
            SOCKET => b"so",
            _ if stat.mode & 0o4000 != 0 => b"su",
            _ if stat.mode & 0o2000 != 0 => b"sg",
            _ if stat.mode & 0o111 != 0 => b"ex",
            _ => {
                let lower = name.to_ascii_lowercase();
                let end = self.ends.iter().rev().find(|(end, _)| lower.ends_with(end));
                return end.map(|(_, code)| code.clone());
            }
        };
        self.kind(kind)
    }
}

/// What `dircolors` sets.
const DIRCOLORS: &str = "\
rs=0:di=01;34:ln=01;36:mh=00:pi=40;33:so=01;35:do=01;35:bd=40;33;01:cd=40;33;01:or=40;31;01:mi=0\
0:su=37;41:sg=30;43:ca=00:tw=30;42:ow=34;42:st=37;44:ex=01;32:*.tar=01;31:*.tgz=01;31:*.arc=01;3\
1:*.arj=01;31:*.taz=01;31:*.lha=01;31:*.lz4=01;31:*.lzh=01;31:*.lzma=01;31:*.tlz=01;31:*.txz=01;\
31:*.tzo=01;31:*.t7z=01;31:*.zip=01;31:*.z=01;31:*.dz=01;31:*.gz=01;31:*.lrz=01;31:*.lz=01;31:*.\
lzo=01;31:*.xz=01;31:*.zst=01;31:*.tzst=01;31:*.bz2=01;31:*.bz=01;31:*.tbz=01;31:*.tbz2=01;31:*.\
tz=01;31:*.deb=01;31:*.rpm=01;31:*.jar=01;31:*.war=01;31:*.ear=01;31:*.sar=01;31:*.rar=01;31:*.a\
lz=01;31:*.ace=01;31:*.zoo=01;31:*.cpio=01;31:*.7z=01;31:*.rz=01;31:*.cab=01;31:*.wim=01;31:*.sw\
m=01;31:*.dwm=01;31:*.esd=01;31:*.avif=01;35:*.jpg=01;35:*.jpeg=01;35:*.mjpg=01;35:*.mjpeg=01;35\
:*.gif=01;35:*.bmp=01;35:*.pbm=01;35:*.pgm=01;35:*.ppm=01;35:*.tga=01;35:*.xbm=01;35:*.xpm=01;35\
:*.tif=01;35:*.tiff=01;35:*.png=01;35:*.svg=01;35:*.svgz=01;35:*.mng=01;35:*.pcx=01;35:*.mov=01;\
35:*.mpg=01;35:*.mpeg=01;35:*.m2v=01;35:*.mkv=01;35:*.webm=01;35:*.webp=01;35:*.ogm=01;35:*.mp4=\
01;35:*.m4v=01;35:*.mp4v=01;35:*.vob=01;35:*.qt=01;35:*.nuv=01;35:*.wmv=01;35:*.asf=01;35:*.rm=0\
1;35:*.rmvb=01;35:*.flc=01;35:*.avi=01;35:*.fli=01;35:*.flv=01;35:*.gl=01;35:*.dl=01;35:*.xcf=01\
;35:*.xwd=01;35:*.yuv=01;35:*.cgm=01;35:*.emf=01;35:*.ogv=01;35:*.ogx=01;35:*.aac=00;36:*.au=00;\
36:*.flac=00;36:*.m4a=00;36:*.mid=00;36:*.midi=00;36:*.mka=00;36:*.mp3=00;36:*.mpc=00;36:*.ogg=0\
0;36:*.ra=00;36:*.wav=00;36:*.oga=00;36:*.opus=00;36:*.spx=00;36:*.xspf=00;36:*~=00;90:*#=00;90:\
*.bak=00;90:*.old=00;90:*.orig=00;90:*.part=00;90:*.rej=00;90:*.swp=00;90:*.tmp=00;90:*.dpkg-dis\
t=00;90:*.dpkg-old=00;90:*.ucf-dist=00;90:*.ucf-new=00;90:*.ucf-old=00;90:*.rpmnew=00;90:*.rpmor\
ig=00;90:*.rpmsave=00;90:\
";

const BOURNE: u8 = b'b';
const C_SHELL: u8 = b'c';

pub(super) async fn dircolors(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(BOURNE, "sh"),
        Flag::new(BOURNE, "bourne-shell"),
        Flag::new(C_SHELL, "csh"),
        Flag::new(C_SHELL, "c-shell"),
        Flag::new(b'p', "print-database"),
        Flag::new(128, "print-ls-colors"),
    ];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let colors = DIRCOLORS.trim_end();
    let shell = p.var("SHELL").unwrap_or_default().to_vec();
    if given.has(C_SHELL) || !given.has(BOURNE) && shell.ends_with(b"csh") {
        p.line(format!("setenv LS_COLORS '{colors}'"));
    } else if !given.has(BOURNE) && shell.is_empty() {
        p.say(&[b"no SHELL environment variable, and no shell type option given"]);
        return 1;
    } else {
        p.line(format!("LS_COLORS='{colors}';"));
        p.line("export LS_COLORS");
    }
    0
}
