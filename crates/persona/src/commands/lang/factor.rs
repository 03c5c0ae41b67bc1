//! `factor`
//!
//! **Invariant:** numbers have 128 bits; what takes long lets others have their turn.

use crate::commands::{COREUTILS, Program};
use crate::kernel::Proc;

pub(in crate::commands) const PROGRAMS: &[Program] =
    &[Program::new("factor", |p| Box::pin(factor(p)), 85_200, COREUTILS)];

async fn factor(p: &mut Proc) -> u32 {
    let mut words = p.rest();
    if let Some(word) = words.iter().find(|word| word.starts_with(b"-") && word.len() > 1).cloned()
    {
        match word.as_slice() {
            b"--help" => {
                p.print(HELP);
                return 0;
            }
            b"--version" => {
                p.print(VERSION);
                return 0;
            }
            b"--" => words.retain(|word| word != b"--"),
            [b'-', b'-', ..] => {
                p.error([b"factor: unrecognized option '", word.as_slice(), b"'"].concat());
                p.try_help();
                return 1;
            }
            [_, letter, ..] => {
                p.error([b"factor: invalid option -- '", &[*letter][..], b"'"].concat());
                p.try_help();
                return 1;
            }
            _ => {}
        }
    }
    let mut status = 0;
    if !words.is_empty() {
        for word in words {
            status |= one(p, &word).await;
        }
        return status;
    }
    let Ok(mut input) = p.input(b"-") else { return 1 };
    while let Ok(Some(line)) = input.line(p).await {
        for word in line.split(|b| b" \t\n".contains(b)).filter(|word| !word.is_empty()) {
            status |= one(p, word).await;
        }
    }
    status
}

async fn one(p: &mut Proc, word: &[u8]) -> u32 {
    let text = word.trim_ascii_start();
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u128>().ok());
    let Some(number) = number.filter(|_| digits) else {
        let quoted = crate::commands::quote(p, word);
        let why: &[u8] =
            if digits { b" is too large" } else { b" is not a valid positive integer" };
        p.error([b"factor: ", quoted.as_slice(), why].concat());
        return 1;
    };
    let mut factors = Vec::new();
    let mut rest = number;
    for prime in [2_u128, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37] {
        while rest > 1 && rest.is_multiple_of(prime) {
            factors.push(prime);
            rest /= prime;
        }
    }
    let mut open = vec![rest];
    while let Some(number) = open.pop().filter(|_| factors.len() < 200) {
        if number <= 1 {
            continue;
        }
        p.tick(2_000).await;
        if is_prime(number) {
            factors.push(number);
        } else {
            let divisor = divisor(p, number).await;
            open.extend([divisor, number / divisor.max(1)]);
        }
    }
    factors.sort_unstable();
    let mut line = format!("{number}:");
    for factor in factors {
        line.push_str(&format!(" {factor}"));
    }
    p.line(line);
    p.flush_some().await;
    0
}

/// `a * b % m`
fn times(a: u128, b: u128, m: u128) -> u128 {
    if let Some(product) = a.checked_mul(b) {
        return product % m;
    }
    let (mut a, mut b, mut sum) = (a % m, b, 0_u128);
    while b > 0 {
        if b & 1 == 1 {
            sum = plus(sum, a, m);
        }
        a = plus(a, a, m);
        b >>= 1;
    }
    sum
}

fn plus(a: u128, b: u128, m: u128) -> u128 {
    if a >= m - b { a - (m - b) } else { a + b }
}

fn power(base: u128, exponent: u128, m: u128) -> u128 {
    let (mut base, mut exponent, mut value) = (base % m, exponent, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            value = times(value, base, m);
        }
        base = times(base, base, m);
        exponent >>= 1;
    }
    value
}

/// Miller and Rabin's test; of these bases it is right for 64 bits, and as good as right beyond.
fn is_prime(number: u128) -> bool {
    let twos = (number - 1).trailing_zeros();
    let odd = (number - 1) >> twos;
    [2_u128, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37].into_iter().all(|base| {
        if number.is_multiple_of(base) {
            return number == base;
        }
        let mut x = power(base, odd, number);
        if x == 1 || x == number - 1 {
            return true;
        }
        (1..twos).any(|_| {
            x = times(x, x, number);
            x == number - 1
        })
    })
}

/// A divisor of a number that is no prime: Pollard's way.
async fn divisor(p: &Proc, number: u128) -> u128 {
    for start in 1_u128.. {
        let next = |x: u128| plus(times(x, x, number), start % number, number);
        let (mut slow, mut fast, mut product, mut steps) = (2_u128, 2_u128, 1_u128, 0_u32);
        loop {
            slow = next(slow);
            fast = next(next(fast));
            if slow == fast {
                break;
            }
            product = times(product, slow.abs_diff(fast), number);
            steps += 1;
            if steps.is_multiple_of(64) || product == 0 {
                p.tick(if number >> 64 == 0 { 400 } else { 20_000 }).await;
                let found = common(slow.abs_diff(fast), number);
                let found = if found > 1 { found } else { common(product, number) };
                if found > 1 && found < number {
                    return found;
                }
                if product == 0 || found == number {
                    break;
                }
            }
        }
        // The last steps one by one.
        let (mut slow, mut fast) = (2_u128, 2_u128);
        for step in 0_u32..1 << 20 {
            slow = next(slow);
            fast = next(next(fast));
            let found = common(slow.abs_diff(fast), number);
            if found > 1 {
                if found < number {
                    return found;
                }
                break;
            }
            if step % 16 == 0 {
                p.tick(2_000).await;
            }
        }
    }
    number
}

fn common(a: u128, b: u128) -> u128 {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

const VERSION: &str = "\
factor (GNU coreutils) 9.1
Copyright (C) 2022 Free Software Foundation, Inc.
License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.
This is free software: you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law.

Written by Paul Rubin, Torbjorn Granlund, and Niels Moller.
";

const HELP: &str = "\
Usage: factor [NUMBER]...
  or:  factor OPTION
Print the prime factors of each specified integer NUMBER.  If none
are specified on the command line, read them from standard input.

      --help        display this help and exit
      --version     output version information and exit

GNU coreutils online help: <https://www.gnu.org/software/coreutils/>
Report any translation bugs to <https://translationproject.org/team/>
Full documentation <https://www.gnu.org/software/coreutils/factor>
or available locally via: info '(coreutils) factor invocation'
";

#[cfg(test)]
#[test]
fn it_prints_what_coreutils_print() {
    crate::commands::lang::cases::check(include_str!("cases/factor.txt"));
}
