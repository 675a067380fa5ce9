//! The end of a command that ran.

/// How a command that ran has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything is as it should be.
    Well,
    /// A check ran and found a difference.
    Different,
}

impl Ended {
    /// The end of checks that all agreed, or did not.
    #[must_use]
    pub const fn where_all(agreed: bool) -> Self {
        if agreed { Self::Well } else { Self::Different }
    }
}
