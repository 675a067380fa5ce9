//! Right answers from arrays.

use crate::diagnostic::{Problem, Problems};
use crate::files::npy::{self, Array};
use crate::flow::Arrangement;
use crate::quantize::Emit;
use crate::score::{Answers, Targets};
use std::path::Path;

/// Most classes.
const MOST_CLASSES: f64 = 65_536.0;

/// What is known of targets before they are read.
#[derive(Clone, Copy, Debug)]
pub struct TargetShape {
    /// They are classes, not real numbers.
    pub classes: bool,
    /// Outputs of the model, where there is one: the number of classes, or elements of an answer.
    pub outputs: Option<usize>,
    /// When the model answers, where that is settled.
    pub when: Option<Emit>,
}

/// Elements of a target in an array of these sizes, of which `leading` count targets; `None` where they do not.
fn width_behind(shape: &[usize], leading: &[usize]) -> Option<usize> {
    match shape.strip_prefix(leading)? {
        [] => Some(1),
        [width] => Some(*width),
        _ => None,
    }
}

impl TargetShape {
    /// Elements of an answer, where that is known.
    fn width(self) -> Option<usize> {
        if self.classes { Some(1) } else { self.outputs }
    }

    /// Sizes before those of a target, one a step and one a sequence.
    fn leading(places: &Arrangement) -> [(Emit, Vec<usize>); 2] {
        let of_sequences = match places.leading().len() {
            1 => Vec::new(),
            _ => vec![places.lengths.len()],
        };
        [
            (Emit::Step, places.leading().to_vec()),
            (Emit::Last, of_sequences),
        ]
    }

    /// How an array of these sizes is understood: when its targets are meant, and elements of one. Where both
    /// fit, there is one a step.
    fn understood(self, shape: &[usize], places: &Arrangement) -> Option<(Emit, usize)> {
        Self::leading(places)
            .into_iter()
            .find_map(|(when, leading)| {
                let width = width_behind(shape, &leading)?;
                let fits = self.width().is_none_or(|wanted| wanted == width)
                    && self.when.is_none_or(|wanted| wanted == when);
                fits.then_some((when, width))
            })
    }

    /// Why an array of these sizes does not fit, and what would.
    fn misfit(self, shape: &[usize], places: &Arrangement) -> Problem {
        let outputs = match self.width() {
            Some(width) if !self.classes => format!(" and {width} outputs"),
            _ => String::new(),
        };
        let asked = match self.when {
            Some(Emit::Last) => ", of which only the last step of a sequence is answered",
            _ => "",
        };
        let problem = format!(
            "has the shape {shape:?}, which does not fit the data's {:?}{outputs}{asked}",
            places.leading()
        );
        Problem::new(problem).help(format!("give {}", self.wanted(places)))
    }

    /// The sizes that would have fitted.
    fn wanted(self, places: &Arrangement) -> String {
        let all = Self::leading(places).into_iter();
        let fitting = all.filter(|(when, _)| self.when.is_none_or(|wanted| wanted == *when));
        let texts = fitting.map(|(when, mut leading)| {
            let what = match when {
                Emit::Step => "one a step",
                Emit::Last => "one a sequence",
            };
            match self.width() {
                Some(1) => {}
                Some(width) => leading.push(width),
                None => return format!("{leading:?} or with a last size more, {what}"),
            }
            format!("{leading:?}, {what}")
        });
        texts.collect::<Vec<_>>().join("; ")
    }
}

/// Reads the right answers to the sequences at `places`.
///
/// # Errors
/// A file that cannot be read, sizes that do not fit the data, and elements that are no classes of the model.
pub fn read_targets(
    path: &Path,
    places: &Arrangement,
    shape: TargetShape,
) -> Result<Targets, Problems> {
    let bytes = npy::load(path, "y")?;
    let array = npy::parse_real(&bytes).map_err(|problem| problem.in_file(path))?;
    let Some((when, width)) = shape.understood(&array.shape, places) else {
        return Err(shape.misfit(&array.shape, places).in_file(path).into());
    };
    if shape.classes {
        check_classes(&array, shape.outputs).map_err(|problem| problem.in_file(path))?;
    }
    let data = match when {
        Emit::Step => places.gather(&array.data, width),
        Emit::Last => array.data,
    };
    let wanted = if shape.classes {
        Answers::Classes(data.iter().map(|&class| class as u32).collect())
    } else {
        Answers::Values { data, width }
    };
    Ok(Targets { when, wanted })
}

/// Refuses the first element that is no class.
fn check_classes(array: &Array<f64>, outputs: Option<usize>) -> Result<(), Problem> {
    let most = outputs.map_or(MOST_CLASSES, |outputs| outputs as f64);
    let wrong = |class: &f64| class.fract() != 0.0 || !(0.0..most).contains(class);
    let Some(index) = array.data.iter().position(wrong) else {
        return Ok(());
    };
    let problem = format!(
        "element {:?} is {}, no class",
        npy::place(&array.shape, index),
        array.data[index]
    );
    let help = match outputs {
        Some(outputs) => format!(
            "the model has {outputs} classes: give whole numbers from 0 to {}",
            outputs - 1
        ),
        None => "give whole numbers from 0".into(),
    };
    Err(Problem::new(problem).help(help))
}
