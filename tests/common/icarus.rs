//! A core in Icarus Verilog as a device under test: every cycle goes through two pipes.
//!
//! Slow to run and quick to compile, so that it is the place for many small designs. Registers and
//! memories start as x, and an x at an output is an error.

use lprnn_hw::codegen::{Bundle, Interface};
use lprnn_hw::cosim::{Capture, Drive, Dut, DutError, FLAG_CLEAR, FLAG_LAST, RunEnded, beat_bytes};
use lprnn_hw::tools::{Search, ToolKind};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// The inputs of one cycle.
#[allow(clippy::struct_excessive_bools)] // five wires
#[derive(Clone, Default)]
pub struct Pins {
    pub reset: bool,
    pub clear: bool,
    pub valid: bool,
    pub last: bool,
    pub ready: bool,
    /// TDATA of the input, little-endian; shorter is padded with garbage.
    pub data: Vec<u8>,
}

/// The outputs of one cycle.
#[allow(clippy::struct_excessive_bools)] // three wires
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub ready: bool,
    pub valid: bool,
    pub last: bool,
    /// Little-endian.
    pub data: Vec<u8>,
}

pub struct IcarusDut {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    in_bytes: usize,
    cycle: u64,
    offering: bool,
    cleared: bool,
    stalled: Option<Seen>,
    _folder: tempfile::TempDir,
}

/// A bench that takes the pins of a cycle as one hexadecimal number a line, and answers with a line.
fn bench(interface: &Interface) -> String {
    let bits = |bytes: usize| 8 * bytes;
    let (x, y) = (
        bits(beat_bytes(&interface.input)),
        bits(beat_bytes(&interface.output)),
    );
    let clear = interface
        .state_clear
        .as_ref()
        .map_or(String::new(), |name| format!(".{name}(pins[{}]), ", x + 3));
    format!(
        "module icarus_dut_bench;\n\
         reg clk;\n\
         reg [{x}+7:0] pins;\n\
         wire [{y}-1:0] data;\n\
         wire ready, valid, last;\n\
         integer count;\n\
         {top} dut (.{clock}(clk), .{reset}(pins[{x}+4]), {clear}\n\
         .{s}_tdata(pins[{x}-1:0]), .{s}_tvalid(pins[{x}]), .{s}_tlast(pins[{x}+1]), .{s}_tready(ready),\n\
         .{m}_tdata(data), .{m}_tvalid(valid), .{m}_tlast(last), .{m}_tready(pins[{x}+2]));\n\
         initial begin\n\
         clk = 1'b0;\n\
         count = $fscanf(32'h8000_0000, \"%h\", pins);\n\
         while (count == 1) begin\n\
         #1 $display(\"%b%b%b %h\", ready, valid, last, data);\n\
         $fflush;\n\
         #1 clk = 1'b1;\n\
         #1 clk = 1'b0;\n\
         count = $fscanf(32'h8000_0000, \"%h\", pins);\n\
         end\n\
         end\nendmodule\n",
        top = interface.top,
        clock = interface.clock,
        reset = interface.reset_n,
        s = interface.input.prefix,
        m = interface.output.prefix,
    )
}

