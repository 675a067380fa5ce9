//! Settings of a design: precedence, defaults, and every error with its place and remedy.

use super::program::{home, program};
use lprnn_hw::device::Family;
use lprnn_hw::diagnostic::Problem;
use lprnn_hw::spec::{
    DesignConfig, FoldingGoal, GROUPS, Kind, MemoryInit, Network, SETTINGS, Setting, Settings,
    StatePolicy, read_settings,
};
use std::fmt::Write as _;
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
    options.option(Setting::of("implementation.max_macs"), "128");
    options.option(Setting::of("numerics.bits"), "2");
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
    options.option(Setting::of("network.model"), "m.safetensors");
    let weaker = file("[network]\nhidden = 8\n[numerics]\nbits = 4\n");
    let design = DesignConfig::resolve(options.clone().over(weaker)).unwrap();
    assert_eq!(design.network, Network::Model("m.safetensors".into()));

    options.option(Setting::of("network.hidden"), "8");
    let said = errors(options);
    assert_eq!(
        said,
        ["--hidden: the model file already says this; \
          leave it out, or leave the model out for seeded weights"]
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
        "design.toml:9: implementation.target: unknown value \"xc8\"; did you mean xc7? expected xc7, xcup, ecp5, ice40 or generic",
        "design.toml:12: implementation.clock_ns: -1 is out of range; give a number above 0, at most 1000000",
        "design.toml:13: implementation.mac: unknown value 4; expected lut, dsp or auto",
        "design.toml:14: implemetation: unknown key; did you mean `implementation`?",
        "design.toml:10: implementation.name: `module` is a reserved word of Verilog; give letters, digits and single underscores, such as `lstm_4x4`",
        "design.toml:11: implementation.window: a window without the state policy fixed_window; give --state-policy fixed_window too, or leave the window out",
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

/// A value that no setting of this kind takes, as a word and in TOML.
fn wrong(kind: Kind) -> (String, String) {
    match kind {
        Kind::Integer(low, _) => ((low - 1).to_string(), (low - 1).to_string()),
        Kind::Width => ("9".into(), "9".into()),
        Kind::Positive(_) => ("0".into(), "0".into()),
        Kind::Choice(_) => ("foo".into(), "\"foo\"".into()),
        Kind::Text => (String::new(), "\"\"".into()),
    }
}

/// The first line that `lprnn-hw` says of these words in a folder with this design file.
fn refusal(words: &[&str], file: Option<&str>) -> String {
    let home = home();
    for text in ["t", "v"] {
        std::fs::write(home.path().join(text), "the cat sat\n".repeat(99)).unwrap();
    }
    let mut command = program().current_dir(home.path()).args(words);
    if let Some(text) = file {
        std::fs::write(home.path().join("design.toml"), text).unwrap();
        command = command.args(["--config", "design.toml"]);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words:?} {file:?}: {said}");
    said.lines().next().unwrap_or_default().to_string()
}

/// A line of a design file, with a network for settings that need one.
fn design_file(lines: &[(&str, &str)]) -> (String, usize) {
    let mut text = String::new();
    if !lines.iter().any(|(key, _)| key.starts_with("network.")) {
        text += "network.hidden = 8\n";
    }
    for (key, value) in lines {
        writeln!(text, "{key} = {value}").unwrap();
    }
    let last = text.lines().count();
    (text, last)
}

#[test]
fn every_setting_names_what_gave_it() {
    for command in ["gen", "estimate", "cosim"] {
        for setting in SETTINGS {
            let (word, value) = wrong(setting.kind);
            let said = refusal(&[command, setting.option, &word], None);
            let place = format!("error: {}: ", setting.option);
            assert!(said.starts_with(&place), "{command} {place}: {said}");

            let (text, line) = design_file(&[(setting.key, &value)]);
            let said = refusal(&[command], Some(&text));
            let place = format!("error: design.toml:{line}: {}: ", setting.key);
            assert!(said.starts_with(&place), "{command} {place}: {said}");
        }
    }
    for setting in Setting::of_group("numerics") {
        let (word, _) = wrong(setting.kind);
        let place = format!("error: {}: ", setting.option);
        for words in [
            "quantize --model m --calibrate c -o o",
            "train --text t --valid v -o o --batch 1",
        ] {
            let mut words: Vec<&str> = words.split(' ').collect();
            words.extend([setting.option, &word]);
            let said = refusal(&words, None);
            assert!(said.starts_with(&place), "{place}: {said}");
        }
    }
}

/// Values that are well by themselves, and refused where they meet others: by the settings, the hardware
/// or the search of a folding.
#[test]
fn settings_that_are_refused_later_name_what_gave_them() {
    for (others, key, value) in [
        ("implementation.columns = 4", "implementation.units", "9"),
        ("implementation.units = 2", "implementation.columns", "9"),
        ("", "implementation.target_cycles", "1"),
        ("", "implementation.max_macs", "3"),
        (
            "implementation.units = 4\nimplementation.columns = 4",
            "implementation.stream_elements",
            "3",
        ),
        ("", "implementation.stream_elements", "9"),
        ("", "implementation.window", "3"),
        ("", "implementation.name", "module"),
        ("", "implementation.state_policy", "fixed_window"),
        ("", "numerics.c.frac", "16"),
        ("", "numerics.c.bits", "4"),
        ("network.layers = 64", "network.hidden", "4096"),
    ] {
        let setting = Setting::of(key);
        let others: Vec<(&str, &str)> = others
            .lines()
            .map(|line| line.split_once(" = ").unwrap())
            .collect();
        let mut words = vec!["gen", setting.option, value];
        for (key, value) in &others {
            words.extend([Setting::of(key).option, value]);
        }
        if key != "network.hidden" {
            words.extend(["--hidden", "8"]);
        }
        let said = refusal(&words, None);
        let place = format!("error: {}: ", setting.option);
        assert!(said.starts_with(&place), "{place}: {said}");

        let quoted = match setting.kind {
            Kind::Choice(_) | Kind::Text => format!("\"{value}\""),
            _ => value.to_string(),
        };
        let mut lines = others.clone();
        lines.push((key, &quoted));
        let (text, last) = design_file(&lines);
        let said = refusal(&["gen"], Some(&text));
        let place = format!("error: design.toml:{last}: {key}: ");
        assert!(said.starts_with(&place), "{place}: {said}");
    }
}

#[test]
fn keys_are_the_options_and_presets_are_values() {
    for setting in SETTINGS {
        let name = setting.key.split_once('.').unwrap().1;
        assert_eq!(
            setting.option,
            format!("--{}", name.replace(['.', '_'], "-"))
        );
        assert!(GROUPS.iter().any(|(group, _)| *group == setting.group()));
        if let Some(preset) = setting.preset() {
            assert_eq!(setting.kind.check(preset.clone()).unwrap(), preset);
        }
        if let Kind::Choice(words) = setting.kind {
            for word in words {
                let mut settings = Settings::default();
                settings.option(Setting::of("network.hidden"), "8");
                settings.option(Setting::of("implementation.window"), "8");
                settings.option(setting, word);
                // Whatever is refused, every word is known.
                let _ = DesignConfig::resolve(settings);
            }
        }
    }
}

/// The table of docs/formats.md is the table of settings.
#[test]
fn the_documentation_has_every_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut table = "| key | value | default | meaning |\n|---|---|---|---|\n".to_string();
    for setting in SETTINGS {
        writeln!(
            table,
            "| `{}` | {} | {} | {} |",
            setting.key, setting.kind, setting.preset, setting.help
        )
        .unwrap();
    }
    assert!(
        text.contains(&table),
        "docs/formats.md should have:\n{table}"
    );
}
