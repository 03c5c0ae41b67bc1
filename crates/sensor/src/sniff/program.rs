//! Classic BPF, written from its end.
//!
//! **Invariant:** jumps lead forwards only, so that whoever writes backwards knows every target; a
//! target too far for the eight bits of a condition is reached over an unconditional jump nearby.

use std::collections::BTreeMap;

/// An instruction of classic BPF, as `struct sock_filter` of `linux/filter.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Class, size, mode or operation.
    pub code: u16,
    /// Instructions to skip if the condition holds.
    pub if_true: u8,
    /// Instructions to skip if it does not.
    pub if_false: u8,
    /// The operand.
    pub operand: u32,
}

/// A place in a program: the instructions from it to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label(usize);

/// Where the kernel's notes about a frame begin (`SKF_AD_OFF`).
const NOTES: u32 = 0xffff_f000;
/// The number that Ethernet has for what the frame carries (`SKF_AD_PROTOCOL`).
pub(super) const PROTOCOL: u32 = NOTES;
/// The number of the interface (`SKF_AD_IFINDEX`).
pub(super) const INTERFACE: u32 = NOTES + 8;

/// What is done before the next instruction. A and X are the registers, M is the memory.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A = the four bytes there.
    Word(u32),
    /// A = the two bytes there.
    Half(u32),
    /// A = the byte there.
    Byte(u32),
    /// A = the byte at X and what is given.
    ByteBehind(u32),
    /// A = the length of the frame.
    Length,
    /// A = this.
    Value(u32),
    /// A = M.
    Recall,
    /// M = A.
    Remember,
    /// X = this.
    Mark(u32),
    /// A = X.
    Marked,
    /// X = the length of the IPv4 header there.
    HeaderLength(u32),
    /// A = A and this.
    Mask(u32),
}

/// What A is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition {
    /// Whether it is this.
    Is(u32),
    /// Whether it is not less than this.
    AtLeast(u32),
    /// Whether it has one of these bits.
    HasAny(u32),
}

/// How far a condition is let jump: the other arm may yet put one jump in between.
const NEAR: usize = 254;

/// A program under construction.
#[derive(Debug, Default)]
pub(super) struct Backwards {
    reversed: Vec<Instruction>,
    /// The latest unconditional jump to a far place.
    hops: BTreeMap<Label, Label>,
}

impl Backwards {
    fn here(&self) -> Label {
        Label(self.reversed.len())
    }

    fn push(&mut self, code: u32, if_true: u8, if_false: u8, operand: u32) -> Label {
        // The codes are below 256.
        self.reversed.push(Instruction { code: code as u16, if_true, if_false, operand });
        self.here()
    }

    /// Instructions between this one, which is about to be written, and a place.
    fn away(&self, target: Label) -> usize {
        self.here().0.saturating_sub(target.0)
    }

    fn jump(&mut self, target: Label) -> Label {
        let away = u32::try_from(self.away(target)).unwrap_or(u32::MAX);
        self.push(libc::BPF_JMP | libc::BPF_JA, 0, 0, away)
    }

    /// The place, or a jump to it that a condition reaches.
    fn near(&mut self, target: Label) -> Label {
        if self.away(target) <= NEAR {
            return target;
        }
        if let Some(hop) = self.hops.get(&target).copied()
            && self.away(hop) <= NEAR
        {
            return hop;
        }
        let hop = self.jump(target);
        self.hops.insert(target, hop);
        hop
    }

    /// The end: so many bytes of the frame are kept, 0 for none and no frame.
    pub(super) fn keep(&mut self, bytes: u32) -> Label {
        self.push(libc::BPF_RET | libc::BPF_K, 0, 0, bytes)
    }

    /// A step, and what comes then.
    pub(super) fn step(&mut self, step: Step, then: Label) -> Label {
        if then != self.here() {
            self.jump(then);
        }
        let (load, load_x) = (libc::BPF_LD, libc::BPF_LDX);
        let (code, operand) = match step {
            Step::Word(at) => (load | libc::BPF_W | libc::BPF_ABS, at),
            Step::Half(at) => (load | libc::BPF_H | libc::BPF_ABS, at),
            Step::Byte(at) => (load | libc::BPF_B | libc::BPF_ABS, at),
            Step::ByteBehind(at) => (load | libc::BPF_B | libc::BPF_IND, at),
            Step::Length => (load | libc::BPF_W | libc::BPF_LEN, 0),
            Step::Value(value) => (load | libc::BPF_IMM, value),
            Step::Recall => (load | libc::BPF_MEM, 0),
            Step::Remember => (libc::BPF_ST, 0),
            Step::Mark(value) => (load_x | libc::BPF_IMM, value),
            Step::Marked => (libc::BPF_MISC | libc::BPF_TXA, 0),
            Step::HeaderLength(at) => (load_x | libc::BPF_B | libc::BPF_MSH, at),
            Step::Mask(mask) => (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, mask),
        };
        self.push(code, 0, 0, operand)
    }

