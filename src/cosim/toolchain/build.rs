//! From a core's Verilog to the shared library of its model.

use super::super::CosimError;
use super::super::ports;
use super::{
    Core, HARNESS, LENGTH, LIBRARY, Probes, RUNTIME_H, Toolchain, hex, length, read,
    verilate_options, write,
};
use crate::files;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Of Verilator's runtime, what every model needs, and what waveforms add.
const RUNTIME: [&str; 2] = ["verilated", "verilated_threads"];
const RUNTIME_VCD: &str = "verilated_vcd_c";
const VERILATE_LIMIT: Duration = Duration::from_secs(600);
const COMPILE_LIMIT: Duration = Duration::from_secs(1800);

impl Toolchain {
    /// Builds the library in `work`.
    pub(super) fn build(
        &self,
        core: Core<'_>,
        probes: Probes,
        header: &str,
        work: &Path,
    ) -> Result<(), CosimError> {
        let folder = work.join("build");
        let objects = std::thread::scope(|scope| {
            let vcd = probes.vcd.then_some(RUNTIME_VCD);
            let runtime: Vec<_> = RUNTIME
                .into_iter()
                .chain(vcd)
                .map(|name| scope.spawn(move || self.runtime(name)))
                .collect();
            let mut objects = vec![self.compile_model(core, probes, header, &folder)];
            objects.extend(runtime.into_iter().map(|thread| match thread.join() {
                Ok(object) => object,
                Err(panic) => std::panic::resume_unwind(panic),
            }));
            objects.into_iter().collect::<Result<Vec<_>, _>>()
        })?;
        let mut link = self.cxx.command();
        link.args(&self.flags)
            .args(["-shared", "-pthread", "-Wl,-Bsymbolic", "-Wl,--wrap=fopen"]);
        link.arg("-o").arg(work.join(LIBRARY)).args(objects);
        self.cxx.run(&mut link, COMPILE_LIMIT)?;
        write(&work.join(LENGTH), &length(&work.join(LIBRARY)).to_string())?;
        Ok(
            fs::remove_dir_all(&folder)
                .map_err(|error| files::problem(&folder, "write", &error))?,
        )
    }

    /// Verilates the core in `folder` and compiles it with the harness; the object's path.
    fn compile_model(
        &self,
        core: Core<'_>,
        probes: Probes,
        header: &str,
        folder: &Path,
    ) -> Result<PathBuf, CosimError> {
        let obj = folder.join("obj");
        self.verilate(core, probes, &obj)?;
        let sources = generated_sources(&obj)?;
        for (name, text) in [
            ("ports.h", header),
            ("sources.h", &sources),
            ("harness.cpp", HARNESS),
        ] {
            write(&folder.join(name), text)?;
        }
        let trace = if probes.vcd { "1" } else { "0" };
        let object = folder.join("model.o");
        let mut compile = self.compiler(folder)?;
        compile.args(&self.model_flags);
        compile
            .arg(format!("-DVM_TRACE={trace}"))
            .arg(format!("-DVM_TRACE_VCD={trace}"));
        compile
            .arg("-I")
            .arg(&obj)
            .arg("-c")
            .arg(folder.join("harness.cpp"));
        self.cxx
            .run(compile.arg("-o").arg(&object), COMPILE_LIMIT)?;
        Ok(object)
    }

    /// The core as C++ in `obj`, its ports compared with the interface.
    fn verilate(&self, core: Core<'_>, probes: Probes, obj: &Path) -> Result<(), CosimError> {
        fs::create_dir_all(obj).map_err(|error| files::problem(obj, "write", &error))?;
        let mut verilate = self.verilator.command();
        verilate
            .current_dir(core.folder)
            .args(verilate_options(probes));
        verilate
            .args(["--top-module", &core.interface.top, "--Mdir"])
            .arg(obj);
        verilate.args(&core.interface.sources);
        self.verilator.run(&mut verilate, VERILATE_LIMIT)?;
        let generated = String::from_utf8_lossy(&read(&obj.join("Vdut.h"))?).into_owned();
        ports::check(core.interface, probes.trace_layers, &generated)
            .map_err(|message| CosimError::Interface { message })
    }

    /// One object of Verilator's runtime, compiled once per machine.
    fn runtime(&self, name: &str) -> Result<PathBuf, CosimError> {
        let mut digest = Sha256::new();
        digest.update(&self.fingerprint);
        digest.update(RUNTIME_H);
        let key = format!("{name}-{}", hex(digest));
        let object = format!("{name}.o");
        let build = |work: &Path| {
            let mut compile = self.compiler(work)?;
            compile
                .arg("-c")
                .arg(self.include.join(format!("{name}.cpp")));
            self.cxx
                .run(compile.arg("-o").arg(work.join(&object)), COMPILE_LIMIT)?;
            Ok::<(), CosimError>(())
        };
        Ok(self.cache.entry("runtime", &key, build)?.join(&object))
    }

    /// The compiler with everything that model and runtime share; writes `runtime.h` to `folder`.
    fn compiler(&self, folder: &Path) -> Result<std::process::Command, CosimError> {
        let header = folder.join("runtime.h");
        write(&header, RUNTIME_H)?;
        let mut command = self.cxx.command();
        command
            .args(&self.flags)
            .arg("-pthread")
            .arg("-include")
            .arg(header);
        command.args([
            "-DVERILATOR=1",
            "-DVM_COVERAGE=0",
            "-DVM_SC=0",
            "-DVM_TIMING=0",
        ]);
        command.args(["-DVM_TRACE_FST=0", "-DVM_TRACE_SAIF=0"]);
        command
            .arg("-I")
            .arg(&self.include)
            .arg("-I")
            .arg(self.include.join("vltstd"));
        Ok(command)
    }
}

/// A source that includes everything that Verilator wrote to `obj`.
fn generated_sources(obj: &Path) -> Result<String, CosimError> {
    let list = fs::read_dir(obj).map_err(|error| files::problem(obj, "read", &error))?;
    let mut names: Vec<String> = list
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            let kind = Path::new(name).extension();
            kind.is_some_and(|kind| kind == "cpp")
        })
        .collect();
    names.sort();
    let mut sources = String::new();
    for name in names {
        writeln!(sources, "#include \"obj/{name}\"").expect("writing to a string");
    }
    Ok(sources)
}
