//! The harness's view of a core's ports: written as `ports.h`, checked against the verilated model.

use crate::codegen::{Interface, StreamPort};
use std::fmt::Write as _;

/// The text of `ports.h` for the core, with trace ports of the first `trace_layers` layers.
///
/// # Errors
/// With a sentence that names the field, when a name cannot be a port of a verilated model.
pub(super) fn header(interface: &Interface, trace_layers: usize) -> Result<String, String> {
    let names = [
        ("clock", &interface.clock),
        ("reset_n", &interface.reset_n),
        ("input.prefix", &interface.input.prefix),
        ("output.prefix", &interface.output.prefix),
        ("top", &interface.top),
    ];
    let clear = interface
        .state_clear
        .iter()
        .map(|name| ("state_clear", name));
    for (field, name) in names.into_iter().chain(clear) {
        let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        // Verilator renames identifiers that hold two underscores in a row.
        if !first || !rest || name.contains("__") {
            return Err(format!(
                "interface.{field}: `{name}` is not a name the harness can use"
            ));
        }
    }
    let mut text = String::from("#pragma once\n#include \"obj/Vdut.h\"\n");
    let mut define = |name: &str, value: &dyn std::fmt::Display| {
        writeln!(text, "#define {name} {value}").expect("writing to a string");
    };
    define("DUT_CLOCK", &interface.clock);
    define("DUT_RESET_N", &interface.reset_n);
    if let Some(clear) = &interface.state_clear {
        define("DUT_STATE_CLEAR", clear);
    }
    define(
        "DUT_IN(signal)",
        &format!("{}_##signal", interface.input.prefix),
    );
    define(
        "DUT_OUT(signal)",
        &format!("{}_##signal", interface.output.prefix),
    );
    define(
        "DUT_IN_BYTES",
        &super::stimulus::beat_bytes(&interface.input),
    );
    define(
        "DUT_OUT_BYTES",
        &super::stimulus::beat_bytes(&interface.output),
    );
    let traced: Vec<String> = (0..trace_layers)
        .map(|layer| format!("X({layer})"))
        .collect();
    define("DUT_TRACE(X)", &traced.join(" "));
    Ok(text)
}

/// Checks the ports in the header of a verilated model against the interface.
///
/// # Errors
/// With a sentence that names the first port that is missing or has another width.
pub(super) fn check(
    interface: &Interface,
    trace_layers: usize,
    model_header: &str,
) -> Result<(), String> {
    let bits = |port: &StreamPort| port.elements_per_beat * port.element_width;
    let stream = |port: &StreamPort| {
        [
            ("tdata", bits(port)),
            ("tvalid", 1),
            ("tready", 1),
            ("tlast", 1),
        ]
        .map(|(signal, width)| (format!("{}_{signal}", port.prefix), width))
    };
    let mut wanted = vec![(interface.clock.clone(), 1), (interface.reset_n.clone(), 1)];
    wanted.extend(interface.state_clear.iter().map(|name| (name.clone(), 1)));
    wanted.extend(stream(&interface.input));
    wanted.extend(stream(&interface.output));
    for (name, width) in wanted {
        match port_width(model_header, &name) {
            Some(found) if found == width => {}
            Some(found) => {
                return Err(format!(
                    "port {name} of {} is {found} bits wide, interface.json says {width}",
                    interface.top
                ));
            }
            None => {
                return Err(format!(
                    "{} has no port {name}, which interface.json names",
                    interface.top
                ));
            }
        }
    }
    for layer in 0..trace_layers {
        for signal in ["valid", "gate", "group", "z"] {
            let name = format!("trace_l{layer}_{signal}");
            if port_width(model_header, &name).is_none() {
                return Err(format!("{} has no trace port {name}", interface.top));
            }
        }
    }
    Ok(())
}

/// Width of port `name`, from a line like `VL_INW(&s_axis_tdata,127,0,4);`.
fn port_width(model_header: &str, name: &str) -> Option<usize> {
    let start = model_header.find(&format!("(&{name},"))?;
    let mut numbers = model_header[start..].split([',', ')']).skip(1);
    let msb: usize = numbers.next()?.trim().parse().ok()?;
    let lsb: usize = numbers.next()?.trim().parse().ok()?;
    Some(msb.checked_sub(lsb)? + 1)
}
