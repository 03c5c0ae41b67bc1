//! The facts of the machine.

/// One coherent machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Host name, short.
    pub hostname: String,
}

impl Machine {
    /// The machine that grows from `seed`; the same seed gives the same machine.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self { hostname: format!("srv-{:04x}", seed & 0xffff) }
    }
}
