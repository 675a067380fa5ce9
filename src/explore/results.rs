//! Results of a plan as CSV.

use super::network::usual_z;
use super::plan::{Figures, Found, Task, to_text};
use crate::spec::FoldingGoal;

/// Columns of what goes without saying, each with whether a task of the plan says it.
fn more_columns(results: &[(&Task, &Found)]) -> [(bool, &'static str); 5] {
    let said = |says: fn(&Task) -> bool| results.iter().any(|(task, _)| says(task));
    let refined = |task: &Task| {
        let network = &task.network;
        !network.levels.is_even() || network.row_scale_bits.is_some()
    };
    [
        (said(|task| !task.network.cell.is_lstm()), ",cell"),
        (said(refined), ",levels,row_scale_bits"),
        (said(|task| task.contexts != 1), ",contexts"),
        (said(|task| task.network.z_bits != usual_z()), ",z_bits"),
        (
            said(|task| task.max_steps.is_some()),
            ",direction,max_steps",
        ),
    ]
}

/// What a task has in those columns.
fn more_cells(task: &Task) -> [String; 5] {
    let network = &task.network;
    let rows = option(network.row_scale_bits);
    [
        network.cell.word().to_string(),
        format!("{},{rows}", network.levels.word()),
        task.contexts.to_string(),
        network.z_bits.to_string(),
        format!("{},{}", network.direction.word(), option(task.max_steps)),
    ]
}

/// Results as CSV, a line for every task of the plan that has one, in the order of the plan.
#[must_use]
pub fn results_csv<'a>(results: impl IntoIterator<Item = (&'a Task, &'a Found)>) -> String {
    let results: Vec<_> = results.into_iter().collect();
    let mut text = String::from(
        "id,weight_bits,act_bits,input_bits,hidden,input_size,layers,mac,folding,target,part,\
         clock_mhz,cycles_per_step,latency_cycles,memory_bits,estimated_lut,estimated_lut_total,\
         estimated_ff,estimated_bram,estimated_dsp,cosim_equal,lut,lut_total,ff,bram,dsp,fits,\
         fmax_mhz,tools",
    );
    let more = more_columns(&results);
    let names = more.iter().filter(|(there, _)| *there);
    text.extend(names.map(|(_, names)| *names).chain(["\n"]));
    for (task, found) in results {
        let network = &task.network;
        let estimated = &found.estimated;
        let measured = |pick: fn(&Figures) -> u64| option(found.measured.as_ref().map(pick));
        let cells = [
            task.id(),
            network.weight_bits.to_string(),
            network.act_bits.to_string(),
            network.input_bits.to_string(),
            network.hidden.to_string(),
            network.input_size.to_string(),
            network.layers.to_string(),
            to_text(&task.mac).replace('"', ""),
            folding_text(task.folding),
            to_text(&task.target).replace('"', ""),
            task.part.clone().unwrap_or_default(),
            task.clock_mhz.to_string(),
            found.cycles_per_step.to_string(),
            found.latency_cycles.to_string(),
            found.memory_bits.to_string(),
            estimated.lut.to_string(),
            estimated.lut_total.to_string(),
            estimated.ff.to_string(),
            estimated.bram.to_string(),
            estimated.dsp.to_string(),
            option(found.cosim_equal),
            measured(|figures| figures.lut),
            measured(|figures| figures.lut_total),
            measured(|figures| figures.ff),
            measured(|figures| figures.bram),
            measured(|figures| figures.dsp),
            option(found.fits),
            option(found.fmax_mhz),
            format!("\"{}\"", found.tools.join("; ").replace('"', "\"\"")),
        ];
        text += &cells.join(",");
        for (_, value) in more
            .iter()
            .zip(more_cells(task))
            .filter(|((there, _), _)| *there)
        {
            text.push(',');
            text += &value;
        }
        text.push('\n');
    }
    text
}

/// `4x8` units by columns, or the goal in words.
fn folding_text(goal: FoldingGoal) -> String {
    match goal {
        FoldingGoal::Explicit { units, columns } => format!("{units}x{columns}"),
        FoldingGoal::TargetCycles { cycles } => format!("cycles {cycles}"),
        FoldingGoal::MaxMacs { macs } => format!("macs {macs}"),
    }
}

fn option<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}
