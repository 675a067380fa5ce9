//! Where the inputs of a cosimulation come from.

use crate::cosim::Workload;
use crate::diagnostic::Problems;
use crate::flow::inputs::ArrayLayout;
use crate::flow::open::Opened;
use crate::flow::watch::Watch;
use std::path::Path;

/// Inputs of a cosimulation.
#[derive(Clone, Copy, Debug)]
pub enum LoadSource<'a> {
    /// Random codes.
    Random {
        /// Steps.
        steps: usize,
        /// Seed.
        seed: u64,
    },
    /// An array in a file; every sequence starts from zero state.
    File {
        /// .npy of codes of x, or of float32.
        path: &'a Path,
        /// Layout of the array.
        layout: ArrayLayout<'a>,
        /// The numbers are float32, to be quantised to the format of x.
        float_input: bool,
        /// Most steps that are taken of it.
        most: Option<usize>,
    },
}

impl LoadSource<'_> {
    /// The inputs for a core, and how many real ones among them were clamped to the format of x.
    ///
    /// # Errors
    /// A file of another shape, and numbers that are no codes of x.
    pub fn read(
        &self,
        opened: &Opened,
        watch: &dyn Watch,
    ) -> Result<(Workload, Option<u64>), Problems> {
        let (interface, model) = (&opened.interface, &opened.planned.model);
        let (path, layout, float_input, most) = match *self {
            Self::Random { steps, seed } => {
                return Ok((Workload::random(interface, steps, seed), None));
            }
            Self::File {
                path,
                layout,
                float_input,
                most,
            } => (path, layout, float_input, most),
        };
        let given = layout.read(path, model, float_input, watch)?;
        let compared = most.unwrap_or(usize::MAX);
        let clamped = given.clamped;
        let clamped = clamped.map(|steps| steps.iter().take(compared).sum());
        let mut load = Workload::sequences(interface, &given.codes, &given.arrangement.lengths);
        if let Some(most) = most {
            load.truncate(interface, most);
        }
        Ok((load, clamped))
    }
}
