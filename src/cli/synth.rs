//! `lprnn-hw synth`.

use super::Ended;
use super::output::{Console, Results, grouped, table};
use super::values::number;
use crate::device::Family;
use crate::diagnostic::Problems;
use crate::flow::{
    Compared, DeviceRequest, Measurement, RoutedClock, bundle_files, check_file, measure, open,
};
use crate::synth::{Options, SeedClock, Utilization};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `synth`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw synth lstm                              cells on the family it was generated for
  lprnn-hw synth lstm --target ecp5 --pnr          and the clock after place and route
  lprnn-hw synth lstm --target ecp5 --pnr --pnr-seeds 5   the best of five placements
  lprnn-hw synth lstm --device up5k                with the DSP blocks of iCE40 UltraPlus
  lprnn-hw synth lstm --netlist lstm_netlist.v     keep the mapped netlist for simulation

Counts are of the core alone, without pads. For place and route the core is framed by registers,
so that its ports need no pins; what the frame adds is said.

Exit status: 0 done, 2 could not run: no bundle, Yosys or nextpnr missing or failing, or a design
with latches, undriven or doubly driven nets, or widths that do not fit.")]
pub struct SynthArgs {
    /// Folder written by `gen`
    bundle: PathBuf,
    /// Family to map to [default: the one it was generated for]
    #[arg(long, value_parser = super::values::synthesised(), value_name = "FAMILY")]
    target: Option<Family>,
    /// Place and route too (ecp5 and ice40)
    #[arg(long)]
    pnr: bool,
    /// Device to place and route for [default: 85k for ecp5, hx8k for ice40]; up5k has DSP blocks, which
    /// are used without --pnr too
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Speed grade of an ECP5 [default: 6, the slowest]
    #[arg(long, value_name = "GRADE", requires = "pnr")]
    speed: Option<u32>,
    /// Clock to aim at when placing and routing, MHz
    #[arg(long, value_name = "MHZ", default_value_t = 200.0, requires = "pnr", value_parser = number(1.0, 2000.0, "from 1 to 2000"))]
    freq: f64,
    /// Seed of the placer: the clock reached varies by several percent from seed to seed
    #[arg(long, value_name = "N", default_value_t = 1, requires = "pnr")]
    pnr_seed: u64,
    /// Seeds to try, from --pnr-seed on, several at once; the fastest counts, all are printed
    #[arg(long, value_name = "COUNT", default_value_t = 1, requires = "pnr", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pnr_seeds: u64,
    /// Write the mapped netlist to this file
    #[arg(long, value_name = "FILE")]
    netlist: Option<PathBuf>,
    /// Minutes that each run of a tool may take
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    timeout: u64,
}

/// Rows of a table of what a netlist takes, beside the estimate where there is one.
fn utilization_rows(used: &Utilization, compared: &[Compared]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    if !compared.is_empty() {
        rows.push(["", "synthesised", "estimated"].map(String::from).to_vec());
    }
    let figures = [
        ("LUT (logic)", used.lut),
        ("LUT as memory", used.lut_as_memory),
        ("LUT as shift register", used.lut_as_shift_register),
        ("LUT sites in all", used.lut_total),
        ("flip-flops", used.ff),
        ("carry cells", used.carry),
        (
            &format!("block RAM, {} kb", used.block_bits / 1024),
            used.bram,
        ),
        ("DSP blocks", used.dsp),
    ];
    for (what, count) in figures {
        let mut row = vec![what.to_string(), grouped(count)];
        if let Some(compared) = compared.iter().find(|compared| compared.what == what) {
            row.push(grouped(compared.estimated));
        }
        rows.push(row);
    }
    rows
}

/// Every seed's clock, and the one in the middle.
fn seeds_line(tried: &[SeedClock]) -> String {
    let each: Vec<String> = tried
        .iter()
        .map(|one| format!("{:.1}", one.fmax_mhz))
        .collect();
    let mut clocks: Vec<f64> = tried.iter().map(|one| one.fmax_mhz).collect();
    clocks.sort_by(f64::total_cmp);
    format!(
        "seeds {} to {}: {} MHz; median {:.1}",
        tried[0].seed,
        tried[tried.len() - 1].seed,
        each.join(", "),
        clocks[clocks.len() / 2]
    )
}

impl Results for Measurement {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let used = &self.synthesis.utilization;
        let source = &used.source;
        writeln!(
            out,
            "{}: {} {}, {}, {}",
            self.top, source.tool, source.version, source.stage, source.part
        )?;
        table(out, &utilization_rows(used, &self.compared))?;
        let Some(routed) = &self.synthesis.routed else {
            return Ok(());
        };
        let source = &routed.source;
        writeln!(
            out,
            "{}: {} {}, {}, {}",
            self.top, source.tool, source.version, source.stage, source.part
        )?;
        writeln!(
            out,
            "  Fmax {:.1} MHz (aimed at {} MHz, seed {})",
            routed.fmax_mhz, routed.target_mhz, routed.seed
        )?;
        if routed.tried.len() > 1 {
            writeln!(out, "  {}", seeds_line(&routed.tried))?;
        }
        if let Some(path) = &routed.critical_path {
            writeln!(
                out,
                "  slowest path {:.2} ns logic + {:.2} ns wires, from {} to {}",
                path.logic_ns, path.routing_ns, path.from, path.to
            )?;
        }
        let rows: Vec<Vec<String>> = routed
            .cells
            .iter()
            .map(|(name, cells)| {
                let share = 100.0 * cells.used as f64 / cells.available.max(1) as f64;
                vec![
                    name.clone(),
                    grouped(cells.used),
                    format!("of {}", grouped(cells.available)),
                    format!("{share:.1} %"),
                ]
            })
            .collect();
        table(out, &rows)?;
        writeln!(
            out,
            "  the frame of registers around the core adds {} flip-flops and {} LUTs to these",
            grouped(routed.harness.ff),
            grouped(routed.harness.lut)
        )
    }
}

/// Synthesises a bundle and prints what it takes.
pub fn run(args: &SynthArgs, console: Console) -> Result<Ended, Problems> {
    let opened = open(&args.bundle)?;
    let device = DeviceRequest {
        family: args.target,
        device: args.device.as_deref(),
        speed: args.speed,
        clock: args.pnr.then_some(RoutedClock {
            target_mhz: args.freq,
            seed: args.pnr_seed,
            seeds: args.pnr_seeds,
        }),
    };
    let (fabric, route) = device.of(&opened)?;
    if let Some(path) = &args.netlist {
        check_file(path, bundle_files(&args.bundle))?;
    }
    let options = Options {
        route,
        netlist: args.netlist.clone(),
        limit: Duration::from_secs(60 * args.timeout),
    };
    console.print(&measure(&opened, fabric, &options, &console)?)?;
    Ok(Ended::Well)
}
