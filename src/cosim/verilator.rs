//! The binding to a compiled model: the one place with unsafe code.
//!
//! The functions and [`WorkerJob`] mirror `harness.cpp`, which is compiled into every model.
#![allow(unsafe_code)]

use super::CosimError;
use super::dut::{Capture, Drive, Dut, DutError, RunEnded, TraceRecord};
use super::stimulus::beat_bytes;
use super::toolchain::{Core, Probes, Toolchain};
use crate::diagnostic::Problem;
use libloading::Library;
use libloading::os::unix::{Library as UnixLibrary, RTLD_NOW};
use std::collections::BTreeSet;
use std::ffi::{CStr, CString, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

/// Cycles that reset is held.
const RESET_CYCLES: u64 = 8;

/// The model's object on the C++ side.
#[repr(C)]
struct RawDut {
    _private: [u8; 0],
}

#[repr(C)]
struct WorkerJob {
    in_data: *const u8,
    in_flags: *const u8,
    in_beats: u64,
    offer: *const u64,
    offer_words: u64,
    take: *const u64,
    take_words: u64,
    out_beats: u64,
    quiet_limit: u64,
    cycle_limit: u64,
    out_data: *mut u8,
    out_last: *mut u8,
    out_cycle: *mut u64,
    in_cycle: *mut u64,
    in_done: u64,
    out_done: u64,
    cycle: u64,
}

const COMPLETE: c_int = 0;
const QUIET: c_int = 1;
const CYCLES: c_int = 2;
const PROTOCOL: c_int = 3;

struct Api {
    free: unsafe extern "C" fn(*mut RawDut),
    error: unsafe extern "C" fn(*const RawDut) -> *const c_char,
    reset: unsafe extern "C" fn(*mut RawDut, u64, c_int) -> c_int,
    run: unsafe extern "C" fn(*mut RawDut, *mut WorkerJob) -> c_int,
    trace_on: unsafe extern "C" fn(*mut RawDut),
    trace: unsafe extern "C" fn(*const RawDut, *mut u64) -> *const u8,
    trace_clear: unsafe extern "C" fn(*mut RawDut),
    vcd: Option<unsafe extern "C" fn(*mut RawDut, *const c_char) -> c_int>,
}

/// A verilated core in this process. It belongs to the thread that made it.
pub struct VerilatedModel {
    dut: NonNull<RawDut>,
    api: Api,
    in_bytes: usize,
    out_bytes: usize,
    // Dropped after the model: the functions live in it.
    _library: Library,
}

impl std::fmt::Debug for VerilatedModel {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("VerilatedModel")
            .field("dut", &self.dut)
            .finish_non_exhaustive()
    }
}

impl Toolchain {
    /// Makes a model of `core`, compiling it unless that has been done before.
    ///
    /// `seed` sets what uninitialised registers and memories hold. Relative names of `$readmemh`
    /// files are looked up beside the interface's memories, then in the core's folder. With [`Probes::trace_layers`] the trace ports
    /// are recorded from the start.
    pub fn model(
        &self,
        core: Core<'_>,
        probes: Probes,
        seed: u64,
    ) -> Result<VerilatedModel, CosimError> {
        let (path, key) = self.library(core, probes)?;
        if let Ok(library) = open(&path) {
            return VerilatedModel::new(library, core, probes, seed);
        }
        // Damaged, or removed by another process just now: build it once more.
        self.forget(&key);
        let (path, _) = self.library(core, probes)?;
        let library = open(&path).map_err(|error| unloadable(&path, &error))?;
        VerilatedModel::new(library, core, probes, seed)
    }
}

/// `RTLD_NODELETE` of Linux's `dlfcn.h`.
const RTLD_NODELETE: c_int = 0x1000;

fn open(path: &Path) -> Result<Library, libloading::Error> {
    // SAFETY: the file is a library that we compiled from the harness and a verilated model. Its
    // initialisers are those of libstdc++ and of Verilator's runtime, which touch only their own
    // static variables; visibility=hidden and -Bsymbolic keep them apart from other models'.
    // It is never unloaded: older runtimes of Verilator leave thread-local objects behind, whose
    // destructors run when a thread ends.
    let flags = RTLD_NOW | RTLD_NODELETE;
    unsafe { UnixLibrary::open(Some(path), flags) }.map(Library::from)
}

/// A compiled model that cannot be loaded: the library or the core's folder.
fn unloadable(path: &Path, error: &libloading::Error) -> Problem {
    let path = path.display();
    Problem::new(format!("cannot load the compiled model of {path}: {error}"))
}

