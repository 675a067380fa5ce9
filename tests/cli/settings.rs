//! Settings of a design: precedence, defaults, and every error with its place and remedy.

use lprnn_hw::device::Family;
use lprnn_hw::diagnostic::Problem;
use lprnn_hw::spec::{
    DesignConfig, FoldingGoal, MemoryInit, Network, Settings, StatePolicy, Value, read_settings,
};
use std::path::Path;

fn file(text: &str) -> Settings {
    read_settings(text, "design.toml", Path::new("designs"))
}

fn errors(settings: Settings) -> Vec<String> {
    let errors = DesignConfig::resolve(settings).unwrap_err();
    let line = |problem: &Problem| format!("{problem}; {}", problem.help.as_deref().unwrap());
    errors.iter().map(line).collect()
}

#[test]
fn everything_can_be_said_in_a_file() {
    let design = DesignConfig::resolve(file(
        r#"
        [network]
        hidden = 300
        input_size = 1_00
        layers = 2
        seed = 0x10

        [numerics]
        bits = 4
        input_bits = 8
        z = { bits = 7, frac = 3 }
        gate_frac = 6
        c.bits = 12
        c.frac = 8

        [implementation]
        name = "ptb"
        target = "ecp5"
        mac = "lut"
        units = 2
        columns = 18
        state_policy = "fixed_window"
        window = 35
        memory_init = "inline"
        stream_elements = 2
        clock_ns = 7.5
        "#,
    ))
    .unwrap();
    let Network::Seeded(network) = &design.network else {
        panic!("no model was named");
    };
    assert_eq!((network.hidden, network.input_size), (300, 100));
    assert_eq!((network.layers, network.seed), (2, 16));
    let numerics = network.numerics;
    assert_eq!((numerics.weight_bits, numerics.act_bits), (4, 4));
    assert_eq!(numerics.input_bits, 8);
    assert_eq!(
        (numerics.z.to_string(), numerics.c.to_string()),
        ("s7.3".into(), "s12.8".into())
    );
    assert_eq!(numerics.gate_frac, 6);
    let built = &design.implementation;
    assert_eq!((built.name.as_str(), built.target), ("ptb", Family::Ecp5));
    assert_eq!(
        built.folding,
        FoldingGoal::Explicit {
            units: 2,
            columns: 18
        }
    );
    assert_eq!(built.state, StatePolicy::FixedWindow { steps: 35 });
    assert_eq!(built.memory_init, MemoryInit::Inline);
    assert_eq!(built.stream_elements, Some(2));
    assert!((design.clock_ns - 7.5).abs() < 1e-12);
}

#[test]
fn options_win_and_take_their_rivals_with_them() {
    let mut options = Settings::default();
    options.flag("implementation.max_macs", Some(Value::Integer(128)));
    options.flag("numerics.bits", Some(Value::Integer(2)));
    let weaker = file(
        "[network]\nhidden = 8\n[numerics]\nbits = 4\n[implementation]\nunits = 2\ncolumns = 4\n",
    );
    let design = DesignConfig::resolve(options.over(weaker)).unwrap();
    assert_eq!(
        design.implementation.folding,
        FoldingGoal::MaxMacs { macs: 128 }
    );
    let Network::Seeded(network) = design.network else {
        panic!("no model was named");
    };
    assert_eq!((network.hidden, network.numerics.weight_bits), (8, 2));
}

#[test]
fn a_model_answers_for_sizes_and_widths() {
    let mut options = Settings::default();
    options.flag("network.model", Some(Value::Text("m.safetensors".into())));
    let weaker = file("[network]\nhidden = 8\n[numerics]\nbits = 4\n");
    let design = DesignConfig::resolve(options.clone().over(weaker)).unwrap();
    assert_eq!(design.network, Network::Model("m.safetensors".into()));

    options.flag("network.hidden", Some(Value::Integer(8)));
    let said = errors(options);
    assert_eq!(
        said,
        ["--hidden: says again what the model file says; \
          leave it away, or leave the model away for seeded weights"]
    );

    let relative = file("[network]\nmodel = \"m.safetensors\"");
    let design = DesignConfig::resolve(relative).unwrap();
    assert_eq!(
        design.network,
        Network::Model("designs/m.safetensors".into())
    );
}

