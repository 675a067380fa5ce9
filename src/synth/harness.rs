//! A frame of registers around a core whose ports are too many for any package.
//!
//! All inputs come from one shift register, all outputs are registered and folded into a
//! signature register, so four pins do for any core and no path of the core touches a pin.

use super::SynthError;

/// Name of the frame's module.
pub(super) const HARNESS: &str = "lprnn_pnr_harness";

/// One port of the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    pub input: bool,
    pub name: String,
    pub width: u64,
}

/// Registers and LUTs that the frame adds to the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Overhead {
    /// Flip-flops.
    pub ff: u64,
    /// LUTs.
    pub lut: u64,
}

/// Reads what Yosys's `portlist` printed.
pub(super) fn parse_ports(text: &str, top: &str) -> Result<Vec<Port>, SynthError> {
    let wrong = |line: &str| SynthError::Report {
        report: format!("portlist of {top}"),
        problem: format!("cannot read {line:?}"),
    };
    let mut ports = Vec::new();
    for line in text.lines().map(str::trim) {
        let mut words = line.split_whitespace();
        let input = match words.next() {
            Some("input") => true,
            Some("output") => false,
            Some("inout") => return Err(wrong(line)),
            _ => continue,
        };
        let range = words.next().ok_or_else(|| wrong(line))?;
        let name = words.next().ok_or_else(|| wrong(line))?.to_string();
        let bounds = range
            .strip_prefix('[')
            .and_then(|range| range.strip_suffix(']'))
            .and_then(|range| range.split_once(':'))
            .and_then(|(high, low)| Some((high.parse::<u64>().ok()?, low.parse::<u64>().ok()?)));
        let (high, low) = bounds.ok_or_else(|| wrong(line))?;
        ports.push(Port {
            input,
            name,
            width: high.abs_diff(low) + 1,
        });
    }
    if ports.is_empty() {
        return Err(wrong("no ports"));
    }
    Ok(ports)
}

/// The frame around `top`, and what it adds.
pub(super) fn harness(top: &str, clock: &str, ports: &[Port]) -> (String, Overhead) {
    let total = |input: bool| -> u64 {
        let chosen = ports
            .iter()
            .filter(|port| port.input == input && port.name != clock);
        chosen.map(|port| port.width).sum()
    };
    // A core without inputs or outputs still gets its register, of one bit.
    let (inputs, outputs) = (total(true).max(1), total(false).max(1));
    let text = format!(
        "`default_nettype none
module {HARNESS} (
    input  wire clk,
    input  wire serial_i,
    output wire serial_o
);
    reg  [{in_msb}:0] inputs_q;
    wire [{out_msb}:0] outputs;
    reg  [{out_msb}:0] outputs_q;
    reg  [{out_msb}:0] signature_q;
    always @(posedge clk) begin
        inputs_q    <= {inputs_next};
        outputs_q   <= outputs;
        signature_q <= {signature_next} ^ outputs_q;
    end
    assign serial_o = signature_q[{out_msb}];
    {top} u_core (
{connections}
    );
endmodule
`default_nettype wire
",
        in_msb = inputs - 1,
        out_msb = outputs - 1,
        inputs_next = shifted("inputs_q", inputs, "serial_i"),
        signature_next = shifted(
            "signature_q",
            outputs,
            &format!("signature_q[{}]", outputs - 1)
        ),
        connections = connections(clock, ports).join(",\n"),
    );
    let overhead = Overhead {
        ff: inputs + 2 * outputs,
        lut: outputs,
    };
    (text, overhead)
}

/// Every port on its bits of the two registers.
fn connections(clock: &str, ports: &[Port]) -> Vec<String> {
    let (mut next_in, mut next_out) = (0, 0);
    let mut connection = |port: &Port| {
        if port.name == clock {
            return format!("        .{}(clk)", port.name);
        }
        let (bus, next) = if port.input {
            ("inputs_q", &mut next_in)
        } else {
            ("outputs", &mut next_out)
        };
        let (low, high) = (*next, *next + port.width - 1);
        *next += port.width;
        format!("        .{}({bus}[{high}:{low}])", port.name)
    };
    ports.iter().map(&mut connection).collect()
}

/// The register `bus` moved up by a bit, with `first` below.
fn shifted(bus: &str, width: u64, first: &str) -> String {
    if width == 1 {
        first.to_string()
    } else {
        format!("{{{bus}[{}:0], {first}}}", width - 2)
    }
}

#[cfg(test)]
mod tests;