    /// A question, and what comes after either answer.
    pub(super) fn ask(&mut self, condition: Condition, yes: Label, no: Label) -> Label {
        let (yes, no) = (self.near(yes), self.near(no));
        let (code, operand) = match condition {
            Condition::Is(value) => (libc::BPF_JEQ, value),
            Condition::AtLeast(value) => (libc::BPF_JGE, value),
            Condition::HasAny(bits) => (libc::BPF_JSET, bits),
        };
        let (if_true, if_false) = (u8::try_from(self.away(yes)), u8::try_from(self.away(no)));
        let (if_true, if_false) = (if_true.unwrap_or(u8::MAX), if_false.unwrap_or(u8::MAX));
        self.push(libc::BPF_JMP | code | libc::BPF_K, if_true, if_false, operand)
    }

    /// Whether A is one of several values.
    pub(super) fn ask_any(&mut self, values: &[u32], yes: Label, no: Label) -> Label {
        values.iter().rev().fold(no, |no, value| self.ask(Condition::Is(*value), yes, no))
    }

    /// The program that begins at a place.
    pub(super) fn finish(mut self, first: Label) -> Vec<Instruction> {
        if first != self.here() {
            self.jump(first);
        }
        self.reversed.reverse();
        self.reversed
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A frame as a program sees it.
    pub(in super::super) struct Seen<'a> {
        pub(in super::super) interface: u32,
        pub(in super::super) protocol: u16,
        pub(in super::super) bytes: &'a [u8],
    }

    /// Runs a program as the kernel would, and says how many bytes are kept. What the kernel would
    /// refuse panics.
    pub(in super::super) fn run(program: &[Instruction], seen: &Seen<'_>) -> u32 {
        let load = |at: u32, size: usize| -> Option<u32> {
            match at {
                PROTOCOL => return Some(seen.protocol.into()),
                INTERFACE => return Some(seen.interface),
                _ => assert!(at < NOTES, "no such note"),
            }
            let at = at as usize;
            let bytes = seen.bytes.get(at..at + size)?;
            Some(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
        };
        let (mut a, mut x, mut memory, mut at) = (0_u32, 0_u32, None, 0);
        loop {
            let Instruction { code, if_true, if_false, operand: k } = program[at];
            at += 1;
            let (if_true, if_false) = (usize::from(if_true), usize::from(if_false));
            let loaded = match code {
                0x06 => return k,
                0x20 => load(k, 4),
                0x28 => load(k, 2),
                0x30 => load(k, 1),
                0x50 => load(x + k, 1),
                0x80 => Some(seen.bytes.len() as u32),
                0x00 => Some(k),
                0x60 => Some(memory.expect("memory is read before it is written")),
                0x87 => Some(x),
                0x54 => Some(a & k),
                0x02 | 0x01 | 0xb1 | 0x05 | 0x15 | 0x35 | 0x45 => Some(a),
                other => panic!("no instruction {other:#x}"),
            };
            // A load from behind the end rejects.
            let Some(loaded) = loaded else { return 0 };
            a = loaded;
            match code {
                0x02 => memory = Some(a),
                0x01 => x = k,
                0xb1 => match load(k, 1) {
                    Some(first) => x = (first & 0x0f) * 4,
                    None => return 0,
                },
                0x05 => at += k as usize,
                0x15 => at += if a == k { if_true } else { if_false },
                0x35 => at += if a >= k { if_true } else { if_false },
                0x45 => at += if a & k != 0 { if_true } else { if_false },
                _ => {}
            }
        }
    }

    #[test]
    fn a_far_place_is_reached() {
        for questions in [1, 253, 254, 255, 256, 257, 600, 3_000] {
            let mut code = Backwards::default();
            let no = code.keep(0);
            let yes = code.keep(7);
            let values: Vec<u32> = (0..questions).map(|value| value * 2).collect();
            let first = code.ask_any(&values, yes, no);
            let first = code.step(Step::Word(PROTOCOL), first);
            let program = code.finish(first);
            // Few jumps more than questions.
            assert!(program.len() <= values.len() + 5 + values.len() / 100, "{}", program.len());
            for value in 0..2 * questions {
                let seen = Seen { interface: 1, protocol: value as u16, bytes: &[] };
                assert_eq!(run(&program, &seen), if value % 2 == 0 { 7 } else { 0 });
            }
        }
    }
}
