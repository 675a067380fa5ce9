//! Running Yosys on a design.

use super::SynthError;
use super::harness::{HARNESS, harness, parse_ports};
use super::route::{RouteOptions, Routed, route};
use super::sources::NetlistSources;
use super::utilization::{Provenance, Utilization};
use super::warnings;
use crate::device::{Family, synthesis};
use crate::files;
use crate::tools::{Scratch, Search, Tool, ToolKind};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Work beyond counting cells.
#[derive(Clone, Debug)]
pub struct Options {
    /// Place and route too.
    pub route: Option<RouteOptions>,
    /// Where to put the mapped netlist as Verilog, for simulation.
    pub netlist: Option<PathBuf>,
    /// Time that each run of a tool may take.
    pub limit: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            route: None,
            netlist: None,
            limit: Duration::from_secs(3600),
        }
    }
}

/// Findings of synthesis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Synthesis {
    /// Counts of the mapped netlist.
    pub utilization: Utilization,
    /// Place and route, where asked for.
    pub routed: Option<Routed>,
}

/// Joins the modules that keep their hierarchy while cells are inferred. What is left then are the
/// family's cells, which nothing rewrites any more.
const FLATTEN: &str = "setattr -mod -unset keep_hierarchy *\nflatten\n";

/// Synthesises `design` for `family`, or that of the device it is to be routed on.
///
/// Latches, several or missing drivers, widths that do not fit and missing modules are errors.
pub fn run(
    search: &Search,
    design: &NetlistSources,
    family: Family,
    options: &Options,
) -> Result<Synthesis, SynthError> {
    let part = options.route.as_ref().map(|route| &route.part);
    let family = part.map_or(family, |part| family.with_device(Some(&part.device)));
    let mapping = synthesis(family)?;
    design.check_names(&design.folder)?;
    let tool = search.find(ToolKind::Yosys)?;
    if let Some(part) = part {
        // Before the long run, not after it.
        search.find(part.route.tool)?;
    }
    let scratch =
        Scratch::new().map_err(|error| files::problem(&std::env::temp_dir(), "write", &error))?;
    let work = MappingRun {
        design,
        family,
        mapping,
        tool,
        scratch: scratch.path(),
        limit: options.limit,
    };
    design.copy(&work.scratch.join("design"))?;
    work.map()?;
    let source = Provenance {
        tool: "Yosys".to_string(),
        version: work.tool.version.trim_start_matches("Yosys ").to_string(),
        stage: "synth",
        part: match part {
            Some(part) => format!("{} {part}", family.word()),
            None => family.key().to_string(),
        },
    };
    let stat = work.read("stat.json")?;
    let utilization = Utilization::from_stat(json_part(&stat), &design.top, family, source)?;
    if let Some(path) = &options.netlist {
        keep(&work.scratch.join("netlist.v"), path)?;
    }
    let route = options.route.as_ref();
    let routed = route.map(|options| work.route(search, options));
    Ok(Synthesis {
        utilization,
        routed: routed.transpose()?,
    })
}

/// A design in a scratch folder, with the tool that maps it.
struct MappingRun<'a> {
    design: &'a NetlistSources,
    family: Family,
    /// The command of Yosys for the family.
    mapping: String,
    tool: Tool,
    scratch: &'a Path,
    limit: Duration,
}

impl MappingRun<'_> {
    /// Elaborates and maps: `stat.json`, `ports.txt` and `netlist.v`.
    fn map(&self) -> Result<(), SynthError> {
        let (top, mapping) = (&self.design.top, &self.mapping);
        let elaborate = format!(
            "{read}hierarchy -check -top {top}\n\
             proc\n\
             select -assert-none t:$dlatch t:$adlatch t:$dlatchsr\n\
             check\n",
            read = self.design.read(),
        );
        write(self.scratch, "elaborate.ys", &elaborate)?;
        // Registers that nothing sets start at zero on an FPGA; in the netlist they would be unknown.
        let script = format!(
            "tee -o elaborate.log script elaborate.ys\n\
             tee -o ports.txt portlist {top}\n\
             {mapping} -top {top}\n\
             {FLATTEN}\
             tee -o stat.json stat -json\n\
             setundef -zero -params\n\
             write_verilog -noattr netlist.v\n"
        );
        self.yosys("synth.ys", &script)?;
        let warnings = warnings::fatal(&self.read("elaborate.log")?);
        if warnings.is_empty() {
            return Ok(());
        }
        Err(SynthError::Warnings {
            design: top.clone(),
            tool: self.tool.version.clone(),
            warnings,
        })
    }

    /// Maps once more, in a frame of registers, and places and routes that.
    fn route(&self, search: &Search, options: &RouteOptions) -> Result<Routed, SynthError> {
        let top = &self.design.top;
        let ports = parse_ports(&self.read("ports.txt")?, top)?;
        let (frame, overhead) = harness(top, &self.design.clock, &ports);
        write(self.scratch, "harness.v", &frame)?;
        let script = format!(
            "{sources}read_verilog harness.v\n\
             {mapping} -top {HARNESS} -json pnr.json\n",
            sources = self.design.read(),
            mapping = self.mapping,
        );
        self.yosys("pnr.ys", &script)?;
        let family = self.family;
        route(search, self.scratch, family, options, overhead, self.limit)
    }

    fn yosys(&self, name: &str, script: &str) -> Result<(), SynthError> {
        write(self.scratch, name, script)?;
        let mut command = self.tool.command();
        command.current_dir(self.scratch).args(["-s", name]);
        let ended = self.tool.run(&mut command, self.limit);
        ended.map_err(|error| SynthError::of_run(&self.design.top, error))?;
        Ok(())
    }

    /// A file that the tool wrote, which ended without an error.
    fn read(&self, name: &str) -> Result<String, SynthError> {
        match std::fs::read(self.scratch.join(name)) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => Err(SynthError::Report {
                report: format!("{name} of {}", self.tool.version),
                problem: format!("cannot be read: {error}"),
            }),
        }
    }
}

fn write(scratch: &Path, name: &str, text: &str) -> Result<(), SynthError> {
    let path = scratch.join(name);
    Ok(std::fs::write(&path, text).map_err(|error| files::problem(&path, "write", &error))?)
}

/// Some versions print a header before the object.
fn json_part(text: &str) -> &str {
    match (text.find('{'), text.rfind('}')) {
        (Some(first), Some(last)) if first < last => &text[first..=last],
        _ => text,
    }
}

/// Copies a file so that the copy is there as a whole or not at all.
fn keep(from: &Path, to: &Path) -> Result<(), SynthError> {
    let mut source =
        std::fs::File::open(from).map_err(|error| files::problem(from, "read", &error))?;
    let copied = files::write_with(to, |file| std::io::copy(&mut source, file).map(|_| ()));
    Ok(copied.map_err(|error| files::problem(to, "write", &error))?)
}
