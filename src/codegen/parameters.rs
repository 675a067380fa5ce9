//! Parameters of Verilog modules.

/// A module's parameters by name, each as Verilog text, in the order of its header.
pub type Parameters = Vec<(&'static str, String)>;

/// Parameters from whatever prints as a Verilog number or literal.
macro_rules! parameters {
    ($($name:ident: $value:expr),* $(,)?) => {
        vec![$((stringify!($name), $value.to_string())),*]
    };
}
pub(super) use parameters;

/// `#(.NAME (value), ..)` over several lines, the last of them `indent` spaces from the left.
#[must_use]
pub fn assignment(parameters: &Parameters, indent: usize) -> String {
    let lines: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{:indent$}    .{name} ({value})", ""))
        .collect();
    format!("#(\n{}\n{:indent$})", lines.join(",\n"), "")
}
