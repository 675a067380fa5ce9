//! Warnings of Yosys that mean wrong hardware.

/// Beginnings or parts of warnings that say nothing about the design.
const HARMLESS: &[&str] = &[
    // A wheel's or distribution's own housekeeping.
    "found log message that is",
];

/// The warnings in `log`, which covers reading and elaborating the design: each once, in the
/// order of their first appearance.
///
/// Reading hand-written Verilog-2005 gives none, so that every one of them is taken for an
/// error: widths that do not fit, implicit nets, missing or several drivers, memories that
/// became registers, latches.
pub(super) fn fatal(log: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in log.lines() {
        let line = line.trim();
        let latch = line.starts_with("Latch inferred for signal");
        let warning = line
            .split_once("Warning: ")
            .filter(|(before, _)| !before.contains("ABC:"))
            .map(|(_, text)| text);
        let Some(text) = warning.or(latch.then_some(line)) else {
            continue;
        };
        let harmless = HARMLESS.iter().any(|part| text.contains(part));
        if !harmless && !found.iter().any(|known| known == text) {
            found.push(text.to_string());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_kept_once_and_in_order() {
        let log = "\
2.1. Executing HIERARCHY pass
Warning: Resizing cell port t.u.a from 4 bits to 2 bits.
design/t.v:3: Warning: Identifier `\\n' is implicitly declared.
Latch inferred for signal `\\t.\\q' from process `\\t.$proc': $auto$1
No latch inferred for signal `\\t.\\r' from process `\\t.$proc'.
Warning: Resizing cell port t.u.a from 4 bits to 2 bits.
ABC: Warning: The network is combinational.
Warnings: 1 unique messages, 2 total
";
        assert_eq!(
            fatal(log),
            [
                "Resizing cell port t.u.a from 4 bits to 2 bits.",
                "Identifier `\\n' is implicitly declared.",
                "Latch inferred for signal `\\t.\\q' from process `\\t.$proc': $auto$1",
            ]
        );
        assert!(fatal("Found and reported 0 problems.").is_empty());
    }
}
