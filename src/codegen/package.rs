//! Files around the sources: scripts, descriptions, report, the model itself.

use super::bundle::Bundle;
use super::diagram::diagram;
use super::library::{LICENCES, library_waivers};
use super::render::render;
use super::report::{Report, stack_title};
use super::scripts::scripts;
use crate::diagnostic::Problem;
use crate::hardware::Design;
use crate::spec::Implementation;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Origin of a bundle, for the files around its sources.
#[derive(Clone, Debug)]
pub struct Package<'a> {
    /// The hardware in numbers.
    pub design: &'a Design,
    /// The choices that led to it.
    pub implementation: &'a Implementation,
    /// Digest of the model file.
    pub model_digest: &'a str,
    /// Further files by path in the bundle: the model and the settings that it comes from.
    pub beside: BTreeMap<String, Vec<u8>>,
    /// Clock period of the constraint in nanoseconds.
    pub clock_ns: f64,
}

/// `design.json`: every decision between the model and the Verilog.
#[derive(Debug, Serialize)]
struct DesignFile<'a> {
    schema: u32,
    version: &'static str,
    model_digest: &'a str,
    implementation: &'a Implementation,
    design: &'a Design,
}

impl Bundle {
    /// Adds file list, `FuseSoC` cores, synthesis scripts, constraint, lint waivers, licences,
    /// `interface.json`, `design.json`, `report.json`, `report.md`, a block diagram and what goes beside them.
    ///
    /// The scripts name the test bench if it is there already.
    pub fn add_package(&mut self, package: Package<'_>) -> Result<Report, Problem> {
        let Package {
            design,
            implementation,
            model_digest,
            beside,
            clock_ns,
        } = package;
        let around = (stack_title(design), clock_ns);
        let scripts = scripts(&self.interface, implementation, around, &self.files)?;
        let file = DesignFile {
            schema: 2,
            version: env!("CARGO_PKG_VERSION"),
            model_digest,
            implementation,
            design,
        };
        let interface = json("interface.json", &self.interface)?;
        self.files.extend(scripts);
        let (waivers, waivers_text) = library_waivers();
        self.files
            .insert(format!("rtl/{waivers}"), waivers_text.into_bytes());
        let licences = LICENCES.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
        self.files.extend(licences);
        self.files.extend([
            ("interface.json".to_owned(), interface),
            ("design.json".to_owned(), json("design.json", &file)?),
        ]);
        self.files.extend(beside);
        let mut report = Report::new(
            design,
            implementation,
            &self.interface,
            model_digest,
            clock_ns,
        );
        let drawing = format!("{}.svg", implementation.name);
        let reports = ["report.json", "report.md", &drawing].map(str::to_owned);
        let all: BTreeSet<_> = self.files.keys().cloned().chain(reports).collect();
        report.files = all.into_iter().collect();
        let text = render("report.md.tera", &report.shown())?;
        self.files.extend([
            ("report.json".to_owned(), json("report.json", &report)?),
            ("report.md".to_owned(), text.into_bytes()),
            (drawing, diagram(&report)?),
        ]);
        Ok(report)
    }
}

fn json<T: Serialize>(name: &'static str, value: &T) -> Result<Vec<u8>, Problem> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|source| Problem::named(name, source.to_string()))?;
    text.push(b'\n');
    Ok(text)
}