impl IcarusDut {
    /// Compiles the sources of a bundle; registers and memories start as x.
    pub fn new(bundle: &Bundle) -> Self {
        let folder = tempfile::tempdir().unwrap();
        super::write(bundle, folder.path());
        let interface = &bundle.interface;
        std::fs::write(folder.path().join("bench.v"), bench(interface)).unwrap();
        let mut arguments = vec![
            "-g2005",
            "-s",
            "icarus_dut_bench",
            "-o",
            "bench.vvp",
            "bench.v",
        ];
        arguments.extend(interface.sources.iter().map(String::as_str));
        super::tool(ToolKind::Iverilog, folder.path(), &arguments);
        // Memories are named without their folder.
        let memories = interface
            .memories
            .first()
            .and_then(|name| Path::new(name).parent());
        let here = folder.path().join(memories.unwrap_or(Path::new("")));
        let vvp = Search::from_env()
            .find(ToolKind::Vvp)
            .expect("run ./setup.sh");
        let mut child = vvp
            .command()
            .current_dir(here)
            .arg("-n")
            .arg(folder.path().join("bench.vvp"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            in_bytes: beat_bytes(&interface.input),
            cycle: 0,
            offering: false,
            cleared: false,
            stalled: None,
            _folder: folder,
        }
    }

    /// One cycle with these inputs: what the core shows before the clock edge.
    ///
    /// # Errors
    /// When the simulation ended, or a control output is x, or a data output while it counts.
    pub fn clock(&mut self, pins: &Pins) -> Result<Seen, DutError> {
        let mut text = String::new();
        let flags = [pins.valid, pins.last, pins.ready, pins.clear, !pins.reset];
        let bits = flags
            .iter()
            .rev()
            .fold(0u8, |bits, &flag| 2 * bits + u8::from(flag));
        let _ = write!(text, "{bits:02x}");
        for byte in (0..self.in_bytes).rev() {
            let garbage = 0xA5 ^ (self.cycle as usize * 31 + byte * 7) as u8;
            let _ = write!(text, "{:02x}", pins.data.get(byte).unwrap_or(&garbage));
        }
        text.push('\n');
        let stopped = |message: &str| DutError::Stopped {
            message: message.to_string(),
        };
        let input = self.input.as_mut().ok_or_else(|| stopped("ended"))?;
        input
            .write_all(text.as_bytes())
            .map_err(|error| stopped(&error.to_string()))?;
        let mut line = String::new();
        self.output
            .read_line(&mut line)
            .map_err(|error| stopped(&error.to_string()))?;
        let (flags, hex) = line.trim().split_once(' ').ok_or_else(|| stopped(&line))?;
        let known: Option<Vec<bool>> = flags
            .chars()
            .map(|c| c.to_digit(2).map(|digit| digit == 1))
            .collect();
        let known = match known {
            Some(known) if known.len() == 3 => known,
            // Before the first reset nothing is known, and TLAST need not be without TVALID.
            _ if pins.reset || flags.starts_with("00") || flags.starts_with("10") => {
                vec![flags.starts_with('1'), false, false]
            }
            _ => return Err(stopped(&format!("x at a control output: {line}"))),
        };
        let digits = |text: &str| u8::from_str_radix(text, 16);
        let bytes: Result<Vec<u8>, _> = (0..hex.len() / 2)
            .rev()
            .map(|byte| digits(&hex[2 * byte..2 * byte + 2]))
            .collect();
        let data = match bytes {
            Ok(bytes) => bytes,
            Err(_) if !known[1] => Vec::new(),
            Err(_) => return Err(stopped(&format!("x in a word: {line}"))),
        };
        Ok(Seen {
            ready: known[0],
            valid: known[1],
            last: known[2],
            data,
        })
    }

    fn broken(&self, message: &str) -> DutError {
        DutError::Protocol {
            cycle: self.cycle,
            message: message.to_string(),
        }
    }

    fn hold_reset(&mut self, cycles: u64, strict: bool) -> Result<(), DutError> {
        (self.offering, self.cleared, self.stalled) = (false, false, None);
        for _ in 0..cycles {
            let pins = Pins {
                reset: true,
                ready: strict,
                ..Pins::default()
            };
            if self.clock(&pins)?.valid && strict {
                return Err(self.broken("TVALID is high while reset is low"));
            }
        }
        self.cycle = 0;
        Ok(())
    }
}

impl Dut for IcarusDut {
    fn reset(&mut self) -> Result<(), DutError> {
        self.hold_reset(8, false)
    }

    fn pulse_reset(&mut self, cycles: u64) -> Result<(), DutError> {
        self.hold_reset(cycles, true)
    }

    fn run(&mut self, drive: &Drive<'_>, capture: &mut Capture) -> Result<RunEnded, DutError> {
        *capture = Capture::default();
        let (mut quiet, end) = (0, self.cycle.saturating_add(drive.cycle_limit));
        while capture.last.len() < drive.out_beats {
            capture.cycle = self.cycle;
            if quiet >= drive.quiet_limit {
                return Ok(RunEnded::Quiet);
            }
            if self.cycle >= end {
                return Ok(RunEnded::CycleLimit);
            }
            let beat = capture.accepted.len();
            let flags = drive.flags.get(beat).copied();
            let clear =
                flags.is_some_and(|f| f & FLAG_CLEAR != 0) && !self.cleared && !self.offering;
            self.cleared |= clear;
            self.offering |= flags.is_some() && !clear && drive.offer.at(self.cycle);
            let mut pins = Pins {
                clear,
                valid: self.offering,
                ready: drive.take.at(self.cycle),
                last: self.cycle % 2 == 1,
                ..Pins::default()
            };
            if self.offering {
                pins.last = flags.is_some_and(|f| f & FLAG_LAST != 0);
                pins.data = drive.data[beat * self.in_bytes..][..self.in_bytes].to_vec();
            }
            let seen = self.clock(&pins)?;
            if let Some(stalled) = &self.stalled
                && (!seen.valid || (&stalled.data, stalled.last) != (&seen.data, seen.last))
            {
                return Err(self.broken("TVALID fell or its beat changed before it was taken"));
            }
            self.stalled = (seen.valid && !pins.ready).then(|| seen.clone());
            quiet += 1;
            if self.offering && seen.ready {
                capture.accepted.push(self.cycle);
                (self.offering, self.cleared, quiet) = (false, false, 0);
            }
            if seen.valid && pins.ready {
                capture.data.extend(seen.data);
                capture.last.push(u8::from(seen.last));
                capture.taken.push(self.cycle);
                quiet = 0;
            }
            self.cycle += 1;
        }
        capture.cycle = self.cycle;
        Ok(RunEnded::Complete)
    }
}

impl Drop for IcarusDut {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
