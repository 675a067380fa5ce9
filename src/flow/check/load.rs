//! Where the inputs of a cosimulation come from.

use crate::cosim::Workload;
use crate::diagnostic::Problems;
use crate::flow::inputs::{Arrangement, ArrayLayout};
use crate::flow::open::Opened;
use crate::flow::watch::Watch;
use crate::reference::WholeNetwork;
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

/// Inputs of a core as they were read.
#[derive(Clone, Debug)]
pub struct CoreInputs {
    /// The inputs in the order in which the core takes them.
    pub load: Workload,
    /// Real numbers among them that were clamped to the format of x; nothing where there are none.
    pub clamped: Option<u64>,
    /// Where the sequences stood in the file.
    pub arrangement: Option<Arrangement>,
}

impl LoadSource<'_> {
    /// The inputs for a core.
    ///
    /// # Errors
    /// A file of another shape, and numbers that are no codes of x.
    pub fn read(&self, opened: &Opened, watch: &dyn Watch) -> Result<CoreInputs, Problems> {
        let (interface, model) = (&opened.interface, &opened.planned.model);
        let (path, layout, float_input, most) = match *self {
            Self::Random { steps, seed } => {
                return Ok(CoreInputs {
                    load: Workload::random(interface, steps, seed),
                    clamped: None,
                    arrangement: None,
                });
            }
            Self::File {
                path,
                layout,
                float_input,
                most,
            } => (path, layout, float_input, most),
        };
        let given = layout.read(path, model, float_input, watch)?;
        if let Some(steps) = interface.max_steps {
            WholeNetwork::check_lengths(&given.arrangement.lengths, steps)?;
        }
        let compared = most.unwrap_or(usize::MAX);
        let clamped = given.clamped;
        let clamped = clamped.map(|steps| steps.iter().take(compared).sum());
        let mut load = Workload::sequences(interface, &given.codes, &given.arrangement.lengths);
        if let Some(most) = most {
            load.truncate(interface, most);
        }
        Ok(CoreInputs {
            load,
            clamped,
            arrangement: Some(given.arrangement),
        })
    }
}