#[test]
fn all_errors_come_at_once_with_line_and_path() {
    let said = errors(file(
        r#"
[network]
hiden = 8
[numerics]
bits = 9
units = 4
z = { bits = 99 }
[implementation]
target = "xc8"
name = "module"
window = 3
clock_ns = -1
mac = 4
[implemetation]
a = 1
"#,
    ));
    let expected = [
        "design.toml:3: network.hiden: unknown key; did you mean `network.hidden`?",
        "design.toml:5: numerics.bits: 9 is out of range; give a width of 1 to 8, or 16",
        "design.toml:6: numerics.units: unknown key; did you mean `implementation.units`?",
        "design.toml:7: numerics.z.bits: 99 is out of range; give a whole number from 2 to 12",
        "design.toml:9: implementation.target: \"xc8\" is no choice; did you mean `xc7`? there are xc7, xcup, ecp5, ice40, generic",
        "design.toml:12: implementation.clock_ns: -1 is out of range; give a number above 0, at most 1000000",
        "design.toml:13: implementation.mac: 4 is no text; give one of lut, dsp, auto",
        "design.toml:14: implemetation: unknown key; did you mean `implementation`?",
        "design.toml:10: implementation.name: `module` is a reserved word of Verilog; give letters, digits and single underscores, such as `lstm_4x4`",
        "design.toml:11: implementation.window: a window without the state policy fixed_window; give --state-policy fixed_window too, or leave the window away",
    ];
    assert_eq!(said, expected);
}

#[test]
fn foldings_that_contradict_or_lack_a_half_are_refused() {
    for (text, why) in [
        ("units = 2", "units without columns"),
        ("columns = 2", "columns without units"),
        ("units = 2\ncolumns = 2\nmax_macs = 16", "more than one way"),
        ("target_cycles = 99\nmax_macs = 16", "more than one way"),
        ("state_policy = \"fixed_window\"", "without a window"),
    ] {
        let text = format!("[network]\nhidden = 8\n[implementation]\n{text}\n");
        let said = errors(file(&text));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(why), "{said:?}");
    }
}

#[test]
fn hostile_files_give_errors_not_panics() {
    for text in [
        "[network",
        "a = ",
        "hidden = 8",
        "[network]\nhidden = 99999999999999999999999",
        "[network]\nhidden = nan",
        "[network]\nhidden = true",
        "[network]\nhidden = 1979-05-27",
        "[network]\nhidden = [1]",
        "[network]\nhidden = { a = 1 }",
        "network = 3",
        "[[network]]\nhidden = 3",
        "[network]\nhidden = 3\nhidden = 4",
        "\u{0}",
        "[numerics]\nbits = 4",
        "",
    ] {
        assert!(!errors(file(text)).is_empty(), "{text}");
    }
    let deep = format!("a = {}1{}", "[".repeat(5000), "]".repeat(5000));
    assert!(!errors(file(&deep)).is_empty());
}

#[test]
fn a_design_written_as_a_file_is_read_back_the_same() {
    for built in [
        "units = 2\ncolumns = 3\nstate_policy = \"never\"\nmac = \"dsp\"\ntarget = \"ice40\"",
        "target_cycles = 77\nstate_policy = \"host_pulse\"\nmemory_init = \"inline\"",
        "max_macs = 99\nstate_policy = \"fixed_window\"\nwindow = 5\nstream_elements = 4",
        "clock_ns = 3.3\nname = \"other\"",
        "clock_ns = 1e-7",
    ] {
        let text = format!("[network]\nmodel = \"a \\\"b\\\".st\"\n[implementation]\n{built}\n");
        let design = DesignConfig::resolve(file(&text)).unwrap();
        let again = DesignConfig::resolve(file(&design.to_toml("a \"b\".st"))).unwrap();
        assert_eq!(again.network, design.network);
        assert_eq!(again.implementation, design.implementation);
        assert_eq!(again.clock_ns.to_bits(), design.clock_ns.to_bits());
    }
}
