//! File list, `FuseSoC` core, synthesis scripts and constraint around the sources.

use super::interface::Interface;
use super::library::{LibraryPart, library_files, library_prefix, library_waivers};
use super::render::{TemplateError, render};
use crate::device::Family;
use crate::spec::Implementation;
use serde::Serialize;
use std::collections::BTreeMap;

/// A file that a tool must find without its folder.
#[derive(Debug, Serialize)]
struct BareFile {
    path: String,
    file: String,
}

impl BareFile {
    fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            file: path
                .rsplit_once('/')
                .map_or(path, |(_, file)| file)
                .to_owned(),
        }
    }
}

/// A part of the library that the design has: context of `library.core.tera`.
#[derive(Debug, Serialize)]
struct LibraryCore {
    /// Its `FuseSoC` core.
    core: String,
    version: &'static str,
    sources: Vec<String>,
    waivers: Option<String>,
}

impl LibraryCore {
    fn new(part: LibraryPart) -> Self {
        let files = library_files(part).into_iter();
        Self {
            core: library_prefix().trim_end_matches('_').to_owned() + part.suffix(),
            version: env!("CARGO_PKG_VERSION"),
            sources: files.map(|(file, _)| format!("rtl/{file}")).collect(),
            waivers: (part == LibraryPart::Common).then(|| format!("rtl/{}", library_waivers().0)),
        }
    }
}

/// Context of every script template.
#[derive(Debug, Serialize)]
struct ScriptContext {
    name: String,
    top: String,
    version: &'static str,
    target: &'static str,
    stack: String,
    parts: Vec<LibraryCore>,
    sources: Vec<String>,
    own_sources: Vec<String>,
    memories: Vec<BareFile>,
    testbench: Vec<String>,
    vectors: Vec<BareFile>,
    rtl_filesets: String,
    sim_filesets: String,
    synth_filesets: String,
    synth_tool: &'static str,
    synth_options: Vec<String>,
    yosys_command: &'static str,
    part: &'static str,
    clock_period: String,
}

/// Tool and options of the `FuseSoC` target `synth`.
fn fusesoc_synth(target: Family) -> (&'static str, Vec<String>) {
    let yosys = |arch: &str| {
        let options = ["yosys:".to_owned(), format!("  arch: {arch}")];
        ("yosys", options.to_vec())
    };
    let part = target.facts().vivado_part;
    target.facts().fusesoc.map_or_else(
        || {
            let options = [
                "vivado:".to_owned(),
                format!("  part: {part}"),
                "  synth: vivado".to_owned(),
                "  pnr: none".to_owned(),
            ];
            ("vivado", options.to_vec())
        },
        yosys,
    )
}

/// Renders all scripts by path in the bundle; `files` are those already in it.
///
/// `clock_ns` is the period of the constraint in nanoseconds.
pub(super) fn scripts(
    interface: &Interface,
    implementation: &Implementation,
    (stack, clock_ns): (String, f64),
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<BTreeMap<String, Vec<u8>>, TemplateError> {
    let context = context(interface, implementation, (stack, clock_ns), files);
    let name = &implementation.name;
    let file_list = interface.sources.join("\n") + "\n";
    let mut scripts = BTreeMap::from([(format!("{name}.f"), file_list.into_bytes())]);
    for (path, template) in [
        (format!("{name}.core"), "fusesoc.core.tera"),
        (format!("syn/{name}.ys"), "yosys.ys.tera"),
        (format!("syn/{name}.xdc"), "clock.xdc.tera"),
        ("syn/vivado.tcl".to_owned(), "vivado.tcl.tera"),
    ] {
        scripts.insert(path, render(template, &context)?.into_bytes());
    }
    for part in &context.parts {
        let text = render("library.core.tera", part)?;
        scripts.insert(format!("{}.core", part.core), text.into_bytes());
    }
    Ok(scripts)
}

fn context(
    interface: &Interface,
    implementation: &Implementation,
    (stack, clock_ns): (String, f64),
    files: &BTreeMap<String, Vec<u8>>,
) -> ScriptContext {
    let target = implementation.target;
    let in_tb = |ending: &'static str| {
        let paths = files.keys().map(String::as_str);
        paths.filter(move |path| path.starts_with("tb/") && path.ends_with(ending))
    };
    let mut rtl = vec!["rtl"];
    if !interface.memories.is_empty() {
        rtl.push("memories");
    }
    let parts = LibraryPart::ALL.into_iter().map(LibraryCore::new);
    let parts: Vec<_> = parts
        .filter(|part| interface.sources.contains(&part.sources[0]))
        .collect();
    let of_library = |path: &String| parts.iter().any(|part| part.sources.contains(path));
    let own = interface.sources.iter().filter(|path| !of_library(path));
    let own = own.cloned().collect();
    let (synth_tool, synth_options) = fusesoc_synth(target);
    let constraints: &[&str] = match synth_tool {
        "vivado" => &["constraints"],
        _ => &[],
    };
    ScriptContext {
        name: implementation.name.clone(),
        top: interface.top.clone(),
        version: env!("CARGO_PKG_VERSION"),
        target: target.facts().title,
        stack,
        sources: interface.sources.clone(),
        own_sources: own,
        parts,
        memories: interface
            .memories
            .iter()
            .map(|path| BareFile::new(path))
            .collect(),
        testbench: in_tb(".v").map(str::to_owned).collect(),
        vectors: in_tb(".mem").map(BareFile::new).collect(),
        rtl_filesets: rtl.join(", "),
        sim_filesets: [&rtl, &["tb", "vectors"][..]].concat().join(", "),
        synth_filesets: [&rtl, constraints].concat().join(", "),
        synth_tool,
        synth_options,
        yosys_command: target.facts().yosys,
        part: target.facts().vivado_part,
        clock_period: format!("{clock_ns:.3}"),
    }
}
