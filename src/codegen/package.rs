//! What lies around the sources: scripts, descriptions, report, the model itself.

use super::bundle::Bundle;
use super::diagram::diagram;
use super::library::{LICENCES, Renderer, library_waivers};
use super::report::Report;
use super::scripts::scripts;
use crate::diagnostic::Problem;
use crate::hardware::Design;
use crate::spec::Implementation;
use serde::Serialize;

/// What a bundle was generated from, for the files around its sources.
#[derive(Clone, Copy, Debug)]
pub struct Package<'a> {
    /// The hardware in numbers.
    pub design: &'a Design,
    /// The choices that led to it.
    pub implementation: &'a Implementation,
    /// Digest of the model file.
    pub model_digest: &'a str,
    /// The quantised model file, which becomes `model.safetensors`; without it there is none.
    pub model_file: Option<&'a [u8]>,
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
    /// `interface.json`, `design.json`, `report.json`, `report.md`, a block diagram and the model.
    ///
    /// The scripts name the test bench if it is there already.
    pub fn add_package(&mut self, package: Package<'_>) -> Result<(), Problem> {
        let Package {
            design,
            implementation,
            model_digest,
            model_file,
            clock_ns,
        } = package;
        let renderer = Renderer::new()?;
        let around = (design.layers().len(), clock_ns);
        let scripts = scripts(
            &renderer,
            &self.interface,
            implementation,
            around,
            &self.files,
        )?;
        let file = DesignFile {
            schema: 2,
            version: env!("CARGO_PKG_VERSION"),
            model_digest,
            implementation,
            design,
        };
        let report = Report::new(
            design,
            implementation,
            &self.interface,
            model_digest,
            clock_ns,
        );
        let text = renderer.render("report.md.tera", &report)?;
        let drawn = diagram(&renderer, &report)?;
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
            ("report.json".to_owned(), json("report.json", &report)?),
            ("report.md".to_owned(), text.into_bytes()),
            (format!("{}.svg", implementation.name), drawn),
        ]);
        if let Some(bytes) = model_file {
            self.files.insert("model.safetensors".into(), bytes.into());
        }
        Ok(())
    }
}

fn json<T: Serialize>(name: &'static str, value: &T) -> Result<Vec<u8>, Problem> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|source| Problem::named(name, source.to_string()))?;
    text.push(b'\n');
    Ok(text)
}
