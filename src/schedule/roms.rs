//! What is known of the contents of read-only memories before synthesis.

/// Columns of a layer's read-only memories that are not the same in every row. Synthesis drops the
/// others, so a memory's blocks follow from these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RomColumns {
    /// Of the weight memory.
    pub weights: usize,
    /// Of the bias memory.
    pub biases: usize,
    /// Whether the activation tables are two memories, as those without `initial` blocks are, or one that
    /// is read twice.
    pub two_tables: bool,
}
