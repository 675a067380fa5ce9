//! From Verilog to a shared library: verilate, compile, link, and keep the result by content.

mod build;

use super::CosimError;
use super::cache::Cache;
use super::ports;
use crate::codegen::Interface;
use crate::diagnostic::Problem;
use crate::files;
use crate::tools::{Search, Tool, ToolKind, cache_folder};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const HARNESS: &str = include_str!("../harness.cpp");
const RUNTIME_H: &str = include_str!("../runtime.h");
/// The library inside a cache entry.
const LIBRARY: &str = "model.so";
/// Its length in bytes: loading one that a crash cut short would end the process.
const LENGTH: &str = "model.length";

/// Verilator, a C++ compiler, and the folder of what they have built before.
#[derive(Clone, Debug)]
pub struct Toolchain {
    verilator: Tool,
    cxx: Tool,
    include: PathBuf,
    /// For everything.
    flags: Vec<String>,
    /// For models only.
    model_flags: Vec<&'static str>,
    /// Changes when a built library could no longer be used.
    fingerprint: String,
    cache: Cache,
}

/// A bundle's folder with its signature.
#[derive(Clone, Copy, Debug)]
pub struct Core<'a> {
    /// Where the sources and memories are.
    pub folder: &'a Path,
    /// The signature.
    pub interface: &'a Interface,
}

/// Probes that are compiled in beside the core itself. Both cost speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// Layers whose trace ports exist under the macro `LPRNN_TRACE`; 0 leaves it undefined.
    pub trace_layers: usize,
    /// `true` if a VCD file can be written.
    pub vcd: bool,
}

impl Toolchain {
    /// Finds the tools; libraries are kept in `cache`, or where [`cache_folder`] says.
    pub fn find(search: &Search, cache: Option<PathBuf>) -> Result<Self, CosimError> {
        let verilator = search.find(ToolKind::Verilator)?;
        let cxx = search.find(ToolKind::Cxx)?;
        let root = if let Some((_, root)) = verilator.environment.first() {
            root.clone()
        } else {
            let mut ask = verilator.command();
            ask.args(["--getenv", "VERILATOR_ROOT"]);
            let answer = verilator.run(&mut ask, Duration::from_secs(20))?;
            PathBuf::from(answer.stdout.trim())
        };
        let include = root.join("include");
        let mut digest = Sha256::new();
        for file in ["verilated_config.h", "verilated.h", "verilated.cpp"] {
            digest.update(read(&include.join(file))?);
        }
        digest.update(&verilator.version);
        let mut ask = cxx.command();
        ask.arg("--version");
        digest.update(cxx.run(&mut ask, Duration::from_secs(20))?.stdout);
        let mut flags: Vec<String> = ["-std=gnu++17", "-O2", "-fPIC", "-fvisibility=hidden", "-w"]
            .map(String::from)
            .to_vec();
        // What `native` means is part of the key: the cache may move to another machine.
        let mut ask = cxx.command();
        ask.args(["-march=native", "-E", "-v", "-x", "c++", "/dev/null"]);
        if let Ok(answer) = cxx.run(&mut ask, Duration::from_secs(20)) {
            flags.push("-march=native".to_string());
            let native = answer
                .stderr
                .lines()
                .filter(|line| line.contains("-march=") || line.contains("-target-cpu"));
            native.for_each(|line| digest.update(line));
        }
        let mut ask = cxx.command();
        ask.args(["-fno-gnu-unique", "-E", "-x", "c++", "/dev/null"]);
        if cxx.run(&mut ask, Duration::from_secs(20)).is_ok() {
            // Else two models of one name would share their static variables.
            flags.push("-fno-gnu-unique".to_string());
        }
        digest.update(flags.join(" "));
        let cache = cache.or_else(cache_folder).ok_or_else(|| {
            Problem::new("no folder for compiled models is known").help("set LPRNN_CACHE or HOME")
        })?;
        let fingerprint = hex(digest);
        Ok(Self {
            verilator,
            cxx,
            include,
            flags,
            model_flags: Vec::new(),
            fingerprint,
            cache: Cache::new(cache),
        })
    }

    /// Compiles models without optimisation: for many designs and few cycles of each.
    ///
    /// Measured on a core of three small layers: compiled in 9 s instead of 16, but an order of
    /// magnitude slower to run.
    #[must_use]
    pub fn unoptimised(mut self) -> Self {
        // After the common -O2, which still holds for the runtime.
        self.model_flags = vec!["-O0"];
        self
    }

    /// Versions of the tools, one line each.
    #[must_use]
    pub fn versions(&self) -> [String; 2] {
        [self.verilator.version.clone(), self.cxx.version.clone()]
    }

    /// The shared library of `core`, built unless it has been before: its path and its key.
    pub(super) fn library(
        &self,
        core: Core<'_>,
        probes: Probes,
    ) -> Result<(PathBuf, String), CosimError> {
        let interface = core.interface;
        interface
            .check_files()
            .map_err(|problem| CosimError::Interface {
                message: format!("interface.{problem}"),
            })?;
        let header = ports::header(interface, probes.trace_layers)
            .map_err(|message| CosimError::Interface { message })?;
        let mut digest = Sha256::new();
        let mut part = |bytes: &[u8]| {
            // With its length before it no part can pass for the end of another.
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        for text in [
            &self.fingerprint,
            HARNESS,
            RUNTIME_H,
            &header,
            &interface.top,
        ] {
            part(text.as_bytes());
        }
        for flag in &self.model_flags {
            part(flag.as_bytes());
        }
        for option in verilate_options(probes) {
            part(option.as_bytes());
        }
        for source in &interface.sources {
            part(source.as_bytes());
            part(&read(&core.folder.join(source))?);
        }
        let key = hex(digest);
        let build = |work: &Path| self.build(core, probes, &header, work);
        let mut entry = self.cache.entry("models", &key, build)?;
        let stated = fs::read_to_string(entry.join(LENGTH)).unwrap_or_default();
        if stated != length(&entry.join(LIBRARY)).to_string() {
            self.forget(&key);
            entry = self.cache.entry("models", &key, build)?;
        }
        Ok((entry.join(LIBRARY), key))
    }

    /// Forgets a library that cannot be loaded.
    pub(super) fn forget(&self, key: &str) {
        // If that fails too, building it again will say why.
        let _ = self.cache.remove("models", key);
    }
}

fn verilate_options(probes: Probes) -> Vec<&'static str> {
    let mut options = vec![
        "--cc",
        "--prefix",
        "Vdut",
        "-O3",
        // Registers that nothing sets start at random: code that relies on zeros is found out.
        "--x-assign",
        "unique",
        "--x-initial",
        "unique",
        "--no-timing",
        "--assert",
        "--default-language",
        "1364-2005",
        // Style is the lint gate's business; a netlist would drown us.
        "-Wno-fatal",
        "-Wno-lint",
        "-Wno-style",
    ];
    if probes.trace_layers > 0 {
        options.push("-DLPRNN_TRACE");
    }
    if probes.vcd {
        options.push("--trace");
    }
    options
}

/// Length of a file in bytes, 0 when it is not there.
fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |data| data.len())
}

fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    files::read(path).map_err(|error| files::problem(path, "read", &error))
}

fn write(path: &Path, text: &str) -> Result<(), Problem> {
    fs::write(path, text).map_err(|error| files::problem(path, "write", &error))
}

/// The first 128 bits of a digest.
pub(super) fn hex(digest: Sha256) -> String {
    let mut text = String::new();
    for byte in &digest.finalize()[..16] {
        write!(text, "{byte:02x}").expect("writing to a string");
    }
    text
}
