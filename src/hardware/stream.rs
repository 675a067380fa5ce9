//! Elements of a stream's beat: as few as keep up with the arrays.

use super::folding::{ArrayStyle, Folding};
use super::spec::LayerSpec;
use crate::diagnostic::Problem;

/// Cycles of the shortest step for one candidate, streams left aside.
fn cycles(spec: &LayerSpec, units: usize, columns: usize, style: ArrayStyle) -> u64 {
    Folding::fold(spec, units, columns, 1, style).shortest_cycles()
}

/// The sentence on elements that do not suit a layer of this folding.
fn said_of_misfit(value: usize, spec: &LayerSpec, (units, columns): (usize, usize)) -> String {
    let of_both = if spec.pass.half {
        format!(" and the {} outputs of a direction", spec.hidden_size)
    } else {
        String::new()
    };
    format!(
        "{value} must divide units ({units}){of_both} and be at most columns ({columns}) in {}",
        spec.pass
    )
}

/// The requested elements per beat, or the fewest with which no stream slows an array down.
pub(super) fn stream_elements(
    specs: &[LayerSpec],
    foldings: &[(usize, usize)],
    wanted: Option<usize>,
    style: ArrayStyle,
) -> Result<usize, Problem> {
    // Beats of both directions of a layer follow one another, so that the first have to be full.
    let fits = |spec: &LayerSpec, (units, columns): (usize, usize), value: usize| {
        let full = !spec.pass.half || spec.hidden_size.is_multiple_of(value);
        full && units.is_multiple_of(value) && value <= columns
    };
    let misfit = |value: usize| {
        let mut layers = specs.iter().zip(foldings);
        layers.position(|(spec, &folding)| value == 0 || !fits(spec, folding, value))
    };
    if let Some(value) = wanted {
        return match misfit(value) {
            None => Ok(value),
            Some(layer) => {
                let problem = said_of_misfit(value, &specs[layer], foldings[layer]);
                Err(Problem::setting("implementation.stream_elements", problem)
                    .help("give 1, which always fits"))
            }
        };
    }
    let widest = foldings.iter().map(|&(units, _)| units).min().unwrap_or(1);
    let slowest = specs
        .iter()
        .zip(foldings)
        .map(|(spec, &(u, s))| cycles(spec, u, s, style))
        .max()
        .unwrap_or(1);
    let fits: Vec<usize> = (1..=widest)
        .filter(|&value| misfit(value).is_none())
        .collect();
    let keeps_up = |value: usize| {
        specs.iter().zip(foldings).all(|(spec, &(units, columns))| {
            let layer = Folding::fold(spec, units, columns, value, style);
            let steps = slowest.max(layer.shortest_cycles()) as usize;
            let writes = layer.h_writes();
            let out_beats = layer.out_beats() * spec.pass.kind().passes();
            layer.in_beats() + writes + layer.chain + 2 <= steps
                && layer.units / value <= layer.blocks
                && out_beats <= steps
        })
    };
    Ok(fits
        .iter()
        .copied()
        .find(|&value| keeps_up(value))
        .unwrap_or(*fits.last().unwrap_or(&1)))
}