impl VerilatedModel {
    fn new(
        library: Library,
        core: Core<'_>,
        probes: Probes,
        seed: u64,
    ) -> Result<Self, CosimError> {
        let load = |error| unloadable(core.folder, &error);
        // SAFETY: the names and types are those of harness.cpp, whose text is part of the cache
        // key, so that a library with other signatures cannot have been loaded. The pointers are
        // used only while `library` is held by the same value.
        let (api, make) = unsafe {
            let api = Api {
                free: *library.get(b"lprnn_free").map_err(load)?,
                error: *library.get(b"lprnn_error").map_err(load)?,
                reset: *library.get(b"lprnn_reset").map_err(load)?,
                run: *library.get(b"lprnn_run").map_err(load)?,
                trace_on: *library.get(b"lprnn_trace_on").map_err(load)?,
                trace: *library.get(b"lprnn_trace").map_err(load)?,
                trace_clear: *library.get(b"lprnn_trace_clear").map_err(load)?,
                vcd: library.get(b"lprnn_vcd").ok().map(|symbol| *symbol),
            };
            let make: unsafe extern "C" fn(*const c_char, c_int) -> *mut RawDut =
                *library.get(b"lprnn_new").map_err(load)?;
            (api, make)
        };
        let folders = memory_folders(core)?;
        // Verilator takes a seed of 31 bits and 0 for "choose one yourself".
        let seed = 1 + (seed % 0x7fff_fffe) as c_int;
        // SAFETY: `folders` is a C string that outlives the call; the harness copies it. What it
        // returns is null or a new object that is ours until `lprnn_free`.
        let dut = unsafe { make(folders.as_ptr(), seed) };
        let dut = NonNull::new(dut)
            .ok_or_else(|| Problem::new("no memory left for the simulated core"))?;
        let model = Self {
            dut,
            api,
            in_bytes: beat_bytes(&core.interface.input),
            out_bytes: beat_bytes(&core.interface.output),
            _library: library,
        };
        if probes.trace_layers > 0 {
            // SAFETY: `dut` is a live object of this library.
            unsafe { (model.api.trace_on)(model.dut.as_ptr()) };
        }
        Ok(model)
    }

    /// Writes every signal of every later cycle to `path`.
    ///
    /// # Errors
    /// When the file cannot be written, or the model was made without [`Probes::vcd`].
    pub fn write_vcd(&mut self, path: &Path) -> Result<(), CosimError> {
        let unsupported = |message: String| CosimError::Dut(DutError::Unsupported { message });
        let vcd = self
            .api
            .vcd
            .ok_or_else(|| unsupported("the model was compiled without waveforms".to_string()))?;
        let name = c_string(path)?;
        // SAFETY: `dut` is live, `name` a C string that outlives the call.
        let code = unsafe { vcd(self.dut.as_ptr(), name.as_ptr()) };
        if code == COMPLETE {
            Ok(())
        } else {
            Err(unsupported(format!("{}: {}", path.display(), self.error())))
        }
    }

    fn error(&self) -> String {
        // SAFETY: `dut` is live; the text belongs to it, ends in a zero byte, and is copied before
        // any other call can change it.
        let text = unsafe { CStr::from_ptr((self.api.error)(self.dut.as_ptr())) };
        text.to_string_lossy().into_owned()
    }

    /// Holds reset for so many edges; `strict`: TVALID must be low all the while.
    fn hold_reset(&mut self, cycles: u64, strict: bool) -> Result<(), DutError> {
        // SAFETY: `dut` is a live object of this library, and `&mut self` makes the call the only
        // one on it.
        let code = unsafe { (self.api.reset)(self.dut.as_ptr(), cycles, c_int::from(strict)) };
        match code {
            COMPLETE => Ok(()),
            PROTOCOL => Err(DutError::Protocol {
                cycle: 0,
                message: self.error(),
            }),
            _ => Err(self.stopped()),
        }
    }

    fn stopped(&self) -> DutError {
        DutError::Stopped {
            message: self.error(),
        }
    }
}

impl Dut for VerilatedModel {
    fn reset(&mut self) -> Result<(), DutError> {
        self.hold_reset(RESET_CYCLES, false)
    }

    fn pulse_reset(&mut self, cycles: u64) -> Result<(), DutError> {
        self.hold_reset(cycles, true)
    }

