//! A core that writes: its choice of a token is the next token that it takes.

mod model;

pub use model::WritingModel;

use super::build::build;
use super::check::Checked;
use super::demo::simulated;
use super::open::open;
use super::place::Place;
use super::plan::plan_core;
use super::watch::Watch;
use crate::codegen::{Interface, Report};
use crate::cosim::{Core, CosimError, Dut, Feedback, Probes, Toolchain};
use crate::device::Family;
use crate::diagnostic::{Problem, Problems};
use crate::lm::written;
use crate::reference::WholeNetwork;
use crate::spec::{FoldingGoal, Implementation, MacStyle};
use crate::tools::{Search, interrupted};
use serde::Serialize;
use std::path::Path;

/// Multiply-accumulates of an array: a step of the model that is compiled in takes a few hundred cycles.
const MACS: usize = 256;

/// A model, the beginning of a text, and how much is to follow.
#[derive(Clone, Copy, Debug)]
pub struct WritingRequest<'a> {
    /// The model.
    pub model: &'a WritingModel,
    /// The beginning of the text.
    pub prompt: &'a str,
    /// Tokens to write.
    pub tokens: usize,
    /// Folder for the core; an older bundle in it is replaced.
    pub folder: &'a Path,
}

/// A text, and how the core and the reference agreed on it.
#[derive(Debug, Serialize)]
pub struct WritingReport {
    /// Number of this object's format.
    pub schema: u32,
    /// The beginning that was given, and what the core wrote.
    pub text: String,
    /// Indices that the core took, one a step: the end of a line, the beginning, and its own choices.
    pub taken: Vec<u32>,
    /// Indices that the core gave, one a step.
    pub given: Vec<i64>,
    /// Cycles from reset to the last of them, each step after the end of the step before.
    pub cycles: u64,
    /// Where the core and the reference chose different tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub different: Option<Disagreement>,
    /// The core.
    pub design: Report,
    /// The same indices again as one stream, without pauses and with them.
    pub cosim: Checked,
}

/// Two choices at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The step, from 0.
    pub step: usize,
    /// Index that the core gave.
    pub hardware: i64,
    /// Index of the reference.
    pub model: i64,
}

impl WritingReport {
    /// Every index was the reference's, then and in the stream.
    #[must_use]
    pub const fn equal(&self) -> bool {
        self.different.is_none() && self.cosim.equal
    }
}

/// What becomes known while the core writes.
#[derive(Clone, Copy, Debug)]
pub enum Writing<'a> {
    /// The core is there.
    Generated(&'a Report),
    /// More of the text.
    Text(&'a str),
}

/// Indices of one text.
#[derive(Debug, Default)]
struct Tokens {
    text: String,
    taken: Vec<u32>,
    given: Vec<i64>,
    cycles: u64,
    different: Option<Disagreement>,
}

fn implementation() -> Implementation {
    Implementation::usual(
        "demo",
        FoldingGoal::MaxMacs { macs: MACS },
        (MacStyle::Auto, Family::Xc7),
    )
}

impl WritingRequest<'_> {
    /// Generates the core, lets it write, and compares every index with the reference, which is fed the same;
    /// then cosimulates all of them as one stream, with its cycles and with pauses. `show` gets the text as it
    /// comes.
    ///
    /// # Errors
    /// A beginning with a token that the vocabulary lacks, a folder that cannot be written, a tool that is missing
    /// or fails, an interruption, and what `show` returns. A difference is no error.
    pub fn run(
        &self,
        watch: &dyn Watch,
        show: &dyn Fn(Writing<'_>) -> Result<(), Problems>,
    ) -> Result<WritingReport, Problems> {
        let place = Place::check(self.folder, true)?;
        let opening = self.model.opening(self.prompt);
        let opening = opening.map_err(|problem| problem.by_flag("--prompt"))?;
        let built = build(&plan_core(self.model.model.clone(), implementation())?)?;
        place.write_watched(&built.bundle.files, watch)?;
        show(Writing::Generated(&built.report))?;
        let opened = open(self.folder)?;
        let toolchain = Toolchain::find(&Search::from_env(), None)?;
        let core = Core {
            folder: &opened.folder,
            interface: &opened.interface,
        };
        let mut dut = toolchain.model(core, Probes::default(), 1)?;
        let written = self.write(&opened.interface, &mut dut, &opening, show)?;
        drop(dut);
        let codes: Vec<i32> = written.taken.iter().map(|&token| token as i32).collect();
        let cosim = simulated(&opened, &codes, codes.len(), watch)?;
        Ok(WritingReport {
            schema: 1,
            text: written.text,
            taken: written.taken,
            given: written.given,
            cycles: written.cycles,
            different: written.different,
            design: built.report,
            cosim,
        })
    }

    /// Core and reference side by side, up to the first index in which they differ.
    fn write(
        &self,
        interface: &Interface,
        dut: &mut dyn Dut,
        opening: &[u32],
        show: &dyn Fn(Writing<'_>) -> Result<(), Problems>,
    ) -> Result<Tokens, Problems> {
        let mut core = Feedback::new(dut, interface)?;
        let mut reference = WholeNetwork::new(&self.model.model);
        let mut tokens = Tokens::default();
        let more = |text: &mut String, piece: &str| {
            text.push_str(piece);
            show(Writing::Text(piece))
        };
        more(&mut tokens.text, self.prompt)?;
        for step in 0..opening.len() + self.tokens - 1 {
            if interrupted() {
                return Err(Problem::from(CosimError::Interrupted).into());
            }
            let before = match opening.get(step) {
                Some(&token) => token,
                // An index of the reference's, and so one of the vocabulary.
                None => tokens.given[step - 1] as u32,
            };
            tokens.taken.push(before);
            let input = [before as i32];
            let hardware = core.step(&input)?[0];
            let model = reference.step(&input, false).map_or(-1, |given| given[0]);
            tokens.given.push(hardware);
            if hardware != model {
                tokens.different = Some(Disagreement {
                    step,
                    hardware,
                    model,
                });
                break;
            }
            if step + 1 >= opening.len() {
                let (token, before) = (self.model.token(model as u32), self.model.token(before));
                more(&mut tokens.text, &written(token, before, self.model.level))?;
            }
        }
        tokens.cycles = core.cycles();
        Ok(tokens)
    }
}

#[cfg(test)]
mod tests;
