//! A mismatch as a folder: everything that is needed to see it again.
//!
//! `bundle/` sources, memories and `interface.json`; `inputs.txt`, `expected.txt`, `got.txt` codes,
//! one line per step; `waves.vcd` the last steps; `failure.json` the rest and the command.

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;

use super::outcome::Difference;
use super::pattern::Pattern;
use super::stimulus::Stimulus;
use super::toolchain::Core;
use crate::codegen::Interface;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const SCHEMA: u32 = 1;

/// Contents of the folder, as they are written.
pub(super) struct FailurePackage<'a> {
    pub core: Core<'a>,
    pub stimulus: Stimulus<'a>,
    pub expected: &'a [i32],
    pub got: &'a [i64],
    pub pattern: Pattern,
    pub seed: u64,
    pub difference: &'a Difference,
    pub tools: [String; 2],
    pub waves: &'a Path,
}

/// Contents of the folder, as they are read back.
pub(super) struct SavedFailure {
    pub bundle: PathBuf,
    pub interface: Interface,
    pub inputs: Vec<i32>,
    pub expected: Vec<i32>,
    pub last: Vec<bool>,
    pub clear: Vec<bool>,
    pub cut: Vec<bool>,
    pub pattern: Pattern,
    pub seed: u64,
    /// An output beat and the cycle in which it should leave, where that differed.
    pub stated: Option<(usize, Option<u64>)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureFile {
    schema: u32,
    difference: String,
    replay: String,
    pattern: Pattern,
    seed: u64,
    /// Steps that end a sequence.
    last: Vec<usize>,
    /// Steps before which the state is cleared.
    clear: Vec<usize>,
    /// Steps that end a sequence without a TLAST that is offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cut: Vec<usize>,
    steps: usize,
    /// An output beat and the cycle in which it should leave, where that differed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stated: Option<(usize, Option<u64>)>,
    tools: Vec<String>,
}