    fn run(&mut self, drive: &Drive<'_>, capture: &mut Capture) -> Result<RunEnded, DutError> {
        let in_beats = drive.flags.len();
        if drive.data.len() != in_beats * self.in_bytes {
            let message = format!("{} bytes of data for {in_beats} beats", drive.data.len());
            return Err(DutError::Unsupported { message });
        }
        capture.data.resize(drive.out_beats * self.out_bytes, 0);
        capture.last.resize(drive.out_beats, 0);
        capture.taken.resize(drive.out_beats, 0);
        capture.accepted.resize(in_beats, 0);
        let mut job = WorkerJob {
            in_data: drive.data.as_ptr(),
            in_flags: drive.flags.as_ptr(),
            in_beats: in_beats as u64,
            offer: drive.offer.words().as_ptr(),
            offer_words: drive.offer.words().len() as u64,
            take: drive.take.words().as_ptr(),
            take_words: drive.take.words().len() as u64,
            out_beats: drive.out_beats as u64,
            quiet_limit: drive.quiet_limit,
            cycle_limit: drive.cycle_limit.min(u64::MAX / 2),
            out_data: capture.data.as_mut_ptr(),
            out_last: capture.last.as_mut_ptr(),
            out_cycle: capture.taken.as_mut_ptr(),
            in_cycle: capture.accepted.as_mut_ptr(),
            in_done: 0,
            out_done: 0,
            cycle: 0,
        };
        // SAFETY: every pointer is to a buffer of the length that the job states (checked and
        // resized above; the harness was compiled for the same bytes per beat, which are part of
        // its key), none is kept beyond the call, and the outputs alias nothing else. Mask lengths
        // are 0 or a power of two by the type. `dut` is live and exclusively borrowed.
        let code = unsafe { (self.api.run)(self.dut.as_ptr(), &raw mut job) };
        let out_done = job.out_done as usize;
        capture.data.truncate(out_done * self.out_bytes);
        capture.last.truncate(out_done);
        capture.taken.truncate(out_done);
        capture.accepted.truncate(job.in_done as usize);
        capture.cycle = job.cycle;
        match code {
            COMPLETE => Ok(RunEnded::Complete),
            QUIET => Ok(RunEnded::Quiet),
            CYCLES => Ok(RunEnded::CycleLimit),
            PROTOCOL => Err(DutError::Protocol {
                cycle: job.cycle,
                message: self.error(),
            }),
            _ => Err(self.stopped()),
        }
    }

    fn take_trace(&mut self) -> Vec<TraceRecord> {
        let mut length = 0;
        // SAFETY: `dut` is live; the bytes belong to it and do not change before the next call on
        // it, and `self` is exclusively borrowed until they have been copied.
        let bytes = unsafe {
            let data = (self.api.trace)(self.dut.as_ptr(), &raw mut length);
            if length == 0 {
                &[]
            } else {
                std::slice::from_raw_parts(data, length as usize)
            }
        };
        let mut records = Vec::new();
        let mut rest = bytes;
        while let Some((head, tail)) = rest.split_first_chunk::<16>() {
            let word = |index: usize| {
                u32::from_le_bytes([0, 1, 2, 3].map(|byte| head[index * 4 + byte])) as usize
            };
            let (z, tail) = tail.split_at(word(3));
            records.push(TraceRecord {
                layer: word(0),
                gate: word(1),
                group: word(2),
                z: z.to_vec(),
            });
            rest = tail;
        }
        // SAFETY: `dut` is live; the bytes are not looked at any more.
        unsafe { (self.api.trace_clear)(self.dut.as_ptr()) };
        records
    }
}

impl Drop for VerilatedModel {
    fn drop(&mut self) {
        // SAFETY: `dut` came from `lprnn_new` of this library, is freed only here, and the library
        // is still loaded: fields are dropped after this.
        unsafe { (self.api.free)(self.dut.as_ptr()) };
    }
}

/// The folders in which `$readmemh` finds its files, one a line: where the interface says memories
/// are (the Verilog names them without a folder), then the core's own.
fn memory_folders(core: Core<'_>) -> Result<CString, CosimError> {
    let parents = core
        .interface
        .memories
        .iter()
        .filter_map(|name| Path::new(name).parent());
    let folders: BTreeSet<PathBuf> = parents.map(|parent| core.folder.join(parent)).collect();
    let mut text = OsString::new();
    for folder in folders.iter().map(PathBuf::as_path).chain([core.folder]) {
        if folder.as_os_str().as_bytes().contains(&b'\n') {
            let message = format!("{}: a line end in a path", folder.display());
            return Err(CosimError::Dut(DutError::Unsupported { message }));
        }
        text.push(folder);
        text.push("\n");
    }
    c_string(Path::new(&text))
}

fn c_string(path: &Path) -> Result<CString, CosimError> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| {
        let message = format!("{}: a zero byte in a path", path.display());
        CosimError::Dut(DutError::Unsupported { message })
    })
}
