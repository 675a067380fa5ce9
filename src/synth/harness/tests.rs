//! Tests of `harness.rs`.

use super::*;

const LIST: &str = "module tiny\ninput [0:0] aclk\ninput [7:0] a\noutput [15:0] p\nendmodule\n";

#[test]
fn ports_of_yosys_are_read() {
    let ports = parse_ports(LIST, "tiny").unwrap();
    let seen: Vec<_> = ports
        .iter()
        .map(|port| (port.input, port.name.as_str(), port.width))
        .collect();
    assert_eq!(seen, [(true, "aclk", 1), (true, "a", 8), (false, "p", 16)]);
    for text in ["", "input a", "inout [1:0] a", "input [x:0] a"] {
        assert!(parse_ports(text, "tiny").is_err(), "{text}");
    }
}

#[test]
fn every_port_gets_its_own_register_bits() {
    let (text, overhead) = harness("tiny", "aclk", &parse_ports(LIST, "tiny").unwrap());
    assert_eq!(overhead, Overhead { ff: 40, lut: 16 });
    for part in [
        ".aclk(clk)",
        ".a(inputs_q[7:0])",
        ".p(outputs[15:0])",
        "inputs_q    <= {inputs_q[6:0], serial_i};",
        "signature_q <= {signature_q[14:0], signature_q[15]} ^ outputs_q;",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn one_bit_is_enough() {
    let list = "input [0:0] aclk\ninput [0:0] a\noutput [0:0] p\n";
    let (text, _) = harness("t", "aclk", &parse_ports(list, "t").unwrap());
    assert!(text.contains("inputs_q    <= serial_i;"), "{text}");
    assert!(text.contains("<= signature_q[0] ^ outputs_q;"), "{text}");
}
