//! Running Yosys on a design.

use super::SynthError;
use super::harness::{HARNESS, harness, parse_ports};
use super::route::{RouteOptions, Routed, route};
use super::utilization::{Provenance, Utilization};
use super::warnings;
use crate::codegen::Interface;
use crate::device::{Family, synthesis};
use crate::tools::{Search, Tool, ToolKind};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Verilog to synthesise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetlistSources {
    /// Folder that the sources are relative to.
    pub folder: PathBuf,
    /// Top module.
    pub top: String,
    /// Its clock, for place and route.
    pub clock: String,
    /// Sources in compile order, relative to `folder`; memory files lie beside them.
    pub sources: Vec<String>,
}

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

impl NetlistSources {
    /// The design of a bundle that `gen` wrote, by its `interface.json`.
    pub fn open(bundle: &Path) -> Result<Self, SynthError> {
        let path = bundle.join("interface.json");
        let text = crate::files::read_table(&path).map_err(|source| SynthError::Read {
            path: path.clone(),
            source,
        })?;
        let interface =
            Interface::from_json(&text).map_err(|problem| SynthError::Bundle { path, problem })?;
        Ok(Self::of(bundle, &interface))
    }

    /// The core of this signature, its sources below `folder`.
    #[must_use]
    pub fn of(folder: &Path, interface: &Interface) -> Self {
        Self {
            folder: folder.to_path_buf(),
            top: interface.top.clone(),
            clock: interface.clock.clone(),
            sources: interface.sources.clone(),
        }
    }

    /// The names go into scripts: nothing in them may mean something there.
    fn check_names(&self, path: &Path) -> Result<(), SynthError> {
        let word = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
        let inside = |source: &&String| {
            !source.is_empty()
                && source.chars().all(word)
                && source
                    .split('/')
                    .all(|part| !matches!(part, "" | "." | ".."))
        };
        let odd = self.sources.iter().find(|source| !inside(source));
        let names = [&self.top, &self.clock];
        let odd = odd.or_else(|| {
            names.into_iter().find(|name| {
                name.is_empty() || name.contains(|letter| !word(letter) || "./-".contains(letter))
            })
        });
        match odd {
            Some(name) => Err(SynthError::Bundle {
                path: path.to_path_buf(),
                problem: format!("{name:?} is no name of a source or module in the bundle"),
            }),
            None if self.sources.is_empty() => Err(SynthError::Bundle {
                path: path.to_path_buf(),
                problem: "no sources".to_string(),
            }),
            None => Ok(()),
        }
    }

    /// Commands that read the sources, copied to `design` in the scratch folder.
    fn read(&self) -> String {
        let sources = self.sources.iter();
        sources.fold(String::new(), |mut script, source| {
            // Deferred, since memory files are parameters. Writing to a string cannot fail.
            let _ = writeln!(script, "read_verilog -defer design/{source}");
            script
        })
    }

    /// Copies the sources and the memory files beside them below `to`.
    ///
    /// No link to the folder: Yosys as WebAssembly refuses one that leads out of where it runs.
    fn copy(&self, to: &Path) -> Result<(), SynthError> {
        let read = |path: &Path| {
            let path = path.to_path_buf();
            |source| SynthError::Read { path, source }
        };
        let write = |path: &Path| {
            let path = path.to_path_buf();
            |source| SynthError::Write { path, source }
        };
        let mut beside = BTreeSet::new();
        for source in &self.sources {
            let parent = Path::new(source).parent().unwrap_or(Path::new(""));
            if beside.insert(parent) {
                let folder = to.join(parent);
                std::fs::create_dir_all(&folder).map_err(write(&folder))?;
            }
            copy_file(&self.folder.join(source), &to.join(source))?;
        }
        for parent in beside {
            let folder = self.folder.join(parent);
            for entry in std::fs::read_dir(&folder).map_err(read(&folder))? {
                let name = entry.map_err(read(&folder))?.file_name();
                let from = folder.join(&name);
                if from.extension().is_some_and(|ending| ending == "mem") && from.is_file() {
                    copy_file(&from, &to.join(parent).join(&name))?;
                }
            }
        }
        Ok(())
    }
}

/// Copies one file; says which end of it failed.
fn copy_file(from: &Path, to: &Path) -> Result<(), SynthError> {
    let bytes = crate::files::read(from).map_err(|source| SynthError::Read {
        path: from.to_path_buf(),
        source,
    })?;
    std::fs::write(to, bytes).map_err(|source| SynthError::Write {
        path: to.to_path_buf(),
        source,
    })?;
    Ok(())
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
    let scratch = crate::tools::Scratch::new().map_err(|source| SynthError::Write {
        path: std::env::temp_dir(),
        source,
    })?;
    let scratch = scratch.path();
    design.copy(&scratch.join("design"))?;

    let top = &design.top;
    let elaborate = format!(
        "{read}hierarchy -check -top {top}\n\
         proc\n\
         select -assert-none t:$dlatch t:$adlatch t:$dlatchsr\n\
         check\n",
        read = design.read(),
    );
    write(scratch, "elaborate.ys", &elaborate)?;
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
    yosys(&tool, top, scratch, "synth.ys", &script, options.limit)?;

    let source = Provenance {
        tool: "Yosys".to_string(),
        version: tool.version.trim_start_matches("Yosys ").to_string(),
        stage: "synth",
        part: match part {
            Some(part) => format!("{} {part}", family.word()),
            None => family.key().to_string(),
        },
    };
    let warnings = warnings::fatal(&read(scratch, "elaborate.log", &tool)?);
    if !warnings.is_empty() {
        return Err(SynthError::Warnings {
            design: top.clone(),
            tool: tool.version.clone(),
            warnings,
        });
    }
    let stat = read(scratch, "stat.json", &tool)?;
    let utilization = Utilization::from_stat(json_part(&stat), top, family, source)?;
    if let Some(path) = &options.netlist {
        keep(&scratch.join("netlist.v"), path)?;
    }
    let routed = match &options.route {
        None => None,
        Some(route_options) => {
            let ports = parse_ports(&read(scratch, "ports.txt", &tool)?, top)?;
            let (frame, overhead) = harness(top, &design.clock, &ports);
            write(scratch, "harness.v", &frame)?;
            let script = format!(
                "{sources}read_verilog harness.v\n\
                 {mapping} -top {HARNESS} -json pnr.json\n",
                sources = design.read(),
            );
            yosys(&tool, top, scratch, "pnr.ys", &script, options.limit)?;
            Some(route(
                search,
                scratch,
                family,
                route_options,
                overhead,
                options.limit,
            )?)
        }
    };
    Ok(Synthesis {
        utilization,
        routed,
    })
}

fn yosys(
    tool: &Tool,
    top: &str,
    scratch: &Path,
    name: &str,
    script: &str,
    limit: Duration,
) -> Result<(), SynthError> {
    write(scratch, name, script)?;
    let mut command = tool.command();
    command.current_dir(scratch).args(["-s", name]);
    let ended = tool.run(&mut command, limit);
    ended.map_err(|error| SynthError::of_run(top, error))?;
    Ok(())
}

fn write(scratch: &Path, name: &str, text: &str) -> Result<(), SynthError> {
    let path = scratch.join(name);
    std::fs::write(&path, text).map_err(|source| SynthError::Write { path, source })
}

/// The file that a tool wrote, which ended without an error.
fn read(scratch: &Path, name: &str, tool: &Tool) -> Result<String, SynthError> {
    match std::fs::read(scratch.join(name)) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(SynthError::Report {
            report: format!("{name} of {}", tool.version),
            problem: format!("cannot be read: {error}"),
        }),
    }
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
    let mut source = std::fs::File::open(from).map_err(|source| SynthError::Read {
        path: from.to_path_buf(),
        source,
    })?;
    crate::files::write_with(to, |file| std::io::copy(&mut source, file).map(|_| ())).map_err(
        |source| SynthError::Write {
            path: to.to_path_buf(),
            source,
        },
    )
}
